//! Each store in each situation that a registration can bring about.
//!
//! Blobs and tables that refuse, throttle or keep silent, and what Cosmos DB and SQL make of ids,
//! are in [`failures`](crate::failures). Two situations do not exist: a blob's name, and an id in a
//! partition of Cosmos DB, are those of one item, so that neither ever brings two rows.

use functions_host::{FunctionsHost, Violation};
use serde_json::{Value, json};
use storage::{Blobs, Retry, Tables};

use crate::case::{options, start};
use crate::failures::{BLOB, TABLE, app, ask, assert_failed, exceptions, send, value, write};
use crate::store;

const DATED: &str = "2026-09-01T10:15:30";

#[tokio::test(flavor = "multi_thread")]
async fn tables_and_blobs_bring_what_the_id_selects() {
    let Some(azurite) = store::azurite().await else {
        return;
    };
    let tables = Tables::new(azurite.account(), Retry::TABLES).unwrap();
    tables.create_table("Fleet").await.unwrap();
    for (partition_key, row_key) in [("dev-1", "a"), ("dev-2", "a"), ("dev-2", "b")] {
        let row = json!({"PartitionKey": partition_key, "RowKey": row_key, "hub": "h"});
        let row = row.to_string();
        let written = tables.write("Fleet", partition_key, row_key, &row).await;
        written.unwrap();
    }
    let blobs = Blobs::new(azurite.account(), Retry::BLOBS).unwrap();
    blobs.create_container("rows").await.unwrap();
    let written = blobs.write("rows", "dev-1.json", br#"{"hub":"h"}"#.to_vec());
    written.await.unwrap();
    let app = app(&json!({}));
    let all_rows = TABLE.replace(r#""take":1,"#, "");
    write(&app, "Rows", &all_rows);
    write(&app, "NoTable", &all_rows.replace("Fleet", "Missing"));
    write(&app, "NoContainer", &BLOB.replace("rows/", "missing/"));
    let connection = azurite.connection_string();
    let host = start(&app, &[("Store", &connection)]).await;
    let row = |partition_key: &str, row_key: &str| json!({"PartitionKey": partition_key, "RowKey": row_key, "hub": "h"});
    let rows = |rows: &[Value]| Some(Value::from(rows).to_string());
    let text = |text: &str| Some(text.to_owned());
    // An id that comes to nothing selects every row of the table: the policy's `verify` is there
    // for it.
    let everyone = rows(&[row("dev-1", "a"), row("dev-2", "a"), row("dev-2", "b")]);
    let blob = text(r#""{\"hub\":\"h\"}""#);
    for (function, id, expected, situation) in [
        ("Rows", json!("dev-1"), rows(&[row("dev-1", "a")]), "found"),
        ("Rows", json!("nobody"), text("[]"), "not found"),
        ("NoTable", json!("dev-1"), None, "table missing"),
        ("Rows", json!(null), everyone.clone(), "null"),
        ("Rows", json!(""), everyone.clone(), "empty"),
        ("Rows", json!({}), everyone, "an object"),
        ("Rows", json!("DEV-1"), text("[]"), "other case"),
        ("Rows", json!(DATED), text("[]"), "a date"),
        (
            "Rows",
            json!("dev-2"),
            rows(&[row("dev-2", "a"), row("dev-2", "b")]),
            "two rows",
        ),
        ("B", json!("dev-1"), blob, "found"),
        ("B", json!("nobody"), text("null"), "not found"),
        (
            "NoContainer",
            json!("dev-1"),
            text("null"),
            "container missing",
        ),
        ("B", json!(null), text("null"), "null"),
        ("B", json!(""), text("null"), "empty"),
        ("B", json!({}), text("null"), "an object"),
        ("B", json!("DEV-1"), text("null"), "other case"),
        ("B", json!(DATED), text("null"), "a date"),
    ] {
        let invocation = ask(&host, function, &id).await;
        let found = value(&invocation);
        assert_eq!(
            found,
            expected.clone().map(Value::from),
            "{function}, {situation}"
        );
        if expected.is_none() {
            assert_failed(&invocation);
        }
    }
    for function in ["Rows", "B"] {
        let without_id = json!({"deviceRuntimeContext": {}}).to_string();
        assert_failed(&send(&host, function, without_id).await);
    }
    let told = exceptions(&host);
    let missing = "Azure.RequestFailedException: The table specified does not exist.";
    assert!(told.contains(missing), "{told}");
    azurite.stop().await;
}

/// An app whose functions `C` and `S` read a document and a query's result.
fn databases(
    host_json: &Value,
    failing: &str,
) -> (crate::common::App, functions_host::HostOptions) {
    let app = app(host_json);
    let id = "{deviceRuntimeContext.registrationId}";
    let document = json!({
        "type": "cosmosDB", "direction": "in", "name": "device", "connection": "Db",
        "databaseName": "fleet", "containerName": "devices", "id": id, "partitionKey": id,
    });
    write(&app, "C", &document.to_string());
    let query = json!({
        "type": "sql", "direction": "in", "name": "device", "commandText": "select Hub from dbo.Devices",
        "parameters": format!("@id={id}"), "connectionStringSetting": "Db",
    });
    write(&app, "S", &query.to_string());
    let rows = json!({
        "cosmosDB": {"fleet/devices": [{"id": "dev-1"}]}, "sql": {"dbo.Devices": [{"Hub": "h"}]},
        "failing": {"db": failing},
    });
    app.write("rows.json", &rows.to_string());
    let connection = "AccountEndpoint=https://fleet.documents.azure.com:443/;AccountKey=c2VjcmV0";
    let options = options(&app, &[("Db", connection)]).rows_file(app.path().join("rows.json"));
    (app, options)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_fails_fails_the_invocation_before_the_handler() {
    for (failing, cosmos_db, sql) in [
        (
            "refused",
            "CosmosException: Response status code does not indicate success: Forbidden (403); Substatus: 5300; ActivityId: ",
            "Login failed for user '<token-identified principal>'.",
        ),
        (
            "throttled",
            "CosmosException: Response status code does not indicate success: TooManyRequests (429); Substatus: 3200; ActivityId: ",
            "The service is currently busy. Retry the request after 10 seconds.",
        ),
        (
            "unavailable",
            "CosmosException: Response status code does not indicate success: ServiceUnavailable (503); Substatus: 0; ActivityId: ",
            "The database is not currently available. Please retry the connection later.",
        ),
        (
            "down",
            "System.Net.Http.HttpRequestException: Connection refused (fleet.documents.azure.com:443)",
            "A network-related or instance-specific error occurred while establishing a connection to SQL Server.",
        ),
    ] {
        let (_app, options) = databases(&json!({}), failing);
        let host = FunctionsHost::start(options).await.unwrap();
        assert_failed(&ask(&host, "C", &json!("dev-1")).await);
        assert_failed(&ask(&host, "S", &json!("dev-1")).await);
        let told = exceptions(&host);
        assert!(told.contains(cosmos_db), "{failing}: {told}");
        let sql = format!("Microsoft.Data.SqlClient.SqlException (0x80131904): {sql}");
        assert!(told.contains(&sql), "{failing}: {told}");
        assert!(!told.contains("c2VjcmV0"), "{told}");
        let log = host.log();
        let texts: Vec<&str> = log.iter().map(|record| record.text.as_str()).collect();
        for asked in [
            "binding device: the file of rows is asked in place of Cosmos DB: GET /dbs/fleet/colls/devices/docs/dev-1, partition key [\"dev-1\"]",
            "binding device: the file of rows is asked in place of SQL: select Hub from dbo.Devices, with parameters [@id]",
        ] {
            assert!(texts.contains(&asked), "{texts:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_database_lasts_until_function_timeout_restarts_the_handler() {
    for function in ["C", "S"] {
        let (_app, options) = databases(&json!({"functionTimeout": "00:00:01"}), "silent");
        let host = FunctionsHost::start(options).await.unwrap();
        let invocation = ask(&host, function, &json!("dev-1")).await;
        assert_failed(&invocation);
        let struck = |violation: &Violation| matches!(violation, Violation::FunctionTimeout { .. });
        assert!(invocation.violations.iter().any(struck), "{function}");
        host.wait_until(|host| host.starts() == 2 && host.handler_pid().is_some())
            .await;
    }
}
