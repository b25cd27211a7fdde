//! `handler check`: findings, the verdict, and the exit status.

use std::path::Path;

use serde_json::Value;

use crate::call::{Call, FIRST_HUB, Folder, ROOT, ROW, call, command, end, without_checksum};

const IGNORED_CASE: &str =
    "the case of the registration id counts here, and the service ignores it: \"ignoreCase\": true";

#[test]
fn the_tutorial_s_policy_is_right_with_two_notes() {
    let Call {
        status,
        stdout,
        stderr,
    } = call(&["check"]);
    let expected = format!(
        "note: allocation.json:8:17: rules[0].when.registrationId: {IGNORED_CASE}\n\
         note: allocation.json:22:17: rules[1].when.registrationId: {IGNORED_CASE}\n\
         allocation.json is right: 2 rules, checksum CHECKSUM, 8 of 8 cases pass\n"
    );
    assert_eq!(without_checksum(&stdout), expected);
    assert_eq!((status, stderr.as_str()), (0, ""));
}

#[test]
fn machines_get_one_object() {
    let policy = std::fs::read(Path::new(ROOT).join("allocation.json")).unwrap();
    let policy = allocation::policy::File::parse(&policy).unwrap();
    let note = |line: usize, rule: usize| {
        format!(
            r#"{{"file":"allocation.json","line":{line},"column":17,"member":"rules[{rule}].when.registrationId","message":{}}}"#,
            Value::from(IGNORED_CASE)
        )
    };
    let cases = std::fs::read_to_string(Path::new(ROOT).join("allocation.tests.json")).unwrap();
    let cases: Vec<Value> = serde_json::from_str(&cases).unwrap();
    let passed =
        |case: &Value| format!(r#"{{"name":{},"passed":true,"failures":[]}}"#, case["name"]);
    let cases: Vec<String> = cases.iter().map(passed).collect();
    let expected = format!(
        r#"{{"file":"allocation.json","right":true,"rules":2,"checksum":"{}","errors":[],"notes":[{},{}],"cases":[{}]}}"#,
        policy.checksum(),
        note(8, 0),
        note(22, 1),
        cases.join(",")
    );
    let called = call(&["check", "--json"]);
    assert_eq!(called.told(), (0, format!("{expected}\n")));
}

#[test]
fn every_error_is_told_with_its_place_and_the_status_is_1() {
    let folder = Folder::with(&[(
        "allocation.json",
        r#"{ "version": 1,
  "rules": [ { "name": "a", "hub": {}, "initialTwin": { "tag": {} } },
             { "name": "a", "hub": "{payload.hub?}" } ] }
"#,
    )]);
    let (status, told) = folder.told(&["check"]);
    let lines: Vec<&str> = told.lines().collect();
    let (verdict, errors) = lines.split_last().unwrap();
    assert_eq!((status, *verdict), (1, "allocation.json is wrong"));
    let places: Vec<&str> = errors
        .iter()
        .map(|error| {
            error
                .split_inclusive(": ")
                .take(3)
                .fold(0, |end, part| end + part.len())
        })
        .zip(errors)
        .map(|(end, error)| &error[..end])
        .collect();
    assert_eq!(
        places,
        [
            "error: allocation.json:2:14: rules[0]: ",
            "error: allocation.json:2:57: rules[0].initialTwin.tag: ",
            "error: allocation.json:3:24: rules[1].name: ",
            "error: allocation.json:3:36: rules[1].hub: ",
        ]
    );
    let (status, json) = folder.told(&["check", "--json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((status, &json["right"]), (1, &false.into()));
    assert_eq!(
        (&json["rules"], &json["checksum"]),
        (&Value::Null, &Value::Null)
    );
    let first = &json["errors"][0];
    assert_eq!((&first["line"], &first["column"]), (&2.into(), &14.into()));
    assert_eq!(first["member"], "rules[0]");
    let message = first["message"].as_str().unwrap();
    assert_eq!(format!("{}{message}", places[0]), errors[0]);
}

#[test]
fn a_file_is_named_by_the_argument_or_by_the_variable() {
    let folder = Folder::with(&[("policies/first.json", FIRST_HUB)]);
    let right = |path: &str| {
        let text = format!("{path} is right: 1 rule, checksum CHECKSUM\n");
        (0, text)
    };
    let named = folder.told(&["check", "policies/first.json"]);
    assert_eq!(named, right("policies/first.json"));
    let by_variable = |arguments: &[&str], root: &str, name: &str| {
        let mut command = command(folder.path(), arguments);
        command
            .env("ALLOCATION_POLICY", name)
            .env("FUNCTIONS_APP_ROOT_PATH", root);
        let (status, told) = end(command, b"").told();
        (status, without_checksum(&told))
    };
    assert_eq!(
        by_variable(&["check"], "", "policies/first.json"),
        right("policies/first.json")
    );
    assert_eq!(
        by_variable(&["check"], "policies", "first.json"),
        right("policies/first.json")
    );
    // The argument goes before the variable.
    assert_eq!(
        by_variable(&["check", "policies/first.json"], "", "none.json"),
        right("policies/first.json")
    );
    let cannot = "cannot read policies/none.json: put the policy there, or name another file in ALLOCATION_POLICY: No such file or directory (os error 2)";
    assert_eq!(
        by_variable(&["check"], "policies", "none.json"),
        (1, format!("error: {cannot}\n"))
    );
}

#[test]
fn a_file_that_is_not_there_is_told() {
    let folder = Folder::with(&[]);
    for (arguments, expected) in [
        (
            &["check"][..],
            "cannot read allocation.json: put the policy there, or name another file in ALLOCATION_POLICY: No such file or directory (os error 2)",
        ),
        (
            &["check", "a.json"],
            "cannot read a.json: No such file or directory (os error 2)",
        ),
    ] {
        let expected = (1, format!("error: {expected}\n"));
        assert_eq!(folder.told(arguments), expected, "{arguments:?}");
    }
}

#[test]
fn without_function_json_rows_are_not_checked_and_that_is_said() {
    let folder = Folder::with(&[("allocation.json", ROW)]);
    let expected = "note: HttpTrigger1/function.json: there is no such file, so that the bindings of the policy's rows are not checked\n\
                    allocation.json is right: 2 rules, checksum CHECKSUM\n";
    assert_eq!(folder.told(&["check"]), (0, expected.to_owned()));
}

#[test]
fn who_calls_it_wrongly_gets_status_2() {
    for (arguments, expected) in [
        (&["serve"][..], "there is no command \"serve\""),
        (
            &["check", "a.json", "b.json"],
            "unexpected argument \"b.json\"",
        ),
        (&["check", "--strict"], "invalid option '--strict'"),
        (&["explain"], "explain needs a file of requests"),
        (
            &["explain", "a.json", "--than"],
            "missing argument for option '--than'",
        ),
    ] {
        let expected = format!("handler: {expected}; handler --help tells more\n");
        assert_eq!(call(arguments).told(), (2, expected), "{arguments:?}");
    }
}
