//! What the functions of an Event Hub have in common: a batch comes in, and either it is done or it has to come again.
//!
//! The host takes a batch for done whatever becomes of it, unless the function fails and has a retry policy. So what can't ever be
//! used is logged and the rest goes on, and what fails for the moment fails the invocation.

use std::fmt::Display;

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::{self, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use custom_handler::body::{self, ReadError};
use custom_handler::{
    Answer, BatchError, Encoded, EventData, EventHubTrigger, Invocation, InvocationError,
    RetryContext, invocation_id,
};
use log::Level;
use serde::{Deserialize, Serialize};

use crate::app::App;

/// The largest envelope that is read, in bytes: 32 MiB, half of what the process holds in all.
const MAX_ENVELOPE: usize = 32 << 20;

/// How many events or twins of a kind are named in the log of one invocation.
const MAX_NAMED: usize = 20;

/// The input binding of `function.json`.
#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    events: Encoded<'a>,
}

/// There are no output bindings.
#[derive(Serialize)]
struct Outputs {}

/// What has become of a batch.
#[derive(Debug, Default)]
pub(super) struct Report {
    lines: Vec<(Level, String)>,
    failed: usize,
}

impl Report {
    /// Adds a line to the function's log and to the process's.
    pub(super) fn line(&mut self, level: Level, line: String) {
        self.lines.push((level, line));
    }

    /// Adds a line for each of the first items, and one that counts the rest.
    pub(super) fn list(
        &mut self,
        level: Level,
        items: impl IntoIterator<Item = impl Display>,
    ) -> usize {
        let mut count = 0;
        for item in items {
            count += 1;
            if count <= MAX_NAMED {
                self.line(level, item.to_string());
            }
        }
        if count > MAX_NAMED {
            self.line(
                level,
                format!("… and {} more like the last", count - MAX_NAMED),
            );
        }
        count
    }

    /// Says that as many pieces of work must be done again.
    pub(super) fn fail(&mut self, failed: usize) {
        self.failed += failed;
    }
}

/// Why an invocation has no batch. It is not the Functions host that sends such a thing, or the function is set up wrongly.
enum Malformed {
    Invocation(InvocationError),
    Batch(BatchError),
}

impl Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Invocation(error) => error.fmt(f),
            Self::Batch(error) => error.fmt(f),
        }
    }
}

/// The route of the function `name`, which does `work` on every batch.
pub(super) fn routes(
    name: &'static str,
    app: Arc<App>,
    work: impl AsyncFn(&App, &[EventData<'_>]) -> Report + Copy + Send + Sync + 'static,
) -> impl Fn(&mut ServiceConfig) + Send + Sync + 'static {
    move |config| {
        let app = app.clone();
        let invoke = move |http: HttpRequest, payload: Payload| {
            let app = app.clone();
            async move { invoke(name, &http, payload, async |batch| work(&app, batch).await).await }
        };
        config.service(web::resource(format!("/{name}")).route(web::post().to(invoke)));
    }
}

/// Reads the invocation, has `work` done on its batch, and answers.
async fn invoke(
    name: &str,
    http: &HttpRequest,
    payload: Payload,
    work: impl AsyncFnOnce(&[EventData<'_>]) -> Report,
) -> HttpResponse {
    let id = invocation_id(http);
    let envelope = match body::read(payload, MAX_ENVELOPE).await {
        Ok(envelope) => envelope,
        Err(ReadError::TooLarge) => {
            log::error!(
                "{name} {id}: the batch has more than {MAX_ENVELOPE} bytes; set a smaller maxEventBatchSize in host.json"
            );
            return text(
                413,
                format!("{name} reads batches of up to {MAX_ENVELOPE} bytes."),
            );
        }
        Err(ReadError::OverBudget) => {
            log::warn!("{name} {id}: too many large batches are under way");
            return text(503, "Too many large batches are under way.".to_owned());
        }
        Err(ReadError::Incomplete) => {
            log::warn!("{name} {id}: the batch did not arrive whole");
            return text(503, "The batch did not arrive whole.".to_owned());
        }
    };
    let done = async {
        let Invocation { data, metadata } =
            Invocation::<Data<'_>>::parse(&envelope).map_err(Malformed::Invocation)?;
        let trigger = EventHubTrigger::new(data.events, metadata).map_err(Malformed::Batch)?;
        let batch = trigger.batch().map_err(Malformed::Batch)?;
        Ok((work(&batch).await, trigger.metadata.retry_context))
    };
    match done.await {
        Ok((report, retry)) => answer(name, id, report, retry),
        Err(error) => {
            let error: Malformed = error;
            log::error!("{name} {id}: {error}");
            text(
                400,
                format!("{name} takes a batch of events from the Functions host: {error}."),
            )
        }
    }
}

fn answer(name: &str, id: &str, report: Report, retry: Option<RetryContext>) -> HttpResponse {
    for (level, line) in &report.lines {
        log::log!(*level, "{name} {id}: {line}");
    }
    if report.failed > 0 {
        let (level, what_next) = what_next(retry);
        log::log!(
            level,
            "{name} {id}: {} of the batch's writes have failed; {what_next}",
            report.failed
        );
        // The host drops the body and the logs of a failed invocation; the lines above are in the process's log.
        return text(503, format!("The batch has to come again; {what_next}."));
    }
    let logs = report
        .lines
        .into_iter()
        .map(|(_, line)| line.into())
        .collect();
    match Answer::new(Outputs {}, logs).to_json() {
        Ok(answer) => HttpResponse::Ok()
            .content_type("application/json")
            .body(answer),
        Err(error) => {
            log::error!("{name} {id}: cannot write the answer: {error}");
            text(500, "The function failed; its log says why.".to_owned())
        }
    }
}

fn text(status: u16, body: String) -> HttpResponse {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    HttpResponse::build(status)
        .content_type("text/plain; charset=utf-8")
        .body(body)
}

/// What becomes of the events of a failed invocation.
fn what_next(retry: Option<RetryContext>) -> (Level, String) {
    match retry {
        None => (
            Level::Error,
            "without a retry policy its events are lost".to_owned(),
        ),
        Some(retry) if retry.is_last() => (
            Level::Error,
            format!(
                "after {} attempts its events are lost",
                retry.retry_count + 1
            ),
        ),
        Some(retry) => (
            Level::Warn,
            format!("attempt {} will follow", retry.retry_count + 2),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loss_of_events_is_told_as_an_error() {
        let at = |retry_count| {
            Some(RetryContext {
                retry_count,
                max_retry_count: 5,
            })
        };
        for (retry, expected) in [
            (
                None,
                (Level::Error, "without a retry policy its events are lost"),
            ),
            (at(0), (Level::Warn, "attempt 2 will follow")),
            (at(4), (Level::Warn, "attempt 6 will follow")),
            (
                at(5),
                (Level::Error, "after 6 attempts its events are lost"),
            ),
        ] {
            let (level, what) = what_next(retry);
            assert_eq!((level, what.as_str()), expected);
        }
    }

    #[test]
    fn a_long_list_is_cut_and_counted() {
        let mut report = Report::default();
        assert_eq!(report.list(Level::Warn, 0..25), 25);
        assert_eq!(report.lines.len(), MAX_NAMED + 1);
        assert_eq!(report.lines[MAX_NAMED].1, "… and 5 more like the last");
    }
}
