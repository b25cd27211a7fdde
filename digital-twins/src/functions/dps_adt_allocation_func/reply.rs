//! From a request to the answer, without HTTP.

use std::borrow::Cow;

use custom_allocation::dps::{
    AllocationRequest, AllocationResponse, InitialTwin, TwinCollection, TwinProperties, TwinValue,
    redacted,
};
use custom_allocation::functions::loggable;
use custom_allocation::host::{Answer, BodyError, HttpResponse, ResponseHeaders};
use log::Level;
use serde::Serialize;

use super::denial::Denial;
use super::{JSON, MAX_REQUEST, NAME, TEXT};
use crate::adt::Until;
use crate::app::App;
use crate::provisioning::{self, NewTwin, Provisioned, Wanted};

/// How much of a request goes into the log, in bytes.
const MAX_LOGGED: usize = 4096;

/// The output bindings of `function.json`.
#[derive(Serialize)]
struct Outputs<'a> {
    res: HttpResponse<'a>,
}

/// What the function answers, before it is wrapped for the host or sent as it is.
#[derive(Debug)]
pub(super) struct Reply {
    /// The status, which decides what the service does.
    pub(super) status: u16,
    /// The media type of the body.
    pub(super) content_type: &'static str,
    /// The response as JSON, or one sentence.
    pub(super) body: String,
    /// The registration id for the log, or a dash.
    device: String,
    /// How it came to the answer, for the log.
    decision: String,
    level: Level,
    /// Whether the request is a JSON object, in which secrets can be told from the rest.
    is_json: bool,
}

impl Reply {
    /// The reply to a request, or to the lack of one. `id` names the invocation in the process's log.
    pub(super) async fn to(app: &App, request: Result<&str, Denial>, id: &str) -> Self {
        let reply = match request {
            Ok(request) => Self::decided(app, request).await,
            Err(denial) => Self::denied(&denial),
        };
        log::log!(
            reply.level,
            "{NAME} {id} {}: {} {}",
            reply.device,
            reply.status,
            reply.decision
        );
        reply
    }

    async fn decided(app: &App, request: &str) -> Self {
        let request = match AllocationRequest::parse(request) {
            Ok(request) => request,
            Err(error) => return Self::denied(&Denial::Malformed(error)),
        };
        let device = request.device_runtime_context.registration_id.as_deref();
        let device = device.map_or_else(|| "-".to_owned(), loggable);
        let reply = Self::assigned(app, &request).await;
        let reply = reply.unwrap_or_else(|denial| Self::denied(&denial));
        Self { device, ..reply }
    }

    async fn assigned(app: &App, request: &AllocationRequest<'_>) -> Result<Self, Denial> {
        let config = &app.config;
        let until = Until::within(config.allocation_timeout);
        let wanted = Wanted::parse(request).map_err(Denial::Refused)?;
        let new_twin = NewTwin {
            initial_properties: &config.initial_properties,
            hub_property: config.hub_property.as_deref(),
        };
        let adt = app.adt().await.map_err(Denial::Adt)?;
        let Provisioned { twin, origin } =
            provisioning::find_or_create(adt, &wanted, new_twin, until).await?;
        let tags = [
            ("dtId", TwinValue::Text(twin.as_str())),
            ("dtmi", TwinValue::Text(wanted.model.as_str())),
        ];
        let response = AllocationResponse {
            iot_hub_host_name: wanted.hub,
            initial_twin: Some(InitialTwin {
                properties: TwinProperties {
                    desired: TwinCollection(&[]),
                },
                tags: TwinCollection(&tags),
            }),
            payload: None,
        };
        Ok(Self {
            status: 200,
            content_type: JSON,
            body: serde_json::to_string(&response).map_err(Denial::Bug)?,
            device: String::new(),
            decision: format!(
                "the twin {twin} is {origin}; assigned to {}",
                loggable(wanted.hub.host_name())
            ),
            level: Level::Info,
            is_json: true,
        })
    }

    fn denied(denial: &Denial) -> Self {
        Self {
            status: denial.status(),
            content_type: TEXT,
            body: denial.to_string(),
            device: "-".to_owned(),
            decision: denial.decision(),
            level: denial.level(),
            is_json: denial.is_json(),
        }
    }

    /// The function's log, in the form of the DPS tutorial's.
    fn logs<'a>(&'a self, request: Option<&'a str>) -> Vec<Cow<'a, str>> {
        let shown = match request {
            Some(request) if self.is_json => redacted(request, MAX_LOGGED),
            Some(request) => format!("({} bytes, not shown)", request.len()).into(),
            None => "(not read)".into(),
        };
        vec![
            "Request.Body:...".into(),
            shown,
            Cow::Borrowed(&self.decision),
            "Response".into(),
            Cow::Borrowed(&self.body),
        ]
    }

    /// The answer as the host takes it. `request` is what was asked, if it could be read, for the function's log.
    pub(super) fn wrapped(&self, request: Option<&str>) -> Vec<u8> {
        let res = HttpResponse {
            status_code: self.status,
            headers: ResponseHeaders {
                content_type: self.content_type.into(),
            },
            body: Cow::Borrowed(&self.body),
        };
        Answer::new(Outputs { res }, self.logs(request)).to_json()
    }
}

/// The text that a request must have.
pub(super) fn required(body: Result<Option<&str>, BodyError>) -> Result<&str, Denial> {
    match body {
        Ok(Some(request)) if request.len() > MAX_REQUEST => Err(Denial::TooLarge),
        Ok(Some(request)) => Ok(request),
        Ok(None) => Err(Denial::NoBody),
        Err(error) => Err(Denial::Unreadable(error)),
    }
}
