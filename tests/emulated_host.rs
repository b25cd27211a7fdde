//! The real binary behind the emulated Functions host: what the Device Provisioning Service gets,
//! over sockets, in both modes.
//!
//! Every test ends with no violation of the custom handler protocol, but where it kills the handler
//! itself.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::HashSet;
use std::time::Duration;

use allocation::policy::File;
use functions_host::{
    FunctionsHost, HostOptions, HttpRequest, Invocation, Shutdown, Transfer, Violation,
};
use provisioning::{AllocationRequest, WebhookOutcome};
use serde_json::{Value, json};
use test_support::tutorial::{
    CHINA_CLOUD, HEAT_PUMP, MIXED_CASE, POLICY, REREGISTRATION, TOASTER, TPM, X509,
};

const MIB: usize = 1024 * 1024;

fn options() -> HostOptions {
    HostOptions::new(env!("CARGO_MANIFEST_DIR"))
        .handler(env!("CARGO_BIN_EXE_handler"))
        .env("RUST_LOG", "info,actix_server=warn")
}

async fn start() -> FunctionsHost {
    FunctionsHost::start(options()).await.unwrap()
}

fn webhook(body: impl Into<Vec<u8>>) -> HttpRequest {
    HttpRequest::post("/api/HttpTrigger1")
        .header("Content-Type", "application/json; charset=utf-8")
        .body(body)
}

/// Asserts on what the caller gets.
#[track_caller]
fn assert_answer(invocation: &Invocation, status: i32, body: &str) {
    let response = &invocation.response;
    assert_eq!((response.status, response.text().as_str()), (status, body));
    let content_type = if status == 200 {
        "application/json; charset=utf-8"
    } else {
        "text/plain; charset=utf-8"
    };
    assert_eq!(response.header("Content-Type"), Some(content_type));
}

/// Waits for what the host shall have seen, though not for ever.
async fn until(host: &FunctionsHost, condition: impl Fn(&FunctionsHost) -> bool) {
    let seen = tokio::time::timeout(Duration::from_mins(1), host.wait_until(condition)).await;
    assert!(seen.is_ok(), "never seen in {:?}", host.output());
}

#[track_caller]
fn assert_no_violations(host: &FunctionsHost) {
    assert_eq!(host.violations(), [], "{:?}", host.output());
}

#[tokio::test]
async fn the_tutorial_s_exchanges_come_out_byte_for_byte_in_both_modes() {
    for transfer in [Transfer::Chunked, Transfer::ContentLength] {
        let host = FunctionsHost::start(options().transfer(transfer))
            .await
            .unwrap();
        let answers = [
            ("breakroom499-contoso-tstrsd-007", 200, TOASTER),
            ("mainbuilding167-contoso-hpsd-088", 200, HEAT_PUMP),
            ("stranger-001", 400, "Unrecognized device registration."),
        ];
        for (registration_id, status, expected) in answers {
            let request = AllocationRequest::tutorial(registration_id)
                .to_json()
                .unwrap();
            assert_answer(&host.invoke(webhook(request)).await, status, expected);
        }
        assert_answer(&host.invoke(webhook(REREGISTRATION)).await, 200, TOASTER);
        let china = TOASTER.replace(".azure-devices.net", ".azure-devices.cn");
        assert_answer(&host.invoke(webhook(CHINA_CLOUD)).await, 200, &china);
        assert_no_violations(&host);
    }
}

