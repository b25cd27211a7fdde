//! The device API over a real socket with TLS, down to the bytes of its answers.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use serde_json::json;
use simulated_device::connection::Transport;
use simulated_device::registration::{RegistrationError, Status};
use support::{
    HEAT_PUMPS, RawAnswer, TOASTERS, TestService, TestWebhook, assign, device, device_key, tutorial,
};

const TOASTER: &str = "breakroom499-contoso-tstrsd-007";

/// Sends one request, as text, and reads the answer.
async fn exchange(service: &TestService, request: &str, body: &str) -> RawAnswer {
    let connection = support::connect(service, service.endpoints.https, None).await;
    support::exchange(connection, request, body).await
}

fn token(registration_id: &str) -> String {
    support::token(&device_key(registration_id), registration_id)
}

#[tokio::test]
async fn a_registration_is_exchanged_as_the_documentation_shows() {
    let webhook = TestWebhook::start(|_, _| assign(TOASTERS)).await;
    let service = TestService::start(tutorial(&webhook)).await;
    let token = token(TOASTER);
    let registration = format!("/0ne00LOCAL1/registrations/{TOASTER}");
    let headers = format!(
        "HTTP/1.1\r\nContent-Type: application/json\r\nContent-Encoding: utf-8\r\nAuthorization: {token}"
    );

    let accepted = exchange(
        &service,
        &format!("PUT {registration}/register?api-version=2021-06-01 {headers}"),
        &json!({"registrationId": TOASTER}).to_string(),
    )
    .await;
    assert_eq!(accepted.status_line(), "HTTP/1.1 202 Accepted");
    assert_eq!(
        accepted.header("content-type"),
        Some("application/json; charset=utf-8")
    );
    assert_eq!(
        accepted.header("location").unwrap(),
        format!("https://global.azure-devices-provisioning.net{registration}/register")
    );
    assert_eq!(accepted.header("retry-after"), Some("1"));
    assert_eq!(
        accepted.header("strict-transport-security"),
        Some("max-age=31536000; includeSubDomains")
    );
    assert_eq!(accepted.header("x-ms-request-id").unwrap().len(), 36);
    let operation_id = accepted.body["operationId"].as_str().unwrap();
    assert_eq!(
        accepted.body,
        json!({"operationId": operation_id, "status": "assigning"})
    );

    let polling =
        format!("GET {registration}/operations/{operation_id}?api-version=2021-06-01 {headers}");
    let done = loop {
        let answer = exchange(&service, &polling, "{}").await;
        if answer.header("retry-after").is_none() {
            break answer;
        }
        assert_eq!(answer.status_line(), "HTTP/1.1 202 Accepted");
    };
    assert_eq!(done.status_line(), "HTTP/1.1 200 OK");
    assert_eq!(done.body["status"], "assigned");
    let state = &done.body["registrationState"];
    assert_eq!(state["assignedHub"], TOASTERS);
    assert_eq!(state["deviceId"], TOASTER);

    let looking = format!("POST {registration}?api-version=2021-06-01 {headers}");
    let found = exchange(&service, &looking, "{}").await;
    assert_eq!(found.status_line(), "HTTP/1.1 200 OK");
    assert_eq!(found.body, *state);
}

#[tokio::test]
async fn the_webhook_is_posted_json_with_its_key_in_the_query_alone() {
    let webhook = TestWebhook::start(|_, _| assign(TOASTERS)).await;
    let service = TestService::start(tutorial(&webhook)).await;
    register(&service, TOASTER).await.unwrap();
    let [call] = webhook.calls().try_into().unwrap();
    assert_eq!(call.query.as_deref(), Some("code=s3cr3t"));
    assert_eq!(
        call.headers["content-type"],
        "application/json; charset=utf-8"
    );
    assert!(call.headers.contains_key("content-length"));
    assert!(!call.body.to_string().contains("s3cr3t"));
    assert_eq!(call.body["deviceRuntimeContext"]["registrationId"], TOASTER);
    assert_eq!(call.body["linkedHubs"], json!([TOASTERS, HEAT_PUMPS]));
}

