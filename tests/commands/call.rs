//! Calls of the binary, and folders of files for it.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;
use test_support::process;

/// The repository's root, which is the tutorial's app.
pub(crate) const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// What a call left behind.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Call {
    /// The status, and all that was written.
    pub(crate) fn told(&self) -> (i32, String) {
        (self.status, format!("{}{}", self.stderr, self.stdout))
    }
}

/// The binary in this folder, without what this process's environment would tell it.
pub(crate) fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = process::command(env!("CARGO_BIN_EXE_handler"));
    command.current_dir(folder).args(arguments);
    command
}

/// Calls the binary in the repository's root.
pub(crate) fn call(arguments: &[&str]) -> Call {
    end(command(Path::new(ROOT), arguments), b"")
}

/// Runs a command with this on its standard input.
pub(crate) fn end(mut command: Command, stdin: &[u8]) -> Call {
    let mut process = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that doesn't read it may have ended by now.
    let _ = process.stdin.take().unwrap().write_all(stdin);
    let output = process.wait_with_output().unwrap();
    Call {
        status: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A folder of files, which is gone with this value.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (name, text) in files {
            folder.write(name, text);
        }
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let file = self.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    }

    /// Calls the binary here.
    pub(crate) fn call(&self, arguments: &[&str]) -> Call {
        end(command(self.path(), arguments), b"")
    }

    /// What is told here, with this policy as the checksum of which `CHECKSUM` stands.
    pub(crate) fn told(&self, arguments: &[&str]) -> (i32, String) {
        let (status, told) = self.call(arguments).told();
        (status, without_checksum(&told))
    }
}

/// A text in which the twelve digits of a checksum are replaced.
pub(crate) fn without_checksum(text: &str) -> String {
    let mark = "checksum ";
    let Some((before, rest)) = text.split_once(mark) else {
        return text.to_owned();
    };
    let (digits, rest) = rest.split_at(12);
    assert!(
        digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{text}"
    );
    format!("{before}{mark}CHECKSUM{rest}")
}

/// A policy of one rule that gives every device the first hub.
pub(crate) const FIRST_HUB: &str = r#"{ "version": 1, "rules": [ { "name": "all", "hub": {} } ] }"#;

/// A policy of a row that a binding brings.
pub(crate) const ROW: &str = r#"{
  "version": 1,
  "rows": { "device": { "binding": "device", "verify": { "PartitionKey": "{registrationId}" } } },
  "rules": [
    { "name": "unknown", "when": { "rows.device": { "exists": false } }, "refuse": "No row." },
    { "name": "known", "hub": "{rows.device.hub}" }
  ]
}"#;

/// The request of a device that two hubs are linked for.
pub(crate) fn request(id: &str) -> String {
    format!(
        r#"{{"deviceRuntimeContext":{{"registrationId":"{id}"}},"linkedHubs":["a.azure-devices.net","b.azure-devices.net"]}}"#
    )
}
