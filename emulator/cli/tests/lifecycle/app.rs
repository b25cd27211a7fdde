//! A case's app on disk, and what its puppet has written down.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::case::{Case, Corpus, File, Function};

/// The handler on strings that the cases were captured with; here it stands where a case wants a
/// script for `python3`.
const SCRIPT: &str =
    include_str!("../../../../fixtures/functions-host/captured/lifecycle-puppet.py");

/// One that does the same.
const PUPPET: &str = env!("CARGO_BIN_EXE_lifecycle-puppet");

/// An app below a folder of its own, which goes away with it.
pub(crate) struct App {
    _folder: tempfile::TempDir,
    pub(crate) root: PathBuf,
}

impl App {
    pub(crate) fn new(corpus: &Corpus, case: &Case) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // The root is a folder in the folder: a case may write beside it.
        let root = folder.path().canonicalize().unwrap().join("app");
        std::fs::create_dir(&root).unwrap();
        let app = Self {
            _folder: folder,
            root,
        };
        let host_json = match (&case.host_json["$text"], &case.host_json["$base64"]) {
            (Value::String(text), _) => text.clone().into_bytes(),
            (_, Value::String(base64)) => STANDARD.decode(base64).unwrap(),
            _ => case.host_json.to_string().into_bytes(),
        };
        app.write("host.json", &host_json);
        for function in case
            .functions
            .as_ref()
            .unwrap_or(&corpus.defaults.functions)
        {
            app.add_function(&corpus.defaults.function_json, function);
        }
        let description = &case.host_json["customHandler"]["description"];
        let is_for_python = description["defaultExecutablePath"] == "python3";
        for (path, file) in corpus.defaults.files.iter().chain(&case.files) {
            app.add_file(path, file, is_for_python);
        }
        // What the puppet was sent is always of interest.
        let mut control = case.control.clone();
        control.insert("record_raw".to_owned(), json!(true));
        app.write("control.json", json!(control).to_string().as_bytes());
        app
    }

    fn add_function(&self, function_json: &Value, function: &Function) {
        let mut file = function_json.clone();
        let name = match function {
            Function::Name(name) => name,
            Function::Routed { name, route } => {
                file["bindings"][0]["route"] = json!(route);
                name
            }
        };
        self.write(
            &format!("{name}/function.json"),
            file.to_string().as_bytes(),
        );
    }

    fn add_file(&self, path: &str, file: &File, is_for_python: bool) {
        let is_program = file.mode.as_deref() == Some("0755");
        match (file.puppet, is_for_python) {
            // A link, as a file that was just written may still be busy.
            (true, false) if is_program => {
                let path = self.root.join(path);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                // A case may say the same of a file as the defaults.
                let _ = std::fs::remove_file(&path);
                return std::os::unix::fs::symlink(PUPPET, path).unwrap();
            }
            (true, false) => {
                let _ = std::fs::remove_file(self.root.join(path));
                self.write(path, &std::fs::read(PUPPET).unwrap());
            }
            (true, true) => self.write(path, SCRIPT.as_bytes()),
            (false, _) => self.write(path, file.text.as_deref().unwrap_or_default().as_bytes()),
        }
        if let Some(mode) = &file.mode {
            let mode = u32::from_str_radix(mode, 8).unwrap();
            let permissions = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(self.root.join(path), permissions).unwrap();
        }
    }

    pub(crate) fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// Adds members to a JSON file.
    pub(crate) fn merge(&self, path: &str, members: &Value) {
        let text = std::fs::read_to_string(self.root.join(path)).unwrap();
        let mut file: Value = serde_json::from_str(&text).unwrap();
        for (name, value) in members.as_object().unwrap() {
            file[name] = value.clone();
        }
        self.write(path, file.to_string().as_bytes());
    }

    /// Puts another file of the same content in a file's place.
    pub(crate) fn replace(&self, path: &str) {
        let (path, new) = (self.root.join(path), self.root.join("new"));
        std::fs::copy(&path, &new).unwrap();
        std::fs::rename(new, path).unwrap();
    }

    pub(crate) fn mode(&self, path: &str) -> u32 {
        let file = std::fs::metadata(self.root.join(path)).unwrap();
        file.permissions().mode() & 0o7777
    }

    /// What the puppet's processes have written down so far.
    pub(crate) fn events(&self) -> Vec<Event> {
        let text = std::fs::read_to_string(self.root.join("events.jsonl")).unwrap_or_default();
        // The last line may not be complete yet.
        text.lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .map(Event)
            .collect()
    }
}

/// Something that the puppet has written down.
#[derive(Clone, Debug)]
pub(crate) struct Event(pub(crate) Value);

impl Event {
    pub(crate) fn is(&self, what: &str) -> bool {
        self.0["what"] == what
    }

    pub(crate) fn pid(&self) -> u32 {
        self.0["pid"].as_u64().unwrap().try_into().unwrap()
    }

    /// In seconds since 1970.
    pub(crate) fn time(&self) -> f64 {
        self.0["t"].as_f64().unwrap()
    }

    pub(crate) fn variable(&self, name: &str) -> &str {
        self.0["env"][name].as_str().unwrap_or_default()
    }
}

/// Whether a process runs; one that has ended and waits to be noticed doesn't.
pub(crate) fn runs(pid: u32) -> bool {
    let status = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat"));
    status.is_ok_and(|stat| {
        stat.rsplit_once(") ")
            .is_some_and(|(_, rest)| !rest.starts_with('Z'))
    })
}