#[tokio::test]
async fn the_function_s_log_reads_as_the_tutorial_s() {
    let host = start().await;
    let invocation = host.invoke(webhook(REREGISTRATION.trim_end())).await;
    assert_eq!(
        invocation.logs,
        [
            "Request.Body:...",
            REREGISTRATION.trim_end(),
            "toaster assigned to contoso-toasters-hub-1098.azure-devices.net",
            "Response",
            TOASTER,
        ]
    );
    let logs_end_with = async |request: Value, decision: &str, sentence: &str| {
        let invocation = host.invoke(webhook(request.to_string())).await;
        assert_answer(&invocation, 400, sentence);
        assert_eq!(invocation.logs[2..], [decision, "Response", sentence]);
    };
    let id = "x-contoso-hpsd-088";
    logs_end_with(
        json!({}),
        "Registration ID : NULL",
        "Registration ID not provided for the device.",
    )
    .await;
    logs_end_with(
        json!({"deviceRuntimeContext": {"registrationId": id}}),
        "linkedHubs : NULL",
        "No hub group defined for the enrollment.",
    )
    .await;
    let no_hub = "No heat pumps hub found for the enrollment.";
    logs_end_with(
        json!({"deviceRuntimeContext": {"registrationId": id}, "linkedHubs": ["a-toasters-b"]}),
        no_hub,
        no_hub,
    )
    .await;
    logs_end_with(
        json!({"deviceRuntimeContext": {"registrationId": "x"}, "linkedHubs": ["a-toasters-b"]}),
        "Unknown device registration",
        "Unrecognized device registration.",
    )
    .await;
    assert_no_violations(&host);
}

#[tokio::test]
async fn a_device_that_comes_back_gets_the_same_hub_and_one_that_must_stay_does() {
    let host = start().await;
    let toasters = "contoso-toasters-hub-1098.azure-devices.net";
    for _ in 0..11 {
        assert_answer(&host.invoke(webhook(REREGISTRATION)).await, 200, TOASTER);
    }
    // Never reprovision: the current hub is the only one that is linked.
    let mut request: Value = serde_json::from_str(REREGISTRATION).unwrap();
    request["enrollmentGroup"]["reprovisionPolicy"]["updateHubAssignment"] = json!(false);
    request["linkedHubs"] = json!([toasters]);
    assert_answer(
        &host.invoke(webhook(request.to_string())).await,
        200,
        TOASTER,
    );
    request["linkedHubs"] = json!(["contoso-heatpumps-hub-1098.azure-devices.net"]);
    assert_answer(
        &host.invoke(webhook(request.to_string())).await,
        400,
        "No toasters hub found for the enrollment.",
    );
    assert_no_violations(&host);
}

#[tokio::test]
async fn both_kinds_of_enrollment_and_every_attestation_are_served() {
    let host = start().await;
    for (request, id) in [(TPM, "mydevice"), (X509, "x509-dev-1")] {
        let stranger = host.invoke(webhook(request)).await;
        assert_answer(&stranger, 400, "Unrecognized device registration.");
        let toaster = request.replace(id, "device-contoso-tstrsd-007");
        let toaster = host.invoke(webhook(toaster)).await;
        assert_answer(&toaster, 200, TOASTER);
        for invocation in [stranger, toaster] {
            let log = invocation.logs.concat();
            assert!(
                !log.contains("-key-xxxxx") && !log.contains("MIIB"),
                "{log}"
            );
            assert!(log.contains("\"****\""), "{log}");
        }
    }
    // The spelling of the hub is the request's.
    let hub = "PVDemo-IoTHub-toasters-1.azure-devices.net";
    let request = MIXED_CASE
        .replace("WioTerminal", "WioTerminal-contoso-tstrsd-007")
        .replace("PVDemo-IoTHub.azure-devices.net", hub);
    let expected = TOASTER.replace("contoso-toasters-hub-1098.azure-devices.net", hub);
    assert_answer(&host.invoke(webhook(request)).await, 200, &expected);
    assert_no_violations(&host);
}

