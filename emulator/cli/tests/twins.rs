//! The local Digital Twins instance, as somebody starts it and talks to it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

const MODEL: &str = r#"{"@id":"dtmi:room;1","@type":"Interface","contents":[
    {"@type":"Property","name":"T","schema":"double"},{"@type":"Relationship","name":"near"}]}"#;

fn emulator(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_emulator"));
    command.args(arguments).stdin(Stdio::null());
    command
}

/// `emulator twins`, which ends with the test.
struct Twins {
    process: Child,
    address: String,
    _models: tempfile::TempDir,
}

impl Twins {
    fn start(more: &[&str]) -> Self {
        let models = tempfile::tempdir().unwrap();
        std::fs::write(models.path().join("room.json"), MODEL).unwrap();
        let folder = models.path().to_str().unwrap();
        let mut arguments = vec!["twins", "--port", "0", "--models", folder];
        arguments.extend_from_slice(more);
        let mut process = emulator(&arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let stdout = process.stdout.as_mut().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let (_, address) = line.trim().split_once("http://").unwrap();
        let address = address.to_owned();
        Self {
            process,
            address,
            _models: models,
        }
    }

    /// The whole answer to a request, `headers` each with its end of line.
    fn send(&self, request: &str, headers: &str, body: &str) -> String {
        let mut socket = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        let head = format!(
            "{request} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n",
            self.address
        );
        socket.write_all((head + body).as_bytes()).unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        answer
    }

    #[track_caller]
    fn check(&self, request: &str, headers: &str, body: &str, status: &str, content: &str) {
        let answer = self.send(request, headers, body);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")) && answer.contains(content),
            "{request}: {answer}"
        );
    }
}

impl Drop for Twins {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

const ROOM: &str = r#"{"$metadata":{"$model":"dtmi:room;1"}}"#;
const PATCH_TYPE: &str = "Content-Type: application/json-patch+json\r\n";
const WARM: &str = r#"[{"op":"add","path":"/T","value":21.5}]"#;

/// Request, headers, body; the status, and something that the answer contains.
const EXCHANGES: [[&str; 5]; 17] = [
    [
        "PUT /digitaltwins/a%2Fb?api-version=2023-10-31",
        "If-None-Match: *\r\n",
        ROOM,
        "200",
        r#""$dtId":"a/b""#,
    ],
    [
        "PUT /digitaltwins/a%2Fb?api-version=2023-10-31",
        "If-None-Match: *\r\n",
        ROOM,
        "412",
        "x-ms-error-code: PreconditionFailed",
    ],
    [
        "PUT /digitaltwins/c?api-version=2020-10-31",
        "",
        ROOM,
        "200",
        "etag: W/",
    ],
    [
        "PATCH /digitaltwins/c?api-version=2023-10-31",
        PATCH_TYPE,
        WARM,
        "204",
        "etag: W/",
    ],
    [
        "PATCH /digitaltwins/c?api-version=2023-10-31",
        "Content-Type: application/json\r\n",
        WARM,
        "415",
        "UnsupportedMediaType",
    ],
    [
        "GET /digitaltwins/c?api-version=2023-10-31",
        "",
        "",
        "200",
        r#""T":21.5"#,
    ],
    [
        "GET /digitaltwins/c",
        "",
        "",
        "400",
        "The query parameter api-version is missing.",
    ],
    [
        "GET /digitaltwins/c?api-version=2019-01-01",
        "",
        "",
        "400",
        "InvalidArgument",
    ],
    [
        "GET /digitaltwins/d?api-version=2023-10-31",
        "",
        "",
        "404",
        r#"{"error":{"code":"DigitalTwinNotFound""#,
    ],
    [
        "PUT /digitaltwins/c/relationships/r?api-version=2023-10-31",
        "",
        r#"{"$targetId":"a/b","$relationshipName":"near"}"#,
        "200",
        r#""$relationshipId":"r""#,
    ],
    [
        "GET /digitaltwins/a%2Fb/incomingrelationships?api-version=2023-10-31",
        "",
        "",
        "200",
        r#""$sourceId":"c""#,
    ],
    [
        "DELETE /digitaltwins/c?api-version=2023-10-31",
        "",
        "",
        "400",
        "RelationshipsNotDeleted",
    ],
    [
        "DELETE /digitaltwins/c/relationships/r?api-version=2023-10-31",
        "",
        "",
        "204",
        "",
    ],
    [
        "DELETE /digitaltwins/c?api-version=2023-10-31",
        "If-Match: W/\"other\"\r\n",
        "",
        "412",
        "PreconditionFailed",
    ],
    [
        "DELETE /digitaltwins/c?api-version=2023-10-31",
        "If-Match: *\r\n",
        "",
        "204",
        "",
    ],
    [
        "POST /query?api-version=2023-10-31",
        "",
        r#"{"query":"SELECT * FROM DIGITALTWINS T WHERE T.T = 'x'"}"#,
        "200",
        r#"{"value":[]}"#,
    ],
    [
        "POST /query?api-version=2023-10-31",
        "",
        r#"{"query":"SELECT 1"}"#,
        "400",
        "SqlQueryError",
    ],
];

#[test]
fn twins_are_made_changed_related_found_and_deleted_over_http() {
    let twins = Twins::start(&[]);
    for [request, headers, body, status, content] in EXCHANGES {
        twins.check(request, headers, body, status, content);
    }
}

#[test]
fn a_token_and_trouble_can_be_asked_for() {
    let twins = Twins::start(&["--bearer-token", "secret", "--throttle", "1"]);
    let get = "GET /digitaltwins/a?api-version=2023-10-31";
    let token = "Authorization: Bearer secret\r\n";
    twins.check(get, "", "", "401", "Unauthorized");
    twins.check(get, token, "", "429", "retry-after: 1");
    twins.check(get, token, "", "404", "DigitalTwinNotFound");
}

#[test]
fn models_that_cannot_be_used_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let fails = |folder: &Path, sentence: &str| {
        let output = emulator(&["twins", "--models", folder.to_str().unwrap()])
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(
            !output.status.success() && stderr.contains(sentence),
            "{stderr}"
        );
    };
    fails(&folder.path().join("nowhere"), "cannot read the models in ");
    fails(folder.path(), "there is no model, a .json file, in ");
    std::fs::write(folder.path().join("a.json"), r#"{"@id":"dtmi:a;1"}"#).unwrap();
    fails(folder.path(), "dtmi:a;1 is no Interface");
}
