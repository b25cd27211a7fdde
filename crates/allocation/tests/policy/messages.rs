//! What is wrong with a file, or risky, in whole sentences. It is long, as it is the list of them all.

use allocation::policy::File;

/// Files that are wrong, and all that is told of them.
type Table = &'static [(&'static str, &'static [&'static str])];

const POLICY: Table = &[
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
            "line 1, column 14: extra: the member is unknown; known are $schema, version, description, rows, rules, otherwise",
        ],
    ),
    (
        r#"{"version":1,"version":1,"rules":[{"name":"r","hub":{}}]}"#,
        &["line 1, column 14: version: the member is there twice"],
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
            r#"line 1, column 46: otherwise: the last rule has no "when" and is for all, so that nothing is left for otherwise: leave out one of them"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{}}]}"#,
        &[
            r#"line 1, column 23: rules[0]: the last rule has a "when", so that the policy needs an "otherwise" for all other devices"#,
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
            "line 1, column 90: otherwise.hub: the member is unknown; known are refuse, log, retry",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{}}],"otherwise":{"refuse":"No.","retry":"No."}}"#,
        &[
            "line 1, column 105: otherwise.retry: it can't stand beside refuse: a rule does one thing",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{}}],"otherwise":{"retry":"No.","log":"No"}}"#,
        &["line 1, column 104: otherwise.log: it stands beside refuse only"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{}}],"otherwise":"No."}"#,
        &["line 1, column 89: otherwise: it must be an object, and is a string"],
    ),
];

const RULES: Table = &[
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
        &["line 1, column 31: rules[0].name: it has 129 characters, and 128 are the limit"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"a\nb","when":{"tpm":{"exists":true}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 31: rules[0].name: it must stand on one line, without control characters",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"otherwise","when":{"tpm":{"exists":true}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 31: rules[0].name: no rule is called "otherwise", as the decisions of otherwise are told under that name"#,
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
        &["line 1, column 75: rules[0].refuse: it can't stand beside hub: a rule does one thing"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"refuse":"No.","payload":{}}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 81: rules[0].payload: it stands beside hub only"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"retry":"No.","initialTwin":{}}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 80: rules[0].initialTwin: it stands beside hub only"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{},"log":"No"}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 75: rules[0].log: it stands beside refuse only"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"refuse":""}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 75: rules[0].refuse: it is empty"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"refuse":"a\nb"}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 75: rules[0].refuse: it must stand on one line, without control characters",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"retry":"No {payload}"}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 74: rules[0].retry: it is a sentence, which has no braces and no templates",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"refuse":null}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 75: rules[0].refuse: it must be a string, and is null"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","When":{"tpm":{"exists":true}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 35: rules[0].When: the member is unknown: did you mean "when"?"#,
            r#"line 1, column 77: otherwise: the last rule has no "when" and is for all, so that nothing is left for otherwise: leave out one of them"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","hub":{}},{"name":"s","hub":{}}]}"#,
        &[
            r#"line 1, column 23: rules[0]: only the last rule may lack "when": no rule behind this one is ever reached (the first is rules[1])"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":["a","b"],"payload.n":1},"hub":{}},{"name":"s","when":{"payload.n":1.0,"registrationId":["b","a"]},"hub":{}},{"name":"t","hub":{}}]}"#,
        &[
            r#"line 1, column 107: rules[1].when: the rule is never reached: rules[0] has the same "when""#,
        ],
    ),
];

