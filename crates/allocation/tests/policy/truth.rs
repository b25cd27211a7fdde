//! What each operator says of each kind of value.

use crate::support::{decide_with, policy};
use serde_json::{Value, json};

/// The members `v` of the payload that a test is asked about, as JSON; an empty text is an absent
/// one, and `…` stands behind something that is not an object.
const VALUES: [&str; 18] = [
    "",
    "null",
    "…",
    r#""abc""#,
    r#""ABC""#,
    r#""xabcx""#,
    r#""""#,
    r#""5""#,
    r#""1.02.0""#,
    "5",
    "5.0",
    "-0",
    "1e999",
    "true",
    "false",
    "[5]",
    r#"{"a":5}"#,
    r#""\ud800""#,
];

/// Whether a test holds (`+`), does not hold (`-`), or does not apply (` `): then neither it nor
/// its `not` holds.
fn outcome(test: &Value, value: &str) -> char {
    let file = policy(&json!({
        "version": 1,
        "rules": [
            {"name": "+", "when": {"payload.v": test}, "refuse": "It holds."},
            {"name": "-", "when": {"payload.v": {"not": test}}, "refuse": "It does not hold."},
        ],
        "otherwise": {"refuse": "It does not apply."},
    }));
    let payload = match value {
        "" => r#"{"w":1}"#.to_owned(),
        "…" => "[1]".to_owned(),
        value => format!(r#"{{"v":{value}}}"#),
    };
    let request = format!(
        r#"{{"deviceRuntimeContext":{{"registrationId":"ABC","payload":{payload}}},"linkedHubs":["h"]}}"#
    );
    match decide_with(&file, &request, "{}")["rule"].as_str() {
        Some("+") => '+',
        Some("-") => '-',
        _ => ' ',
    }
}

/// `expected` has a character for each of [`VALUES`]: three are missing, six are text, four
/// numbers.
#[track_caller]
fn check(test: &Value, expected: &str) {
    let found: String = VALUES.iter().map(|value| outcome(test, value)).collect();
    assert_eq!(found, expected, "{test} of {VALUES:?}");
}

#[test]
fn equals_has_three_outcomes() {
    for (test, expected) in [
        (json!("abc"), "   +-------- --   "),
        (json!({"equals": "abc"}), "   +-------- --   "),
        (
            json!({"equals": "abc", "ignoreCase": true}),
            "   ++------- --   ",
        ),
        (
            json!({"equals": "aBC", "ignoreCase": false}),
            "   --------- --   ",
        ),
        (json!({"equals": ""}), "   ---+----- --   "),
        (json!("5"), "   ----+---- --   "),
        (json!(5), "   ------++- --   "),
        (json!(5.0), "   ------++- --   "),
        (json!(0), "   --------+ --   "),
        (json!(true), "   --------- +-   "),
        (json!(false), "   --------- -+   "),
        (json!(["abc", 5, true]), "   +-----++- +-   "),
        (
            json!({"equals": ["abc", 5], "ignoreCase": true}),
            "   ++----++- --   ",
        ),
        (json!("{registrationId}"), "   -+------- --   "),
        (
            json!({"equals": "{registrationId}", "ignoreCase": true}),
            "   ++------- --   ",
        ),
        (json!("{payload.gone}"), "                  "),
        (json!(["{payload.gone}", "abc"]), "   +              "),
    ] {
        check(&test, expected);
    }
}

#[test]
fn every_other_operator_has_three_outcomes() {
    for (test, expected) in [
        (json!({"startsWith": "abc"}), "   +-----         "),
        (
            json!({"startsWith": "abc", "ignoreCase": true}),
            "   ++----         ",
        ),
        (json!({"startsWith": ["x", "ab"]}), "   +-+---         "),
        (json!({"endsWith": "bc"}), "   +-----         "),
        (
            json!({"endsWith": ["BC", "X"], "ignoreCase": true}),
            "   +++---         ",
        ),
        (json!({"contains": "abc"}), "   +-+---         "),
        (
            json!({"contains": "ABC", "ignoreCase": true}),
            "   +++---         ",
        ),
        (json!({"contains": "{payload.gone}"}), "                  "),
        (json!({"less": 5}), "         --+      "),
        (json!({"lessOrEquals": 5}), "         +++      "),
        (json!({"greater": 5}), "         ---      "),
        (json!({"greaterOrEquals": 5}), "         ++-      "),
        (json!({"less": "{payload.gone}"}), "                  "),
        // Text is no number.
        (json!({"less": "{registrationId}"}), "                  "),
        (json!({"version": {"equals": "1.2"}}), "       -+         "),
        (json!({"version": {"less": "5"}}), "       -+         "),
        (
            json!({"version": {"lessOrEquals": "5.0.0"}}),
            "       ++         ",
        ),
        (json!({"version": {"greater": "1.2"}}), "       +-         "),
        (
            json!({"version": {"greaterOrEquals": "1.2", "less": "2"}}),
            "       -+         ",
        ),
        (
            json!({"version": {"less": "{registrationId}"}}),
            "                  ",
        ),
        (json!({"exists": true}), "   +++++++++++++++"),
        (json!({"exists": false}), "+++---------------"),
        // One of several that does not apply decides.
        (
            json!({"exists": true, "startsWith": "abc"}),
            "   +-----         ",
        ),
        (
            json!({"exists": false, "startsWith": "abc"}),
            "   ------         ",
        ),
        (
            json!({"startsWith": "abc", "equals": "xabcx"}),
            "   ------         ",
        ),
        (
            json!({"startsWith": "abc", "less": 6}),
            "                  ",
        ),
        (json!({"not": "abc"}), "   -++++++++ ++   "),
        (
            json!({"not": {"equals": "abc", "ignoreCase": true}}),
            "   --+++++++ ++   ",
        ),
        // ignoreCase is not for what is inside not.
        (
            json!({"not": "abc", "startsWith": "ABC", "ignoreCase": true}),
            "   -+----         ",
        ),
        (json!({"not": {"not": {"less": 5}}}), "         --+      "),
    ] {
        check(&test, expected);
    }
}

#[test]
fn a_list_applies_by_what_holds() {
    // A template that can't be filled matters only if no other value of the list holds.
    assert_eq!(outcome(&json!(["{payload.gone}", "abc"]), r#""abc""#), '+');
    assert_eq!(outcome(&json!(["{payload.gone}", "abc"]), r#""x""#), ' ');
    assert_eq!(outcome(&json!(["abc", "{payload.gone}"]), r#""abc""#), '+');
}

#[test]
fn numbers_compare_by_value_and_large_integers_exactly() {
    for (test, value, expected) in [
        (json!(9_007_199_254_740_993_i64), "9007199254740993", '+'),
        (json!(9_007_199_254_740_993_i64), "9007199254740992", '-'),
        (
            json!(18_446_744_073_709_551_615_u64),
            "18446744073709551615",
            '+',
        ),
        (
            json!({"less": 18_446_744_073_709_551_615_u64}),
            "18446744073709551614",
            '+',
        ),
        (json!({"greater": i64::MIN}), "-9223372036854775807", '+'),
        // Beyond them both are doubles.
        (
            json!(18_446_744_073_709_551_615_u64),
            "18446744073709551616",
            '+',
        ),
        (json!(0.1), "1e-1", '+'),
        (json!(100), "1E2", '+'),
        (json!(0), "-0.0", '+'),
    ] {
        assert_eq!(outcome(&test, value), expected, "{test} of {value}");
    }
}

#[test]
fn versions_are_groups_of_digits_alone() {
    let test = json!({"version": {"greaterOrEquals": "12.0.2", "less": "13"}});
    for (value, expected) in [
        (r#""12.0.2""#, '+'),
        (r#""12.0.2.5""#, '+'),
        (r#""12.0.10""#, '+'),
        (r#""012.000.02""#, '+'),
        (r#""12.99999999999999999999999999""#, '+'),
        (r#""12.0.1""#, '-'),
        (r#""12""#, '-'),
        (r#""13.0""#, '-'),
        (r#""99999999999999999999999999""#, '-'),
        (r#""12.0.2-beta""#, ' '),
        (r#""v12.0.2""#, ' '),
        (r#""12..2""#, ' '),
        (r#""12.""#, ' '),
        (r#""""#, ' '),
        (r#"" 12.1""#, ' '),
        (r#""١٢.1""#, ' '),
        ("12.1", ' '),
    ] {
        assert_eq!(outcome(&test, value), expected, "{value}");
    }
}

#[test]
fn case_is_ignored_in_ascii_alone() {
    let test = json!({"equals": "KÜche", "ignoreCase": true});
    assert_eq!(outcome(&test, r#""kÜCHE""#), '+');
    assert_eq!(outcome(&test, r#""küche""#), '-');
    // The Kelvin sign is no K.
    assert_eq!(
        outcome(&json!({"equals": "k", "ignoreCase": true}), "\"\u{212a}\""),
        '-'
    );
}
