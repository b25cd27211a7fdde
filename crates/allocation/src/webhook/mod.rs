//! The function: the service's question comes in, the answer of a policy goes out.
//!
//! `POST /NAME` takes the host's envelope; `POST /api/NAME` takes the request itself, as behind a
//! host that forwards requests, behind a proxy, or from curl. Both give the same answer, wrapped or
//! plain.
//!
//! This file is the HTTP around it; [`Webhook`] is the function itself.

mod error;
mod reply;

use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use actix_web::http::StatusCode;
use actix_web::web::{self, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use custom_handler::body::{self, ReadError};
use custom_handler::{
    BodyError, HttpTrigger, InputBindings, Invocation, InvocationError, body_text, invocation_id,
};

use crate::AsyncPolicy;
use error::WebhookError;

pub use reply::Reply;

/// The largest request that is served, in bytes: 1 MiB. The service's own limit for a device's
/// message is 96 KB.
pub const MAX_REQUEST: usize = 1 << 20;

/// The largest envelope that is read, in bytes: 8 MiB. It holds the request twice, as an escaped
/// string and as binding data.
pub const MAX_ENVELOPE: usize = 8 << 20;

const JSON: &str = "application/json";
const TEXT: &str = "text/plain";

/// The routes of the function `name`, which is that of its folder, where `policy` decides.
///
/// The host spells the envelope's path as the folder is spelled; the other is what the caller has
/// written, in which the host takes any case and a slash at the end.
pub fn routes<P: AsyncPolicy>(
    name: &'static str,
    policy: P,
) -> impl Fn(&mut ServiceConfig) + Clone + Send + Sync + 'static {
    let webhook = Arc::new(Webhook { name, policy });
    move |config| {
        let (wrapped, plain) = (webhook.clone(), webhook.clone());
        let invoke = move |http: HttpRequest, payload: Payload| {
            let webhook = wrapped.clone();
            async move { webhook.invoke(http, payload).await }
        };
        let request = move |http: HttpRequest, payload: Payload| {
            let webhook = plain.clone();
            async move { webhook.request(http, payload).await }
        };
        config
            .service(web::resource(format!("/{name}")).route(web::post().to(invoke)))
            .service(
                web::resource(format!("/{{path:(?i:api/{name})/?}}"))
                    .route(web::post().to(request)),
            );
    }
}

/// The function without HTTP.
#[derive(Debug)]
pub struct Webhook<P> {
    /// Its name, which is that of its folder.
    pub name: &'static str,
    /// What decides.
    pub policy: P,
}

impl<P: AsyncPolicy> Webhook<P> {
    /// The answer to the host's envelope, as JSON. `id` names the invocation in the process's log.
    ///
    /// # Errors
    /// When it is not an envelope of the Functions host, or the answer can't be written.
    pub async fn answer(&self, envelope: &[u8], id: &str) -> Result<Vec<u8>, AnswerError> {
        if !P::WAITS
            && let Some(answer) = at_once(self.answered(envelope, id))
        {
            return answer;
        }
        Box::pin(self.answered(envelope, id)).await
    }

    async fn answered(&self, envelope: &[u8], id: &str) -> Result<Vec<u8>, AnswerError> {
        let Invocation { data, .. } =
            Invocation::<HttpTrigger<'_>>::parse(envelope).map_err(AnswerError::Envelope)?;
        let HttpTrigger { req, bindings } = data;
        let body = req.body();
        let request = body.as_ref().map(Option::as_deref).map_err(|error| *error);
        let reply = self.reply_to(request, bindings).await;
        reply.log(self.name, id);
        let shown = request.unwrap_or_default();
        reply.wrapped(shown).map_err(AnswerError::Unwritable)
    }

    /// The reply to a request that came without an envelope. `id` names the invocation in the
    /// process's log.
    pub async fn reply(&self, request: &[u8], id: &str) -> Reply {
        if !P::WAITS
            && let Some(reply) = at_once(self.replied(request, id))
        {
            return reply;
        }
        Box::pin(self.replied(request, id)).await
    }

    async fn replied(&self, request: &[u8], id: &str) -> Reply {
        let reply = self
            .reply_to(body_text(request), InputBindings::default())
            .await;
        reply.log_explanation(self.name, id);
        reply.log(self.name, id);
        reply
    }

    async fn reply_to(
        &self,
        request: Result<Option<&str>, BodyError>,
        bindings: InputBindings<'_>,
    ) -> Reply {
        let request = match request {
            Ok(Some(request)) if request.len() > MAX_REQUEST => Err(self.too_large()),
            Ok(Some(request)) => Ok(request),
            Ok(None) => Err(WebhookError::NoBody),
            Err(error) => Err(WebhookError::Unreadable(error)),
        };
        match request {
            Ok(request) => reply::decided(&self.policy, request, bindings).await,
            Err(error) => Reply::from(error),
        }
    }

    /// Takes the host's envelope.
    async fn invoke(&self, http: HttpRequest, payload: Payload) -> HttpResponse {
        let id = invocation_id(&http);
        let answer = match body::read(payload, MAX_ENVELOPE).await {
            Ok(envelope) => self.answer(&envelope, id).await,
            Err(error) => {
                let reply = self.not_read(error, id);
                reply.wrapped(None).map_err(AnswerError::Unwritable)
            }
        };
        let name = self.name;
        match answer {
            Ok(answer) => HttpResponse::Ok().content_type(JSON).body(answer),
            Err(error) => {
                log::error!("{name} {id}: {error}");
                match error {
                    AnswerError::Envelope(error) => {
                        let sentence =
                            format!("{name} takes the envelope of the Functions host: {error}.");
                        plain(400, TEXT, sentence)
                    }
                    AnswerError::Unwritable(_) => {
                        plain(500, TEXT, WebhookError::failed().to_owned())
                    }
                }
            }
        }
    }

    /// Takes the request itself.
    async fn request(&self, http: HttpRequest, payload: Payload) -> HttpResponse {
        let id = invocation_id(&http);
        let reply = match body::read(payload, MAX_REQUEST).await {
            Ok(request) => self.reply(&request, id).await,
            Err(error) => self.not_read(error, id),
        };
        plain(reply.status, reply.content_type, reply.body)
    }

    /// The reply where no body could be read.
    fn not_read(&self, error: ReadError, id: &str) -> Reply {
        let reply = Reply::from(match error {
            ReadError::TooLarge => self.too_large(),
            ReadError::OverBudget => WebhookError::OverBudget,
            ReadError::Incomplete => WebhookError::Incomplete,
        });
        reply.log(self.name, id);
        reply
    }

    fn too_large(&self) -> WebhookError {
        WebhookError::TooLarge {
            function: self.name,
        }
    }
}

/// What a future that doesn't wait comes to. It lives on the stack, and the connection's task stays
/// as small as it is without it.
fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

/// Why an envelope has no answer. The invocation fails, and the host tells the caller nothing
/// but 500.
#[derive(Debug)]
pub enum AnswerError {
    /// It is not an envelope of the Functions host.
    Envelope(InvocationError),
    /// A mistake of ours.
    Unwritable(serde_json::Error),
}

impl fmt::Display for AnswerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Envelope(error) => error.fmt(f),
            Self::Unwritable(error) => write!(f, "cannot write the answer: {error}"),
        }
    }
}

impl std::error::Error for AnswerError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Envelope(error) => Some(error),
            Self::Unwritable(error) => Some(error),
        }
    }
}

fn plain(status: u16, content_type: &str, body: String) -> HttpResponse {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    HttpResponse::build(status)
        .content_type(format!("{content_type}; charset=utf-8"))
        .body(body)
}
