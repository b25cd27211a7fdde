//! The instance over HTTP: routes, headers, the token, and the faults.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::net::TcpListener;

use super::failure::Failure;
use super::fault::{Call, Effect, Fault};
use super::instance::Instance;
use super::pages::{self, Parameters};

/// The stable versions of the data plane.
const API_VERSIONS: [&str; 4] = ["2020-10-31", "2022-05-31", "2023-06-30", "2023-10-31"];

/// How the service behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// The token that every call must bring; `None` takes any call.
    pub bearer_token: Option<SecretString>,
    /// How many items a page has.
    pub page_size: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            bearer_token: None,
            page_size: 100,
        }
    }
}

/// An instance that is served. Clones share it.
#[derive(Clone, Debug)]
pub struct Service(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    options: Options,
    instance: Mutex<Instance>,
    faults: Mutex<Vec<Fault>>,
    calls: Mutex<BTreeMap<Call, u64>>,
}

impl Service {
    /// A service of `instance`.
    #[must_use]
    pub fn new(instance: Instance, options: Options) -> Self {
        Self(Arc::new(Shared {
            options,
            instance: Mutex::new(instance),
            faults: Mutex::default(),
            calls: Mutex::default(),
        }))
    }

    /// The instance itself, to look into and to change from outside.
    pub fn instance(&self) -> MutexGuard<'_, Instance> {
        locked(&self.0.instance)
    }

    /// Adds trouble.
    pub fn inject(&self, fault: Fault) {
        locked(&self.0.faults).push(fault);
    }

    /// How often each operation has been called.
    #[must_use]
    pub fn calls(&self) -> BTreeMap<Call, u64> {
        locked(&self.0.calls).clone()
    }

    /// Serves on `listener` until `stop` is ready, and then closes it and all connections that are idle.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(
        &self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> std::io::Result<()> {
        axum::serve(listener, self.router())
            .with_graceful_shutdown(stop)
            .await
    }

    pub(super) fn page_size(&self) -> usize {
        self.0.options.page_size
    }

    fn router(&self) -> Router {
        Router::new()
            .route("/query", post(query))
            .route(
                "/digitaltwins/{id}",
                get(get_twin)
                    .put(put_twin)
                    .patch(patch_twin)
                    .delete(delete_twin),
            )
            .route("/digitaltwins/{id}/relationships", get(outgoing))
            .route("/digitaltwins/{id}/incomingrelationships", get(incoming))
            .route(
                "/digitaltwins/{id}/relationships/{relationship}",
                put(put_relationship).delete(delete_relationship),
            )
            .layer(middleware::from_fn_with_state(self.clone(), admit))
            .with_state(self.clone())
    }

    /// Counts the call and lets the first fault that it meets strike. `None` means that it is served.
    async fn strike(&self, call: Call, twin: Option<&str>) -> Result<(), Response> {
        *locked(&self.0.calls).entry(call).or_default() += 1;
        let meets = || {
            let mut faults = locked(&self.0.faults);
            let fault = faults.iter_mut().find(|fault| fault.strikes(call, twin))?;
            fault.times -= 1;
            Some(match &fault.effect {
                Effect::Status {
                    status,
                    retry_after,
                } => Effect::Status {
                    status: *status,
                    retry_after: *retry_after,
                },
                Effect::Silence => Effect::Silence,
                Effect::Meanwhile(change) => Effect::Meanwhile(*change),
            })
        };
        match meets() {
            None => Ok(()),
            Some(Effect::Meanwhile(change)) => {
                change(&mut self.instance());
                Ok(())
            }
            Some(Effect::Silence) => std::future::pending().await,
            Some(Effect::Status {
                status,
                retry_after,
            }) => {
                let mut response =
                    Failure::new(status, "InjectedFault", "This failure was asked for.")
                        .into_response();
                if let Some(seconds) = retry_after {
                    response
                        .headers_mut()
                        .insert(header::RETRY_AFTER, seconds.into());
                }
                Err(response)
            }
        }
    }
}

/// A lock is only held for a moment; whoever panicked with it has left whole values behind.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn now() -> String {
    OffsetDateTime::now_utc()
        .format(&Rfc3339)
        .unwrap_or_default()
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let code = (HeaderName::from_static("x-ms-error-code"), self.code);
        (status, [code], json_body(&self.body())).into_response()
    }
}

pub(super) fn json_body(value: &Value) -> Response {
    (
        [(header::CONTENT_TYPE, "application/json; charset=utf-8")],
        value.to_string(),
    )
        .into_response()
}

