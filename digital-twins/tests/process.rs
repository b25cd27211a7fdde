//! The process: how it starts and refuses to start, what its files say, and what its log must never
//! say.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::collections::BTreeSet;
use std::path::Path;

use digital_twins::functions::{
    delete_device_in_twin_func, device_telemetry_to_twin_func, dps_adt_allocation_func,
};
use digital_twins_instance::{Call, Fault, Options};
use functions_host::{EventHubBatch, FunctionsHost, HostOptions, HttpRequest, HttpResponse};
use serde_json::{Value, json};
use support::token_endpoint::{self, HEADER, TOKEN};
use support::{HUB, World, assert_answer, assert_done, assignment, reading, request};
use test_support::{app, process};

const FUNCTIONS: [&str; 3] = [
    dps_adt_allocation_func::NAME,
    device_telemetry_to_twin_func::NAME,
    delete_device_in_twin_func::NAME,
];

fn read(path: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn a_setting_that_is_missing_or_wrong_ends_the_process_with_a_sentence() {
    for (setting, expected) in [
        (
            None,
            "ADT_SERVICE_URL is not set: it is the instance's address, https://NAME.api.REGION.digitaltwins.azure.net\n",
        ),
        (
            Some(("ADT_SERVICE_URL", "http://example.com")),
            "ADT_SERVICE_URL can't be used: it must be https (plain http only to this machine)\n",
        ),
        (
            Some(("ADT_SERVICE_URL", "https://user:s3cr3t@a?code=s3cr3t")),
            "ADT_SERVICE_URL can't be used: it must end behind the host: no path, no query, no user\n",
        ),
    ] {
        let mut handler = process::command(env!("CARGO_BIN_EXE_digital-twins-handler"));
        handler.env_remove("ADT_SERVICE_URL").envs(setting);
        let output = handler.output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(String::from_utf8(output.stderr).unwrap(), expected);
        assert_eq!(output.stdout, b"");
    }
}

#[tokio::test]
async fn every_function_folder_has_a_route_and_every_route_a_folder() {
    let world = World::start().await;
    let folders: BTreeSet<_> = world
        .host
        .functions()
        .iter()
        .map(|function| function.name.as_str())
        .collect();
    assert_eq!(folders, BTreeSet::from(FUNCTIONS));
    for name in FUNCTIONS {
        let answer = support::post_directly(&world, &format!("/{name}"), "{}").await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    }
    let answer = support::post_directly(&world, "/Nothing", "{}").await;
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    assert!(
        answer.ends_with(
            "POST /DpsAdtAllocationFunc, /DeviceTelemetryToTwinFunc, /DeleteDeviceInTwinFunc."
        ),
        "{answer}"
    );
}

#[test]
fn the_event_hub_functions_take_batches_of_text_and_come_again_after_a_failure() {
    for (name, event_hub) in [
        (device_telemetry_to_twin_func::NAME, "deviceevents"),
        (delete_device_in_twin_func::NAME, "lifecycleevents"),
    ] {
        assert_eq!(
            read(&format!("{name}/function.json")),
            json!({
                "bindings": [{
                    "type": "eventHubTrigger", "direction": "in", "name": "events", "eventHubName": event_hub,
                    "connection": "EVENTHUB_CONNECTIONSTRING", "consumerGroup": "$Default", "cardinality": "many", "dataType": "string",
                }],
                "retry": {
                    "strategy": "exponentialBackoff", "maxRetryCount": 5, "minimumInterval": "00:00:02", "maximumInterval": "00:01:00",
                },
            })
        );
    }
}

#[test]
fn host_json_names_the_binary_and_gets_the_event_hubs_extension() {
    let host = read("host.json");
    let description = &host["customHandler"]["description"];
    assert_eq!(
        description["defaultExecutablePath"],
        "digital-twins-handler"
    );
    assert_eq!(host["customHandler"]["enableForwardingHttpRequest"], false);
    assert_eq!(
        host["extensionBundle"]["id"],
        "Microsoft.Azure.Functions.ExtensionBundle"
    );
}

#[test]
fn local_settings_hold_no_secret() {
    assert_eq!(
        read("local.settings.json"),
        json!({
            "IsEncrypted": false,
            "Values": {
                "FUNCTIONS_WORKER_RUNTIME": "custom",
                "AzureWebJobsStorage": "UseDevelopmentStorage=true",
                "ADT_SERVICE_URL": "http://127.0.0.1:8180",
            },
        })
    );
}

#[test]
fn the_models_have_what_the_app_writes_by_default() {
    let thermostat = read("models/Thermostat.json");
    let contents = thermostat["contents"].as_array().unwrap();
    for (name, schema) in [
        ("HubRegistrationId", "string"),
        ("IotHubHostName", "string"),
        ("Temperature", "double"),
    ] {
        assert!(
            contents
                .iter()
                .any(|content| content["name"] == name && content["schema"] == schema),
            "{name}"
        );
    }
    assert_eq!(thermostat["@id"], support::THERMOSTAT);
    assert_eq!(read("models/Space.json")["@id"], support::SPACE);
}

#[tokio::test]
async fn tokens_keys_and_connection_strings_appear_in_no_log() {
    let (endpoint, _) = token_endpoint::start().await;
    let connection_string = "Endpoint=sb://contoso.servicebus.windows.net/;SharedAccessKeyName=k;SharedAccessKey=c0nnecti0n-s3cr3t";
    let settings = [
        ("IDENTITY_ENDPOINT", endpoint.as_str()),
        ("IDENTITY_HEADER", HEADER),
        ("EVENTHUB_CONNECTIONSTRING", connection_string),
        ("RUST_LOG", "trace"),
    ];
    let options = Options {
        bearer_token: Some(TOKEN.into()),
        ..Options::default()
    };
    let world = World::with(&settings, options).await;
    let mut keys = request("dev");
    keys["deviceRuntimeContext"]["symmetricKey"] = json!({"primaryKey": "device-s3cr3t"});
    keys["enrollmentGroup"]["attestation"]["symmetricKey"] = json!({"primaryKey": "group-s3cr3t"});
    keys["enrollmentGroup"]["customAllocationDefinition"] =
        json!({"webhookUrl": "https://a/api/f?code=function-s3cr3t"});
    let answer = world.allocate(&keys).await;
    assert_answer(&answer, 200, &assignment(HUB, "dev"));
    assert_done(&world.telemetry(vec![reading("dev", 21.5)]).await);
    world.twins.inject(Fault::status(Call::GetTwin, 1, 401));
    let refused = world.register("dev").await;
    let deleted = world.delete_device(HUB, "dev").await;
    let logs = [
        answer.logs,
        refused.logs,
        deleted.logs().into_iter().map(str::to_owned).collect(),
    ]
    .concat();
    world.assert_logged("DeleteDeviceInTwinFunc").await;
    let log = world.log();
    for text in logs.iter().map(String::as_str).chain([log.as_str()]) {
        assert!(!text.contains("s3cr3t"), "{text}");
    }
}

#[tokio::test]
async fn a_sign_in_that_fails_is_asked_again_later_and_shows_no_secret() {
    let (endpoint, _) = token_endpoint::start().await;
    let settings = [
        ("IDENTITY_ENDPOINT", endpoint.as_str()),
        ("IDENTITY_HEADER", "the-wrong-header-s3cr3t"),
    ];
    let world = World::with_settings(&settings).await;
    let answer = world.register("dev").await;
    assert_answer(
        &answer,
        503,
        "Digital Twins is not available at the moment; ask again later.",
    );
    assert!(
        answer.logs[2].starts_with("signing in failed"),
        "{:?}",
        answer.logs
    );
    world.assert_logged("signing in failed").await;
    assert!(!format!("{}{:?}", world.log(), answer.logs).contains("s3cr3t"));
    assert_eq!(
        world.calls(Call::GetTwin),
        0,
        "nothing is asked without a token"
    );
}

#[tokio::test]
async fn the_app_starts_and_answers_without_an_instance() {
    let host = HostOptions::new(env!("CARGO_MANIFEST_DIR"))
        .handler(env!("CARGO_BIN_EXE_digital-twins-handler"))
        .env("ADT_SERVICE_URL", "https://nowhere.invalid");
    let host = FunctionsHost::start(host).await.unwrap();
    assert_eq!(host.violations(), []);
}

#[tokio::test]
async fn a_request_that_the_host_forwards_gets_the_answer_of_one_that_it_wraps() {
    let world = World::start().await;
    let app = app::forwarded(Path::new(env!("CARGO_MANIFEST_DIR")), &FUNCTIONS);
    let options = HostOptions::new(app.path())
        .handler(env!("CARGO_BIN_EXE_digital-twins-handler"))
        .env("ADT_SERVICE_URL", format!("http://{}", world.address));
    let host = FunctionsHost::start(options).await.unwrap();
    for (body, status) in [
        (request("dev").to_string(), 200),
        ("{}".to_owned(), 400),
        ("{".to_owned(), 400),
        (" ".repeat((1 << 20) + 1), 413),
    ] {
        let wrapped = world.post(body.clone()).await.response;
        let post = HttpRequest::post("/api/dpsadtallocationfunc");
        let forwarded = host.invoke(post.body(body)).await.response;
        assert_eq!(forwarded.status, status);
        assert_eq!(forwarded.text(), wrapped.text());
        let content_type =
            |response: &HttpResponse| response.header("Content-Type").map(str::to_owned);
        assert_eq!(content_type(&forwarded), content_type(&wrapped));
    }
    // A batch comes in an envelope nonetheless.
    let batch = EventHubBatch::new("deviceevents", vec![reading("dev", 21.5)]);
    let delivery = host
        .deliver(device_telemetry_to_twin_func::NAME, &batch)
        .await;
    assert_done(&delivery.unwrap());
    assert_eq!(host.violations(), []);
}
