//! A function with an Event Hub trigger: a batch comes in, and either it is done or it has to come
//! again.
//!
//! The host takes a batch for done whatever becomes of it, unless the function fails and has a
//! retry policy. So what can't ever be used is logged and the rest goes on, and what fails for the
//! moment fails the invocation.

use std::fmt::Display;
use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::ServiceConfig;
use log::Level;
use serde::{Deserialize, Serialize};

use super::{Content, Context, answer, route, text};
use crate::{
    BatchError, Encoded, EventData, EventHubTrigger, Invocation, InvocationError, RetryContext,
};

/// How many items of a kind are named in the log of one invocation.
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
pub struct Report {
    lines: Vec<(Level, String)>,
    failed: usize,
}

impl Report {
    /// Adds a line to the function's log and to the process's.
    pub fn line(&mut self, level: Level, line: impl Into<String>) {
        self.lines.push((level, line.into()));
    }

    /// Adds a line for each of the first items, and one that counts the rest.
    pub fn list(&mut self, level: Level, items: impl IntoIterator<Item = impl Display>) -> usize {
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
    pub fn fail(&mut self, failed: usize) {
        self.failed += failed;
    }
}

/// Why an invocation has no batch. It is not the Functions host that sends such a thing, or the
/// function is set up wrongly.
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
pub(crate) fn event_hub<H>(
    name: &'static str,
    work: H,
) -> impl Fn(&mut ServiceConfig) + Send + Sync + 'static
where
    H: AsyncFn(&[EventData<'_>]) -> Report + Send + Sync + 'static,
{
    let work = Arc::new(work);
    route(name, Content::Batch, move |envelope, id| {
        let work = Arc::clone(&work);
        async move {
            match done(&envelope, &*work).await {
                Ok((report, retry)) => told(name, &id, report, retry),
                Err(error) => {
                    log::error!("{name} {id}: {error}");
                    text(
                        400,
                        format!("{name} takes a batch of events from the Functions host: {error}."),
                    )
                }
            }
        }
    })
}

async fn done(
    envelope: &[u8],
    work: &impl AsyncFn(&[EventData<'_>]) -> Report,
) -> Result<(Report, Option<RetryContext>), Malformed> {
    let Invocation { data, metadata } =
        Invocation::<Data<'_>>::parse(envelope).map_err(Malformed::Invocation)?;
    let trigger = EventHubTrigger::new(data.events, metadata).map_err(Malformed::Batch)?;
    let batch = trigger.batch().map_err(Malformed::Batch)?;
    Ok((work(&batch).await, trigger.metadata.retry_context))
}

/// The answer to a batch of which `report` tells.
fn told(name: &str, id: &str, report: Report, retry: Option<RetryContext>) -> HttpResponse {
    let context = Context::new(id, None);
    for (level, line) in report.lines {
        log::log!(level, "{name} {id}: {line}");
        context.log(line);
    }
    if report.failed == 0 {
        return answer(name, id, Outputs {}, context);
    }
    let (level, what_next) = what_next(retry);
    log::log!(
        level,
        "{name} {id}: {} of the batch's writes have failed; {what_next}",
        report.failed
    );
    // The host drops the body and the logs of a failed invocation; the lines above are in the
    // process's log.
    text(503, format!("The batch has to come again; {what_next}."))
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