async fn register(
    service: &TestService,
    registration_id: &str,
) -> Result<String, RegistrationError> {
    let registered = service.register(&device(registration_id)).await;
    registered.map(|assigned| assigned.hub)
}

#[tokio::test]
async fn a_simulated_device_carries_its_payload_there_and_back() {
    let webhook = TestWebhook::start(|_, request| {
        let payload = &request["deviceRuntimeContext"]["payload"];
        let answer = json!({"iotHubHostName": HEAT_PUMPS, "payload": {"echo": payload}});
        (200, answer.to_string())
    })
    .await;
    let service = TestService::start(tutorial(&webhook)).await;
    let mut device = device(TOASTER);
    device.payload = Some(json!({"firmware": "12.0.2.5"}));
    let mut told = Vec::new();
    let registered = device
        .register(
            Transport::Https,
            &service.target(),
            &service.trust(),
            |status| told.push(status),
        )
        .await
        .unwrap();
    assert_eq!(registered.hub, HEAT_PUMPS);
    assert_eq!(
        registered.payload,
        Some(json!({"echo": {"firmware": "12.0.2.5"}}))
    );
    assert_eq!(told[..2], [Status::Connected, Status::Assigning]);
}

#[tokio::test]
async fn a_webhook_that_is_busy_or_broken_at_first_assigns_in_the_end() {
    let webhook = TestWebhook::start(|before, _| match before {
        0 => (503, "busy".to_owned()),
        1 => (429, "busy".to_owned()),
        2 => (500, "broken".to_owned()),
        _ => assign(TOASTERS),
    })
    .await;
    let service = TestService::start(tutorial(&webhook)).await;
    assert_eq!(register(&service, TOASTER).await.unwrap(), TOASTERS);
    assert_eq!(webhook.calls().len(), 4);
}

#[tokio::test]
async fn a_webhook_that_cannot_be_reached_fails_after_eleven_calls() {
    let closed = support::free_port().await.local_addr().unwrap();
    let mut webhook = TestWebhook::start(|_, _| assign(TOASTERS)).await;
    webhook.url = format!("http://{closed}/?code=s3cr3t");
    let service = TestService::start(tutorial(&webhook)).await;
    let error = register(&service, TOASTER).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the registration failed 400207: An error occurred while sending the request."
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let webhook = TestWebhook::start(|_, _| (302, String::new())).await;
    let service = TestService::start(tutorial(&webhook)).await;
    let error = register(&service, TOASTER).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the registration failed 400207: Custom allocation failed with status code: 302"
    );
    assert_eq!(webhook.calls().len(), 1);
}

#[tokio::test]
async fn a_wrong_request_gets_the_service_s_error() {
    let webhook = TestWebhook::start(|_, _| assign(TOASTERS)).await;
    let service = TestService::start(tutorial(&webhook)).await;
    let good = token(TOASTER);
    let other = token("other");
    let path = format!("/0ne00LOCAL1/registrations/{TOASTER}/register");
    let version = "api-version=2021-06-01";
    let api_version = format!("PUT {path}");
    let scope = format!("PUT /0ne00OTHER/registrations/{TOASTER}/register?{version}");
    let put = format!("PUT {path}?{version}");
    let get = format!("GET {path}?{version}");
    let no_date = format!("PUT {path}?api-version=2019-99-99");
    let nowhere = "GET /nowhere".to_owned();
    let slash = format!("PUT /0ne00LOCAL1/registrations/a%2Fb/register?{version}");
    let operation = format!("GET /0ne00LOCAL1/registrations/{TOASTER}/operations/5.1.2?{version}");
    for (request, token, media_type, status_line, code) in [
        (
            &put,
            &other,
            "application/json",
            "HTTP/1.1 401 Unauthorized",
            401_002,
        ),
        (
            &put,
            &String::new(),
            "application/json",
            "HTTP/1.1 401 Unauthorized",
            401_002,
        ),
        (
            &put,
            &good,
            "text/plain",
            "HTTP/1.1 415 Unsupported Media Type",
            415_000,
        ),
        (
            &api_version,
            &good,
            "application/json",
            "HTTP/1.1 400 Bad Request",
            400_004,
        ),
        (
            &no_date,
            &good,
            "application/json",
            "HTTP/1.1 400 Bad Request",
            400_004,
        ),
        (
            &slash,
            &good,
            "application/json",
            "HTTP/1.1 400 Bad Request",
            400_004,
        ),
        (
            &scope,
            &good,
            "application/json",
            "HTTP/1.1 404 Not Found",
            404_201,
        ),
        (
            &operation,
            &good,
            "application/json",
            "HTTP/1.1 404 Not Found",
            404_202,
        ),
        (
            &nowhere,
            &good,
            "application/json",
            "HTTP/1.1 404 Not Found",
            404_000,
        ),
        (
            &get,
            &good,
            "application/json",
            "HTTP/1.1 405 Method Not Allowed",
            405_000,
        ),
    ] {
        let head =
            format!("{request} HTTP/1.1\r\nContent-Type: {media_type}\r\nAuthorization: {token}");
        let answer = exchange(&service, &head, "{}").await;
        assert_eq!(answer.status_line(), status_line, "{request}");
        assert_eq!(answer.body["errorCode"], code, "{request}");
        assert_eq!(
            answer.header("x-ms-error-code").unwrap(),
            code.to_string(),
            "{request}"
        );
    }
    assert!(webhook.calls().is_empty());
}

