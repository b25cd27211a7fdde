//! `DeviceTelemetryToTwinFunc`: what devices report goes to the properties of their twins.

use custom_handler::logging::loggable;
use custom_handler::{EventData, Report};
use log::Level;

use crate::adt::{AdtError, Deadline, TwinId};
use crate::app::App;
use crate::config::TELEMETRY_PROPERTIES;
use crate::telemetry::{
    self, EventProblem, Mapping, MissingComponents, Outcome, Plan, Refused, Unmapped,
};

/// The function's name, which is that of its folder.
pub const NAME: &str = "DeviceTelemetryToTwinFunc";

/// How many unmapped members are named.
const MAX_MEMBERS: usize = 20;

/// Works on a batch.
pub(super) async fn write(app: &App, batch: &[EventData<'_>]) -> Report {
    let config = &app.config;
    let mut plan = Plan::new(
        batch,
        &config.telemetry,
        config.twin_id_enrichment.as_deref(),
    );
    let mut report = Report::default();
    let unusable = std::mem::take(&mut plan.unusable);
    let unusable = report.list(Level::Warn, told(unusable, "is left out"));
    let partly_usable = std::mem::take(&mut plan.partly_usable);
    report.list(Level::Warn, told(partly_usable, "is used in part"));
    if plan.unmapped.events > 0 {
        report.line(Level::Info, unmapped(&plan.unmapped, &config.telemetry));
    }
    let (twins, skipped) = (plan.updates.len(), plan.skipped);
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
        missing,
    } = outcome;
    report.list(Level::Warn, missing.into_iter().map(without_components));
    let refused = report.list(Level::Warn, refused.into_iter().map(refusal));
    let failed = report.list(Level::Warn, failed.into_iter().map(failure));
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

fn told(problems: Vec<EventProblem>, what: &str) -> impl Iterator<Item = String> {
    problems.into_iter().map(move |problem| {
        let EventProblem {
            sequence_number,
            error,
        } = problem;
        format!("event {} {what}: {error}", loggable(&sequence_number))
    })
}

fn unmapped(unmapped: &Unmapped, mapping: &Mapping) -> String {
    let Unmapped { events, members } = unmapped;
    let named = members.iter().take(MAX_MEMBERS);
    let named: Vec<_> = named.map(|member| loggable(member)).collect();
    let more = members.len() - named.len();
    let more = if more == 0 {
        String::new()
    } else {
        format!(" and {more} more")
    };
    format!(
        "in {events} of the events no member is one that {TELEMETRY_PROPERTIES} names ({mapping}); seen instead: {}{more}",
        named.join(", ")
    )
}

fn without_components(missing: MissingComponents) -> String {
    let MissingComponents {
        twin,
        model,
        components,
    } = missing;
    format!(
        "{}: the twin, of the model {}, lacks these components, whose telemetry is skipped: {}",
        loggable(twin.as_str()),
        loggable(&model),
        components
            .iter()
            .map(|component| loggable(component))
            .collect::<Vec<_>>()
            .join(", ")
    )
}

fn refusal(refused: Refused) -> String {
    let Refused {
        twin,
        target,
        error,
    } = refused;
    let twin = loggable(twin.as_str());
    match target {
        None => format!("{twin}: {error}"),
        Some(target) => format!("{twin}, {}: {error}", loggable(&target.to_string())),
    }
}

fn failure((twin, error): (TwinId, AdtError)) -> String {
    format!("{}: {error}", loggable(twin.as_str()))
}
