//! What is wrong with conditions, in whole sentences.

use super::Table;

pub(super) const CONDITIONS: Table = &[
    (
        r#"{"version":1,"rules":[{"name":"r","when":{},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 42: rules[0].when: it is empty: leave it out to match every device"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":[],"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 42: rules[0].when: it must be an object, and is an array"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":null,"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 42: rules[0].when: it must be an object, and is null"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"anyOf":[]},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 51: rules[0].when.anyOf: it is empty"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"anyOf":[{}]},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 52: rules[0].when.anyOf[0]: it is empty"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"anyOf":{}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 51: rules[0].when.anyOf: it must be an array, and is an object"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"anyOf":[{"anyOf":[]}]},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 53: rules[0].when.anyOf[0].anyOf: a branch of anyOf has no anyOf of its own",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationID":"a"},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 43: rules[0].when.registrationID: no path starts with "registrationID": did you mean "registrationId"?"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"device":"a"},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 43: rules[0].when.device: no path starts with "device"; paths start with registrationId, currentIotHubHostName, currentDeviceId, payload, x509, symmetricKey, tpm, individualEnrollment, enrollmentGroup, linkedHubs, enrollment, certificate, iotHubHostName, or rows"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"payload..a":1},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 43: rules[0].when["payload..a"]: a path needs a name before and after each dot"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"payload.a?":1},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[r#"line 1, column 43: rules[0].when["payload.a?"]: a path can't contain '?'"#],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"{payload}":1},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[r#"line 1, column 43: rules[0].when["{payload}"]: a path can't contain '{'"#],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"":1},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[r#"line 1, column 43: rules[0].when[""]: a path needs a name before and after each dot"#],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"iotHubHostName":"a"},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 43: rules[0].when.iotHubHostName: iotHubHostName is known only in initialTwin and payload, once the hub has been chosen",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"rows":1},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 43: rules[0].when.rows: rows needs a name after it: rows.NAME"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"rows.x.y":1},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[r#"line 1, column 43: rules[0].when["rows.x.y"]: the file has no rows named "x""#],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":null},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 60: rules[0].when.registrationId: null can't be compared: a null value counts as missing, which is tested by {"exists": false}"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":[]},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 60: rules[0].when.registrationId: it is empty"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":{}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 60: rules[0].when.registrationId: it is empty"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":[null]},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 61: rules[0].when.registrationId[0]: null can't be compared: a null value counts as missing, which is tested by {"exists": false}"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":[[]]},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 61: rules[0].when.registrationId[0]: it must be a string, a number or a boolean, and is an array",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":{"equals":{}}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 70: rules[0].when.registrationId.equals: it must be a string, a number or a boolean, and is an object",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":{"equals":null}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 70: rules[0].when.registrationId.equals: null can't be compared: a null value counts as missing, which is tested by {"exists": false}"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":{"equals":[]}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 70: rules[0].when.registrationId.equals: it is empty"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":1e999},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 60: rules[0].when.registrationId: the number is too large"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":{"startWith":"a"}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 61: rules[0].when.registrationId.startWith: the operator is unknown: did you mean "startsWith"?"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":{"matches":"a"}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 61: rules[0].when.registrationId.matches: the operator is unknown; expected one of equals, startsWith, endsWith, contains, less, lessOrEquals, greater, greaterOrEquals, version, exists, not, ignoreCase",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":{"startsWith":""}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 74: rules[0].when.registrationId.startsWith: it is empty"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":{"contains":["a",""]}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 77: rules[0].when.registrationId.contains[1]: it is empty"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":{"endsWith":5}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 72: rules[0].when.registrationId.endsWith: it must be a string, and is a number",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":{"contains":[]}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 72: rules[0].when.registrationId.contains: it is empty"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":{"less":"5"}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 68: rules[0].when.registrationId.less: it must be a number or one "{path}" alone, and is a string"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":{"greater":null}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 71: rules[0].when.registrationId.greater: it must be a number or one "{path}" alone, and is null"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":{"less":"{payload.a}x"}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 68: rules[0].when.registrationId.less: it must be a number or one "{path}" alone, and is a string"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":{"version":{}}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 71: rules[0].when.registrationId.version: it is empty"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":{"version":"1"}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 71: rules[0].when.registrationId.version: it must be an object, and is a string",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":{"version":{"less":"1.x"}}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 79: rules[0].when.registrationId.version.less: it is not a version: write groups of digits with single dots between them, as in 12.0.2",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":{"version":{"less":1}}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 79: rules[0].when.registrationId.version.less: it must be a string, and is a number",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":{"version":{"above":"1"}}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 72: rules[0].when.registrationId.version.above: the member is unknown; expected one of equals, less, lessOrEquals, greater, greaterOrEquals",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":{"exists":"true"}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 70: rules[0].when.registrationId.exists: it must be true or false, and is a string",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":{"not":{}}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 67: rules[0].when.registrationId.not: it is empty"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":{"ignoreCase":true}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 61: rules[0].when.registrationId.ignoreCase: it needs a comparison of text beside it, as in {"equals": "text", "ignoreCase": true}"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":{"equals":5,"ignoreCase":true}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 72: rules[0].when.registrationId.ignoreCase: it needs a comparison of text beside it, as in {"equals": "text", "ignoreCase": true}"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":{"exists":true,"ignoreCase":true}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 75: rules[0].when.registrationId.ignoreCase: it needs a comparison of text beside it, as in {"equals": "text", "ignoreCase": true}"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":{"not":"a","ignoreCase":true}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 71: rules[0].when.registrationId.ignoreCase: it needs a comparison of text beside it, as in {"equals": "text", "ignoreCase": true}"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":{"equals":"a","ignoreCase":1}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 87: rules[0].when.registrationId.ignoreCase: it must be true or false, and is a number",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":"{payload.a?}"},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 60: rules[0].when.registrationId: {path?} can only be the whole value of a member or an element in initialTwin and payload: write {path}",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":"{"},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 60: rules[0].when.registrationId: a single '{' is not part of a {path}, which has no blanks: the brace itself is written {{",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":"a}"},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 60: rules[0].when.registrationId: a single '}' is not part of a {path}, which has no blanks: the brace itself is written }}",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":"{ payload}"},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 60: rules[0].when.registrationId: a single '{' is not part of a {path}, which has no blanks: the brace itself is written {{",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":"{paylod.a}"},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 60: rules[0].when.registrationId: no path starts with "paylod": did you mean "payload"?"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":"{iotHubHostName}"},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 60: rules[0].when.registrationId: iotHubHostName is known only in initialTwin and payload, once the hub has been chosen",
        ],
    ),
];
