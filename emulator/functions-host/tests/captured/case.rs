//! The captured exchanges as they stand in the files. Their README says what each member means.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) app: String,
    pub(crate) request: Text,
    pub(crate) handler_receives: Received,
    #[serde(default)]
    pub(crate) handler_answers: Vec<Answer>,
    pub(crate) client_receives: Response,
    #[serde(default)]
    pub(crate) log: Vec<LogEntry>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Received {
    Requests(Vec<ReceivedItem>),
    /// Why they are not there.
    Unknown(#[allow(dead_code, reason = "it is there to be read")] String),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum ReceivedItem {
    Request(HandlerRequest),
    /// `and N more like the last`
    More(String),
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct HandlerRequest {
    pub(crate) start: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Text>,
    pub(crate) body_length: Option<usize>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Answer {
    pub(crate) text: Option<Text>,
    pub(crate) base64: Option<String>,
    pub(crate) closes: bool,
    #[serde(rename = "closes_without_an_answer")]
    pub(crate) hangs_up: bool,
    pub(crate) never_answers: bool,
    pub(crate) after_seconds: Option<f64>,
    pub(crate) prints_on_stdout: Option<Text>,
    pub(crate) prints_on_stderr: Option<Text>,
}

impl Answer {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        match (&self.text, &self.base64) {
            (Some(text), _) => text.bytes(),
            (None, Some(base64)) => STANDARD.decode(base64).unwrap(),
            (None, None) => Vec::new(),
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Response {
    pub(crate) status: Option<u64>,
    pub(crate) reason: Option<String>,
    #[serde(default)]
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Text>,
    #[serde(default)]
    pub(crate) interim: Vec<u64>,
    pub(crate) broken: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct LogEntry {
    pub(crate) level: String,
    pub(crate) category: String,
    pub(crate) message: Text,
}

/// Text that may come in pieces, or bytes.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Text {
    Plain(String),
    Pieces(Vec<Text>),
    Repeated { repeat: String, times: usize },
    Bytes { base64: String },
    Wrapped { text: Box<Text> },
}

impl Text {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Plain(text) => text.clone().into_bytes(),
            Self::Pieces(pieces) => pieces.iter().flat_map(Self::bytes).collect(),
            Self::Repeated { repeat, times } => repeat.repeat(*times).into_bytes(),
            Self::Bytes { base64 } => STANDARD.decode(base64).unwrap(),
            Self::Wrapped { text } => text.bytes(),
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct App {
    #[serde(rename = "host.json")]
    pub(crate) host_json: Value,
    pub(crate) functions: BTreeMap<String, Value>,
    #[serde(default)]
    pub(crate) environment: BTreeMap<String, String>,
}

impl App {
    /// Writes the app's files below a folder.
    pub(crate) fn write(&self, root: &Path) {
        std::fs::write(root.join("host.json"), self.host_json.to_string()).unwrap();
        for (name, file) in &self.functions {
            let text = match file {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            std::fs::create_dir(root.join(name)).unwrap();
            std::fs::write(root.join(name).join("function.json"), text).unwrap();
        }
    }
}

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/functions-host/captured")
}

fn read<T: serde::de::DeserializeOwned>(file: &str) -> T {
    let text = std::fs::read_to_string(folder().join(file)).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"))
}

pub(crate) fn apps() -> BTreeMap<String, App> {
    read("apps.json")
}

pub(crate) fn cases() -> Vec<Case> {
    ["envelopes.json", "answers.json", "statuses.json"]
        .into_iter()
        .flat_map(read::<Vec<Case>>)
        .collect()
}
