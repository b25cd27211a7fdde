//! Each of the example's stores decides as its README says.

use std::process::Command;

use functions_host::FunctionsHost;
use serde_json::{Value, json};

use crate::store::{Store, answer, ask, azurite, example};

const HUB: &str = "contoso-toasters-hub-1098.azure-devices.net";

#[tokio::test]
async fn every_store_decides_on_known_decommissioned_and_unknown_devices() {
    let azurite = azurite().await;
    let row = |status: &str| json!({"status": status, "hub": HUB, "site": "Turin", "interval": 60});
    let devices = [
        ("press-01", row("active")),
        ("press-02", row("decommissioned")),
    ];
    let assigned = format!(
        r#"{{"iotHubHostName":"{HUB}","initialTwin":{{"tags":{{"site":"Turin"}},"properties":{{"desired":{{"interval":60}}}}}}}}"#
    );
    let answers = [
        ("press-01", 200, assigned.as_str()),
        ("press-02", 400, "The device is decommissioned."),
        ("press-03", 400, "The device is not in the registry."),
    ];
    for store in Store::ALL {
        if store.needs_azurite() && azurite.is_none() {
            continue;
        }
        let app = store.app();
        let options = store.fill(&app, azurite.as_ref(), &devices).await;
        let host = FunctionsHost::start(options).await.unwrap();
        for (registration_id, status, text) in &answers {
            let invocation = ask(&host, registration_id).await;
            assert_eq!(
                answer(&invocation),
                (*status, (*text).to_owned()),
                "{store:?} {registration_id}"
            );
        }
        assert_eq!(host.violations(), [], "{store:?}");
        host.stop().await;
    }
}

/// A blob's name says nothing of what is inside.
#[tokio::test]
async fn a_blob_of_another_device_decides_nothing() {
    let Some(azurite) = azurite().await else {
        return;
    };
    let app = Store::Blob.app();
    let devices = [("press-01", json!({"id": "press-02", "hub": HUB}))];
    let options = Store::Blob.fill(&app, Some(&azurite), &devices).await;
    let host = FunctionsHost::start(options).await.unwrap();
    let expected = "The row \"device\" is not the device's own.";
    let invocation = ask(&host, "press-01").await;
    assert_eq!(answer(&invocation), (503, expected.to_owned()));
    host.stop().await;
}

#[test]
fn handler_check_finds_nothing_in_any_of_them() {
    for store in Store::ALL {
        let app = store.app();
        let policy = app.path().join("allocation.json");
        let check = Command::new(env!("CARGO_BIN_EXE_handler"))
            .arg("check")
            .arg(&policy)
            .output()
            .unwrap();
        let said = String::from_utf8([check.stdout, check.stderr].concat()).unwrap();
        let expected = format!("{} is right: 3 rules, checksum ", policy.display());
        assert!(check.status.success(), "{store:?}: {said}");
        assert!(said.starts_with(&expected), "{store:?}: {said}");
        assert_eq!(said.lines().count(), 1, "{store:?}: {said}");
    }
}

#[test]
fn local_settings_name_every_connection() {
    let read = |file: std::path::PathBuf| -> Value {
        serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
    };
    let settings = read(example().join("local.settings.json"));
    for store in Store::ALL {
        let app = store.app();
        let function = read(app.path().join("HttpTrigger1/function.json"));
        let input = &function["bindings"][1];
        let setting = input.get("connection");
        let setting = setting.or_else(|| input.get("connectionStringSetting"));
        let setting = setting.unwrap().as_str().unwrap();
        let value = settings["Values"][setting].as_str().unwrap_or_default();
        assert!(!value.is_empty(), "{store:?} needs {setting}");
    }
}
