//! `DpsAdtAllocationFunc`: the custom allocation webhook that finds or makes the device's twin.

use std::sync::Arc;

use actix_web::web::ServiceConfig;
use allocation::dps::{InitialTwin, TwinCollection, TwinProperties, TwinValue};
use allocation::{AsyncPolicy, Decision, Request, webhook};
use custom_handler::logging::loggable;
use serde_json::value::to_raw_value;

use crate::adt::{AdtError, Deadline};
use crate::app::App;
use crate::provisioning::{self, Provisioned, ProvisioningError, TwinRules, Wanted};

/// The function's name, which is that of its folder.
pub const NAME: &str = "DpsAdtAllocationFunc";

/// What a device hears while Digital Twins is not available.
const LATER: &str = "Digital Twins is not available at the moment; ask again later.";

/// The function's routes.
pub fn routes(app: Arc<App>) -> impl Fn(&mut ServiceConfig) + Send + Sync + 'static {
    webhook::routes(NAME, TwinLookUp(app))
}

/// The policy: the device's twin is found or made, and names the device's hub.
struct TwinLookUp(Arc<App>);

impl AsyncPolicy for TwinLookUp {
    async fn decide(&self, request: &Request<'_>) -> Decision {
        let Self(app) = self;
        let decision = assign(app, request).await;
        decision.unwrap_or_else(|error| match error {
            ProvisioningError::Refused(refusal) => Decision::refuse(refusal.to_string()),
            ProvisioningError::Adt(error) => without_twin(&error),
        })
    }
}

async fn assign(app: &App, request: &Request<'_>) -> Result<Decision, ProvisioningError> {
    let config = &app.config;
    let deadline = Deadline::within(config.allocation_timeout);
    let wanted = Wanted::parse(request.allocation())?;
    let rules = TwinRules {
        initial_properties: &config.initial_properties,
        hub_property: config.hub_property.as_deref(),
        upgrade_models: config.upgrade_models,
    };
    let adt = app.adt().await?;
    let Provisioned {
        twin,
        origin,
        upgraded_from,
    } = provisioning::find_or_create(adt, &wanted, rules, deadline).await?;
    let tags = [
        ("dtId", TwinValue::Text(twin.as_str())),
        ("dtmi", TwinValue::Text(wanted.model.as_str())),
    ];
    let initial_twin = InitialTwin {
        properties: TwinProperties {
            desired: TwinCollection(&[]),
        },
        tags: TwinCollection(&tags),
    };
    let hub = wanted.hub;
    let upgrade = upgraded_from.map_or_else(String::new, |model| {
        let model = loggable(&model);
        format!(", and upgraded from the model {model} to {}", wanted.model)
    });
    Ok(match to_raw_value(&initial_twin) {
        Ok(initial_twin) => Decision::assign("twin", hub)
            .initial_twin(initial_twin)
            .log_line(format!(
                "the twin {twin} is {origin}{upgrade}; assigned to {}",
                loggable(hub.host_name())
            )),
        Err(error) => Decision::fail(format!("cannot write the initial twin: {error}")),
    })
}

/// The decision where Digital Twins doesn't do what we ask.
fn without_twin(error: &AdtError) -> Decision {
    if error.is_transient() {
        Decision::retry(LATER).log_line(error.to_string())
    } else {
        Decision::fail(error.to_string())
    }
}
