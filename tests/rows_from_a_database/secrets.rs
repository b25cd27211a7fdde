//! What a row holds beside what the policy asks of it stays out of every log.

use functions_host::{FunctionsHost, Invocation};
use serde_json::{Value, json};

use crate::store::{Store, answer, ask, azurite};

const HUB: &str = "contoso-toasters-hub-1098.azure-devices.net";
/// What must not be seen, under names of keys and under others.
const KEY: &str = "cjB3LWszeS1zM2NyM3Q=";
const NOTE: &str = "r0w-n0te-s3cr3t";

fn row() -> Value {
    json!({"status": "active", "hub": HUB, "site": "Turin", "interval": 60, "primaryKey": KEY,
        "connectionString": format!("HostName=h;SharedAccessKey={KEY}"), "note": NOTE})
}

/// All that was logged: by the invocation, by the process and by the host.
fn logged(host: &FunctionsHost, invocation: &Invocation) -> String {
    let lines = host.output().into_iter().map(|line| line.text);
    let records = host.log().into_iter();
    let records =
        records.map(|record| format!("{} {}", record.text, record.exception.unwrap_or_default()));
    let invoked = invocation.logs.iter().cloned();
    let violations = host.violations().into_iter().map(|it| it.to_string());
    let all = invoked.chain(lines).chain(records).chain(violations);
    all.collect::<Vec<_>>().join("\n")
}

#[track_caller]
fn assert_hidden(store: Store, host: &FunctionsHost, invocation: &Invocation) {
    let logged = logged(host, invocation);
    for secret in [KEY, NOTE] {
        assert!(!logged.contains(secret), "{store:?}: {logged}");
    }
    // The row was there: what the host sent holds it.
    let sent = String::from_utf8_lossy(&invocation.envelope);
    assert!(sent.contains(NOTE), "{store:?}: {sent}");
}

fn is_there(store: Store, azurite: Option<&storage::azurite::Azurite>) -> bool {
    // The only command of the example names its columns, and no secret is among them.
    store != Store::Sql && (!store.needs_azurite() || azurite.is_some())
}

#[tokio::test]
async fn a_row_s_keys_are_in_no_log() {
    let azurite = azurite().await;
    for store in Store::ALL {
        if !is_there(store, azurite.as_ref()) {
            continue;
        }
        let app = store.app();
        let options = store
            .fill(&app, azurite.as_ref(), &[("press-01", row())])
            .await;
        let host = FunctionsHost::start(options).await.unwrap();
        let invocation = ask(&host, "press-01").await;
        assert_eq!(answer(&invocation).0, 200, "{store:?}");
        assert!(
            logged(&host, &invocation).contains("known assigned to"),
            "{store:?}"
        );
        assert_hidden(store, &host, &invocation);
        host.stop().await;
    }
}

#[tokio::test]
async fn a_row_that_can_not_be_used_is_not_shown_either() {
    let azurite = azurite().await;
    for store in Store::ALL {
        if !is_there(store, azurite.as_ref()) {
            continue;
        }
        let app = store.app();
        // A policy that expects another id refuses to use any row.
        let policy = app.path().join("allocation.json");
        let text = std::fs::read_to_string(&policy).unwrap();
        let text = text.replace(r#""{registrationId}""#, r#""other-{registrationId}""#);
        std::fs::write(&policy, text).unwrap();
        let options = store
            .fill(&app, azurite.as_ref(), &[("press-01", row())])
            .await;
        let host = FunctionsHost::start(options).await.unwrap();
        let invocation = ask(&host, "press-01").await;
        let expected = "The row \"device\" is not the device's own.";
        assert_eq!(answer(&invocation), (503, expected.to_owned()), "{store:?}");
        assert_hidden(store, &host, &invocation);
        host.stop().await;
    }
}

#[tokio::test]
async fn a_key_that_the_policy_hands_to_the_device_is_masked_in_the_log() {
    let azurite = azurite().await;
    for store in Store::ALL {
        if !is_there(store, azurite.as_ref()) {
            continue;
        }
        let app = store.app();
        let policy = app.path().join("allocation.json");
        let text = std::fs::read_to_string(&policy).unwrap();
        let text = text.replace(
            r#""interval": "{rows.device.interval}""#,
            r#""primaryKey": "{rows.device.primaryKey}""#,
        );
        std::fs::write(&policy, text).unwrap();
        let options = store
            .fill(&app, azurite.as_ref(), &[("press-01", row())])
            .await;
        let host = FunctionsHost::start(options).await.unwrap();
        let invocation = ask(&host, "press-01").await;
        let (status, text) = answer(&invocation);
        assert_eq!(status, 200, "{store:?}");
        assert!(text.contains(KEY), "{store:?}: {text}");
        assert_hidden(store, &host, &invocation);
        host.stop().await;
    }
}
