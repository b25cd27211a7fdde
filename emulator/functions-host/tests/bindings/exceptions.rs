//! What is known to differ from the captured cases. The emulator's README lists the same.

use crate::case::Case;

/// Some differences, and why they are there.
pub(crate) struct Exception {
    pub(crate) name: &'static str,
    pub(crate) reason: &'static str,
    /// Whether a case's difference is one of them. A difference begins with what differs.
    explains: fn(&Case, &str) -> bool,
}

/// All that differs.
pub(crate) const EXCEPTIONS: [Exception; 1] = [Exception {
    name: "A Cosmos DB query for a date",
    reason: "What answered it was a stand-in that made a document up; a file of rows finds none.",
    explains: |case, difference| {
        case.area == "cosmos" && case.id.contains("query") && difference.starts_with("data:")
    },
}];

/// The exception that explains a difference.
pub(crate) fn of(case: &Case, difference: &str) -> Option<&'static Exception> {
    let mut exceptions = EXCEPTIONS.iter();
    exceptions.find(|exception| (exception.explains)(case, difference))
}

#[test]
fn the_readme_lists_the_same_exceptions() {
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let heading = "### Known differences from the captured bindings\n";
    let section = readme.split_once(heading).unwrap().1;
    let section = section.split("\n## ").next().unwrap();
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let listed: Vec<String> = section.split("\n- ").skip(1).map(words).collect();
    let known: Vec<String> = EXCEPTIONS
        .iter()
        .map(|exception| words(&format!("{}: {}", exception.name, exception.reason)))
        .collect();
    assert_eq!(listed, known);
}
