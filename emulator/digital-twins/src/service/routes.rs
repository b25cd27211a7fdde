//! The operations of the data plane, each a route.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::fault::Call;
use super::http::{header_text, json_body, parsed};
use super::pages::{self, Continuation, Parameters};
use super::state::Service;
use crate::error::InstanceError;

/// The stable versions of the data plane.
const API_VERSIONS: [&str; 4] = ["2020-10-31", "2022-05-31", "2023-06-30", "2023-10-31"];

/// All routes, behind the checks that every call must pass.
pub(super) fn router(service: &Service) -> Router {
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
        .layer(middleware::from_fn_with_state(service.clone(), admit))
        .with_state(service.clone())
}

/// Lets in what has the token and a known version.
async fn admit(
    State(service): State<Service>,
    Query(parameters): Query<Parameters>,
    request: Request,
    next: Next,
) -> Result<Response, InstanceError> {
    let authorization = request.headers().get(header::AUTHORIZATION);
    if !service.admits(authorization.map(HeaderValue::as_bytes)) {
        return Err(InstanceError::new(
            401,
            "Unauthorized",
            "The call brings no valid bearer token.",
        ));
    }
    let version = parameters
        .api_version
        .ok_or_else(|| InstanceError::invalid("The query parameter api-version is missing."))?;
    if !API_VERSIONS.contains(&version.as_str()) {
        return Err(InstanceError::invalid(format!(
            "The api-version {version:?} is unknown."
        )));
    }
    Ok(next.run(request).await)
}

fn now() -> String {
    OffsetDateTime::now_utc()
        .format(&Rfc3339)
        .unwrap_or_default()
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
) -> Result<Response, InstanceError> {
    service.strike(Call::GetTwin, Some(&id)).await?;
    let twin = service.instance().get(&id)?;
    Ok(twin_response(StatusCode::OK, &twin))
}

async fn put_twin(
    State(service): State<Service>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, InstanceError> {
    service.strike(Call::PutTwin, Some(&id)).await?;
    let body = parsed(&body)?;
    let if_none_match = header_text(&headers, &header::IF_NONE_MATCH);
    let twin = service.instance().put(&id, &body, if_none_match, &now())?;
    Ok(twin_response(StatusCode::OK, &twin))
}

async fn patch_twin(
    State(service): State<Service>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, InstanceError> {
    service.strike(Call::PatchTwin, Some(&id)).await?;
    if header_text(&headers, &header::CONTENT_TYPE) != Some("application/json-patch+json") {
        return Err(InstanceError::new(
            415,
            "UnsupportedMediaType",
            "A patch has the type application/json-patch+json.",
        ));
    }
    let patch = parsed(&body)?;
    let if_match = header_text(&headers, &header::IF_MATCH);
    let twin = service.instance().patch(&id, &patch, if_match, &now())?;
    Ok(twin_response(StatusCode::NO_CONTENT, &twin))
}

async fn delete_twin(
    State(service): State<Service>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, InstanceError> {
    service.strike(Call::DeleteTwin, Some(&id)).await?;
    let if_match = header_text(&headers, &header::IF_MATCH);
    service.instance().delete(&id, if_match)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn outgoing(
    State(service): State<Service>,
    Path(id): Path<String>,
    Query(parameters): Query<Parameters>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, InstanceError> {
    service.strike(Call::ListRelationships, Some(&id)).await?;
    let items = service.instance().outgoing(&id)?;
    let size = service.page_size();
    Ok(pages::list(&headers, &uri, &parameters, &items, size))
}

async fn incoming(
    State(service): State<Service>,
    Path(id): Path<String>,
    Query(parameters): Query<Parameters>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, InstanceError> {
    let call = Call::ListIncomingRelationships;
    service.strike(call, Some(&id)).await?;
    let items = service.instance().incoming(&id)?;
    let size = service.page_size();
    Ok(pages::list(&headers, &uri, &parameters, &items, size))
}

async fn put_relationship(
    State(service): State<Service>,
    Path((id, relationship)): Path<(String, String)>,
    body: Bytes,
) -> Result<Response, InstanceError> {
    service.strike(Call::PutRelationship, Some(&id)).await?;
    let body = parsed(&body)?;
    let mut instance = service.instance();
    let shown = instance.put_relationship(&id, &relationship, &body)?;
    Ok(json_body(&shown))
}

async fn delete_relationship(
    State(service): State<Service>,
    Path((id, relationship)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<StatusCode, InstanceError> {
    service.strike(Call::DeleteRelationship, Some(&id)).await?;
    let if_match = header_text(&headers, &header::IF_MATCH);
    let mut instance = service.instance();
    instance.delete_relationship(&id, &relationship, if_match)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn query(State(service): State<Service>, body: Bytes) -> Result<Response, InstanceError> {
    service.strike(Call::Query, None).await?;
    let continuation = Continuation::parse(&parsed(&body)?)?;
    let hits = service.instance().query(&continuation.query)?;
    Ok(continuation.page(&hits, service.page_size()))
}
