//! Invocations whose answers are known: good ones of several sizes, and every kind of bad one.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::connection::{Response, request};

/// One invocation and its answer.
pub(crate) struct Case {
    /// The whole HTTP request.
    pub(crate) request: Vec<u8>,
    http_status: u16,
    status: u16,
    body: String,
}

impl Case {
    fn new(body: &str, status: u16, answer: impl Into<String>) -> Self {
        let envelope = json!({
            "Data": {"req": {"Url": "http://localhost/api/HttpTrigger1?code=s3cr3t", "Headers": {"Content-Type": ["application/json"]}, "Body": body}},
            "Metadata": {"sys": {"MethodName": "HttpTrigger1"}},
        });
        Self {
            request: request(&envelope),
            http_status: 200,
            status,
            body: answer.into(),
        }
    }

    /// Checks that a response is the answer to this case and to no other.
    pub(crate) fn check(&self, response: &Response) -> Result<()> {
        ensure!(
            response.status == self.http_status,
            "HTTP status {}",
            response.status
        );
        let text = String::from_utf8_lossy(&response.body);
        if self.http_status != 200 {
            ensure!(text == self.body, "{text}");
            return Ok(());
        }
        let answer: Value = serde_json::from_slice(&response.body)?;
        let res = &answer["Outputs"]["res"];
        ensure!(
            res["statusCode"] == self.status && res["body"] == self.body.as_str(),
            "{text}"
        );
        ensure!(!text.contains("s3cr3t"), "a secret in {text}");
        Ok(())
    }
}

/// All cases. The hub's name tells them apart, so that an answer to another connection's request is
/// seen.
pub(crate) fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    for (number, size) in [0, 100, 1000, 5000, 20_000, 90_000].into_iter().enumerate() {
        for (marker, family, twin) in [
            (
                "-contoso-tstrsd-007",
                "toasters",
                r#"{"properties":{"desired":{"state":"ready","darknessSetting":"medium"}},"tags":{"deviceType":"toaster"}}"#,
            ),
            (
                "-contoso-hpsd-088",
                "heatpumps",
                r#"{"properties":{"desired":{"state":"on","temperatureSetting":"65"}},"tags":{"deviceType":"heatpump"}}"#,
            ),
        ] {
            let hub = format!("a-{family}-{number}.azure-devices.net");
            let body = json!({
                "enrollmentGroup": {"attestation": {"type": "tpm", "tpm": {"endorsementKey": "s3cr3t"}}},
                "deviceRuntimeContext": {"registrationId": format!("device{number}{marker}"), "payload": {"text": "é\"".repeat(size / 3)}},
                "linkedHubs": ["a-toasters-x", "a-heatpumps-x", hub],
            });
            cases.push(Case::new(
                &body.to_string(),
                200,
                format!(r#"{{"iotHubHostName":"{hub}","initialTwin":{twin}}}"#),
            ));
        }
    }
    let not = "The request body is no AllocationRequest: ";
    for (body, answer) in [
        (
            "{}".to_owned(),
            "Registration ID not provided for the device.".to_owned(),
        ),
        (
            r#"{"deviceRuntimeContext":{"registrationId":"a"}}"#.to_owned(),
            "No hub group defined for the enrollment.".to_owned(),
        ),
        (
            r#"{"deviceRuntimeContext":{"registrationId":"a"},"linkedHubs":[]}"#.to_owned(),
            "Unrecognized device registration.".to_owned(),
        ),
        (
            r#"{"deviceRuntimeContext":{"registrationId":"-contoso-hpsd-088"},"linkedHubs":[]}"#
                .to_owned(),
            "No heat pumps hub found for the enrollment.".to_owned(),
        ),
        (
            r#"{"linkedHubs":["#.to_owned(),
            format!("{not}it is not JSON (EOF while parsing a list at line 1 column 15)."),
        ),
        (
            r#"{"linkedHubs":[null]}"#.to_owned(),
            format!("{not}linkedHubs[0] must be a string, and is null."),
        ),
        (
            format!(
                r#"{{"deviceRuntimeContext":{}1{}}}"#,
                r#"{"a":"#.repeat(5000),
                "}".repeat(5000)
            ),
            format!("{not}deviceRuntimeContext is nested more than 128 levels deep."),
        ),
    ] {
        cases.push(Case::new(&body, 400, answer));
    }
    cases.push(Case {
        request: request(&json!({"Data": 5})),
        http_status: 400,
        status: 0,
        body: "HttpTrigger1 takes the envelope of the Functions host: the invocation lacks a member that the host always sends, or has one twice or of another type (line 1, column 9).".to_owned(),
    });
    cases
}
