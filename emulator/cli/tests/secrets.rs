//! No `Debug` of the command line shows a secret.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeSet;

use clap::{Command, CommandFactory as _, Parser as _};
use emulator::commands::Arguments;

const SECRET: &str = "c2VjcmV0LWtleQ==";

/// Every option that takes a secret, on a command line of its command.
const COMMAND_LINES: [(&str, &[&str]); 9] = [
    ("allocate", &["--function-key", "--master-key"]),
    ("host", &["--function-key", "--master-key"]),
    ("dps", &["--webhook-url", "--function-key", "--master-key"]),
    ("demo", &["--function-key", "--master-key"]),
    ("device id", &["--key"]),
    ("device id", &["--group-key"]),
    ("fleet", &["--group-key"]),
    ("compute-device-key --registration-id id", &["--key"]),
    ("twins --models models", &["--bearer-token"]),
];

#[test]
fn the_arguments_of_no_command_show_a_secret() {
    let import = ("rows import file.csv", &["--connection-string"][..]);
    for (command, options) in COMMAND_LINES.into_iter().chain([import]) {
        let mut words = vec!["emulator"];
        words.extend(command.split(' '));
        words.extend(options.iter().flat_map(|option| [*option, SECRET]));
        let arguments = Arguments::try_parse_from(&words).unwrap();
        let (plain, pretty) = (format!("{arguments:?}"), format!("{arguments:#?}"));
        assert!(!plain.contains(SECRET), "{plain}");
        assert!(!pretty.contains(SECRET), "{pretty}");
        for option in options {
            let field = option.trim_start_matches('-').replace('-', "_");
            let hidden = [
                format!("{field}: SecretBox<str>([REDACTED])"),
                format!("{field}: Some(SecretBox<str>([REDACTED]))"),
            ];
            assert!(hidden.iter().any(|text| plain.contains(text)), "{plain}");
        }
    }
}

/// A new option must be told to the test above.
#[test]
fn every_option_that_sounds_like_a_secret_is_tried() {
    let import = ("rows import", "--connection-string");
    let lines = COMMAND_LINES.iter();
    let tried = lines.flat_map(|(line, options)| {
        let name = line.split(' ').next().unwrap();
        options.iter().map(move |option| (name, *option))
    });
    let tried: BTreeSet<String> = tried
        .chain([import])
        .map(|(command, option)| format!("{command} {option}"))
        .collect();
    let mut found = BTreeSet::new();
    collect(&Arguments::command(), "", &mut found);
    assert_eq!(found, tried);
}

/// Finds the options that sound like a secret, in a command and those below it.
fn collect(command: &Command, path: &str, found: &mut BTreeSet<String>) {
    const SECRETS: [&str; 6] = ["key", "token", "url", "secret", "password", "connection"];
    // It names an algorithm.
    const OTHERS: [&str; 1] = ["certificate-key"];
    for option in command.get_arguments().filter_map(clap::Arg::get_long) {
        if SECRETS.iter().any(|word| option.contains(word)) && !OTHERS.contains(&option) {
            found.insert(format!("{path} --{option}").trim_start().to_owned());
        }
    }
    for command in command.get_subcommands() {
        let path = format!("{path} {}", command.get_name());
        collect(command, path.trim_start(), found);
    }
}
