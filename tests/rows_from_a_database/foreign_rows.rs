//! Another device's row is never used, however the host comes to bring one.
//!
//! A table's rows of all devices come for an id that is null, empty or an object, for a filter with
//! an `or` outside of parentheses, and for a binding without a key. Nothing of this is an error to
//! the host.

use std::path::Path;

use functions_host::{FunctionsHost, HttpRequest, Invocation};
use provisioning::AllocationRequest;
use serde_json::{Value, json};

use crate::store::{Store, answer, ask, azurite};

const HUB: &str = "contoso-toasters-hub-1098.azure-devices.net";

/// What the policy says of a row that is another device's.
const NOT_ITS_OWN: &str = "The row \"device\" is not the device's own.";

/// Asks about a device whose id is any JSON.
async fn ask_with_id(host: &FunctionsHost, id: &Value) -> Invocation {
    let request = AllocationRequest::tutorial("press-01");
    let mut request: Value = serde_json::from_str(&request.to_json().unwrap()).unwrap();
    request["deviceRuntimeContext"]["registrationId"] = id.clone();
    let request = HttpRequest::post("/api/HttpTrigger1")
        .header("Content-Type", "application/json; charset=utf-8")
        .body(request.to_string());
    host.invoke(request).await
}

/// What the host brought to the handler.
fn row(invocation: &Invocation) -> String {
    let envelope: Value = serde_json::from_slice(&invocation.envelope).unwrap();
    envelope["Data"]["device"].as_str().unwrap().to_owned()
}

/// Changes the binding to the store.
fn change_binding(app: &Path, change: impl FnOnce(&mut Value)) {
    let file = app.join("HttpTrigger1/function.json");
    let mut function: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    change(&mut function["bindings"][1]);
    std::fs::write(file, function.to_string()).unwrap();
}

#[tokio::test]
async fn an_id_that_selects_every_row_gets_none_of_them() {
    let Some(azurite) = azurite().await else {
        return;
    };
    let app = Store::Table.app();
    let devices = [(
        "press-02",
        json!({"status": "active", "hub": HUB, "site": "Turin", "interval": 60}),
    )];
    let options = Store::Table.fill(&app, Some(&azurite), &devices).await;
    let host = FunctionsHost::start(options).await.unwrap();
    for (id, status, text) in [
        (
            json!(null),
            400,
            "Registration ID not provided for the device.",
        ),
        (json!(""), 503, NOT_ITS_OWN),
        (
            json!({}),
            400,
            "The request body is no AllocationRequest: deviceRuntimeContext.registrationId must be a string, and is an object.",
        ),
    ] {
        let invocation = ask_with_id(&host, &id).await;
        assert!(
            row(&invocation).contains("press-02"),
            "the host brought another's row"
        );
        let (found, said) = answer(&invocation);
        assert_eq!((found, said.as_str()), (status, text), "{id}");
        assert!(!said.contains(HUB), "{id}: {said}");
    }
    host.stop().await;
}

#[tokio::test]
async fn a_binding_that_leaks_rows_leaks_no_decision() {
    let Some(azurite) = azurite().await else {
        return;
    };
    let devices = [(
        "press-02",
        json!({"status": "active", "hub": HUB, "site": "Turin", "interval": 60}),
    )];
    for name in ["or", "no key"] {
        let app = Store::Table.app();
        change_binding(app.path(), |binding| {
            if name == "or" {
                binding["filter"] = "RowKey eq 'nothing' or RowKey eq 'allocation'".into();
            } else {
                binding.as_object_mut().unwrap().remove("partitionKey");
            }
        });
        let options = Store::Table.fill(&app, Some(&azurite), &devices).await;
        let host = FunctionsHost::start(options).await.unwrap();
        let invocation = ask(&host, "press-03").await;
        assert!(row(&invocation).contains("press-02"), "{name} leaks no row");
        assert_eq!(answer(&invocation), (503, NOT_ITS_OWN.to_owned()), "{name}");
        // The row's own device gets it all the same.
        let (status, _) = answer(&ask(&host, "press-02").await);
        assert_eq!(status, 200, "{name}");
        host.stop().await;
    }
}

/// Without `PartitionKey` in `verify` there would be nothing to tell the rows apart by.
#[tokio::test]
async fn a_row_without_the_key_is_nobodys() {
    for store in [Store::CosmosDb, Store::Sql] {
        let app = store.app();
        let devices = [(
            "press-02",
            json!({"status": "active", "hub": HUB, "site": "Turin", "interval": 60}),
        )];
        let options = store.fill(&app, None, &devices).await;
        change_binding(app.path(), |binding| {
            if store == Store::Sql {
                binding["commandText"] = "select top 1 status, hub from dbo.Devices".into();
            } else {
                binding["id"] = "press-02".into();
                binding["partitionKey"] = "press-02".into();
            }
        });
        let host = FunctionsHost::start(options).await.unwrap();
        let found = answer(&ask(&host, "press-03").await);
        assert_eq!(found, (503, NOT_ITS_OWN.to_owned()), "{store:?}");
        host.stop().await;
    }
}