/// Lets in what has the token and a known version.
async fn admit(
    State(service): State<Service>,
    Query(parameters): Query<Parameters>,
    request: Request,
    next: Next,
) -> Response {
    if let Some(token) = &service.0.options.bearer_token {
        let authorization = request.headers().get(header::AUTHORIZATION);
        if authorization.is_none_or(|value| {
            value.as_bytes() != format!("Bearer {}", token.expose_secret()).as_bytes()
        }) {
            return Failure::new(
                401,
                "Unauthorized",
                "The call brings no valid bearer token.",
            )
            .into_response();
        }
    }
    match parameters.api_version {
        Some(version) if API_VERSIONS.contains(&version.as_str()) => next.run(request).await,
        Some(version) => {
            Failure::invalid(format!("The api-version {version:?} is unknown.")).into_response()
        }
        None => Failure::invalid("The query parameter api-version is missing.").into_response(),
    }
}

pub(super) fn header_text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

pub(super) fn parsed(body: &Bytes) -> Result<Value, Failure> {
    serde_json::from_slice(body)
        .map_err(|error| Failure::invalid(format!("The body is not JSON: {error}.")))
}

/// The answer for a twin, with its etag in the header.
fn twin_response(status: StatusCode, twin: &Value) -> Response {
    let etag = [(header::ETAG, twin["$etag"].as_str().unwrap_or_default())];
    if status == StatusCode::NO_CONTENT {
        (status, etag).into_response()
    } else {
        (status, etag, json_body(twin)).into_response()
    }
}

async fn get_twin(
    State(service): State<Service>,
    Path(id): Path<String>,
) -> Result<Response, Response> {
    service.strike(Call::GetTwin, Some(&id)).await?;
    let twin = service
        .instance()
        .get(&id)
        .map_err(Failure::into_response)?;
    Ok(twin_response(StatusCode::OK, &twin))
}

async fn put_twin(
    State(service): State<Service>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Response> {
    service.strike(Call::PutTwin, Some(&id)).await?;
    let if_none_match = header_text(&headers, &header::IF_NONE_MATCH);
    let put = |body| service.instance().put(&id, &body, if_none_match, &now());
    let twin = parsed(&body)
        .and_then(put)
        .map_err(Failure::into_response)?;
    Ok(twin_response(StatusCode::OK, &twin))
}

async fn patch_twin(
    State(service): State<Service>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Response> {
    service.strike(Call::PatchTwin, Some(&id)).await?;
    if header_text(&headers, &header::CONTENT_TYPE) != Some("application/json-patch+json") {
        let failure = Failure::new(
            415,
            "UnsupportedMediaType",
            "A patch has the type application/json-patch+json.",
        );
        return Err(failure.into_response());
    }
    let if_match = header_text(&headers, &header::IF_MATCH);
    let patch = |body| service.instance().patch(&id, &body, if_match, &now());
    let twin = parsed(&body)
        .and_then(patch)
        .map_err(Failure::into_response)?;
    Ok(twin_response(StatusCode::NO_CONTENT, &twin))
}

async fn delete_twin(
    State(service): State<Service>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Response> {
    service.strike(Call::DeleteTwin, Some(&id)).await?;
    let if_match = header_text(&headers, &header::IF_MATCH);
    service
        .instance()
        .delete(&id, if_match)
        .map_err(Failure::into_response)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn outgoing(
    State(service): State<Service>,
    Path(id): Path<String>,
    Query(parameters): Query<Parameters>,
    request: Request,
) -> Result<Response, Response> {
    service.strike(Call::ListRelationships, Some(&id)).await?;
    let items = service
        .instance()
        .outgoing(&id)
        .map_err(Failure::into_response)?;
    Ok(pages::list(
        &service,
        request.headers(),
        request.uri().path(),
        &parameters,
        &items,
    ))
}

async fn incoming(
    State(service): State<Service>,
    Path(id): Path<String>,
    Query(parameters): Query<Parameters>,
    request: Request,
) -> Result<Response, Response> {
    service
        .strike(Call::ListIncomingRelationships, Some(&id))
        .await?;
    let items = service
        .instance()
        .incoming(&id)
        .map_err(Failure::into_response)?;
    Ok(pages::list(
        &service,
        request.headers(),
        request.uri().path(),
        &parameters,
        &items,
    ))
}

async fn put_relationship(
    State(service): State<Service>,
    Path((id, relationship)): Path<(String, String)>,
    body: Bytes,
) -> Result<Response, Response> {
    service.strike(Call::PutRelationship, Some(&id)).await?;
    let put = |body| {
        service
            .instance()
            .put_relationship(&id, &relationship, &body)
    };
    let shown = parsed(&body)
        .and_then(put)
        .map_err(Failure::into_response)?;
    Ok(json_body(&shown))
}

async fn delete_relationship(
    State(service): State<Service>,
    Path((id, relationship)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<StatusCode, Response> {
    service.strike(Call::DeleteRelationship, Some(&id)).await?;
    let if_match = header_text(&headers, &header::IF_MATCH);
    service
        .instance()
        .delete_relationship(&id, &relationship, if_match)
        .map_err(Failure::into_response)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn query(State(service): State<Service>, body: Bytes) -> Result<Response, Response> {
    service.strike(Call::Query, None).await?;
    pages::query(&service, &body).map_err(Failure::into_response)
}