const CONDITIONS: Table = &[
    (
        r#"{"version":1,"rules":[{"name":"r","when":{},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 42: rules[0].when: it is empty: leave it out, and the rule is for all"],
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
            r#"line 1, column 43: rules[0].when.device: no path starts with "device"; one starts with registrationId, currentIotHubHostName, currentDeviceId, payload, x509, symmetricKey, tpm, individualEnrollment, enrollmentGroup, linkedHubs, enrollment, certificate, iotHubHostName, or rows"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"payload..a":1},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 43: rules[0].when["payload..a"]: a path has a name before and behind each dot"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"payload.a?":1},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[r#"line 1, column 43: rules[0].when["payload.a?"]: a path can't hold '?'"#],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"{payload}":1},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[r#"line 1, column 43: rules[0].when["{payload}"]: a path can't hold '{'"#],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"":1},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[r#"line 1, column 43: rules[0].when[""]: a path has a name before and behind each dot"#],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"iotHubHostName":"a"},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 43: rules[0].when.iotHubHostName: iotHubHostName is known in initialTwin and payload only, when the hub has been chosen",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"rows":1},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 43: rules[0].when.rows: rows needs a name behind it: rows.NAME"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"rows.x.y":1},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[r#"line 1, column 43: rules[0].when["rows.x.y"]: the file has no rows named "x""#],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":null},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 60: rules[0].when.registrationId: null equals nothing: what is null is missing, which is {"exists": false}"#,
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
            r#"line 1, column 61: rules[0].when.registrationId[0]: null equals nothing: what is null is missing, which is {"exists": false}"#,
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
            r#"line 1, column 70: rules[0].when.registrationId.equals: null equals nothing: what is null is missing, which is {"exists": false}"#,
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
            "line 1, column 61: rules[0].when.registrationId.matches: the operator is unknown; known are equals, startsWith, endsWith, contains, less, lessOrEquals, greater, greaterOrEquals, version, exists, not, ignoreCase",
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
            "line 1, column 79: rules[0].when.registrationId.version.less: it is not a version, which is groups of digits with single dots between them",
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
            "line 1, column 72: rules[0].when.registrationId.version.above: the member is unknown; known are equals, less, lessOrEquals, greater, greaterOrEquals",
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
            r#"line 1, column 61: rules[0].when.registrationId.ignoreCase: it needs a text to compare beside it, as in {"equals": "text", "ignoreCase": true}"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":{"equals":5,"ignoreCase":true}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 72: rules[0].when.registrationId.ignoreCase: it needs a text to compare beside it, as in {"equals": "text", "ignoreCase": true}"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":{"exists":true,"ignoreCase":true}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 75: rules[0].when.registrationId.ignoreCase: it needs a text to compare beside it, as in {"equals": "text", "ignoreCase": true}"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":{"not":"a","ignoreCase":true}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 71: rules[0].when.registrationId.ignoreCase: it needs a text to compare beside it, as in {"equals": "text", "ignoreCase": true}"#,
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
            "line 1, column 60: rules[0].when.registrationId: {path?} stands only as the whole value of a member or an element in initialTwin and payload, which it leaves out: write {path}",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":"{"},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 60: rules[0].when.registrationId: a single '{' is neither part of a {path} (without blanks) nor the brace itself, which is written {{",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":"a}"},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 60: rules[0].when.registrationId: a single '}' is neither part of a {path} (without blanks) nor the brace itself, which is written }}",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":"{ payload}"},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 60: rules[0].when.registrationId: a single '{' is neither part of a {path} (without blanks) nor the brace itself, which is written {{",
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
            "line 1, column 60: rules[0].when.registrationId: iotHubHostName is known in initialTwin and payload only, when the hub has been chosen",
        ],
    ),
];

