//! `handler check` on `function.json`, `host.json` and `local.settings.json`: every known trap of
//! an input binding is found.

use serde_json::{Value, json};

use crate::call::{Folder, ROW, call};

const FUNCTION: &str = "HttpTrigger1/function.json";

/// An app with a row from a table, in which nothing is wrong.
struct App {
    function: Value,
    host: Value,
    settings: Value,
}

impl App {
    fn right() -> Self {
        Self {
            function: json!({"bindings": [
                {"type": "httpTrigger", "direction": "in", "name": "req", "authLevel": "function", "methods": ["post"]},
                {"type": "table", "direction": "in", "name": "device", "tableName": "Devices",
                 "partitionKey": "{deviceRuntimeContext.registrationId}", "filter": "RowKey eq 'allocation'",
                 "take": 1, "connection": "Store"},
                {"type": "http", "direction": "out", "name": "res"}]}),
            host: json!({"version": "2.0", "functionTimeout": "00:00:30",
                "extensionBundle": {"id": "Microsoft.Azure.Functions.ExtensionBundle", "version": "[4.*, 5.0.0)"}}),
            settings: json!({"Values": {"Store__retry__maxRetries": "1", "Store__retry__delay": "00:00:00.200",
                "Store__retry__networkTimeout": "00:00:02"}}),
        }
    }

    fn folder(&self) -> Folder {
        Folder::with(&[
            ("allocation.json", ROW),
            (FUNCTION, &self.function.to_string()),
            ("host.json", &self.host.to_string()),
            ("local.settings.json", &self.settings.to_string()),
        ])
    }

    /// The one input binding besides the trigger.
    fn binding(&mut self) -> &mut Value {
        &mut self.function["bindings"][1]
    }
}

/// Checks what is told of the right app after a change: the lines before the verdict.
#[track_caller]
fn check(change: impl FnOnce(&mut App), expected: &[&str]) {
    let mut app = App::right();
    change(&mut app);
    let is_wrong = expected.iter().any(|line| line.starts_with("error: "));
    let verdict = if is_wrong { "wrong" } else { "right" };
    let verdict = format!("allocation.json is {verdict}: 2 rules, checksum CHECKSUM");
    let (status, told) = app.folder().told(&["check"]);
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines, [expected, &[verdict.as_str()]].concat());
    assert_eq!(status, i32::from(is_wrong));
}

#[test]
fn nothing_is_said_of_an_app_that_is_right() {
    check(|_| {}, &[]);
}

#[test]
fn a_binding_that_function_json_lacks_is_an_error() {
    let error = "error: HttpTrigger1/function.json: bindings: it has no input binding \"device\", which the policy's rows name";
    check(|app| app.binding()["name"] = "devices".into(), &[error]);
    check(|app| app.binding()["name"] = "Device".into(), &[error]);
    // The trigger is no row.
    check(
        |app| {
            app.binding()["name"] = "devices".into();
            app.function["bindings"][0]["name"] = "device".into();
        },
        &[error],
    );
    check(
        |app| {
            app.function["bindings"].as_array_mut().unwrap().remove(1);
        },
        &[error],
    );
}

#[test]
fn what_gives_every_request_500_is_an_error() {
    let dotted = "a name with a dot in filter gives every request 500: dots work in partitionKey, id, path and parameters alone";
    check(
        |app| {
            app.binding()["filter"] = "RowKey eq '{deviceRuntimeContext.registrationId}'".into();
        },
        &[&format!("error: {FUNCTION}: bindings[1].filter: {dotted}")],
    );
    let dotted = dotted.replace("filter", "sqlQuery");
    check(
        |app| {
            *app.binding() = json!({"type": "cosmosDB", "direction": "in", "name": "device", "connection": "Db",
                "databaseName": "fleet", "containerName": "devices",
                "sqlQuery": "SELECT * FROM c WHERE c.id = {deviceRuntimeContext.registrationId}"});
        },
        &[&format!(
            "error: {FUNCTION}: bindings[1].sqlQuery: {dotted}"
        )],
    );
    check(
        |app| {
            app.host.as_object_mut().unwrap().remove("extensionBundle");
        },
        &[
            "error: host.json: extensionBundle: an input binding needs an extensionBundle: without it every request gets 404",
        ],
    );
}

#[test]
fn a_table_s_row_key_is_noted() {
    check(
        |app| app.binding()["rowKey"] = "allocation".into(),
        &[
            "note: HttpTrigger1/function.json: bindings[1].rowKey: the host ignores rowKey and delivers the whole partition: write \"filter\": \"RowKey eq '…'\"",
        ],
    );
}

