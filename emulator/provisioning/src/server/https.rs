//! The device API over HTTPS, and MQTT over WebSocket on the same port.
//!
//! Source: <https://learn.microsoft.com/rest/api/iot-dps/device/runtime-registration>. Headers are
//! those of the service's documented exchanges.

use std::net::SocketAddr;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::connect_info::{ConnectInfo, Connected};
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Path, Query, State};
use axum::http::header::{
    AUTHORIZATION, CONTENT_TYPE, HOST, LOCATION, RETRY_AFTER, STRICT_TRANSPORT_SECURITY,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Uri};
use axum::routing::{get, post, put};
use axum::serve::{IncomingStream, Listener};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::clock::RequestContext;
use crate::keys::thumbprint::DeviceCertificate;
use crate::server::mqtt_session::Session;
use crate::server::provisioning::{Provisioning, log_request_error};
use crate::server::tls::{self, Connection};
use crate::server::websocket;
use crate::service::caller::{Caller, Transport};
use crate::wire::device_api::{
    Answer, MAX_MESSAGE_BYTES, RegistrationOperationStatus, check_api_version,
};
use crate::wire::request_error::{Missing, RequestError};
use emulator_text::printable;

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
const ONE_YEAR: HeaderValue = HeaderValue::from_static("max-age=31536000; includeSubDomains");
const X_MS_REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-request-id");
const X_MS_ERROR_CODE: HeaderName = HeaderName::from_static("x-ms-error-code");

/// How addresses of the service API begin.
const SERVICE_API: [&str; 3] = ["enrollments", "enrollmentGroups", "registrations"];

/// The service reads a little more than it allows, so that it can say how much is allowed.
const MAX_BODY_BYTES: usize = 4 * MAX_MESSAGE_BYTES;

/// Serves connections until no more come.
///
/// # Errors
/// The server can't go on.
pub(crate) async fn serve(
    connections: mpsc::Receiver<(Connection, SocketAddr)>,
    local: SocketAddr,
    provisioning: Provisioning,
) -> std::io::Result<()> {
    let app = routes(provisioning).into_make_service_with_connect_info::<Peer>();
    axum::serve(Accepted { connections, local }, app).await
}

/// The device API's routes.
fn routes(provisioning: Provisioning) -> Router {
    Router::new()
        .route("/{id_scope}/registrations/{registration_id}", post(look_up))
        .route(
            "/{id_scope}/registrations/{registration_id}/register",
            put(register),
        )
        .route(
            "/{id_scope}/registrations/{registration_id}/operations/{operation_id}",
            get(operation_status),
        )
        .route(websocket::PATH, get(open_websocket))
        .fallback(async |method, uri| {
            refused(&method, &uri, &RequestError::NotFound(Missing::Resource))
        })
        .method_not_allowed_fallback(async |method, uri| {
            refused(&method, &uri, &RequestError::Method)
        })
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(provisioning)
}

