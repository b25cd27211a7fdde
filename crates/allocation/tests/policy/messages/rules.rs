//! What is wrong with rules, in whole sentences.

use super::Table;

pub(super) const RULES: Table = &[
    (
        r#"{"version":1,"rules":[{"when":{"tpm":{"exists":true}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[r#"line 1, column 23: rules[0]: the rule has no "name""#],
    ),
    (
        r#"{"version":1,"rules":[{"name":"","when":{"tpm":{"exists":true}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 31: rules[0].name: it is empty"],
    ),
    (
        r#"{"version":1,"rules":[{"name":5,"when":{"tpm":{"exists":true}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 31: rules[0].name: it must be a string, and is a number"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx","when":{"tpm":{"exists":true}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 31: rules[0].name: it has 129 characters; the limit is 128"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"a\nb","when":{"tpm":{"exists":true}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 31: rules[0].name: it must be one line without control characters"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"otherwise","when":{"tpm":{"exists":true}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 31: rules[0].name: "otherwise" is reserved: it is the name of the decisions of otherwise"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{}},{"name":"r","hub":{}}]}"#,
        &["line 1, column 84: rules[1].name: rules[0] has this name already"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}}}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 23: rules[0]: it needs one of hub, refuse and retry"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{},"refuse":"No."}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 75: rules[0].refuse: it can't be used beside hub: a rule does one thing"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"refuse":"No.","payload":{}}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 81: rules[0].payload: it is only allowed beside hub"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"retry":"No.","initialTwin":{}}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 80: rules[0].initialTwin: it is only allowed beside hub"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{},"log":"No"}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 75: rules[0].log: it is only allowed beside refuse"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"refuse":""}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 75: rules[0].refuse: it is empty"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"refuse":"a\nb"}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 75: rules[0].refuse: it must be one line without control characters"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"retry":"No {payload}"}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 74: rules[0].retry: a sentence can't contain braces or templates"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"refuse":null}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 75: rules[0].refuse: it must be a string, and is null"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","When":{"tpm":{"exists":true}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 35: rules[0].When: the member is unknown: did you mean "when"?"#,
            r#"line 1, column 77: otherwise: the last rule has no "when" and matches every device: remove otherwise, which is never used"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","hub":{}},{"name":"s","hub":{}}]}"#,
        &[
            r#"line 1, column 23: rules[0]: only the last rule may lack "when": rules[1] and the rules after it are never reached"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":["a","b"],"payload.n":1},"hub":{}},{"name":"s","when":{"payload.n":1.0,"registrationId":["b","a"]},"hub":{}},{"name":"t","hub":{}}]}"#,
        &[
            r#"line 1, column 107: rules[1].when: the rule is never reached: rules[0] has the same "when""#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"payload.a":"x"},"hub":{}},{"name":"s","when":{"payload.a":{"equals":["x"]}},"hub":{}},{"name":"t","hub":{}}]}"#,
        &[
            r#"line 1, column 82: rules[1].when: the rule is never reached: rules[0] has the same "when""#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"anyOf":[{"payload.a":{"not":"x"}},{"tpm":{"exists":true}}]},"hub":{}},{"name":"s","when":{"anyOf":[{"tpm":{"exists":true}},{"payload.a":{"not":{"equals":"x","ignoreCase":false}}}]},"hub":{}},{"name":"t","hub":{}}]}"#,
        &[
            r#"line 1, column 126: rules[1].when: the rule is never reached: rules[0] has the same "when""#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","huub":{}}]}"#,
        &[
            "line 1, column 23: rules[0]: it needs one of hub, refuse and retry",
            r#"line 1, column 35: rules[0].huub: the member is unknown: did you mean "hub"?"#,
        ],
    ),
];
