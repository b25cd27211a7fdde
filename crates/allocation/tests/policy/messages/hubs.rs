//! What is wrong with the choice of a hub, in whole sentences.

use super::Table;

pub(super) const HUBS: Table = &[
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
            "line 1, column 82: rules[0].hub.among.less: among tests host names: use equals, startsWith, endsWith, contains, not or ignoreCase",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{"among":{"exists":true}}}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 82: rules[0].hub.among.exists: among tests host names: use equals, startsWith, endsWith, contains, not or ignoreCase",
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
            r#"line 1, column 94: rules[0].hub.weights["A.net"]: the host name is already listed in another case, which does not count"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{"weights":{"":1}}}],"otherwise":{"refuse":"No."}}"#,
        &[r#"line 1, column 84: rules[0].hub.weights[""]: the host name is empty"#],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{"weights":{"{payload.a}":1}}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 84: rules[0].hub.weights["{payload.a}"]: host names in weights are written in full, without templates"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{"weights":{"a.net":1},"take":"last"}}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 95: rules[0].hub.take: it can't be used beside weights, which name their hubs",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{"weights":{"a.net":1},"among":"a"}}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 95: rules[0].hub.among: it can't be used beside weights, which name their hubs",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":"{payload.a?}"}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 72: rules[0].hub: {path?} can only be the whole value of a member or an element in initialTwin and payload: write {path}",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":"{iotHubHostName}"}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 72: rules[0].hub: iotHubHostName is known only in initialTwin and payload, once the hub has been chosen",
        ],
    ),
];
