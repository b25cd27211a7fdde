//! The emulated Azure Functions host.

mod answer;
mod app;
mod authorization;
mod body_text;
mod console;
mod envelope;
mod function;
mod host_json;
mod http;
mod http_output;
mod identity;
mod json;
mod known_headers;
mod request_url;
mod route;
mod timespan;
mod violation;
mod worker_errors;
