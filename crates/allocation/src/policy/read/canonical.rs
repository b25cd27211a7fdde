//! When two rules ask the same, however it is written.

use crate::policy::json::number::Number;
use crate::policy::json::tree::{Kind, Member, Node};

/// A text that is the same for conditions that say the same: with members and values in another
/// order, or in the short form of a test.
pub(super) fn canonical_when(node: &Node) -> String {
    let Kind::Object(members) = &node.kind else {
        return canonical(node);
    };
    canonical_members(members, |member| match &member.value.kind {
        Kind::Array(branches) if member.name == "anyOf" => {
            canonical_list(branches.iter().map(canonical_when))
        }
        _ => canonical_test(&member.value),
    })
}

/// A value is short for `equals`, one value for a list of one, and the case counts by itself.
fn canonical_test(node: &Node) -> String {
    let operands = |node: &Node| match &node.kind {
        Kind::Array(elements) => canonical_list(elements.iter().map(canonical)),
        _ => canonical_list([canonical(node)].into_iter()),
    };
    let Kind::Object(members) = &node.kind else {
        return format!("{{\"equals\":{}}}", operands(node));
    };
    let counts_case = |member: &&Member| {
        member.name == "ignoreCase" && matches!(member.value.kind, Kind::Boolean(false))
    };
    let members = members.iter().filter(|member| !counts_case(member));
    canonical_members(members, |member| match member.name.as_str() {
        "equals" | "startsWith" | "endsWith" | "contains" => operands(&member.value),
        "not" => canonical_test(&member.value),
        _ => canonical(&member.value),
    })
}

fn canonical_members<'n>(
    members: impl IntoIterator<Item = &'n Member>,
    value: impl Fn(&Member) -> String,
) -> String {
    let mut members: Vec<String> = members
        .into_iter()
        .map(|member| format!("{:?}:{}", member.name, value(member)))
        .collect();
    members.sort_unstable();
    format!("{{{}}}", members.join(","))
}

fn canonical_list(elements: impl Iterator<Item = String>) -> String {
    let mut elements: Vec<String> = elements.collect();
    elements.sort_unstable();
    elements.dedup();
    format!("[{}]", elements.join(","))
}

fn canonical(node: &Node) -> String {
    match &node.kind {
        Kind::Object(members) => canonical_members(members, |member| canonical(&member.value)),
        Kind::Array(elements) => canonical_list(elements.iter().map(canonical)),
        Kind::Number(json) => match Number::parse(json) {
            Some(Number::Double(double)) => format!("{}", double + 0.0),
            Some(Number::Integer(integer)) => format!("{integer}"),
            None => json.clone(),
        },
        _ => {
            let mut json = String::new();
            node.write(&mut json);
            json
        }
    }
}
