//! What is wrong with the policy's own members, in whole sentences.

use super::Table;

pub(super) const POLICY: Table = &[
    (
        "[]",
        &["line 1, column 1: it must be an object, and is an array"],
    ),
    (
        "{}",
        &[
            r#"line 1, column 1: it has no "version": write "version": 1"#,
            r#"line 1, column 1: it has no "rules""#,
        ],
    ),
    (
        r#"{"version":1}"#,
        &[r#"line 1, column 1: it has no "rules""#],
    ),
    (
        r#"{"version":2,"rules":[{"name":"r","hub":{}}]}"#,
        &[
            "line 1, column 12: version: this handler reads the number 1, the first version of the format",
        ],
    ),
    (
        r#"{"version":"1","rules":[{"name":"r","hub":{}}]}"#,
        &[
            "line 1, column 12: version: this handler reads the number 1, the first version of the format",
        ],
    ),
    (
        r#"{"version":1,"rules":[]}"#,
        &["line 1, column 22: rules: it is empty"],
    ),
    (
        r#"{"version":1,"rules":{}}"#,
        &["line 1, column 22: rules: it must be an array, and is an object"],
    ),
    (
        r#"{"version":1,"rules":[5]}"#,
        &["line 1, column 23: rules[0]: it must be an object, and is a number"],
    ),
    (
        r#"{"version":1,"ruls":[],"rules":[{"name":"r","hub":{}}]}"#,
        &[r#"line 1, column 14: ruls: the member is unknown: did you mean "rules"?"#],
    ),
    (
        r#"{"version":1,"extra":5,"rules":[{"name":"r","hub":{}}]}"#,
        &[
            "line 1, column 14: extra: the member is unknown; expected one of $schema, version, description, rows, rules, otherwise",
        ],
    ),
    (
        r#"{"version":1,"version":1,"rules":[{"name":"r","hub":{}}]}"#,
        &["line 1, column 14: version: the member appears twice"],
    ),
    (
        r#"{"$schema":5,"version":1,"description":null,"rules":[{"name":"r","hub":{}}]}"#,
        &[
            "line 1, column 12: $schema: it must be a string, and is a number",
            "line 1, column 40: description: it must be a string, and is null",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 46: otherwise: the last rule has no "when" and matches every device: remove otherwise, which is never used"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{}}]}"#,
        &[
            r#"line 1, column 23: rules[0]: the last rule has a "when": the policy needs an "otherwise" for all other devices"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{}}],"otherwise":{}}"#,
        &["line 1, column 89: otherwise: it needs one of refuse and retry"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{}}],"otherwise":{"hub":{}}}"#,
        &[
            "line 1, column 89: otherwise: it needs one of refuse and retry",
            "line 1, column 90: otherwise.hub: the member is unknown; expected one of refuse, log, retry",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{}}],"otherwise":{"refuse":"No.","retry":"No."}}"#,
        &[
            "line 1, column 105: otherwise.retry: it can't be used beside refuse: a rule does one thing",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{}}],"otherwise":{"retry":"No.","log":"No"}}"#,
        &["line 1, column 104: otherwise.log: it is only allowed beside refuse"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{}}],"otherwise":"No."}"#,
        &["line 1, column 89: otherwise: it must be an object, and is a string"],
    ),
];
