//! `HttpTrigger1`: the custom allocation webhook.
//!
//! `POST /HttpTrigger1` takes the host's envelope; `POST /api/HttpTrigger1` takes the request itself, as behind a host that
//! forwards requests, behind a proxy, or from curl. Both give the same answer, wrapped or plain.

use std::borrow::Cow;
use std::fmt;

use actix_web::http::StatusCode;
use actix_web::web::{self, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use log::Level;
use serde::{Deserialize, Serialize};

use crate::allocation::{CONTOSO, Refusal};
use crate::body::{self, ReadError};
use crate::dps::{AllocationRequest, RequestError, redacted};
use crate::host::{self, Answer, BodyError, INVOCATION_ID_HEADER, Invocation, ResponseHeaders};

/// The function's name, which is that of its folder.
pub const NAME: &str = "HttpTrigger1";

/// The largest request that is served, in bytes: 1 MiB. The service's own limit for a device's message is 96 KB.
pub const MAX_REQUEST: usize = 1 << 20;

/// The largest envelope that is read, in bytes: 8 MiB. It holds the request twice, as an escaped string and as binding data.
pub const MAX_ENVELOPE: usize = 8 << 20;

/// How much of a request goes into the log, in bytes.
const MAX_LOGGED: usize = 4096;

const JSON: &str = "application/json";
const TEXT: &str = "text/plain";

/// Adds the function's routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/HttpTrigger1").route(web::post().to(invoke)))
        .service(web::resource("/api/HttpTrigger1").route(web::post().to(request)));
}

/// The input bindings of `function.json`.
#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    req: host::HttpRequest<'a>,
}

/// Its output bindings.
#[derive(Serialize)]
struct Outputs<'a> {
    res: host::HttpResponse<'a>,
}

/// Takes the host's envelope.
async fn invoke(http: HttpRequest, payload: Payload) -> HttpResponse {
    let id = invocation_id(&http);
    let envelope = match body::read(payload, MAX_ENVELOPE).await {
        Ok(envelope) => envelope,
        Err(ReadError::TooLarge) => return wrapped(id, Err(Denial::TooLarge)),
        Err(ReadError::NoRoom) => return wrapped(id, Err(Denial::NoRoom)),
        Err(ReadError::Incomplete) => return incomplete(id),
    };
    match Invocation::<Data<'_>>::parse(&envelope) {
        Ok(Invocation { data, .. }) => match data.req.body() {
            Ok(Some(request)) if request.len() > MAX_REQUEST => wrapped(id, Err(Denial::TooLarge)),
            Ok(Some(request)) => wrapped(id, Ok(&request)),
            Ok(None) => wrapped(id, Err(Denial::NoBody)),
            Err(error) => wrapped(id, Err(Denial::Unreadable(error))),
        },
        Err(error) => {
            log::error!("{NAME} {id}: {error}");
            let sentence = format!("{NAME} takes the envelope of the Functions host: {error}.");
            plain(400, TEXT, sentence)
        }
    }
}

/// Takes the request itself.
async fn request(http: HttpRequest, payload: Payload) -> HttpResponse {
    let id = invocation_id(&http);
    let reply = match body::read(payload, MAX_REQUEST).await {
        Ok(body) => match host::text(&body) {
            Ok(Some(request)) => Reply::to(Ok(request)),
            Ok(None) => Reply::to(Err(Denial::NoBody)),
            Err(error) => Reply::to(Err(Denial::Unreadable(error))),
        },
        Err(ReadError::TooLarge) => Reply::to(Err(Denial::TooLarge)),
        Err(ReadError::NoRoom) => Reply::to(Err(Denial::NoRoom)),
        Err(ReadError::Incomplete) => return incomplete(id),
    };
    reply.log(id);
    plain(reply.status, reply.content_type, reply.body)
}

/// The host's id of the invocation, or a dash where there is none.
fn invocation_id(http: &HttpRequest) -> &str {
    const GUID_LENGTH: usize = 36;
    let header = http.headers().get(INVOCATION_ID_HEADER);
    let id = header.and_then(|id| id.to_str().ok());
    id.filter(|id| id.len() <= GUID_LENGTH).unwrap_or("-")
}

/// The answer as the host takes it.
fn wrapped(id: &str, request: Result<&str, Denial>) -> HttpResponse {
    let text = request.as_ref().copied().unwrap_or_default();
    let reply = Reply::to(request);
    reply.log(id);
    let res = host::HttpResponse {
        status_code: reply.status,
        headers: ResponseHeaders {
            content_type: reply.content_type.into(),
        },
        body: Cow::Borrowed(&reply.body),
    };
    match Answer::new(Outputs { res }, reply.logs(text)).to_json() {
        Ok(answer) => HttpResponse::Ok().content_type(JSON).body(answer),
        Err(error) => {
            log::error!("{NAME} {id}: cannot write the answer: {error}");
            HttpResponse::InternalServerError().finish()
        }
    }
}

/// The answer as it is.
fn plain(status: u16, content_type: &str, body: String) -> HttpResponse {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    HttpResponse::build(status)
        .content_type(format!("{content_type}; charset=utf-8"))
        .body(body)
}