#[tokio::test]
async fn bad_input_is_refused_in_a_sentence_and_never_breaks_the_protocol() {
    let host = start().await;
    let deep = |depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        format!(r#"{{"deviceRuntimeContext":{{"payload":{open}{close}}}}}"#).into_bytes()
    };
    let not = "The request body is no AllocationRequest: ";
    for (body, expected) in [
        (
            b"hello".to_vec(),
            format!("{not}it is not JSON (expected value at line 1 column 1)."),
        ),
        (
            b"{}{}".to_vec(),
            format!("{not}it is not JSON (trailing characters at line 1 column 3)."),
        ),
        (
            b"[]".to_vec(),
            format!("{not}it must be an object, and is an array."),
        ),
        (
            b" ".to_vec(),
            format!("{not}it is not JSON (EOF while parsing a value at line 1 column 1)."),
        ),
        (
            br#"{"deviceRuntimeContext":{"registrationId":7}}"#.to_vec(),
            format!("{not}deviceRuntimeContext.registrationId must be a string, and is a number."),
        ),
        (
            br#"{"linkedHubs":"a-toasters-b"}"#.to_vec(),
            format!("{not}linkedHubs must be an array of host names, and is a string."),
        ),
        (
            br#"{"linkedHubs":[null]}"#.to_vec(),
            format!("{not}linkedHubs[0] must be a string, and is null."),
        ),
        (
            deep(100_000),
            format!("{not}deviceRuntimeContext is nested more than 128 levels deep."),
        ),
    ] {
        assert_answer(&host.invoke(webhook(body)).await, 400, &expected);
    }

    // The host itself makes text of bytes that are none, unless the content type says that they are
    // bytes.
    let bytes = b"{\"linkedHubs\":\"\xff\"}".to_vec();
    let octets = HttpRequest::post("/api/HttpTrigger1")
        .header("Content-Type", "application/octet-stream")
        .body(bytes);
    let expected = "The request body can't be read: it is not UTF-8 at byte 15.";
    assert_answer(&host.invoke(octets).await, 400, expected);

    let no_body = "The request has no body: send an AllocationRequest as JSON, with a Content-Length, as the Functions host loses the body of a chunked request.";
    assert_answer(&host.invoke(webhook("")).await, 400, no_body);
    assert_answer(
        &host.invoke(webhook(REREGISTRATION).chunked()).await,
        400,
        no_body,
    );
    assert_no_violations(&host);
}

#[tokio::test]
async fn bytes_are_taken_as_bytes_where_the_content_type_says_so() {
    let host = start().await;
    for content_type in ["application/octet-stream", "multipart/related; boundary=x"] {
        let request = HttpRequest::post("/api/HttpTrigger1")
            .header("Content-Type", content_type)
            .body(REREGISTRATION);
        assert_answer(&host.invoke(request).await, 200, TOASTER);
    }
    assert_no_violations(&host);
}

/// The peak of the process's resident memory so far, in MiB.
#[cfg(target_os = "linux")]
fn peak_memory(host: &FunctionsHost) -> u64 {
    let pid = host.handler_pid().unwrap();
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    peak.trim()
        .strip_suffix(" kB")
        .unwrap()
        .parse::<u64>()
        .unwrap()
        / 1024
}

