//! What the app's files and the code must agree on.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use allocation::policy::File;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use test_support::tutorial::POLICY;

use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::{App, http::StatusCode};
use custom_allocation::functions::{self, http_trigger1};
use serde_json::{Value, json};

/// The tutorial's policy.
fn policy() -> File {
    File::parse(POLICY.as_bytes()).unwrap()
}

fn read(path: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap()
}

/// The folders that the Functions host takes for functions.
fn function_folders() -> Vec<String> {
    let entries = fs::read_dir(env!("CARGO_MANIFEST_DIR"))
        .unwrap()
        .map(Result::unwrap);
    let functions = entries.filter(|entry| entry.path().join("function.json").exists());
    functions
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect()
}

#[actix_web::test]
async fn every_function_folder_has_a_route_and_every_route_a_folder() {
    assert_eq!(function_folders(), [http_trigger1::NAME]);
    let app = init_service(App::new().configure(functions::routes(policy()))).await;
    for folder in function_folders() {
        let envelope = json!({"Data": {"req": {}}, "Metadata": {}});
        let request = TestRequest::post()
            .uri(&format!("/{folder}"))
            .set_payload(envelope.to_string());
        let response = call_service(&app, request.to_request()).await;
        assert_eq!(response.status(), StatusCode::OK, "{folder}");
    }
}

#[test]
fn the_bindings_are_those_that_the_function_reads_and_writes() {
    assert_eq!(
        read("HttpTrigger1/function.json"),
        json!({"bindings": [
            {"type": "httpTrigger", "direction": "in", "name": "req", "methods": ["post"], "authLevel": "function"},
            {"type": "http", "direction": "out", "name": "res"},
        ]})
    );
}

#[test]
fn host_json_names_the_binary_that_cargo_builds_and_sends_envelopes() {
    let host = read("host.json");
    assert_eq!(host["version"], "2.0");
    let handler = &host["customHandler"];
    let binary = Path::new(env!("CARGO_BIN_EXE_handler"))
        .file_stem()
        .unwrap();
    assert_eq!(
        handler["description"]["defaultExecutablePath"],
        binary.to_str().unwrap()
    );
    assert_eq!(handler["enableForwardingHttpRequest"], false);
    assert_eq!(
        host["extensionBundle"],
        Value::Null,
        "an app with HTTP triggers alone downloads none"
    );
}

#[test]
fn local_settings_name_the_runtime_and_hold_no_secret() {
    assert_eq!(
        read("local.settings.json"),
        json!({"IsEncrypted": false, "Values": {"FUNCTIONS_WORKER_RUNTIME": "custom"}})
    );
}

#[test]
fn the_handler_keeps_to_few_dependencies() {
    let manifests = [
        include_str!("../Cargo.toml"),
        include_str!("../crates/allocation/Cargo.toml"),
        include_str!("../crates/custom-handler/Cargo.toml"),
    ];
    let names: BTreeSet<_> = manifests.into_iter().flat_map(dependencies).collect();
    let ours = ["allocation", "custom-handler"];
    let names: Vec<_> = names
        .into_iter()
        .filter(|name| !ours.contains(name))
        .collect();
    assert_eq!(
        names,
        [
            "actix-web",
            "anyhow",
            "base64",
            "env_logger",
            "lexopt",
            "log",
            "memchr",
            "serde",
            "serde_json",
            "sha1",
            "sha2",
            "x509-parser"
        ]
    );
}

fn dependencies(manifest: &str) -> impl Iterator<Item = &str> {
    let (_, dependencies) = manifest.split_once("\n[dependencies]\n").unwrap();
    let lines = dependencies.lines().take_while(|line| !line.is_empty());
    lines.map(|line| line.split(['.', ' ']).next().unwrap())
}
