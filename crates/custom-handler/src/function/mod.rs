//! A function of the app: from the host's POST to the answer, around a handler that knows of
//! neither.

mod event_hub;
mod http;

use std::cell::RefCell;
use std::fmt::Display;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::{self, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::body::{self, ReadError};
use crate::{Answer, Invocation, InvocationError, invocation_id};

pub use event_hub::Report;
pub(crate) use event_hub::event_hub;
pub(crate) use http::http;

/// The largest envelope that is read, in bytes: 32 MiB, half of what the process holds in all.
pub const MAX_ENVELOPE: usize = 32 << 20;

/// What the caller hears of a failure. The host tells it nothing but 500 in any case.
const FAILED: &str = "The function failed; its log says why.";

/// What a handler is told of its invocation besides its data.
#[derive(Debug)]
pub struct Context<'a> {
    /// The host's id of the invocation, which its own logs carry, too.
    pub invocation_id: &'a str,
    /// The binding data, as JSON text. A caller can put any name and value into it.
    pub metadata: Option<&'a RawValue>,
    logs: RefCell<Vec<String>>,
}

impl<'a> Context<'a> {
    fn new(invocation_id: &'a str, metadata: Option<&'a RawValue>) -> Self {
        Self {
            invocation_id,
            metadata,
            logs: RefCell::default(),
        }
    }

    /// Adds a line to the function's log, which the host files under this invocation. It sees it
    /// only if the invocation succeeds.
    pub fn log(&self, line: impl Into<String>) {
        self.logs.borrow_mut().push(line.into());
    }

    fn into_logs(self) -> Vec<std::borrow::Cow<'static, str>> {
        self.logs.into_inner().into_iter().map(Into::into).collect()
    }
}

/// The route of the function `name`, whose `handler` takes the members of `Data` and returns those
/// of `Outputs`.
pub(crate) fn function<D, O, E, H>(
    name: &'static str,
    handler: H,
) -> impl Fn(&mut ServiceConfig) + Send + Sync + 'static
where
    D: DeserializeOwned + 'static,
    O: Serialize + 'static,
    E: Display + 'static,
    H: AsyncFn(D, &Context<'_>) -> Result<O, E> + Send + Sync + 'static,
{
    let handler = Arc::new(handler);
    route(name, Content::Invocation, move |envelope, id| {
        let handler = Arc::clone(&handler);
        async move {
            let Invocation { data, metadata } = match Invocation::<D>::parse(&envelope) {
                Ok(invocation) => invocation,
                Err(error) => return malformed(name, &id, &error),
            };
            let context = Context::new(&id, metadata);
            match handler(data, &context).await {
                Ok(outputs) => answer(name, &id, outputs, context),
                Err(error) => failure(name, &id, &error),
            }
        }
    })
}

/// The route of the function `name`, which has `serve` answer each envelope under the invocation's
/// id.
fn route<S, F>(
    name: &'static str,
    content: Content,
    serve: S,
) -> impl Fn(&mut ServiceConfig) + Send + Sync + 'static
where
    S: Fn(body::Body, String) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = HttpResponse> + 'static,
{
    move |config| {
        let serve = serve.clone();
        let invoke = move |http: HttpRequest, payload: Payload| {
            let serve = serve.clone();
            async move {
                let id = invocation_id(&http).to_owned();
                let envelope = match body::read(payload, MAX_ENVELOPE).await {
                    Ok(envelope) => envelope,
                    Err(error) => return not_read(name, content, &id, error),
                };
                serve(envelope, id).await
            }
        };
        config.service(web::resource(format!("/{name}")).route(web::post().to(invoke)));
    }
}

/// The answer of an invocation that has succeeded.
fn answer<O: Serialize>(name: &str, id: &str, outputs: O, context: Context<'_>) -> HttpResponse {
    match Answer::new(outputs, context.into_logs()).to_json() {
        Ok(answer) => HttpResponse::Ok()
            .content_type("application/json")
            .body(answer),
        Err(error) => failure(name, id, &format!("cannot write the answer: {error}")),
    }
}

/// The answer of an invocation that has failed: the host sees that by the status and takes nothing
/// else of it.
fn failure(name: &str, id: &str, error: &impl Display) -> HttpResponse {
    log::error!("{name} {id}: {error}");
    text(500, FAILED.to_owned())
}

fn malformed(name: &str, id: &str, error: &InvocationError) -> HttpResponse {
    log::error!("{name} {id}: {error}");
    let sentence = format!("{name} takes the envelope of the Functions host: {error}.");
    text(400, sentence)
}

/// What an envelope holds, in the words of whoever reads the log.
#[derive(Clone, Copy)]
enum Content {
    Invocation,
    Batch,
}

impl Content {
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Invocation => ("invocation", "invocations", ""),
            Self::Batch => (
                "batch",
                "batches",
                "; set a smaller maxEventBatchSize in host.json",
            ),
        }
    }
}

fn not_read(name: &str, content: Content, id: &str, error: ReadError) -> HttpResponse {
    let (one, many, hint) = content.words();
    match error {
        ReadError::TooLarge => {
            log::error!("{name} {id}: the {one} has more than {MAX_ENVELOPE} bytes{hint}");
            text(
                413,
                format!("{name} reads {many} of up to {MAX_ENVELOPE} bytes."),
            )
        }
        ReadError::OverBudget => {
            log::warn!("{name} {id}: too many large {many} are under way");
            text(503, format!("Too many large {many} are under way."))
        }
        ReadError::Incomplete => {
            log::warn!("{name} {id}: the {one} did not arrive whole");
            text(503, format!("The {one} did not arrive whole."))
        }
    }
}

fn text(status: u16, body: String) -> HttpResponse {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    HttpResponse::build(status)
        .content_type("text/plain; charset=utf-8")
        .body(body)
}
