//! `handler explain`: how a decision is reached, and who says each value.

use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rcgen::{CertificateParams, DnType, KeyPair};
use serde_json::{Value, json};

use crate::call::{FIRST_HUB, Folder, ROOT, ROW, call, command, end, request};

#[test]
fn machines_get_one_object_a_request_with_the_answer_s_members_in_their_order() {
    let called = call(&[
        "explain",
        "--json",
        "fixtures/dps/group_first_registration.json",
        "fixtures/dps/individual_tpm.json",
    ]);
    let expected = concat!(
        r#"{"file":"fixtures/dps/group_first_registration.json","registrationId":"breakroom499-contoso-tstrsd-007","#,
        r#""rule":"toaster","status":200,"response":{"iotHubHostName":"custom-allocation-toasters-hub.azure-devices.net","#,
        r#""initialTwin":{"properties":{"desired":{"state":"ready","darknessSetting":"medium"}},"tags":{"deviceType":"toaster"}}},"#,
        r#""explanation":["toaster: yes","  registrationId contains \"-contoso-tstrsd-007\": yes   proved","#,
        r#""  hub: 2 linked, 1 candidate, last: custom-allocation-toasters-hub.azure-devices.net"]}"#,
        "\n",
        r#"{"file":"fixtures/dps/individual_tpm.json","registrationId":"mydevice","#,
        r#""rule":"otherwise","status":400,"sentence":"Unrecognized device registration.","#,
        r#""explanation":["toaster: no","  registrationId contains \"-contoso-tstrsd-007\": no, it is \"mydevice\"   proved","#,
        r#""heat pump: no","  registrationId contains \"-contoso-hpsd-088\": no, it is \"mydevice\"     proved","otherwise: yes"]}"#,
        "\n",
    );
    assert_eq!(called.told(), (0, expected.to_owned()));
}

#[test]
fn of_several_requests_each_has_a_headline() {
    let called = call(&[
        "explain",
        "fixtures/dps/group_first_registration.json",
        "fixtures/dps/individual_tpm.json",
    ]);
    let expected = r#"breakroom499-contoso-tstrsd-007 (fixtures/dps/group_first_registration.json)
toaster: yes
  registrationId contains "-contoso-tstrsd-007": yes   proved
  hub: 2 linked, 1 candidate, last: custom-allocation-toasters-hub.azure-devices.net
200 {"iotHubHostName":"custom-allocation-toasters-hub.azure-devices.net","initialTwin":{"properties":{"desired":{"state":"ready","darknessSetting":"medium"}},"tags":{"deviceType":"toaster"}}}

mydevice (fixtures/dps/individual_tpm.json)
toaster: no
  registrationId contains "-contoso-tstrsd-007": no, it is "mydevice"   proved
heat pump: no
  registrationId contains "-contoso-hpsd-088": no, it is "mydevice"     proved
otherwise: yes
400 Unrecognized device registration.
"#;
    assert_eq!(called.told(), (0, expected.to_owned()));
}

#[test]
fn a_file_may_hold_an_array_or_one_request_after_the_other() {
    let folder = Folder::with(&[("allocation.json", FIRST_HUB)]);
    let answer = "all: yes\n  hub: 2 linked, 2 candidates, first: a.azure-devices.net\n200 {\"iotHubHostName\":\"a.azure-devices.net\"}\n";
    let (a, b) = (request("a"), request("b"));
    for text in [
        format!("[{a}, {b}]"),
        format!("{a}\n{b}\n"),
        format!("{a}{b}"),
        format!(" \r\n{a}\r\n\r\n{b}\r\n"),
    ] {
        folder.write("requests.jsonl", &text);
        let expected = format!("a (requests.jsonl)\n{answer}\nb (requests.jsonl)\n{answer}");
        assert_eq!(
            folder.told(&["explain", "requests.jsonl"]),
            (0, expected),
            "{text}"
        );
    }
    let from_stdin = end(command(folder.path(), &["explain", "-"]), a.as_bytes());
    assert_eq!(from_stdin.told(), (0, answer.to_owned()));
}