const HUBS: Table = &[
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":""}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 72: rules[0].hub: it is empty"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":5}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 72: rules[0].hub: it must be a host name or an object, and is a number"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":null}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 72: rules[0].hub: it must be a host name or an object, and is null"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":[]}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 72: rules[0].hub: it must be a host name or an object, and is an array"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{"amongst":"a"}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 73: rules[0].hub.amongst: the member is unknown: did you mean "among"?"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{"among":{}}}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 81: rules[0].hub.among: it is empty"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{"among":5}}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 81: rules[0].hub.among: it must be a string, as host names are, and is a number",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{"among":{"less":5}}}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 82: rules[0].hub.among.less: among tests host names, which are text: equals, startsWith, endsWith, contains, not and ignoreCase are for it",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{"among":{"exists":true}}}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 82: rules[0].hub.among.exists: among tests host names, which are text: equals, startsWith, endsWith, contains, not and ignoreCase are for it",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{"among":["a",true]}}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 86: rules[0].hub.among[1]: it must be a string, as host names are, and is a boolean",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{"take":"any"}}],"otherwise":{"refuse":"No."}}"#,
        &[r#"line 1, column 80: rules[0].hub.take: it must be "first", "last" or "spread""#],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{"take":"frist"}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 80: rules[0].hub.take: it must be "first", "last" or "spread": did you mean "first"?"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{"take":1}}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 80: rules[0].hub.take: it must be a string, and is a number"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{"keepCurrent":"no"}}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 87: rules[0].hub.keepCurrent: it must be true or false, and is a string"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{"none":""}}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 80: rules[0].hub.none: it is empty"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{"weights":{}}}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 83: rules[0].hub.weights: it is empty"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{"weights":[]}}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 83: rules[0].hub.weights: it must be an object, and is an array"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{"weights":{"a.net":0}}}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 83: rules[0].hub.weights: no hub has a weight above 0"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{"weights":{"a.net":101}}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 92: rules[0].hub.weights["a.net"]: it must be a whole number from 0 to 100"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{"weights":{"a.net":-1}}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 92: rules[0].hub.weights["a.net"]: it must be a whole number from 0 to 100"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{"weights":{"a.net":1.5}}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 92: rules[0].hub.weights["a.net"]: it must be a whole number from 0 to 100"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{"weights":{"a.net":"1"}}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 92: rules[0].hub.weights["a.net"]: it must be a whole number from 0 to 100"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{"weights":{"a.net":1,"A.net":2}}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 94: rules[0].hub.weights["A.net"]: the host name is there already, in another case, which does not count"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{"weights":{"":1}}}],"otherwise":{"refuse":"No."}}"#,
        &[r#"line 1, column 84: rules[0].hub.weights[""]: the host name is empty"#],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{"weights":{"{payload.a}":1}}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 84: rules[0].hub.weights["{payload.a}"]: a host name of weights is written in full, without templates"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{"weights":{"a.net":1},"take":"last"}}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 95: rules[0].hub.take: it can't stand beside weights, which name their hubs",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{"weights":{"a.net":1},"among":"a"}}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 95: rules[0].hub.among: it can't stand beside weights, which name their hubs",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":"{payload.a?}"}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 72: rules[0].hub: {path?} stands only as the whole value of a member or an element in initialTwin and payload, which it leaves out: write {path}",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":"{iotHubHostName}"}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 72: rules[0].hub: iotHubHostName is known in initialTwin and payload only, when the hub has been chosen",
        ],
    ),
];

const ANSWERS: Table = &[
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
            r#"line 1, column 86: rules[0].payload["{payload.a}"]: a member's name can't hold a template: only values can"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{},"payload":{"a":"x{payload.a?}"}}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 90: rules[0].payload.a: {path?} stands only as the whole value of a member or an element in initialTwin and payload, which it leaves out: write {path}",
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
            "line 1, column 104: rules[0].initialTwin.properties.reported: the member is unknown; known are desired",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{},"initialTwin":{"tags":5}}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 97: rules[0].initialTwin.tags: it must be an object, and is a number"],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{},"initialTwin":{"tags":{"a":null}}}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 102: rules[0].initialTwin.tags.a: IoT Hub does not take it: a value is null",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{},"initialTwin":{"tags":{"a.b":1}}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 98: rules[0].initialTwin.tags["a.b"]: IoT Hub does not take it: a name has a dot, a dollar sign, a blank or a control character"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{},"initialTwin":{"tags":{"":1}}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 98: rules[0].initialTwin.tags[""]: IoT Hub does not take it: a name is empty"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{},"initialTwin":{"tags":{"a":4503599627370496}}}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 102: rules[0].initialTwin.tags.a: IoT Hub does not take it: a whole number is not within -4503599627370496 and 4503599627370495",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{},"initialTwin":{"tags":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":1}}}}}}}}}}}}}}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 152: rules[0].initialTwin.tags.a.a.a.a.a.a.a.a.a.a.a: IoT Hub does not take it: it is nested more than 10 levels deep",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{},"initialTwin":{"tags":{"a":1,"a":2}}}],"otherwise":{"refuse":"No."}}"#,
        &["line 1, column 104: rules[0].initialTwin.tags.a: the member is there twice"],
    ),
];