/// The body has not arrived, so there is hardly anybody to whom the answer matters.
fn incomplete(id: &str) -> HttpResponse {
    log::warn!("{NAME} {id}: the request's body did not arrive whole");
    plain(
        408,
        TEXT,
        "The request's body did not arrive whole.".to_owned(),
    )
}

/// What the function answers, before it is wrapped for the host or sent as it is.
struct Reply {
    status: u16,
    content_type: &'static str,
    body: String,
    /// The registration id for the log, or a dash.
    device: String,
    /// How it came to the answer, for the log.
    decision: Cow<'static, str>,
    /// Whether the request is JSON, in which secrets can be told from the rest.
    is_json: bool,
}

impl Reply {
    /// The answer to a request.
    fn to(request: Result<&str, Denial>) -> Self {
        request
            .and_then(Self::assigned)
            .unwrap_or_else(|denial| Self {
                status: denial.status(),
                content_type: TEXT,
                body: denial.to_string(),
                device: denial.device().to_owned(),
                decision: denial.decision(),
                is_json: denial.is_json(),
            })
    }

    fn assigned(request: &str) -> Result<Self, Denial> {
        let request = AllocationRequest::parse(request).map_err(Denial::Malformed)?;
        let device = request.device_runtime_context.registration_id.as_deref();
        let device = device.map_or_else(|| "-".to_owned(), loggable);
        let allocation = match CONTOSO.allocate(&request) {
            Ok(allocation) => allocation,
            Err(refusal) => return Err(Denial::Refused { refusal, device }),
        };
        let hub = loggable(allocation.response.iot_hub_host_name.host_name());
        Ok(Self {
            status: 200,
            content_type: JSON,
            body: serde_json::to_string(&allocation.response).map_err(Denial::Bug)?,
            device,
            decision: format!("{} assigned to {hub}", allocation.rule.family).into(),
            is_json: true,
        })
    }

    /// The function's log, with the lines of the tutorial's.
    fn logs(&self, request: &str) -> Vec<Cow<'_, str>> {
        let shown = if self.is_json {
            redacted(request, MAX_LOGGED)
        } else {
            format!(
                "({} bytes that are no JSON object, not shown)",
                request.len()
            )
        };
        vec![
            "Request.Body:...".into(),
            shown.into(),
            Cow::Borrowed(&self.decision),
            "Response".into(),
            Cow::Borrowed(&self.body),
        ]
    }

    /// The line in the process's own log.
    fn log(&self, id: &str) {
        let level = if self.status < 500 {
            Level::Info
        } else {
            Level::Error
        };
        log::log!(
            level,
            "{NAME} {id} {}: {} {}",
            self.device,
            self.status,
            self.decision
        );
    }
}

/// The start of a text from outside, without characters that would break a line of the log.
fn loggable(text: &str) -> String {
    const MAX_CHARS: usize = 128;
    text.chars()
        .take(MAX_CHARS)
        .flat_map(char::escape_debug)
        .collect()
}

/// Why no hub is answered. Its `Display` is the answer: one sentence.
#[derive(Debug)]
enum Denial {
    /// There is no request.
    NoBody,
    /// The request is no text.
    Unreadable(BodyError),
    /// The request, or the envelope around it, is too large.
    TooLarge,
    /// Too many large requests are under way.
    NoRoom,
    /// The request is no allocation request.
    Malformed(RequestError),
    /// The policy has no hub for the device.
    Refused {
        /// Why.
        refusal: Refusal,
        /// The registration id for the log.
        device: String,
    },
    /// A mistake of ours.
    Bug(serde_json::Error),
}

impl Denial {
    /// It decides what the service does: after 4xx it fails the device at once, after 5xx it asks again.
    fn status(&self) -> u16 {
        match self {
            Self::NoBody | Self::Unreadable(_) | Self::Malformed(_) | Self::Refused { .. } => 400,
            Self::TooLarge => 413,
            Self::Bug(_) => 500,
            Self::NoRoom => 503,
        }
    }

    fn device(&self) -> &str {
        match self {
            Self::Refused { device, .. } => device,
            _ => "-",
        }
    }

    fn decision(&self) -> Cow<'static, str> {
        match self {
            Self::Refused { refusal, .. } => refusal.log_line().into(),
            Self::Bug(error) => format!("cannot write the response: {error}").into(),
            _ => self.to_string().into(),
        }
    }

    fn is_json(&self) -> bool {
        match self {
            Self::NoBody | Self::Unreadable(_) | Self::TooLarge | Self::NoRoom => false,
            Self::Malformed(error) => error.is_json_object(),
            Self::Refused { .. } | Self::Bug(_) => true,
        }
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoBody => f.write_str(
                "The request has no body: send an AllocationRequest as JSON, with a Content-Length, as the Functions host loses the \
                 body of a chunked request.",
            ),
            Self::Unreadable(error) => write!(f, "The request body can't be read: {error}."),
            Self::TooLarge => write!(
                f,
                "The request body is too large: {NAME} serves up to {MAX_REQUEST} bytes."
            ),
            Self::NoRoom => f.write_str("Too many large requests are under way: try again."),
            Self::Malformed(error) => {
                write!(f, "The request body is no AllocationRequest: {error}.")
            }
            Self::Refused { refusal, .. } => refusal.fmt(f),
            Self::Bug(_) => f.write_str("The function failed; its log says why."),
        }
    }
}