#[tokio::test]
async fn a_message_past_the_limit_is_refused_with_the_limit() {
    let webhook = TestWebhook::start(|_, _| assign(TOASTERS)).await;
    let service = TestService::start(tutorial(&webhook)).await;
    let mut device = device(TOASTER);
    device.payload = Some(json!("x".repeat(98_304)));
    let refused = service.register(&device).await.unwrap_err().to_string();
    let expected = "the service answered 400 400004: Invalid argument: the message has";
    assert!(refused.starts_with(expected), "{refused}");
}

#[tokio::test]
async fn a_device_that_does_not_trust_the_authority_does_not_register() {
    let webhook = TestWebhook::start(|_, _| assign(TOASTERS)).await;
    let service = TestService::start(tutorial(&webhook)).await;
    let another = TestService::start(tutorial(&webhook)).await;
    for transport in [Transport::Https, Transport::Mqtt, Transport::Ws] {
        let mut told = Vec::new();
        let refused = device(TOASTER)
            .register(transport, &service.target(), &another.trust(), |status| {
                told.push(status);
            })
            .await;
        assert!(
            matches!(refused, Err(RegistrationError::Unreachable(_))),
            "{refused:?}"
        );
        assert_eq!(told, [], "{transport}: it was never connected");
    }
}

#[tokio::test]
async fn both_ports_speak_tls_1_2_and_1_3() {
    let webhook = TestWebhook::start(|_, _| assign(TOASTERS)).await;
    let service = TestService::start(tutorial(&webhook)).await;
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        for port in [service.endpoints.https, service.endpoints.mqtt] {
            let connection = support::connect_with(&service, port, None, &[version]).await;
            let (_, session) = connection.get_ref();
            assert_eq!(session.protocol_version(), Some(version.version));
        }
    }
}

#[tokio::test]
async fn names_in_another_case_are_read_and_the_webhook_gets_the_payload() {
    let webhook = TestWebhook::start(|_, _| assign(TOASTERS)).await;
    let service = TestService::start(tutorial(&webhook)).await;
    let id = "device-1-contoso-tstrsd-007";
    let token = token(id);
    let request = format!(
        "PUT /0ne00LOCAL1/registrations/{id}/register?api-version=2021-06-01 HTTP/1.1\r\nAuthorization: {token}"
    );
    let body = support::field("registration-pascal-case.json");
    let answer = exchange(&service, &request, &body).await;
    assert_eq!(answer.status_line(), "HTTP/1.1 202 Accepted");
    let calls = tokio::time::timeout(std::time::Duration::from_secs(30), async {
        loop {
            let calls = webhook.calls();
            if !calls.is_empty() {
                return calls;
            }
            tokio::task::yield_now().await;
        }
    });
    assert_eq!(
        calls.await.unwrap()[0].body["deviceRuntimeContext"]["payload"],
        serde_json::json!({"modelId": "dtmi:com:example:Thermostat;1"})
    );
}
