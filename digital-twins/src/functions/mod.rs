//! The functions of the app, one module for each folder that has a `function.json`.
//!
//! A module reads the invocation, calls the layer below and writes the answer; it decides nothing
//! itself but the status.

pub mod delete_device_in_twin_func;
pub mod device_telemetry_to_twin_func;
pub mod dps_adt_allocation_func;

use std::sync::Arc;

use custom_handler::{EventData, Functions};

use crate::app::App;

/// Every function, over one app.
#[must_use]
pub fn all(app: App) -> Functions {
    let app = Arc::new(app);
    let (telemetry, lifecycle) = (app.clone(), app.clone());
    Functions::new()
        .with(
            dps_adt_allocation_func::NAME,
            dps_adt_allocation_func::routes(app),
        )
        .event_hub(
            device_telemetry_to_twin_func::NAME,
            async move |batch: &[EventData<'_>]| {
                device_telemetry_to_twin_func::write(&telemetry, batch).await
            },
        )
        .event_hub(
            delete_device_in_twin_func::NAME,
            async move |batch: &[EventData<'_>]| {
                delete_device_in_twin_func::delete(&lifecycle, batch).await
            },
        )
}