const ROWS: Table = &[
    (
        r#"{"version":1,"rows":[],"rules":[{"name":"r","hub":{}}]}"#,
        &["line 1, column 21: rows: it must be an object, and is an array"],
    ),
    (
        r#"{"version":1,"rows":{"a b":{"key":"k","table":{}}},"rules":[{"name":"r","hub":{}}]}"#,
        &[
            r#"line 1, column 22: rows["a b"]: the name of rows is a word without dots, blanks and braces"#,
        ],
    ),
    (
        r#"{"version":1,"rows":{"a.b":{"key":"k","table":{}}},"rules":[{"name":"r","hub":{}}]}"#,
        &[
            r#"line 1, column 22: rows["a.b"]: the name of rows is a word without dots, blanks and braces"#,
        ],
    ),
    (
        r#"{"version":1,"rows":{"a":5},"rules":[{"name":"r","hub":{}}]}"#,
        &["line 1, column 26: rows.a: it must be an object, and is a number"],
    ),
    (
        r#"{"version":1,"rows":{"a":{}},"rules":[{"name":"r","hub":{}}]}"#,
        &["line 1, column 26: rows.a: rows have a key and a table, or a binding and verify"],
    ),
    (
        r#"{"version":1,"rows":{"a":{"key":"k"}},"rules":[{"name":"r","hub":{}}]}"#,
        &["line 1, column 26: rows.a: rows have a key and a table, or a binding and verify"],
    ),
    (
        r#"{"version":1,"rows":{"a":{"table":{}}},"rules":[{"name":"r","hub":{}}]}"#,
        &["line 1, column 26: rows.a: rows have a key and a table, or a binding and verify"],
    ),
    (
        r#"{"version":1,"rows":{"a":{"key":"","table":{}}},"rules":[{"name":"r","hub":{}}]}"#,
        &["line 1, column 33: rows.a.key: it is empty"],
    ),
    (
        r#"{"version":1,"rows":{"a":{"key":5,"table":{}}},"rules":[{"name":"r","hub":{}}]}"#,
        &["line 1, column 33: rows.a.key: it must be a string, and is a number"],
    ),
    (
        r#"{"version":1,"rows":{"a":{"key":"k","table":[]}},"rules":[{"name":"r","hub":{}}]}"#,
        &["line 1, column 45: rows.a.table: it must be an object, and is an array"],
    ),
    (
        r#"{"version":1,"rows":{"a":{"key":"k","table":{"k":5}}},"rules":[{"name":"r","hub":{}}]}"#,
        &["line 1, column 50: rows.a.table.k: it must be an object, as rows are, and is a number"],
    ),
    (
        r#"{"version":1,"rows":{"a":{"key":"k","table":{"k":null,"K":{}},"ignoreCase":true}},"rules":[{"name":"r","hub":{}}]}"#,
        &[
            "line 1, column 55: rows.a.table.K: the key is there already: with ignoreCase the case does not count",
        ],
    ),
    (
        r#"{"version":1,"rows":{"a":{"key":"k","table":{"k":{},"K":{}},"ignoreCase":true}},"rules":[{"name":"r","hub":{}}]}"#,
        &[
            "line 1, column 53: rows.a.table.K: the key is there already: with ignoreCase the case does not count",
        ],
    ),
    (
        r#"{"version":1,"rows":{"a":{"key":"k","table":{"k":{},"k":{}}}},"rules":[{"name":"r","hub":{}}]}"#,
        &["line 1, column 53: rows.a.table.k: the member is there twice"],
    ),
    (
        r#"{"version":1,"rows":{"a":{"key":"k","table":{},"ignoreCase":1}},"rules":[{"name":"r","hub":{}}]}"#,
        &["line 1, column 61: rows.a.ignoreCase: it must be true or false, and is a number"],
    ),
    (
        r#"{"version":1,"rows":{"a":{"key":"{payload.a?}","table":{}}},"rules":[{"name":"r","hub":{}}]}"#,
        &[
            "line 1, column 33: rows.a.key: {path?} stands only as the whole value of a member or an element in initialTwin and payload, which it leaves out: write {path}",
        ],
    ),
    (
        r#"{"version":1,"rows":{"a":{"key":"{iotHubHostName}","table":{}}},"rules":[{"name":"r","hub":{}}]}"#,
        &[
            "line 1, column 33: rows.a.key: iotHubHostName is known in initialTwin and payload only, when the hub has been chosen",
        ],
    ),
    (
        r#"{"version":1,"rows":{"a":{"key":"{rows.b}","table":{}}},"rules":[{"name":"r","hub":{}}]}"#,
        &[r#"line 1, column 33: rows.a.key: the file has no rows named "b": did you mean "a"?"#],
    ),
    (
        r#"{"version":1,"rows":{"a":{"key":"{rows.a.x}","table":{}}},"rules":[{"name":"r","hub":{}}]}"#,
        &["line 1, column 22: rows.a: its key goes round in a circle: a → a"],
    ),
    (
        r#"{"version":1,"rows":{"a":{"key":"{rows.b.x}","table":{}},"b":{"key":"{rows.c.x}","table":{}},"c":{"key":"{rows.b.x}","table":{}}},"rules":[{"name":"r","hub":{}}]}"#,
        &["line 1, column 58: rows.b: its key goes round in a circle: b → c → b"],
    ),
    (
        r#"{"version":1,"rows":{"a":{"binding":"d"}},"rules":[{"name":"r","hub":{}}]}"#,
        &[
            "line 1, column 26: rows.a: rows of a binding need verify: a binding can deliver another device's row",
        ],
    ),
    (
        r#"{"version":1,"rows":{"a":{"binding":"","verify":{"x":1}}},"rules":[{"name":"r","hub":{}}]}"#,
        &["line 1, column 37: rows.a.binding: it is empty"],
    ),
    (
        r#"{"version":1,"rows":{"a":{"binding":5,"verify":{"x":1}}},"rules":[{"name":"r","hub":{}}]}"#,
        &["line 1, column 37: rows.a.binding: it must be a string, and is a number"],
    ),
    (
        r#"{"version":1,"rows":{"a":{"binding":"d","verify":{}}},"rules":[{"name":"r","hub":{}}]}"#,
        &["line 1, column 50: rows.a.verify: it is empty"],
    ),
    (
        r#"{"version":1,"rows":{"a":{"binding":"d","verify":{"x":{}}}},"rules":[{"name":"r","hub":{}}]}"#,
        &["line 1, column 55: rows.a.verify.x: it is empty"],
    ),
    (
        r#"{"version":1,"rows":{"a":{"binding":"d","verify":{"x..y":1}}},"rules":[{"name":"r","hub":{}}]}"#,
        &[
            r#"line 1, column 51: rows.a.verify["x..y"]: a path has a name before and behind each dot"#,
        ],
    ),
    (
        r#"{"version":1,"rows":{"a":{"binding":"d","verify":{"x":"{rows.a.y}"}}},"rules":[{"name":"r","hub":{}}]}"#,
        &["line 1, column 55: rows.a.verify.x: verify can't use rows"],
    ),
    (
        r#"{"version":1,"rows":{"a":{"binding":"d","key":"k","verify":{"x":1}}},"rules":[{"name":"r","hub":{}}]}"#,
        &["line 1, column 41: rows.a.key: the member is unknown; known are binding, verify"],
    ),
    (
        r#"{"version":1,"rows":{"a":{"key":"k","table":{},"verify":{"x":1}}},"rules":[{"name":"r","hub":{}}]}"#,
        &["line 1, column 48: rows.a.verify: it stands beside binding only"],
    ),
    (
        r#"{"version":1,"rows":{"a":{"binding":"d","verify":{"x":1},"ignoreCase":true}},"rules":[{"name":"r","hub":{}}]}"#,
        &["line 1, column 58: rows.a.ignoreCase: the member is unknown; known are binding, verify"],
    ),
];

const NOTES: Table = &[
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":"dev-1"},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 43: rules[0].when.registrationId: the case of the registration id counts here, and the service ignores it: "ignoreCase": true"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":{"startsWith":"a","ignoreCase":true}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"payload.model":"a"},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 23: rules[0]: the rule "r" gives a hub for what the device says of itself alone: any device of the enrollment can say it"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"payload.model":"a","registrationId":{"exists":true}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":"{payload.hub}"}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 23: rules[0].hub: the device itself names its hub with payload.hub: any device of the enrollment can say it",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{"weights":{"contoso":1}}}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 84: rules[0].hub.weights.contoso: the host name has no dot: hubs are named in full",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"certificate.subject.CN":"a"},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 43: rules[0].when["certificate.subject.CN"]: certificate.subject.CN rests on one public witness: no document of the service says what x509.clientCertificate holds"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"certificate":{"exists":true}},"hub":{},"payload":{"a":"{certificate}{certificate}"}},{"name":"s","hub":{},"payload":"{certificate?}"}]}"#,
        &[
            "line 1, column 43: rules[0].when.certificate: certificate rests on one public witness: no document of the service says what x509.clientCertificate holds",
            "line 1, column 98: rules[0].payload.a: certificate rests on one public witness: no document of the service says what x509.clientCertificate holds",
            "line 1, column 160: rules[1].payload: certificate rests on one public witness: no document of the service says what x509.clientCertificate holds",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"certificate.subject.SAN":"a"},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 43: rules[0].when["certificate.subject.SAN"]: certificate.subject.SAN: a certificate has no such member"#,
            r#"line 1, column 43: rules[0].when["certificate.subject.SAN"]: certificate.subject.SAN rests on one public witness: no document of the service says what x509.clientCertificate holds"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"enrollment.nickname":"a"},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 43: rules[0].when["enrollment.nickname"]: enrollment.nickname is not in the service's documents"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"x509.thumbprint":"a"},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 43: rules[0].when["x509.thumbprint"]: x509.thumbprint is not in the service's documents"#,
        ],
    ),
    (
        r#"{"version":1,"rows":{"a":{"key":"{registrationId}","table":{}}},"rules":[{"name":"r","when":{"rows.a":{"exists":true}},"hub":{}},{"name":"s","hub":{}}]}"#,
        &[
            r#"line 1, column 22: rows.a: the case of the registration id counts in the key, and the service ignores it: "ignoreCase": true"#,
        ],
    ),
    (
        r#"{"version":1,"rows":{"a":{"key":"{payload.t}","table":{}}},"rules":[{"name":"r","when":{"rows.a":{"exists":true}},"hub":"{rows.a.hub}"},{"name":"s","hub":{}}]}"#,
        &[
            r#"line 1, column 69: rules[0]: the rule "r" gives a hub for what the device says of itself alone: any device of the enrollment can say it"#,
            "line 1, column 69: rules[0].hub: the device itself names its hub with rows.a.hub: any device of the enrollment can say it",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"enrollment.deviceId":{"contains":"dev"}},"hub":{}},{"name":"s","when":{"enrollment.deviceId":{"contains":"dev-1"}},"hub":{}},{"name":"t","hub":{}}]}"#,
        &[
            "line 1, column 95: rules[1]: the rule is never reached: what it asks for contains what rules[0] looks for",
        ],
    ),
];

#[track_caller]
fn check(table: Table) {
    for (text, expected) in table {
        let error = File::parse(text.as_bytes()).expect_err(text);
        let found: Vec<String> = error.problems().map(ToString::to_string).collect();
        assert_eq!(found, *expected, "{text}");
        assert_eq!(error.to_string(), expected[0], "the first stands for all");
    }
}

#[test]
fn the_policy_s_own_members_are_checked() {
    check(POLICY);
}

#[test]
fn rules_are_checked() {
    check(RULES);
}

#[test]
fn conditions_are_checked() {
    check(CONDITIONS);
}

#[test]
fn hubs_are_checked() {
    check(HUBS);
}

#[test]
fn twins_and_payloads_are_checked() {
    check(ANSWERS);
}

#[test]
fn rows_are_checked() {
    check(ROWS);
}

#[test]
fn what_is_right_and_risky_is_noted() {
    for (text, expected) in NOTES {
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
            "it has 8388653 bytes, and 8388608 (8 MiB) are the limit: move large tables behind a binding",
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