async fn register(
    State(provisioning): State<Provisioning>,
    caller: FromDevice,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response<Body> {
    let at = RequestContext::now();
    let answer = caller
        .message(&headers, body)
        .and_then(|body| provisioning.register(&at, &caller.caller, &body));
    let mut response = answer_or_error(answer, &at);
    if response.status() == StatusCode::ACCEPTED
        && let Some(location) = caller.location(&headers)
    {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

async fn operation_status(
    State(provisioning): State<Provisioning>,
    Path(OperationPath { operation_id }): Path<OperationPath>,
    caller: FromDevice,
) -> Response<Body> {
    let at = RequestContext::now();
    let answer: Result<Answer<RegistrationOperationStatus>, RequestError> = caller
        .check_api_version()
        .and_then(|()| provisioning.operation_status(&at, &caller.caller, &operation_id));
    answer_or_error(answer, &at)
}

async fn look_up(
    State(provisioning): State<Provisioning>,
    caller: FromDevice,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response<Body> {
    let at = RequestContext::now();
    let answer = caller
        .message(&headers, body)
        .and_then(|_| provisioning.look_up(&at, &caller.caller));
    answer_or_error(answer, &at)
}

async fn open_websocket(
    State(provisioning): State<Provisioning>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response<Body> {
    upgrade
        .map_err(|rejection| RequestError::Malformed(rejection.body_text()))
        .and_then(|upgrade| {
            websocket::upgrade(
                upgrade,
                &headers,
                Session::new(provisioning, peer.address, peer.certificate),
            )
        })
        .unwrap_or_else(|refusal| refused(&method, &uri, &refusal))
}

/// Answers with an error, and says so in the log. What names no device is named by its address.
fn refused(method: &Method, uri: &Uri, refusal: &RequestError) -> Response<Body> {
    let hint = match refusal {
        RequestError::NotFound(Missing::Resource)
            if SERVICE_API.iter().any(|path| starts_with(uri, path)) =>
        {
            " This address belongs to the service API, which isn't emulated."
        }
        RequestError::NotFound(Missing::Resource) => {
            " A device registers with PUT /{idScope}/registrations/{registrationId}/register?api-version=2021-06-01."
        }
        _ => "",
    };
    log::info!(
        "{} {}: refused, {}{hint}",
        printable(method.as_str()),
        printable(uri.path()),
        printable(&refusal.reason())
    );
    error(refusal, &RequestContext::now())
}

fn starts_with(uri: &Uri, segment: &str) -> bool {
    let first = uri.path().split('/').nth(1).unwrap_or_default();
    first.eq_ignore_ascii_case(segment)
}

/// The body, if it is JSON by its type.
fn message(
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Bytes, RequestError> {
    let media_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let json = media_type.is_none_or(|media_type| {
        media_type
            .get(..b"application/json".len())
            .is_some_and(|start| start.eq_ignore_ascii_case(b"application/json"))
    });
    if !json {
        return Err(RequestError::MediaType);
    }
    body.map_err(|rejection| RequestError::Malformed(rejection.body_text()))
}

fn answer_or_error<T: Serialize>(
    answer: Result<Answer<T>, RequestError>,
    at: &RequestContext,
) -> Response<Body> {
    match answer {
        Ok(answer) => {
            let mut response = json(answer.status(), &answer.body, at);
            if let Some(seconds) = answer.retry_after {
                response.headers_mut().insert(RETRY_AFTER, seconds.into());
            }
            response
        }
        Err(refusal) => error(&refusal, at),
    }
}

fn error(refusal: &RequestError, at: &RequestContext) -> Response<Body> {
    let body = refusal.body(at);
    let mut response = match refusal {
        RequestError::Challenge(challenge) => json(refusal.status(), challenge, at),
        _ => json(refusal.status(), &body, at),
    };
    let headers = response.headers_mut();
    headers.insert(X_MS_ERROR_CODE, body.error_code.into());
    if let Some(seconds) = refusal.retry_after() {
        headers.insert(RETRY_AFTER, seconds.into());
    }
    response
}

fn json<T: Serialize>(status: u16, body: &T, at: &RequestContext) -> Response<Body> {
    let (status, body) = match (StatusCode::from_u16(status), serde_json::to_vec(body)) {
        (Ok(status), Ok(body)) => (status, body),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, Vec::new()),
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, JSON);
    headers.insert(STRICT_TRANSPORT_SECURITY, ONE_YEAR);
    if let Ok(id) = HeaderValue::from_str(&at.id.to_string()) {
        headers.insert(X_MS_REQUEST_ID, id);
    }
    response
}

/// Who a request comes from, as far as it says.
struct FromDevice {
    caller: Caller,
    api_version: Option<String>,
}

#[derive(Deserialize)]
struct DevicePath {
    id_scope: String,
    registration_id: String,
}

#[derive(Deserialize)]
struct OperationPath {
    operation_id: String,
}

#[derive(Deserialize)]
struct ApiVersion {
    #[serde(rename = "api-version")]
    api_version: Option<String>,
}

impl FromDevice {
    fn check_api_version(&self) -> Result<(), RequestError> {
        check_api_version(self.api_version.as_deref())
            .inspect_err(|refusal| log_request_error(&self.caller, refusal))
    }

    /// The body, if it is JSON by its type and the version is one that is emulated.
    fn message(
        &self,
        headers: &HeaderMap,
        body: Result<Bytes, BytesRejection>,
    ) -> Result<Bytes, RequestError> {
        let body = message(headers, body)
            .inspect_err(|refusal| log_request_error(&self.caller, refusal))?;
        self.check_api_version()?;
        Ok(body)
    }

    /// Where the registration is, under the name that the device uses for the service.
    fn location(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let host = headers.get(HOST)?.to_str().ok()?;
        let Caller {
            id_scope,
            registration_id,
            ..
        } = &self.caller;
        let location =
            format!("https://{host}/{id_scope}/registrations/{registration_id}/register");
        HeaderValue::from_str(&location).ok()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for FromDevice {
    type Rejection = Response<Body>;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response<Body>> {
        let (method, uri) = (parts.method.clone(), parts.uri.clone());
        let malformed = |problem| refused(&method, &uri, &RequestError::Malformed(problem));
        let Path(path) = Path::<DevicePath>::from_request_parts(parts, state)
            .await
            .map_err(|rejection| malformed(rejection.body_text()))?;
        let query: Result<Query<ApiVersion>, QueryRejection> =
            Query::from_request_parts(parts, state).await;
        let Query(query) = query.map_err(|rejection| malformed(rejection.body_text()))?;
        let ConnectInfo(peer) = ConnectInfo::<Peer>::from_request_parts(parts, state)
            .await
            .map_err(|rejection| malformed(rejection.body_text()))?;
        let token = parts.headers.get(AUTHORIZATION);
        Ok(Self {
            caller: Caller {
                id_scope: path.id_scope,
                registration_id: path.registration_id,
                sas_token: token
                    .and_then(|token| token.to_str().ok())
                    .map(SecretString::from),
                certificate: peer.certificate,
                transport: Transport::Https,
            },
            api_version: query.api_version,
        })
    }
}

/// The other end of a connection.
#[derive(Clone)]
struct Peer {
    address: SocketAddr,
    certificate: Option<DeviceCertificate>,
}

impl Connected<IncomingStream<'_, Accepted>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Accepted>) -> Self {
        Self {
            address: *stream.remote_addr(),
            certificate: tls::device_certificate(stream.io()),
        }
    }
}

/// Connections whose handshake is done, as axum takes them.
struct Accepted {
    connections: mpsc::Receiver<(Connection, SocketAddr)>,
    local: SocketAddr,
}

impl Listener for Accepted {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        match self.connections.recv().await {
            Some(connection) => connection,
            // Nobody accepts any more: the emulator is going down, and this task with it.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        Ok(self.local)
    }
}
