//! `GET /admin/host/status`: the state of the host and why it is in it.
//!
//! Of the real answer there are the members that an app's owner looks at. Source:
//! <https://learn.microsoft.com/azure/azure-functions/functions-how-to-custom-container>, "host status".

use serde_json::json;

use super::own_pages::json_page;
use super::state::HostState;
use crate::invoke::http::HttpResponse;

/// Where it is asked for.
pub(super) const PATH: &str = "/admin/host/status";

pub(super) fn respond(state: &HostState) -> HttpResponse {
    let (name, errors) = match state {
        HostState::Starting => ("Starting", None),
        HostState::Running(_) => ("Running", None),
        HostState::Error(error) => ("Error", Some(error)),
        HostState::Stopping(_) => ("Stopping", None),
        HostState::Stopped => ("Stopped", None),
    };
    let mut status = json!({"state": name});
    if let Some(error) = errors {
        status["errors"] = json!([error]);
    }
    json_page(&status)
}
