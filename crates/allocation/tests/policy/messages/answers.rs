//! What is wrong with twins and payloads, in whole sentences.

use super::Table;

pub(super) const ANSWERS: Table = &[
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{},"payload":5}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 85: rules[0].payload: it must be an object, and is a number"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{},"payload":null}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 85: rules[0].payload: it must be an object, and is null"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{},"payload":"text"}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 85: rules[0].payload: it must be an object or one "{path}" alone, and is a string"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{},"payload":"{payload.a}x"}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 85: rules[0].payload: it must be an object or one "{path}" alone, and is a string"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{},"payload":{"{payload.a}":1}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 86: rules[0].payload["{payload.a}"]: a member's name can't contain a template: only values can"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{},"payload":{"a":"x{payload.a?}"}}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 90: rules[0].payload.a: {path?} can only be the whole value of a member or an element in initialTwin and payload: write {path}",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{},"payload":{"a":1e999}}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 90: rules[0].payload.a: the number is too large"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{},"initialTwin":null}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 89: rules[0].initialTwin: it must be an object, and is null"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{},"initialTwin":{"tag":{}}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 90: rules[0].initialTwin.tag: the member is unknown: did you mean "tags"?"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{},"initialTwin":{"properties":{"reported":{}}}}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 104: rules[0].initialTwin.properties.reported: the member is unknown; expected one of desired",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{},"initialTwin":{"tags":5}}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 97: rules[0].initialTwin.tags: it must be an object, and is a number"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{},"initialTwin":{"tags":{"a":null}}}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 102: rules[0].initialTwin.tags.a: IoT Hub does not accept it: a value is null",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{},"initialTwin":{"tags":{"a.b":1}}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 98: rules[0].initialTwin.tags["a.b"]: IoT Hub does not accept it: a name contains a dot, a dollar sign, a space or a control character"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{},"initialTwin":{"tags":{"":1}}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 98: rules[0].initialTwin.tags[""]: IoT Hub does not accept it: a name is empty"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{},"initialTwin":{"tags":{"a":4503599627370496}}}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 102: rules[0].initialTwin.tags.a: IoT Hub does not accept it: a whole number is not between -4503599627370496 and 4503599627370495",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{},"initialTwin":{"tags":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":1}}}}}}}}}}}}}}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 152: rules[0].initialTwin.tags.a.a.a.a.a.a.a.a.a.a.a: IoT Hub does not accept it: it is nested more than 10 levels deep",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{},"initialTwin":{"tags":{"a":1,"a":2}}}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 104: rules[0].initialTwin.tags.a: the member appears twice"],
    ),
];
