//! `DeleteDeviceInTwinFunc`: a deleted device takes its twin with it.

use custom_handler::logging::loggable;
use custom_handler::{EventData, Report};
use log::Level;

use crate::adt::Deadline;
use crate::app::App;
use crate::lifecycle::{self, Outcome};

/// The function's name, which is that of its folder.
pub const NAME: &str = "DeleteDeviceInTwinFunc";

/// Works on a batch.
pub(super) async fn delete(app: &App, batch: &[EventData<'_>]) -> Report {
    let mut report = Report::default();
    let deletions = lifecycle::plan(batch);
    if deletions.is_empty() {
        return report;
    }
    let adt = match app.adt().await {
        Ok(adt) => adt,
        Err(error) => {
            report.line(Level::Error, error.to_string());
            report.fail(deletions.len());
            return report;
        }
    };
    let config = &app.config;
    let deadline = Deadline::within(config.batch_timeout);
    let hub_property = config.hub_property.as_deref();
    for (deletion, outcome) in lifecycle::delete(
        adt,
        deletions,
        hub_property,
        config.parallel_twins,
        deadline,
    )
    .await
    {
        let device = loggable(&deletion.device_id);
        let (level, what) = match outcome {
            Outcome::Deleted(twin) => (Level::Info, format!("its twin {twin} is deleted")),
            Outcome::NotFound => (Level::Warn, "it has no twin".to_owned()),
            Outcome::Kept(twin, keep) => (Level::Info, format!("the twin {twin} stays: {keep}")),
            Outcome::Refused(error) => {
                (Level::Error, format!("its twin can't be deleted: {error}"))
            }
            Outcome::Failed(error) => {
                report.fail(1);
                (
                    Level::Warn,
                    format!("its twin could not be deleted: {error}"),
                )
            }
        };
        report.line(level, format!("device {device} is gone: {what}"));
    }
    report
}
