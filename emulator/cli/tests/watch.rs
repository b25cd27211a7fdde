//! `emulator allocate --watch`: edit, save, see the answers.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../../functions-host/tests/common/mod.rs"]
mod common;

use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};

use common::{App, puppet};
use serde_json::json;

/// A handler that reads a file at its start, as the real one does: how to answer, or a sentence on
/// what is wrong.
const HANDLER: &str = r#"
mode=$(cat allocation.json)
if [ "$mode" != allocate ] && [ "$mode" != content ]; then
    echo "allocation.json: there is no $mode" >&2
    exit 1
fi
PUPPET_MODE=$mode exec "$PUPPET"
"#;

/// The command, and the lines that it prints.
struct Watch {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Watch {
    fn start(app: &App, arguments: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_emulator"))
            .current_dir(app.path())
            .args(["allocate", "--watch"])
            .args(arguments)
            .env("PUPPET", puppet())
            .env_remove("CARGO_TARGET_DIR")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, lines }
    }

    /// The lines up to the one that says that it waits.
    fn round(&mut self) -> Vec<String> {
        let lines = self.lines.by_ref().map(Result::unwrap);
        let round: Vec<String> = lines
            .take_while(|line| line != "Waiting for the next save. Ctrl+C ends it.")
            .filter(|line| !line.is_empty())
            .collect();
        assert_ne!(round, [""; 0], "the command has ended");
        round
    }

    fn interrupt(mut self) -> Option<i32> {
        let pid = self.process.id().to_string();
        let kill = Command::new("kill").args(["-INT", &pid]).status();
        assert!(kill.unwrap().success());
        self.process.wait().unwrap().code()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // A test that fails must not leave it behind.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn app() -> App {
    let description = json!({"defaultExecutablePath": "/bin/sh", "arguments": ["start"]});
    let app = App::new(&json!({"customHandler": {"description": description}}));
    app.write("start", HANDLER);
    app.write("allocation.json", "allocate");
    app
}

fn answers(round: &[String]) -> Vec<&str> {
    let lines = round.iter().map(|line| line.trim_start());
    lines
        .filter_map(|line| line.strip_prefix("answer  "))
        .collect()
}

#[test]
fn each_save_shows_the_answers_anew() {
    let app = app();
    let mut watch = Watch::start(&app, &[]);
    let first = watch.round();
    assert_eq!(answers(&first).len(), 3, "{first:#?}");
    assert_eq!(first[0], "breakroom499-contoso-tstrsd-007");
    assert_eq!(first.last().unwrap(), "The handler kept the protocol.");
    // A file that is wrong is told, and the next save looked at.
    app.write("allocation.json", "toasters");
    assert_eq!(
        watch.round(),
        ["error: allocation.json: there is no toasters"]
    );
    app.write("allocation.json", "content");
    let other = watch.round();
    assert_eq!(answers(&other).len(), 3, "{other:#?}");
    assert_ne!(other, first);
    // An editor may put another file in the place of the old one.
    app.write("allocation.new", "allocate");
    std::fs::rename(
        app.path().join("allocation.new"),
        app.path().join("allocation.json"),
    )
    .unwrap();
    assert_eq!(watch.round(), first);
    assert_eq!(watch.interrupt(), Some(0));
}

#[test]
fn requests_and_the_functions_of_the_app_are_watched_too() {
    let app = app();
    app.write("requests/one.json", r#"{"linkedHubs":["a"]}"#);
    app.write(
        "local.settings.json",
        r#"{"Values":{"ALLOCATION_POLICY":"policies/other.json"}}"#,
    );
    let mut watch = Watch::start(&app, &["requests/one.json"]);
    let first = watch.round();
    assert!(
        first.iter().any(|line| line.ends_with("assigned to a")),
        "{first:#?}"
    );
    app.write("requests/one.json", r#"{"linkedHubs":["other"]}"#);
    let second = watch.round();
    assert!(
        second
            .iter()
            .any(|line| line.ends_with("assigned to other")),
        "{second:#?}"
    );
    app.write("requests/one.json", "{");
    let unusable = watch.round().concat();
    assert!(
        unusable.starts_with("error: requests/one.json is not JSON"),
        "{unusable}"
    );
    app.write("requests/one.json", r#"{"linkedHubs":["a"]}"#);
    assert_eq!(watch.round(), first);
    // The policy may stand elsewhere.
    app.write("policies/other.json", "content");
    assert_eq!(watch.round(), first);
    app.write("Puppet/function.json", "{");
    let no_function = watch.round().concat();
    assert!(
        no_function.starts_with("error: the app has no function"),
        "{no_function}"
    );
    assert_eq!(watch.interrupt(), Some(0));
}
