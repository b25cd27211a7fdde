//! `handler explain --than OLD`: the devices that would move or change.

use serde_json::{Value, json};

use crate::call::{FIRST_HUB, Folder, command, end, request};

/// A policy of one rule for devices whose id starts with this text.
fn rule(starts_with: &str, rest: &Value) -> String {
    let mut rule = json!({"name": "one", "when": {"registrationId": {"startsWith": starts_with}}});
    let rule_members = rule.as_object_mut().unwrap();
    rule_members.extend(rest.as_object().unwrap().clone());
    json!({"version": 1, "rules": [rule], "otherwise": {"refuse": "No."}}).to_string()
}

/// What `explain --than` tells of two policies for the device `dev-1`.
fn told(old: &str, new: &str) -> (i32, String) {
    let folder = Folder::with(&[
        ("old.json", old),
        ("allocation.json", new),
        ("request.json", &request("dev-1")),
    ]);
    folder.told(&["explain", "--than", "old.json", "request.json"])
}

#[test]
fn each_kind_of_change_has_its_words() {
    let first = rule("dev", &json!({"hub": {}}));
    let twin = rule(
        "dev",
        &json!({"hub": {}, "initialTwin": {"tags": {"a": 1}}}),
    );
    let payload = rule("dev", &json!({"hub": {}, "payload": {"a": 1}}));
    let both = rule(
        "dev",
        &json!({"hub": {}, "initialTwin": {"tags": {"a": 2}}, "payload": {"a": 2}}),
    );
    let last = rule("dev", &json!({"hub": {"take": "last"}}));
    let refused = rule("dev", &json!({"refuse": "Not today."}));
    let retried = rule("dev", &json!({"retry": "Not today."}));
    let otherwise = rule("pump", &json!({"hub": {}}));
    for (old, new, expected) in [
        (&first, &first, ""),
        (
            &first,
            &last,
            "moves from a.azure-devices.net to b.azure-devices.net",
        ),
        (
            &first,
            &refused,
            "gets no hub any more, and had a.azure-devices.net: Not today.",
        ),
        (
            &otherwise,
            &first,
            "gets a.azure-devices.net, and had no hub",
        ),
        (&first, &twin, "gets another initial twin"),
        (&first, &payload, "gets another payload"),
        (&twin, &both, "gets another initial twin and payload"),
        (
            &otherwise,
            &refused,
            "hears \"Not today.\", and heard \"No.\"",
        ),
        (
            &refused,
            &retried,
            "hears \"Not today.\", and heard \"Not today.\"",
        ),
    ] {
        let (moves, changes) = match expected.split(' ').next().unwrap_or_default() {
            "" => (0, 0),
            "moves" => (1, 0),
            _ if expected.contains("had ") => (1, 0),
            _ => (0, 1),
        };
        let line = if expected.is_empty() {
            String::new()
        } else {
            format!("dev-1: {expected}\n")
        };
        let summary = format!("1 request: {moves} would move, {changes} would change\n");
        assert_eq!(told(old, new), (0, line + &summary));
    }
}

#[test]
fn files_arrays_lines_and_the_standard_input_are_taken() {
    let last = FIRST_HUB.replace("{} }", r#"{ "take": "last" } }"#);
    let folder = Folder::with(&[
        ("old.json", FIRST_HUB),
        ("new.json", &last),
        ("one.json", &request("a")),
        (
            "array.json",
            &format!("[{}, {}]", request("b"), request("c")),
        ),
        (
            "lines.jsonl",
            &format!("{}\n{{}}\n{}\n", request("d"), request("e")),
        ),
        ("bad.json", "{"),
    ]);
    let arguments = [
        "explain",
        "--than",
        "old.json",
        "--policy",
        "new.json",
        "one.json",
        "array.json",
        "bad.json",
        "lines.jsonl",
        "-",
    ];
    let called = end(command(folder.path(), &arguments), b"{}");
    let moves = |id| format!("{id}: moves from a.azure-devices.net to b.azure-devices.net\n");
    let moves: String = ["a", "b", "c", "d", "e"].map(moves).concat();
    let summary =
        "7 requests: 5 would move, 0 would change; 2 are refused before any rule is asked\n";
    assert_eq!(called.stdout, moves + summary);
    assert_eq!(
        called.stderr,
        "error: cannot read the requests of bad.json: EOF while parsing an object at line 1 column 1\n"
    );
    assert_eq!(called.status, 1);
}

#[test]
fn machines_get_an_object_a_change_and_one_of_counts() {
    let old = rule("dev", &json!({"hub": {}}));
    let new = rule("pump", &json!({"hub": {}}));
    let folder = Folder::with(&[
        ("old.json", &old),
        ("allocation.json", &new),
        (
            "fleet.jsonl",
            &[
                request("dev-1"),
                request("pump-1"),
                request("fridge-1"),
                "{}".to_owned(),
            ]
            .join("\n"),
        ),
    ]);
    let expected = concat!(
        r#"{"registrationId":"dev-1","change":"moves","old":{"rule":"one","status":200,"hub":"a.azure-devices.net"},"#,
        r#""new":{"rule":"otherwise","status":400,"sentence":"No."}}"#,
        "\n",
        r#"{"registrationId":"pump-1","change":"moves","old":{"rule":"otherwise","status":400,"sentence":"No."},"#,
        r#""new":{"rule":"one","status":200,"hub":"a.azure-devices.net"}}"#,
        "\n",
        r#"{"requests":4,"move":2,"change":0,"refused":1}"#,
        "\n",
    );
    let told = folder.told(&["explain", "--than", "old.json", "--json", "fleet.jsonl"]);
    assert_eq!(told, (0, expected.to_owned()));
}

#[test]
fn who_reads_the_start_alone_is_no_failure() {
    use std::io::Read as _;
    use std::process::Stdio;
    let folder = Folder::with(&[
        ("old.json", FIRST_HUB),
        (
            "allocation.json",
            &FIRST_HUB.replace("{} }", r#"{ "take": "last" } }"#),
        ),
        ("fleet.jsonl", &(request("a") + "\n").repeat(10_000)),
    ]);
    let mut command = command(
        folder.path(),
        &["explain", "--than", "old.json", "fleet.jsonl"],
    );
    let mut process = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut start = [0; 2];
    let mut stdout = process.stdout.take().unwrap();
    stdout.read_exact(&mut start).unwrap();
    assert_eq!(&start, b"a:");
    drop(stdout);
    let output = process.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}
