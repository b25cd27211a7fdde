//! The emulator's command line, as somebody types it.

use std::path::Path;
use std::process::{Command, Stdio};

/// The emulator with these arguments, in a directory.
pub(crate) fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_emulator"));
    command
        .current_dir(directory)
        .args(arguments)
        .env_remove("RUST_LOG")
        .stdin(Stdio::null());
    command
}

/// Whether the command succeeded, and what it printed.
pub(crate) fn run(directory: &Path, arguments: &[&str]) -> (bool, String) {
    let output = command(directory, arguments).output().unwrap();
    let printed = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(printed).unwrap())
}