#[tokio::test(flavor = "multi_thread")]
async fn large_requests_are_served_or_refused_in_bounded_memory() {
    let host = start().await;
    let request = |length: usize| {
        let mut request: Value = serde_json::from_str(REREGISTRATION).unwrap();
        request["deviceRuntimeContext"]["payload"] = json!("");
        let rest = request.to_string().len();
        request["deviceRuntimeContext"]["payload"] = json!("x".repeat(length - rest));
        request.to_string()
    };
    let too_large = "The request body is too large: HttpTrigger1 serves up to 1048576 bytes.";
    for transfer in [Transfer::Chunked, Transfer::ContentLength] {
        let host = FunctionsHost::start(options().transfer(transfer))
            .await
            .unwrap();
        assert_answer(&host.invoke(webhook(request(MIB))).await, 200, TOASTER);
        assert_answer(
            &host.invoke(webhook(request(MIB + 1))).await,
            413,
            too_large,
        );
        assert_answer(
            &host.invoke(webhook(request(9 * MIB))).await,
            413,
            too_large,
        );
        assert_answer(&host.invoke(webhook(REREGISTRATION)).await, 200, TOASTER);
        assert_no_violations(&host);
    }
    let (large, larger) = (request(MIB), request(9 * MIB));
    let many = (0..8).map(|turn| {
        let (host, body) = (
            host.clone(),
            if turn % 2 == 0 {
                large.clone()
            } else {
                larger.clone()
            },
        );
        tokio::spawn(async move { host.invoke(webhook(body)).await.response.status })
    });
    let mut statuses = HashSet::new();
    for task in many.collect::<Vec<_>>() {
        statuses.insert(task.await.unwrap());
    }
    assert!(
        statuses.is_subset(&HashSet::from([200, 413, 503])),
        "{statuses:?} {:?}",
        host.violations()
    );
    assert_no_violations(&host);
    #[cfg(target_os = "linux")]
    assert!(peak_memory(&host) < 192, "{} MiB", peak_memory(&host));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_devices_at_once_each_get_their_own_answer() {
    let host = start().await;
    let devices = (0..300).map(|number| {
        let host = host.clone();
        tokio::spawn(async move {
            let (marker, family) = [("-contoso-tstrsd-007", "toasters"), ("-contoso-hpsd-088", "heatpumps"), ("", "")][number % 3];
            let request = json!({
                "deviceRuntimeContext": {"registrationId": format!("device{number}{marker}")},
                "linkedHubs": [format!("a-{family}-{number}.azure-devices.net"), "other.azure-devices.net"],
            });
            let invocation = host.invoke(webhook(request.to_string())).await;
            if family.is_empty() {
                assert_answer(&invocation, 400, "Unrecognized device registration.");
            } else {
                let response: Value = serde_json::from_slice(&invocation.response.body).unwrap();
                assert_eq!(response["iotHubHostName"], format!("a-{family}-{number}.azure-devices.net"));
            }
            invocation.id
        })
    });
    let mut ids = HashSet::new();
    for device in devices.collect::<Vec<_>>() {
        ids.insert(device.await.unwrap());
    }
    // The last lines of the process may still be under way.
    until(&host, |host| {
        ids.iter()
            .all(|id| host.output().iter().any(|line| line.text.contains(id)))
    })
    .await;
    assert_no_violations(&host);
}

#[tokio::test]
async fn the_process_logs_each_decision_once_with_the_invocation_s_id() {
    let host = start().await;
    let invocation = host.invoke(webhook(REREGISTRATION)).await;
    until(&host, |host| host.output().len() >= 3).await;
    let lines: Vec<String> = host.output().into_iter().map(|line| line.text).collect();
    let policy = File::parse(POLICY.as_bytes()).unwrap();
    let root = env!("CARGO_MANIFEST_DIR");
    assert_eq!(
        lines,
        [
            format!("INFO policy {root}/allocation.json {}", policy.checksum()),
            format!("INFO listening on 127.0.0.1:{}", host.handler_port()),
            format!(
                "INFO HttpTrigger1 {} breakroom499-contoso-tstrsd-007: 200 toaster assigned to contoso-toasters-hub-1098.azure-devices.net",
                invocation.id
            ),
        ]
    );
    assert_no_violations(&host);
}

#[tokio::test]
async fn the_function_key_and_attestation_secrets_appear_in_no_log() {
    let key = "k3y-in-the-query==";
    let host = FunctionsHost::start(options().function_key(key).env("RUST_LOG", "trace"))
        .await
        .unwrap();
    let mut request: Value = serde_json::from_str(TPM).unwrap();
    request["deviceRuntimeContext"]["registrationId"] = json!("a-contoso-tstrsd-007");
    request["individualEnrollment"]["customAllocationDefinition"]["webhookUrl"] = json!(format!(
        "https://contoso.azurewebsites.net/api/HttpTrigger1?code={key}"
    ));
    request["individualEnrollment"]["attestation"]["symmetricKey"] =
        json!({"primaryKey": "pr1mary-key-xxxxx"});
    let mut logs = Vec::new();
    for body in [
        request.to_string(),
        request.to_string().replace('}', ""),
        "{}".to_owned(),
    ] {
        let mut by_query = webhook(body.clone());
        by_query.target = "/api/HttpTrigger1?code=k3y-in-the-query%3D%3D".to_owned();
        for request in [by_query, webhook(body).header("x-functions-key", key)] {
            let invocation = host.invoke(request).await;
            assert!([200, 400].contains(&invocation.response.status));
            logs.extend(invocation.logs);
        }
    }
    let unauthorized = host.invoke(webhook(REREGISTRATION)).await;
    assert_eq!(
        (
            unauthorized.response.status,
            unauthorized.response.text().as_str()
        ),
        (401, "")
    );
    host.stop().await;
    logs.extend(host.output().into_iter().map(|line| line.text));
    let logs = logs.join("\n");
    for secret in [key, "k3y-in", "-key-xxxxx"] {
        assert!(!logs.contains(secret), "{logs}");
    }
    assert_no_violations(&host);
}

#[tokio::test]
async fn the_host_keeps_other_methods_and_paths_from_the_function() {
    let host = start().await;
    for request in [
        HttpRequest::get("/api/HttpTrigger1"),
        HttpRequest::post("/api/HttpTrigger2"),
        HttpRequest::post("/HttpTrigger1"),
    ] {
        let invocation = host.invoke(request).await;
        assert_eq!(invocation.response.status, 404);
        assert!(invocation.answer.is_none());
    }
    assert_no_violations(&host);
}

#[tokio::test]
async fn what_dps_makes_of_the_answers_is_what_they_mean() {
    let host = start().await;
    for (registration_id, expected) in [
        (
            "breakroom499-contoso-tstrsd-007",
            Some("contoso-toasters-hub-1098.azure-devices.net"),
        ),
        (
            "mainbuilding167-contoso-hpsd-088",
            Some("contoso-heatpumps-hub-1098.azure-devices.net"),
        ),
        ("stranger-001", None),
    ] {
        let request = AllocationRequest::tutorial(registration_id);
        let response = host
            .invoke(webhook(request.to_json().unwrap()))
            .await
            .response;
        let status = u16::try_from(response.status).unwrap();
        match WebhookOutcome::judge(status, &response.body, request.linked_hubs()) {
            WebhookOutcome::Assigned {
                iot_hub_host_name, ..
            } => assert_eq!(Some(iot_hub_host_name.as_str()), expected),
            WebhookOutcome::Failed { error_code, .. } => {
                assert_eq!((error_code, None), (400_207, expected));
            }
            outcome @ WebhookOutcome::Retry { .. } => panic!("{outcome}"),
        }
    }
    assert_no_violations(&host);
}

#[cfg(unix)]
#[tokio::test]
async fn a_signal_ends_the_process_so_that_the_host_starts_another_as_it_does_after_a_kill() {
    for shutdown in [Shutdown::Terminate, Shutdown::Interrupt] {
        let host = FunctionsHost::start(options().shutdown(shutdown))
            .await
            .unwrap();
        assert_answer(&host.invoke(webhook(REREGISTRATION)).await, 200, TOASTER);
        let exit = host.stop().await.unwrap();
        assert_eq!(
            (exit.code, exit.signal, exit.forced),
            (Some(200), None, false)
        );
        assert_no_violations(&host);
    }

    let host = start().await;
    let port = host.handler_port();
    assert_answer(&host.invoke(webhook(REREGISTRATION)).await, 200, TOASTER);
    let killed = std::process::Command::new("kill")
        .args(["-9", &host.handler_pid().unwrap().to_string()])
        .status();
    assert!(killed.unwrap().success());
    until(&host, |host| host.starts() == 2).await;
    assert_answer(&host.invoke(webhook(REREGISTRATION)).await, 200, TOASTER);
    assert_eq!(host.handler_port(), port);
    assert!(matches!(host.violations()[..], [Violation::Exited { .. }]));
}

#[tokio::test]
async fn a_renamed_trigger_is_told_with_its_name_and_its_file() {
    let app = tempfile::tempdir().unwrap();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    std::fs::create_dir(app.path().join("HttpTrigger1")).unwrap();
    for (from, to) in [
        ("host.json", "host.json"),
        ("allocation.json", "allocation.json"),
        (
            "fixtures/field/function-renamed-binding.json",
            "HttpTrigger1/function.json",
        ),
    ] {
        std::fs::copy(root.join(from), app.path().join(to)).unwrap();
    }
    let options = HostOptions::new(app.path()).handler(env!("CARGO_BIN_EXE_handler"));
    let host = FunctionsHost::start(options).await.unwrap();
    let invocation = host.invoke(webhook(REREGISTRATION)).await;
    assert_eq!(invocation.response.status, 500);
    let sentence =
        "the invocation lacks `req`: the function's function.json must have a binding of that name";
    until(&host, |host| {
        let output = host.output();
        output
            .iter()
            .any(|line| line.text.contains("HttpTrigger1") && line.text.ends_with(sentence))
    })
    .await;
}
