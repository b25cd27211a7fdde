//! Files in UTF-8 with a byte order mark and in UTF-16, as Windows PowerShell writes them.

use crate::call::{Folder, ROW, command, end, request};

/// A text as bytes of each encoding in which a person may hand it in.
fn encodings(text: &str) -> [(&'static str, Vec<u8>); 6] {
    let units = |mark: bool| {
        let mark = mark.then_some('\u{feff}');
        mark.into_iter().chain(text.chars()).collect::<String>()
    };
    let little = |mark| -> Vec<u8> {
        units(mark)
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect()
    };
    let big = |mark| -> Vec<u8> {
        units(mark)
            .encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect()
    };
    [
        ("UTF-8", text.as_bytes().to_vec()),
        ("UTF-8 with a mark", units(true).into_bytes()),
        ("UTF-16, little end first", little(true)),
        ("UTF-16, big end first", big(true)),
        ("UTF-16, little end first, without a mark", little(false)),
        ("UTF-16, big end first, without a mark", big(false)),
    ]
}

const POLICY: &str = r#"{ "version": 1, "rules": [ { "name": "küche", "when": { "registrationId": "küche-1" }, "hub": {} } ],
  "otherwise": { "refuse": "No." } }"#;

const KITCHEN: &str = "küche: yes\n  registrationId equals \"küche-1\": yes   proved\n  hub: 2 linked, 2 candidates, first: a.azure-devices.net\n200 {\"iotHubHostName\":\"a.azure-devices.net\"}\n";

#[test]
fn requests_are_read_in_every_encoding() {
    let folder = Folder::with(&[("allocation.json", POLICY)]);
    for (encoding, bytes) in encodings(&format!("\n{}", request("küche-1"))) {
        folder.write("request.json", &bytes);
        let told = folder.told(&["explain", "request.json"]);
        assert_eq!(told, (0, KITCHEN.to_owned()), "{encoding}");
        let from_stdin = end(command(folder.path(), &["explain", "-"]), &bytes);
        assert_eq!(from_stdin.told(), (0, KITCHEN.to_owned()), "{encoding}");
    }
    for (encoding, bytes) in encodings(&format!("[{}]", request("küche-1"))) {
        folder.write("request.json", bytes);
        let told = folder.told(&["explain", "request.json"]);
        assert_eq!(told, (0, KITCHEN.to_owned()), "{encoding}");
    }
}

#[test]
fn rows_are_read_in_every_encoding() {
    let folder = Folder::with(&[
        ("allocation.json", ROW),
        ("request.json", &request("küche-1")),
    ]);
    let rows = r#"{ "device": { "PartitionKey": "küche-1", "hub": "b.azure-devices.net" } }"#;
    for (encoding, bytes) in encodings(rows) {
        folder.write("rows.json", bytes);
        let (status, told) = folder.told(&["explain", "--bindings", "rows.json", "request.json"]);
        let answer = "200 {\"iotHubHostName\":\"b.azure-devices.net\"}\n";
        assert!(told.ends_with(answer), "{encoding}: {told}");
        assert_eq!(status, 0, "{encoding}");
    }
}

#[test]
fn cases_are_read_in_every_encoding() {
    let folder = Folder::with(&[("allocation.json", POLICY)]);
    let cases = format!(
        r#"[{{"name": "ü", "request": {}, "expect": {{"rule": "küche"}}}}]"#,
        request("küche-1")
    );
    let expected = "note: allocation.json:1:57: rules[0].when.registrationId: the case of the registration id counts here, and the service ignores it: \"ignoreCase\": true\n\
                    allocation.json is right: 1 rule, checksum CHECKSUM, 1 of 1 cases pass\n";
    for (encoding, bytes) in encodings(&cases) {
        folder.write("allocation.tests.json", bytes);
        assert_eq!(
            folder.told(&["check"]),
            (0, expected.to_owned()),
            "{encoding}"
        );
    }
}

#[test]
fn a_policy_is_utf_8_alone() {
    let folder = Folder::with(&[("request.json", &request("küche-1"))]);
    for (encoding, bytes) in encodings(POLICY) {
        folder.write("allocation.json", bytes);
        let (status, told) = folder.told(&["explain", "request.json"]);
        let expected = if encoding.starts_with("UTF-8") {
            (0, KITCHEN)
        } else {
            (
                1,
                "error: allocation.json: it is in UTF-16: save it as UTF-8\n",
            )
        };
        assert_eq!((status, told.as_str()), expected, "{encoding}");
    }
}

#[test]
fn another_encoding_is_told() {
    let folder = Folder::with(&[("allocation.json", ROW)]);
    let latin1 = b"[\"k\xfcche\"]";
    folder.write("latin1.json", latin1);
    folder.write("request.json", request("a"));
    let sentence = "it is neither UTF-8 nor UTF-16: save it as UTF-8";
    assert_eq!(
        folder.told(&["explain", "latin1.json"]),
        (
            1,
            format!("error: cannot read the requests of latin1.json: {sentence}\n")
        )
    );
    assert_eq!(
        folder.told(&["explain", "--bindings", "latin1.json", "request.json"]),
        (1, format!("error: cannot read latin1.json: {sentence}\n"))
    );
    folder.write("latin1.jsonl", b"{}\n{\"a\": \"k\xfcche\"}");
    let called = folder.call(&["explain", "latin1.jsonl"]);
    assert_eq!(
        called.stderr,
        format!("error: cannot read the requests of latin1.jsonl: {sentence} (line 2 column 9)\n")
    );
    folder.write("allocation.tests.json", latin1);
    assert_eq!(
        folder.told(&["check"]),
        (
            1,
            format!("error: cannot read allocation.tests.json: {sentence}\n")
        )
    );
}