#[test]
fn a_file_that_cannot_be_read_is_told_and_the_others_go_on() {
    let folder = Folder::with(&[
        ("allocation.json", FIRST_HUB),
        ("a.json", &request("a")),
        ("b.json", &request("b")),
        ("bad.json", "{ \"deviceRuntimeContext\": "),
        ("empty.json", "\n"),
    ]);
    let called = folder.call(&[
        "explain",
        "a.json",
        "none.json",
        "bad.json",
        "empty.json",
        "b.json",
    ]);
    let answer = "all: yes\n  hub: 2 linked, 2 candidates, first: a.azure-devices.net\n200 {\"iotHubHostName\":\"a.azure-devices.net\"}\n";
    assert_eq!(
        called.stdout,
        format!("a (a.json)\n{answer}\nb (b.json)\n{answer}")
    );
    assert_eq!(
        called.stderr,
        "error: cannot read the requests of none.json: No such file or directory (os error 2)\n\
         error: cannot read the requests of bad.json: EOF while parsing a value at line 1 column 26\n\
         error: cannot read the requests of empty.json: there is none\n"
    );
    assert_eq!(called.status, 1);
}

#[test]
fn a_request_that_no_rule_is_asked_about_is_answered_as_the_webhook_does() {
    let folder = Folder::with(&[("allocation.json", FIRST_HUB)]);
    for (request, expected) in [
        ("{}", "400 Registration ID not provided for the device.\n"),
        (
            r#"{"deviceRuntimeContext": {"registrationId": "a"}}"#,
            "400 No hub group defined for the enrollment.\n",
        ),
        (
            r#"{"deviceRuntimeContext": {"registrationId": 5}}"#,
            "400 The request body is no AllocationRequest: ",
        ),
    ] {
        folder.write("request.json", request);
        let (status, told) = folder.told(&["explain", "request.json"]);
        assert!(
            told.starts_with(expected) && told.lines().count() == 1,
            "{told}"
        );
        assert_eq!(status, 0);
        let (_, json) = folder.told(&["explain", "--json", "request.json"]);
        let json: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(
            (&json["rule"], &json["status"]),
            (&Value::Null, &400.into())
        );
        assert_eq!(
            format!("400 {}\n", json["sentence"].as_str().unwrap()),
            told
        );
        assert_eq!(json["explanation"], json!([]));
    }
}

