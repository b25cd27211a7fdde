//! What is wrong with a file, or risky, in whole sentences: the list of them all, by subject.

mod answers;
mod conditions;
mod hubs;
mod notes;
mod policy;
mod rows;
mod rules;

use allocation::policy::File;

/// Files that are wrong, and all that is told of them.
type Table = &'static [(&'static str, &'static [&'static str])];

#[track_caller]
fn check(table: Table) {
    for (text, expected) in table {
        let error = File::parse(text.as_bytes()).expect_err(text);
        let found: Vec<String> = error.problems().map(ToString::to_string).collect();
        assert_eq!(found, *expected, "{text}");
        let is_misspelling = |one: &&&str| one.contains(" is unknown: did you mean ");
        let told = expected.iter().find(is_misspelling);
        let told = told.unwrap_or(&expected[0]);
        assert_eq!(error.to_string(), **told, "one stands for all");
    }
}

#[test]
fn the_policy_s_own_members_are_checked() {
    check(policy::POLICY);
}

#[test]
fn rules_are_checked() {
    check(rules::RULES);
}

#[test]
fn conditions_are_checked() {
    check(conditions::CONDITIONS);
}

#[test]
fn hubs_are_checked() {
    check(hubs::HUBS);
}

#[test]
fn twins_and_payloads_are_checked() {
    check(answers::ANSWERS);
}

#[test]
fn rows_are_checked() {
    check(rows::ROWS);
}

#[test]
fn what_is_right_and_risky_is_noted() {
    for (text, expected) in notes::NOTES {
        let (_, notes) = File::parse_with_notes(text.as_bytes()).unwrap();
        let found: Vec<String> = notes.iter().map(ToString::to_string).collect();
        assert_eq!(found, *expected, "{text}");
    }
}

#[test]
fn encodings_and_limits_are_named() {
    let right = r#"{"version":1,"rules":[{"name":"r","hub":{}}]}"#;
    let utf16: Vec<u8> = right.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked = [&[0xff, 0xfe], &utf16[..]].concat();
    let large = format!("{right}{}", " ".repeat(8 << 20));
    let deep = format!("{}{}", "[".repeat(129), "]".repeat(129));
    for (bytes, expected) in [
        (&utf16[..], "it is in UTF-16: save it as UTF-8"),
        (&marked, "it is in UTF-16: save it as UTF-8"),
        (
            b"{\n\"\xfc\"}",
            "it is not UTF-8 at line 2, column 2: save it as UTF-8",
        ),
        (
            large.as_bytes(),
            "it has 8388653 bytes; the limit is 8388608 (8 MiB): move large tables behind a binding",
        ),
        (
            deep.as_bytes(),
            "line 1, column 129: it is nested more than 128 levels deep",
        ),
    ] {
        let error = File::parse(bytes).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    File::parse(format!("\u{feff}{right}").as_bytes()).unwrap();
}
