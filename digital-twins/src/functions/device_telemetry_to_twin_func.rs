//! `DeviceTelemetryToTwinFunc`: what devices report goes to the properties of their twins.

use custom_handler::logging::loggable;
use custom_handler::{EventData, Report};
use log::Level;

use crate::adt::Deadline;
use crate::app::App;
use crate::telemetry::{self, Outcome, Plan, UnusableEvent};

/// The function's name, which is that of its folder.
pub const NAME: &str = "DeviceTelemetryToTwinFunc";

/// Works on a batch.
pub(super) async fn write(app: &App, batch: &[EventData<'_>]) -> Report {
    let config = &app.config;
    let mut plan = Plan::new(
        batch,
        &config.telemetry,
        config.twin_id_enrichment.as_deref(),
    );
    let mut report = Report::default();
    let unusable = report.list(
        Level::Warn,
        std::mem::take(&mut plan.unusable).into_iter().map(
            |UnusableEvent {
                 sequence_number,
                 error,
             }| {
                format!("event {} is left out: {error}", loggable(&sequence_number))
            },
        ),
    );
    let (twins, skipped) = (plan.patches.len(), plan.skipped);
    let outcome = match app.adt().await {
        Ok(adt) => {
            telemetry::write(
                adt,
                plan,
                config.parallel_twins,
                Deadline::within(config.batch_timeout),
            )
            .await
        }
        Err(error) => {
            report.line(Level::Error, error.to_string());
            report.fail(twins);
            return report;
        }
    };
    let Outcome {
        written,
        refused,
        failed,
    } = outcome;
    let told = |(twin, error): (_, _)| format!("{}: {error}", loggable(&format!("{twin}")));
    let refused = report.list(Level::Warn, refused.into_iter().map(told));
    let failed = report.list(Level::Warn, failed.into_iter().map(told));
    report.line(
        Level::Info,
        format!(
            "{} events: {written} twins written, {refused} refused, {failed} failed; {skipped} events skipped, {unusable} left out",
            batch.len()
        ),
    );
    report.fail(failed);
    report
}