#[test]
fn a_table_without_take_is_noted() {
    check(
        |app| {
            app.binding().as_object_mut().unwrap().remove("take");
        },
        &[
            "note: HttpTrigger1/function.json: bindings[1]: write \"take\": 1: without it the host delivers every row of the partition",
        ],
    );
}

#[test]
fn a_take_that_takes_all_is_noted() {
    let note = "note: HttpTrigger1/function.json: bindings[1]: write \"take\": 1: without it the host delivers every row of the partition";
    for (take, takes_all) in [
        (json!(0), true),
        (json!(-1), true),
        (json!("0"), true),
        (json!("1"), false),
        (json!(2), false),
    ] {
        let expected: &[&str] = if takes_all { &[note] } else { &[] };
        check(|app| app.binding()["take"] = take, expected);
    }
}

#[test]
fn a_binding_without_a_direction_is_an_input_binding() {
    check(
        |app| {
            app.binding().as_object_mut().unwrap().remove("direction");
            app.binding()["rowKey"] = "allocation".into();
        },
        &[
            "note: HttpTrigger1/function.json: bindings[1].rowKey: the host ignores rowKey and delivers the whole partition: write \"filter\": \"RowKey eq '…'\"",
        ],
    );
}

#[test]
fn an_or_that_is_open_is_noted() {
    let note = "note: HttpTrigger1/function.json: bindings[1].filter: an or outside parentheses delivers another device's row: write (… or …)";
    for (filter, is_open) in [
        ("RowKey eq 'a' or RowKey eq 'b'", true),
        ("(RowKey eq 'a')OR(RowKey eq 'b')", true),
        ("(RowKey eq 'a' or RowKey eq 'b')", false),
        ("RowKey eq 'this or that'", false),
        ("RowKey eq 'order'", false),
    ] {
        let expected: &[&str] = if is_open { &[note] } else { &[] };
        check(|app| app.binding()["filter"] = filter.into(), expected);
    }
}

#[test]
fn a_filter_that_is_one_expression_is_noted() {
    check(
        |app| app.binding()["filter"] = "{filter}".into(),
        &[
            "note: HttpTrigger1/function.json: bindings[1].filter: a filter that is one expression is not escaped: whoever fills it chooses the row",
        ],
    );
}

#[test]
fn any_data_type_is_noted() {
    for data_type in ["binary", "stream", "string"] {
        check(
            |app| app.binding()["dataType"] = data_type.into(),
            &[
                "note: HttpTrigger1/function.json: bindings[1].dataType: leave dataType out: with it rows arrive as base64, as nothing at all, or not at all",
            ],
        );
    }
}

#[test]
fn the_function_key_in_an_expression_is_noted() {
    check(
        |app| app.binding()["partitionKey"] = "{Query.code}".into(),
        &[
            "note: HttpTrigger1/function.json: bindings[1].partitionKey: {Query.code} is the function key: use it nowhere",
        ],
    );
}

#[test]
fn what_the_device_says_in_the_parameters_of_a_query_is_noted() {
    check(
        |app| {
            *app.binding() = json!({"type": "sql", "direction": "in", "name": "device",
                "commandText": "select Hub from dbo.Devices where DeviceId=@id",
                "parameters": "@id={deviceRuntimeContext.payload.id}", "connectionStringSetting": "Sql"});
        },
        &[
            "note: HttpTrigger1/function.json: bindings[1].parameters: what the device says of itself can add parameters to the query: use the registration id alone",
        ],
    );
}

#[test]
fn an_output_binding_beside_the_answer_is_noted() {
    check(
        |app| {
            let log = json!({"type": "blob", "direction": "out", "name": "log", "path": "audit/{rand-guid}.json"});
            app.function["bindings"].as_array_mut().unwrap().push(log);
        },
        &[
            "note: HttpTrigger1/function.json: bindings[3]: an output binding beside res: when it fails, the finished answer becomes 500",
        ],
    );
}

#[test]
fn a_store_without_retry_settings_is_noted_once() {
    let note = "note: local.settings.json: Values: set Store__retry__maxRetries, Store__retry__delay and Store__retry__networkTimeout, here and in Azure: without them a silent store makes the caller wait for 400 to 630 s";
    check(
        |app| {
            let values = app.settings["Values"].as_object_mut().unwrap();
            values.remove("Store__retry__networkTimeout");
        },
        &[note],
    );
    check(
        |app| {
            app.settings = json!({});
            let blob = json!({"Type": "BLOB", "Direction": "In", "Name": "tenant", "path": "tenants/a.json", "Connection": "Store"});
            app.function["bindings"].as_array_mut().unwrap().push(blob);
        },
        &[note],
    );
    // Without a name it is the host's own store.
    let note = note.replace("Store__", "AzureWebJobsStorage__");
    check(
        |app| {
            app.binding().as_object_mut().unwrap().remove("connection");
        },
        &[&note],
    );
}

