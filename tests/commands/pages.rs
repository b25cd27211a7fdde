//! What the pages show of the commands: each block of a `console` is what the binary writes.

use std::path::Path;

use crate::call::{ROOT, call};

const README: &str = include_str!("../../README.md");
const POLICY: &str = include_str!("../../docs/POLICY.md");
const EXAMPLE: &str = include_str!("../../examples/rows-from-a-database/README.md");

/// The calls that a page shows, each with what it shows of the output.
fn shown(page: &str) -> Vec<(&str, String)> {
    let mut calls: Vec<(&str, String)> = Vec::new();
    for block in page.split("\n```console\n").skip(1) {
        let (block, _) = block.split_once("\n```\n").unwrap();
        for line in block.lines() {
            match (line.strip_prefix("$ "), calls.last_mut()) {
                (Some(call), _) => calls.push((call, String::new())),
                (None, Some((_, output))) => output.extend([line, "\n"]),
                (None, None) => panic!("{line} stands before any call"),
            }
        }
    }
    calls
}

#[test]
fn a_fresh_clone_shows_what_the_pages_show() {
    let mut commands = Vec::new();
    for (page, text) in [
        ("README.md", README),
        ("docs/POLICY.md", POLICY),
        ("the example's README.md", EXAMPLE),
    ] {
        for (line, expected) in shown(text) {
            let arguments = line.strip_prefix("cargo run -q -- ").expect(line);
            let arguments: Vec<&str> = arguments.split(' ').collect();
            assert_eq!(call(&arguments).told(), (0, expected), "{page}: {line}");
            let start: Vec<&str> = arguments.into_iter().take(2).collect();
            commands.push(start.join(" "));
        }
    }
    commands.sort_unstable();
    commands.dedup();
    let expected = [
        "check",
        "check examples/rows-from-a-database/allocation.json",
        "explain --than",
        "explain fixtures/dps/group_first_registration.json",
    ];
    assert_eq!(commands, expected);
}

#[test]
fn schema_of_each_policy_is_where_an_editor_looks_for_it() {
    for policy in [
        "allocation.json",
        "examples/rows-from-a-database/allocation.json",
    ] {
        let policy = Path::new(ROOT).join(policy);
        let text = std::fs::read_to_string(&policy).unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        let schema = policy.with_file_name(json["$schema"].as_str().unwrap());
        let expected = Path::new(ROOT).join("allocation.schema.json");
        assert_eq!(
            schema.canonicalize().unwrap(),
            expected.canonicalize().unwrap()
        );
    }
}
