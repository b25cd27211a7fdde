//! The command line, as somebody types it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../../functions-host/tests/common/mod.rs"]
mod common;

use std::io::{BufRead, BufReader, Read as _};
use std::path::Path;
use std::process::{Command, Stdio};

use common::{App, Serving, puppet};
use serde_json::json;

/// What a run of the emulator left behind.
struct Run {
    succeeded: bool,
    stdout: String,
    stderr: String,
}

fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_emulator"));
    command
        .current_dir(directory)
        .args(arguments)
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("PUPPET_MODE")
        .env("RUST_BACKTRACE", "1")
        .stdin(Stdio::null());
    command
}

fn run(directory: &Path, arguments: &[&str]) -> Run {
    let output = command(directory, arguments).output().unwrap();
    Run {
        succeeded: output.status.success(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// An app whose handler stands where `host.json` says, and assigns each device to the first hub.
fn app_with_handler() -> App {
    let app = App::plain();
    app.write(
        "local.settings.json",
        r#"{"Values":{"PUPPET_MODE":"allocate"}}"#,
    );
    app.add_handler();
    app
}

#[test]
fn allocate_shows_what_becomes_of_the_tutorials_devices() {
    let app = app_with_handler();
    let run = run(app.path(), &["allocate"]);
    assert!(run.succeeded, "{}{}", run.stdout, run.stderr);
    let lines: Vec<&str> = run.stdout.lines().collect();
    let expected = [
        "breakroom499-contoso-tstrsd-007",
        "  answer  200 text/plain; charset=utf-8",
        r#"          {"iotHubHostName":"contoso-toasters-hub-1098.azure-devices.net"}"#,
        "  log     decided",
        "  DPS     assigned to contoso-toasters-hub-1098.azure-devices.net",
        "",
        "mainbuilding167-contoso-hpsd-088",
    ];
    assert_eq!(lines[..7], expected);
    assert_eq!(lines.last(), Some(&"The handler kept the protocol."));
}

#[test]
fn allocate_takes_ids_and_files_and_finds_the_app_from_below() {
    let app = app_with_handler();
    app.write("requests/none.json", r#"{"linkedHubs":[]}"#);
    let run = run(
        &app.path().join("requests"),
        &["allocate", "my-device", "none.json"],
    );
    assert!(run.succeeded, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("my-device\n"), "{}", run.stdout);
    assert!(
        run.stdout
            .contains("failed 400207: Custom allocation failed with status code: 400\n"),
        "{}",
        run.stdout
    );
}

#[test]
fn allocate_sends_the_key_that_it_checks() {
    let app = app_with_handler();
    let run = run(
        app.path(),
        &[
            "allocate",
            "--function-key",
            "s3cr3t-key",
            "--transfer",
            "content-length",
            "device",
        ],
    );
    assert!(
        run.succeeded && run.stdout.contains("assigned to contoso-toasters"),
        "{}{}",
        run.stdout,
        run.stderr
    );
    assert!(!run.stdout.contains("s3cr3t-key"), "{}", run.stdout);
}

#[test]
fn allocate_fails_when_the_protocol_is_violated() {
    let app = App::plain();
    let puppet = puppet();
    app.write(
        "request.json",
        r#"{"complain":["to stderr"],"body":"{\"Outputs\":{\"res\":{\"status\":400}}}"}"#,
    );
    let run = run(
        app.path(),
        &[
            "allocate",
            "--verbose",
            "--handler",
            puppet.to_str().unwrap(),
            "request.json",
        ],
    );
    assert!(!run.succeeded);
    assert!(
        run.stdout
            .contains("VIOLATES the HTTP output has a member status"),
        "{}",
        run.stdout
    );
    assert!(
        run.stdout.contains("would log it as an error: to stderr"),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains("  handler args=[]"), "{}", run.stdout);
    assert!(
        run.stdout
            .contains("The handler violated the protocol 2 times"),
        "{}",
        run.stdout
    );
    assert!(
        run.stdout
            .contains("failed 400207: Custom allocation failed: the response is not"),
        "{}",
        run.stdout
    );
}

#[test]
fn allocate_says_what_is_wrong_with_its_arguments() {
    let app = app_with_handler();
    app.write("text.json", "not JSON");
    app.add("Second", "x", "x");
    let empty = tempfile::tempdir().unwrap();
    for (directory, arguments, sentence) in [
        (
            app.path(),
            &["allocate", "nowhere.json"][..],
            "cannot read the request nowhere.json",
        ),
        (
            app.path(),
            &["allocate", "text.json"],
            "text.json is not JSON; it must hold an AllocationRequest",
        ),
        (
            app.path(),
            &["allocate"],
            "several functions that take a POST (Puppet, Second); name one with --function",
        ),
        (
            app.path(),
            &["allocate", "--function", "Third"],
            "the app has no function Third with an HTTP trigger",
        ),
        (
            app.path(),
            &["allocate", "--handler", "nowhere"],
            "cannot use the handler nowhere",
        ),
        (empty.path(), &["allocate"], "there is no host.json in "),
        (
            app.path(),
            &["allocate", "--app", "nowhere"],
            "there is no host.json in nowhere; name the folder of a Functions app",
        ),
    ] {
        let run = run(directory, arguments);
        assert!(
            !run.succeeded
                && run.stderr.starts_with("error: ")
                && run.stderr.contains(sentence)
                && run.stderr.lines().count() == 1,
            "{sentence}: {}{}",
            run.stdout,
            run.stderr
        );
    }
    std::fs::remove_file(app.path().join("handler")).unwrap();
    let run = run(app.path(), &["allocate"]);
    assert!(
        run.stderr.contains("cannot start handler: ") && run.stderr.contains("--handler FILE"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_key_that_is_none_is_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, option) in [
        (
            &[
                "compute-device-key",
                "--registration-id",
                "a",
                "--key",
                "s3cr3t!",
            ][..],
            "--key",
        ),
        (&["device", "a", "--key", "s3cr3t!"], "--key"),
        (&["device", "a", "--group-key", "s3cr3t!"], "--group-key"),
        (&["fleet", "--group-key", "s3cr3t!"], "--group-key"),
    ] {
        let run = run(folder.path(), arguments);
        assert!(!run.succeeded);
        let expected = format!(
            "error: {option}: a symmetric key must be base64 text, as the portal shows it\n"
        );
        assert_eq!(run.stderr, expected, "{arguments:?}");
    }
}

#[test]
fn a_handler_that_belongs_to_a_package_is_built_anew_each_time() {
    let app = App::plain();
    app.write("Cargo.toml", "[package]\nname = \"tiny\"\nedition = \"2024\"\n[[bin]]\nname = \"handler\"\npath = \"main.rs\"\n[workspace]\n");
    for code in [3, 4] {
        app.write(
            "main.rs",
            &format!("fn main() {{ println!(\"version {code}\"); std::process::exit({code}) }}"),
        );
        let run = run(app.path(), &["allocate"]);
        assert!(!run.succeeded);
        assert!(
            run.stderr
                .contains(&format!("ended by itself (exit code {code})")),
            "{}",
            run.stderr
        );
        assert!(
            run.stderr
                .contains(&format!("It printed:\n  version {code}")),
            "{}",
            run.stderr
        );
    }
    app.write("main.rs", "fn main() { nonsense }");
    let run = run(app.path(), &["allocate"]);
    assert!(
        run.stderr
            .contains("cargo could not build the handler handler of "),
        "{}",
        run.stderr
    );
}

#[test]
fn host_serves_the_functions_until_it_is_interrupted() {
    let app = app_with_handler();
    let mut command = command(app.path(), &["host", "--port", "0"]);
    let mut emulator = Serving(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut stdout = BufReader::new(emulator.0.stdout.take().unwrap());
    let route = stdout
        .by_ref()
        .lines()
        .map(Result::unwrap)
        .find(|line| line.contains("Puppet: "))
        .unwrap();
    let (_, url) = route.split_once("Puppet: [GET,POST] http://").unwrap();
    let (address, path) = url.split_once('/').unwrap();

    let body = json!({"linkedHubs": ["hub.azure-devices.net"]}).to_string();
    let head = format!(
        "POST /{path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let mut socket = std::net::TcpStream::connect(address).unwrap();
    std::io::Write::write_all(&mut socket, (head + &body).as_bytes()).unwrap();
    let mut response = String::new();
    socket.read_to_string(&mut response).unwrap();
    assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
    assert!(
        response.contains("Transfer-Encoding: chunked"),
        "{response}"
    );
    assert!(
        response.contains(r#"{"iotHubHostName":"hub.azure-devices.net"}"#),
        "{response}"
    );

    emulator.interrupt();
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert!(emulator.0.wait().unwrap().success(), "{rest}");
    assert!(rest.contains("POST /api/Puppet 200 Puppet, "), "{rest}");
    assert!(rest.contains("  log     decided\n"), "{rest}");
    assert!(rest.contains("handler ended: signal 9"), "{rest}");
    assert!(rest.ends_with("The handler kept the protocol.\n"), "{rest}");
}

/// A second Ctrl+C doesn't wait for an invocation that would take for ever; nor does `--strict`
/// forget what it has cost.
#[test]
fn host_ends_at_once_when_it_is_interrupted_twice() {
    let app = App::plain();
    app.add_handler();
    let mut command = command(app.path(), &["host", "--port", "0", "--log-format", "json"]);
    command.args(["--strict", "--host-version", "4.1037"]);
    let mut emulator = Serving(command.stdout(Stdio::piped()).spawn().unwrap());
    let stdout = BufReader::new(emulator.0.stdout.take().unwrap());
    let mut lines = stdout
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(&line.unwrap()).unwrap());
    let listening = lines.find(|line| line["kind"] == "listening").unwrap();
    let address = listening["address"].as_str().unwrap();

    let call = |body: &str| {
        let length = body.len();
        let mut socket = std::net::TcpStream::connect(address).unwrap();
        let request = format!(
            "POST /api/Puppet HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        std::io::Write::write_all(&mut socket, request.as_bytes()).unwrap();
        socket
    };
    let waiting = call(r#"{"hang":true,"complain":["it hangs"]}"#);
    let line = lines.find(|line| line["text"] == "it hangs").unwrap();
    assert_eq!(line["category"], "Host.Function.Console");
    assert_eq!(line["level"], "Error");
    emulator.interrupt();
    // Nobody can connect any more; then the host has seen the first one.
    while std::net::TcpStream::connect(address).is_ok() {
        std::thread::yield_now();
    }
    emulator.interrupt();
    let rest: Vec<_> = lines.collect();
    assert!(
        rest.iter().any(|line| {
            let sentence = line["sentence"].as_str().unwrap_or_default();
            line["kind"] == "violation" && sentence.contains("the handler wrote to stderr")
        }),
        "{rest:?}"
    );
    assert_eq!(emulator.0.wait().unwrap().code(), Some(1));
    drop(waiting);
}

#[test]
fn host_says_that_its_port_is_taken() {
    let app = app_with_handler();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let run = run(app.path(), &["host", "--port", &port]);
    let sentence = format!("cannot listen on 127.0.0.1:{port}; name a free port with --port");
    assert!(
        !run.succeeded && run.stderr.contains(&sentence),
        "{}",
        run.stderr
    );
}

/// A text as Windows PowerShell's `>` and its `Out-File -Encoding utf8` write it, and the other
/// order of bytes.
fn as_windows_writes(text: &str) -> [Vec<u8>; 3] {
    let utf16 = || format!("\u{feff}{text}").encode_utf16().collect::<Vec<_>>();
    [
        format!("\u{feff}{text}").into_bytes(),
        utf16().into_iter().flat_map(u16::to_le_bytes).collect(),
        utf16().into_iter().flat_map(u16::to_be_bytes).collect(),
    ]
}

fn field(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/field");
    std::fs::read(Path::new(folder).join(name)).unwrap()
}

#[test]
fn allocate_reads_what_windows_writes() {
    let app = app_with_handler();
    let good = String::from_utf8(field("request-good.json")).unwrap();
    let [utf8, little, big] = as_windows_writes(&good);
    let files = [
        ("request-bom.json", field("request-bom.json")),
        ("request-good.json", good.into_bytes()),
        ("utf-8.json", utf8),
        ("utf-16le.json", little),
        ("utf-16be.json", big),
    ];
    for (name, bytes) in &files {
        std::fs::write(app.path().join(name), bytes).unwrap();
    }
    let names = files.iter().map(|(name, _)| *name);
    let arguments = ["allocate"].into_iter().chain(names).collect::<Vec<_>>();
    let run = run(app.path(), &arguments);
    assert!(run.succeeded, "{}{}", run.stdout, run.stderr);
    let assigned = "DPS     assigned to contoso-toasters-hub-1098.azure-devices.net";
    let count = run.stdout.matches(assigned).count();
    assert_eq!(count, files.len(), "{}", run.stdout);
}

#[test]
fn one_bad_file_does_not_stop_the_others() {
    let app = app_with_handler();
    app.write(
        "good.json",
        &String::from_utf8(field("request-good.json")).unwrap(),
    );
    std::fs::write(app.path().join("latin-1.json"), b"{\"a\": \"Zo\xeb\"}").unwrap();
    app.write("text.json", "not JSON");
    let mixed = run(
        app.path(),
        &[
            "allocate",
            "latin-1.json",
            "good.json",
            "text.json",
            "nowhere.json",
        ],
    );
    assert!(!mixed.succeeded);
    for sentence in [
        "error: cannot read the request latin-1.json: the file is neither UTF-8 nor UTF-16; save it as UTF-8\n",
        "good.json\n  answer  200",
        "error: text.json is not JSON; it must hold an AllocationRequest: expected ident at line 1 column 2\n",
        "error: cannot read the request nowhere.json: No such file",
        "The handler kept the protocol.\n",
    ] {
        assert!(mixed.stdout.contains(sentence), "{}", mixed.stdout);
    }
    let none = run(app.path(), &["allocate", "latin-1.json", "nowhere.json"]);
    assert!(
        !none.succeeded && none.stderr.lines().count() == 1,
        "{}",
        none.stderr
    );
    for name in ["latin-1.json", "nowhere.json"] {
        let sentence = format!("cannot read the request {name}: ");
        assert!(none.stderr.contains(&sentence), "{}", none.stderr);
    }
}

#[test]
fn allocate_shows_what_the_handler_printed_when_it_failed() {
    let app = App::plain();
    app.add_handler();
    app.write(
        "good.json",
        r#"{"print":["all is well"],"body":"{\"Outputs\":{\"res\":{}}}"}"#,
    );
    app.write(
        "bad.json",
        r#"{"print":["this is why"],"status":400,"body":"{}"}"#,
    );
    let good = run(app.path(), &["allocate", "good.json"]);
    assert!(!good.stdout.contains("all is well"), "{}", good.stdout);
    let bad = run(app.path(), &["allocate", "good.json", "bad.json"]);
    assert!(!bad.succeeded);
    assert!(
        bad.stdout.contains("  handler this is why\n"),
        "{}",
        bad.stdout
    );
    assert!(!bad.stdout.contains("args="), "{}", bad.stdout);
}
