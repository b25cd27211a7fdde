//! `--help`, which teaches.

use crate::call::{Folder, call};

#[test]
fn the_help_names_the_commands_and_the_policy() {
    let expected = "\
The custom handler of a Function App that decides which IoT hub a device gets.

usage:
  handler                               serve requests, as the Functions host starts it
  handler check [FILE]                  tell what is wrong with a policy, and what is risky
  handler explain REQUESTS…             tell how a policy decides on requests
  handler explain --than OLD REQUESTS…  list the devices that would move or change

handler check --help and handler explain --help tell more.

The policy is allocation.json beside host.json, or the file that ALLOCATION_POLICY names.

options:
  -h, --help     show this help
  -V, --version  show the version
";
    for arguments in [&["--help"][..], &["-h"], &["help"]] {
        assert_eq!(
            call(arguments).told(),
            (0, expected.to_owned()),
            "{arguments:?}"
        );
    }
}

/// The options and the statuses of a help: the lines of these sections that are not indented
/// further.
fn listed(help: &str) -> Vec<&str> {
    let mut is_listed = false;
    let lines = help.lines().filter(|line| {
        if !line.starts_with(' ') && !line.is_empty() {
            is_listed = ["options:", "status:"].contains(line);
        }
        is_listed && line.starts_with("  ") && !line.starts_with("   ")
    });
    lines.collect()
}

#[test]
fn the_help_of_check_teaches_the_files_and_the_cases() {
    let (status, help) = call(&["check", "--help"]).told();
    assert_eq!(status, 0);
    assert_eq!(call(&["help", "check"]).told(), (0, help.clone()));
    assert!(help.starts_with("Tells what is wrong with a policy, and what is risky.\n\nusage:\n  handler check [FILE] [--json]\n"));
    for file in [
        "allocation.tests.json",
        "HttpTrigger1/function.json",
        "host.json",
        "local.settings.json",
    ] {
        assert!(help.contains(&format!("\n  {file} ")), "{file}: {help}");
    }
    assert_eq!(
        listed(&help),
        [
            "  --json      write one JSON object for machines",
            "  -h, --help  show this help",
            "  0  the policy is right, perhaps with notes",
            "  1  it is wrong, a case failed, or a file can't be read",
            "  2  the command is called wrongly",
        ]
    );
    // The case that it shows is one that is taken, member by member.
    let (_, case) = help.split_once("is required:\n\n").unwrap();
    let (case, _) = case.split_once("\n\n").unwrap();
    let policy = r#"{"version": 1, "rules": [{"name": "toaster", "hub": {}, "initialTwin": {}, "payload": {}}]}"#;
    let folder = Folder::with(&[("allocation.json", policy), ("allocation.tests.json", case)]);
    let right = "allocation.json is right: 1 rule, checksum CHECKSUM, 1 of 1 cases pass\n";
    assert_eq!(folder.told(&["check"]), (0, right.to_owned()));
}

#[test]
fn the_help_of_explain_teaches_what_is_taken_and_what_is_marked() {
    let (status, help) = call(&["explain", "--help"]).told();
    assert_eq!(status, 0);
    assert_eq!(call(&["help", "explain"]).told(), (0, help.clone()));
    for sentence in [
        "one request, an array of them, or\none after the other, such as one a line. - is the standard input.",
        "They may be in UTF-8 or UTF-16.",
        "A value is proved where the service knows it, claimed where the device alone says it, and ours where it\ncomes from a row.",
        "\n  handler explain --than deployed.json fleet.jsonl\n",
    ] {
        assert!(help.contains(sentence), "{sentence}: {help}");
    }
    let options: Vec<&str> = listed(&help)
        .into_iter()
        .map(|line| line.trim_start().split("  ").next().unwrap())
        .collect();
    assert_eq!(
        options,
        [
            "--policy FILE",
            "--than OLD",
            "--bindings FILE",
            "--json",
            "-h, --help",
            "0",
            "1",
            "2"
        ]
    );
    // The example that needs no other file is one that works.
    let (status, told) = call(&["explain", "fixtures/dps/group_first_registration.json"]).told();
    assert!(help.contains("\n  handler explain fixtures/dps/group_first_registration.json\n"));
    assert_eq!((status, told.lines().next()), (0, Some("toaster: yes")));
}

#[test]
fn no_line_of_a_help_is_too_long_for_a_terminal() {
    for arguments in [
        &["--help"][..],
        &["check", "--help"],
        &["explain", "--help"],
    ] {
        let (_, help) = call(arguments).told();
        for line in help.lines() {
            assert!(line.chars().count() <= 105, "{line}");
        }
    }
}

#[test]
fn the_version_is_the_package_s() {
    let version = format!("handler {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(call(&["--version"]).told(), (0, version.clone()));
    assert_eq!(call(&["-V"]).told(), (0, version));
}