#[test]
fn a_function_timeout_that_leaves_no_time_is_noted() {
    for (timeout, is_short) in [
        ("00:00:29", true),
        ("00:00:30", false),
        ("1.00:00:00", false),
        ("-1", false),
    ] {
        let note = "note: host.json: functionTimeout: below 30 s: it runs while the rows are read, and when it strikes the host kills the handler";
        let expected: &[&str] = if is_short { &[note] } else { &[] };
        check(|app| app.host["functionTimeout"] = timeout.into(), expected);
    }
}

#[test]
fn an_app_without_input_bindings_has_no_traps() {
    let folder = App::right().folder();
    folder.write(
        "allocation.json",
        r#"{"version": 1, "rules": [{"name": "all", "hub": {}}]}"#,
    );
    folder.write("host.json", "{}");
    folder.write(
        FUNCTION,
        r#"{"bindings": [{"type": "httpTrigger", "direction": "in", "name": "req"}, {"type": "http", "direction": "out", "name": "res"}]}"#,
    );
    let right = "allocation.json is right: 1 rule, checksum CHECKSUM\n";
    assert_eq!(folder.told(&["check"]), (0, right.to_owned()));
}

#[test]
fn files_are_read_as_the_host_reads_them() {
    let folder = App::right().folder();
    let commented =
        "\u{feff}// The bundle.\n{ \"extensionBundle\": { \"id\": \"B\", /* any */ }, }";
    folder.write("host.json", commented);
    let right = "allocation.json is right: 2 rules, checksum CHECKSUM\n";
    assert_eq!(folder.told(&["check"]), (0, right.to_owned()));
    let utf16: Vec<u8> = commented
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    folder.write("host.json", utf16);
    assert_eq!(folder.told(&["check"]), (0, right.to_owned()));
    folder.write("host.json", "{ \"extensionBundle\": }");
    let (status, told) = folder.told(&["check"]);
    let error = "error: host.json: it is not JSON: expected value at line 1 column 22\n";
    assert!(told.starts_with(error), "{told}");
    assert_eq!(status, 1);
}

#[test]
fn problems_of_an_app_elsewhere_are_told_with_its_folder() {
    let mut app = App::right();
    app.binding()["dataType"] = "string".into();
    let folder = app.folder();
    let policy = folder.path().join("allocation.json");
    let called = call(&["check", policy.to_str().unwrap(), "--json"]);
    let json: Value = serde_json::from_str(&called.stdout).unwrap();
    let file = folder.path().join(FUNCTION);
    assert_eq!(
        json["notes"],
        json!([{"file": file.to_str().unwrap(), "line": null, "column": null, "member": "bindings[1].dataType",
            "message": "leave dataType out: with it rows arrive as base64, as nothing at all, or not at all"}])
    );
}

#[test]
fn the_handler_does_not_start_on_what_check_calls_an_error() {
    let mut app = App::right();
    app.host = json!({});
    let folder = app.folder();
    let called = folder.call(&[]);
    let expected = "host.json: extensionBundle: an input binding needs an extensionBundle: without it every request gets 404\n";
    assert_eq!((called.status, called.stderr.as_str()), (1, expected));
}

#[test]
fn a_key_with_a_format_is_noted() {
    check(
        |app| app.binding()["partitionKey"] = "{query.code:x}".into(),
        &[
            "note: HttpTrigger1/function.json: bindings[1].partitionKey: {Query.code} is the function key: use it nowhere",
        ],
    );
}

#[test]
fn a_timeout_with_a_fraction_is_read() {
    let note = "note: host.json: functionTimeout: below 30 s: it runs while the rows are read, and when it strikes the host kills the handler";
    for (timeout, is_short) in [
        ("00:00:05.5", true),
        ("0.00:00:29.9", true),
        ("00:00:30.5", false),
        ("1.00:00:00", false),
    ] {
        let expected: &[&str] = if is_short { &[note] } else { &[] };
        check(
            |app| {
                let host = app.host.as_object_mut().unwrap();
                host.remove("functionTimeout");
                host.insert("FunctionTimeout".to_owned(), timeout.into());
            },
            expected,
        );
    }
}

#[test]
fn retry_settings_count_in_each_spelling_that_the_host_reads() {
    for values in [
        json!({"AzureWebJobsStore__retry__maxRetries": "1", "AzureWebJobsStore__retry__networkTimeout": "00:00:02"}),
        json!({"Store:retry:maxRetries": "1", "STORE:Retry:NetworkTimeout": "00:00:02"}),
    ] {
        check(|app| app.settings["Values"] = values, &[]);
    }
}
