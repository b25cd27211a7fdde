//! What is wrong with rows, in whole sentences.

use super::Table;

pub(super) const ROWS: Table = &[
    (
        r#"{"version":1,"rows":[],"rules":[{"name":"r","hub":{}}]}"#,
        &["line 1, column 21: rows: it must be an object, and is an array"],
    ),
    (
        r#"{"version":1,"rows":{"a b":{"key":"k","table":{}}},"rules":[{"name":"r","hub":{}}]}"#,
        &[
            r#"line 1, column 22: rows["a b"]: a name of rows is one word without dots, spaces or braces"#,
        ],
    ),
    (
        r#"{"version":1,"rows":{"a.b":{"key":"k","table":{}}},"rules":[{"name":"r","hub":{}}]}"#,
        &[
            r#"line 1, column 22: rows["a.b"]: a name of rows is one word without dots, spaces or braces"#,
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
            "line 1, column 55: rows.a.table.K: the key is already there: with ignoreCase the case does not count",
        ],
    ),
    (
        r#"{"version":1,"rows":{"a":{"key":"k","table":{"k":{},"K":{}},"ignoreCase":true}},"rules":[{"name":"r","hub":{}}]}"#,
        &[
            "line 1, column 53: rows.a.table.K: the key is already there: with ignoreCase the case does not count",
        ],
    ),
    (
        r#"{"version":1,"rows":{"a":{"key":"k","table":{"k":{},"k":{}}}},"rules":[{"name":"r","hub":{}}]}"#,
        &["line 1, column 53: rows.a.table.k: the member appears twice"],
    ),
    (
        r#"{"version":1,"rows":{"a":{"key":"k","table":{},"ignoreCase":1}},"rules":[{"name":"r","hub":{}}]}"#,
        &["line 1, column 61: rows.a.ignoreCase: it must be true or false, and is a number"],
    ),
    (
        r#"{"version":1,"rows":{"a":{"key":"{payload.a?}","table":{}}},"rules":[{"name":"r","hub":{}}]}"#,
        &[
            "line 1, column 33: rows.a.key: {path?} can only be the whole value of a member or an element in initialTwin and payload: write {path}",
        ],
    ),
    (
        r#"{"version":1,"rows":{"a":{"key":"{iotHubHostName}","table":{}}},"rules":[{"name":"r","hub":{}}]}"#,
        &[
            "line 1, column 33: rows.a.key: iotHubHostName is known only in initialTwin and payload, once the hub has been chosen",
        ],
    ),
    (
        r#"{"version":1,"rows":{"a":{"key":"{rows.b}","table":{}}},"rules":[{"name":"r","hub":{}}]}"#,
        &[r#"line 1, column 33: rows.a.key: the file has no rows named "b": did you mean "a"?"#],
    ),
    (
        r#"{"version":1,"rows":{"a":{"key":"{rows.a.x}","table":{}}},"rules":[{"name":"r","hub":{}}]}"#,
        &["line 1, column 22: rows.a: its key leads back to itself: a → a"],
    ),
    (
        r#"{"version":1,"rows":{"a":{"key":"{rows.b.x}","table":{}},"b":{"key":"{rows.c.x}","table":{}},"c":{"key":"{rows.b.x}","table":{}}},"rules":[{"name":"r","hub":{}}]}"#,
        &["line 1, column 58: rows.b: its key leads back to itself: b → c → b"],
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
            r#"line 1, column 51: rows.a.verify["x..y"]: a path needs a name before and after each dot"#,
        ],
    ),
    (
        r#"{"version":1,"rows":{"a":{"binding":"d","verify":{"x":"{rows.a.y}"}}},"rules":[{"name":"r","hub":{}}]}"#,
        &["line 1, column 55: rows.a.verify.x: verify can't use rows"],
    ),
    (
        r#"{"version":1,"rows":{"a":{"binding":"d","key":"k","verify":{"x":1}}},"rules":[{"name":"r","hub":{}}]}"#,
        &["line 1, column 41: rows.a.key: the member is unknown; expected one of binding, verify"],
    ),
    (
        r#"{"version":1,"rows":{"a":{"key":"k","table":{},"verify":{"x":1}}},"rules":[{"name":"r","hub":{}}]}"#,
        &["line 1, column 48: rows.a.verify: it is only allowed beside binding"],
    ),
    (
        r#"{"version":1,"rows":{"a":{"binding":"d","verify":{"x":1},"ignoreCase":true}},"rules":[{"name":"r","hub":{}}]}"#,
        &[
            "line 1, column 58: rows.a.ignoreCase: the member is unknown; expected one of binding, verify",
        ],
    ),
];