#[test]
fn the_policy_is_the_served_one_or_that_of_the_option() {
    let folder = Folder::with(&[
        ("a.json", FIRST_HUB),
        (
            "b.json",
            &FIRST_HUB.replace("{} }", r#"{ "take": "last" } }"#),
        ),
        ("request.json", &request("a")),
    ]);
    let hub = |arguments: &[&str], variable: &str| {
        let mut command = command(folder.path(), arguments);
        command.env("ALLOCATION_POLICY", variable);
        let called = end(command, b"");
        called.stdout.lines().last().map(str::to_owned)
    };
    let [a, b] = ["a", "b"].map(|hub| {
        Some(format!(
            "200 {{\"iotHubHostName\":\"{hub}.azure-devices.net\"}}"
        ))
    });
    assert_eq!(hub(&["explain", "request.json"], "a.json"), a);
    assert_eq!(hub(&["explain", "request.json"], "b.json"), b);
    assert_eq!(
        hub(&["explain", "--policy", "b.json", "request.json"], "a.json"),
        b
    );
}

#[test]
fn a_policy_or_rows_that_are_wrong_are_told_in_one_sentence() {
    let folder = Folder::with(&[
        ("allocation.json", FIRST_HUB),
        ("wrong.json", r#"{"version": 2, "rules": []}"#),
        ("rows.json", "[]"),
        ("request.json", &request("a")),
    ]);
    for (arguments, expected) in [
        (
            ["explain", "--policy", "wrong.json", "request.json"],
            "wrong.json: line 1, column 13: version: ",
        ),
        (
            ["explain", "--policy", "none.json", "request.json"],
            "cannot read none.json: No such file or directory (os error 2)\n",
        ),
        (
            ["explain", "--than", "none.json", "request.json"],
            "cannot read none.json: No such file or directory (os error 2)\n",
        ),
        (
            ["explain", "--bindings", "rows.json", "request.json"],
            "rows.json: the bindings are no object: ",
        ),
        (
            ["explain", "--bindings", "none.json", "request.json"],
            "cannot read none.json: No such file or directory (os error 2)\n",
        ),
    ] {
        let called = folder.call(&arguments);
        let expected = format!("error: {expected}");
        assert!(called.stderr.starts_with(&expected), "{}", called.stderr);
        assert_eq!(called.stderr.lines().count(), 1, "{}", called.stderr);
        assert_eq!((called.status, called.stdout.as_str()), (1, ""));
    }
}

#[test]
fn rows_come_from_the_file_of_bindings() {
    let folder = Folder::with(&[
        ("allocation.json", ROW),
        ("request.json", &request("dev-1")),
        (
            "rows.json",
            r#"{"device": {"PartitionKey": "dev-1", "hub": "B.azure-devices.net"}}"#,
        ),
    ]);
    let expected = "unknown: no
  rows.device does not exist: no, it is an object    ours
known: yes
  hub: 2 linked, 1 candidate, first: b.azure-devices.net
  hub takes rows.device.hub: \"B.azure-devices.net\"   ours
200 {\"iotHubHostName\":\"b.azure-devices.net\"}
";
    let arguments = ["explain", "--bindings", "rows.json", "request.json"];
    assert_eq!(folder.told(&arguments), (0, expected.to_owned()));
    let absent = "unknown: what it needs can't be had\n503 The row \"device\" did not come with the request: its binding is missing from function.json.\n";
    assert_eq!(
        folder.told(&["explain", "request.json"]),
        (0, absent.to_owned())
    );
}

/// A self-signed certificate, base64 of its DER.
fn certificate() -> String {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "dev-1");
    params
        .distinguished_name
        .push(DnType::OrganizationName, "Fabrikam");
    let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
    BASE64_STANDARD.encode(certificate.der())
}

/// The marks in the last column of an explanation, behind what they are about.
fn marks(told: &str) -> Vec<(&str, &str)> {
    let lines = told.lines().filter(|line| line.starts_with(' '));
    lines
        .filter_map(|line| line.rsplit_once("   "))
        .map(|(line, mark)| {
            let words = line.trim().trim_start_matches("initialTwin takes ");
            (words.split([' ', ':']).next().unwrap(), mark)
        })
        .collect()
}

#[test]
fn each_value_is_marked_with_who_says_it() {
    let paths = [
        ("registrationId", "proved"),
        ("currentIotHubHostName", "proved"),
        ("currentDeviceId", "proved"),
        ("x509", "proved"),
        ("symmetricKey", "proved"),
        ("tpm", "proved"),
        ("individualEnrollment.registrationId", "proved"),
        ("enrollmentGroup.enrollmentGroupId", "proved"),
        ("enrollment.allocationPolicy", "proved"),
        ("linkedHubs", "proved"),
        ("certificate.subject.O", "proved"),
        ("payload", "claimed"),
        ("payload.model", "claimed"),
        // Rows of tables, by their keys.
        ("rows.proved.a", "ours"),
        ("rows.claimed.a", "claimed"),
        ("rows.mixed.a", "claimed"),
        ("rows.chained.a", "claimed"),
        // Rows of bindings, by what verifies them.
        ("rows.bound.a", "ours"),
        ("rows.said.a", "claimed"),
        ("rows.both.a", "ours"),
    ];
    let table = |key: &str| json!({"key": key, "table": {"m": {"a": "n"}}});
    let when: serde_json::Map<_, _> = paths
        .iter()
        .map(|(path, _)| ((*path).to_owned(), json!({"exists": true})))
        .collect();
    let policy = json!({
        "version": 1,
        "rows": {
            "proved": table("{registrationId}"),
            "claimed": table("{payload.model}"),
            "mixed": table("{registrationId}-{payload.model}"),
            "chained": table("{rows.claimed.a}"),
            "bound": {"binding": "bound", "verify": {"id": "{registrationId}"}},
            "said": {"binding": "said", "verify": {"id": "{payload.model}"}},
            "both": {"binding": "both", "verify": {"id": "{registrationId}", "model": "{payload.model}"}}
        },
        "rules": [
            {"name": "all of them", "when": when, "hub": {}},
            {"name": "hub", "hub": {}, "initialTwin": {"tags": {"hub": "{iotHubHostName}"}}}
        ]
    });
    let row = json!({"id": "dev-1", "model": "m", "a": 1});
    let request = json!({
        "deviceRuntimeContext": {"registrationId": "dev-1", "payload": {"model": "m"},
            "x509": {"clientCertificate": certificate()}},
        "linkedHubs": ["a.azure-devices.net"]
    });
    let folder = Folder::with(&[
        ("allocation.json", &policy.to_string()),
        ("request.json", &request.to_string()),
        (
            "rows.json",
            &json!({"bound": row, "said": {"id": "m"}, "both": row}).to_string(),
        ),
    ]);
    let (status, told) = folder.told(&["explain", "--bindings", "rows.json", "request.json"]);
    let mut expected = paths.to_vec();
    expected.push(("iotHubHostName", "ours"));
    expected.sort_unstable();
    let mut found = marks(&told);
    found.sort_unstable();
    assert_eq!(found, expected, "{told}");
    assert_eq!(status, 0);
}

#[test]
fn a_certificate_decides_and_is_not_shown() {
    let certificate = certificate();
    let request = json!({
        "deviceRuntimeContext": {"registrationId": "dev-1", "x509": {"clientCertificate": certificate}},
        "linkedHubs": ["fabrikam-1.azure-devices.net"]
    });
    let policy = r#"{ "version": 1, "rules": [ { "name": "Fabrikam's",
        "when": { "certificate.subject.O": "Fabrikam", "x509.clientCertificate": { "exists": true } },
        "hub": { "among": { "startsWith": "fabrikam-" } },
        "initialTwin": { "tags": { "o": "{certificate.subject.O}", "copy": "{x509.clientCertificate}" } } } ],
        "otherwise": { "refuse": "No." } }"#;
    let folder = Folder::with(&[
        ("allocation.json", policy),
        ("request.json", &request.to_string()),
    ]);
    let expected = r#"Fabrikam's: yes
  certificate.subject.O equals "Fabrikam": yes          proved
  x509.clientCertificate exists: yes                    proved
  hub: 1 linked, 1 candidate, first: fabrikam-1.azure-devices.net
  initialTwin takes certificate.subject.O: "Fabrikam"   proved
  initialTwin takes x509.clientCertificate: ****        proved
