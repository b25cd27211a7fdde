//! Apps on disk for the tests, and emulators that serve them.

#![allow(dead_code, reason = "each test crate uses a part of it")]

use std::path::{Path, PathBuf};
use std::process::Child;

use serde_json::{Value, json};

const FUNCTION: &str = r#"{"bindings":[
    {"type":"httpTrigger","direction":"in","name":"req","authLevel":"function","methods":["get","post"]},
    {"type":"http","direction":"out","name":"res"}]}"#;

/// A function app in a directory of its own, which goes away with it.
pub(crate) struct App(tempfile::TempDir);

impl App {
    /// An app with the function `Puppet`; `host_json` is added to its `host.json`.
    pub(crate) fn new(host_json: &Value) -> Self {
        let app = Self(tempfile::tempdir().unwrap());
        let mut file = json!({"version": "2.0", "customHandler": {"description": {"defaultExecutablePath": "handler"}}});
        merge(&mut file, host_json);
        app.write("host.json", &file.to_string());
        app.write("Puppet/function.json", FUNCTION);
        app
    }

    pub(crate) fn plain() -> Self {
        Self::new(&json!({}))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        let file = self.path().join(file);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }

    /// Puts the puppet where `host.json` looks for the handler. A link, as a file that was just
    /// written may still be busy.
    pub(crate) fn add_handler(&self) {
        std::os::unix::fs::symlink(puppet(), self.path().join("handler")).unwrap();
    }

    /// Adds a function like `Puppet`, with a change to its `function.json`.
    pub(crate) fn add(&self, name: &str, from: &str, to: &str) {
        self.write(
            &format!("{name}/function.json"),
            &FUNCTION.replacen(from, to, 1),
        );
    }
}

pub(crate) fn puppet() -> PathBuf {
    // Each package that uses this file builds the puppet under a name of its own.
    let puppet =
        option_env!("CARGO_BIN_EXE_puppet-handler").or(option_env!("CARGO_BIN_EXE_puppet"));
    puppet.unwrap().into()
}

fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}

/// An emulator that serves, and ends with the test, whatever comes of that.
pub(crate) struct Serving(pub(crate) Child);

impl Serving {
    /// Ends it as Ctrl+C does; killed, it could not end its handler.
    pub(crate) fn interrupt(&self) {
        let pid = rustix::process::Pid::from_raw(self.0.id().try_into().unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        if self.0.try_wait().unwrap().is_none() {
            self.interrupt();
            self.0.wait().unwrap();
        }
    }
}
