//! The app's files: `host.json`, each `function.json`, and what they say of routes, retries and
//! spans of time.

pub(crate) mod app_error;
pub(crate) mod extension_bundle;
pub(crate) mod function;
pub(crate) mod function_error;
mod function_json;
pub(crate) mod functions_app;
pub(crate) mod host_json;
pub(crate) mod retry;
pub(crate) mod route;
pub(crate) mod section;
pub(crate) mod settings_file;
pub(crate) mod timespan;