200 {"iotHubHostName":"fabrikam-1.azure-devices.net","initialTwin":{"tags":{"o":"Fabrikam","copy":"****"}}}
"#;
    assert_eq!(
        folder.told(&["explain", "request.json"]),
        (0, expected.to_owned())
    );
}

#[test]
fn no_secret_of_a_request_is_shown() {
    let policy = r#"{ "version": 1, "rules": [
        { "name": "never",
          "when": { "anyOf": [
            { "tpm.endorsementKey": "a" }, { "x509.clientCertificate.a": "a" },
            { "individualEnrollment.attestation.tpm.storageRootKey": { "not": "a" }, "payload.password": "a" },
            { "individualEnrollment.customAllocationDefinition.webhookUrl": "a" } ] },
          "hub": {} },
        { "name": "all", "hub": {}, "payload": "{payload}" } ] }"#;
    let secrets =
        std::fs::read_to_string(Path::new(ROOT).join("fixtures/dps/secrets.json")).unwrap();
    let payload = r#""payload": {"password": "s3cr3t6", "n": 1}"#;
    let secrets = secrets.replace(r#""payload": {"n": [1.5, null, true]}"#, payload);
    assert!(secrets.contains("s3cr3t6"));
    let folder = Folder::with(&[("allocation.json", policy), ("request.json", &secrets)]);
    for arguments in [
        &["explain", "request.json"][..],
        &["explain", "--json", "request.json"],
    ] {
        let (status, told) = folder.told(arguments);
        assert!(told.contains("****"), "{told}");
        assert!(!told.contains("s3cr3t"), "{told}");
        assert_eq!(status, 0);
    }
}
