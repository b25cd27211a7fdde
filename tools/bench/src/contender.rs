//! What is measured, and how each contender is built.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

/// A program that answers invocations on the port that the environment names.
#[derive(Clone, Debug)]
pub(crate) struct Contender {
    pub(crate) name: &'static str,
    /// What it runs on, with its version.
    pub(crate) platform: String,
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    /// Whether the program is all that has to be there, rather than an interpreter with its
    /// libraries.
    pub(crate) is_whole: bool,
}

/// The handler as it is deployed.
pub(crate) fn handler(workspace: &Path) -> Result<Contender> {
    let program = cargo_build(workspace, "custom-allocation", "handler")?;
    rust("handler", workspace, program)
}

/// Actix-web with the constant bytes of the file `answer`.
pub(crate) fn floor(workspace: &Path, answer: &Path) -> Result<Contender> {
    let program = cargo_build(workspace, "bench", "floor")?;
    let mut floor = rust("floor", workspace, program)?;
    floor.arguments.push(answer.into());
    Ok(floor)
}

/// The same policy elsewhere, each or why it can't take part. What is built goes into `scratch`.
pub(crate) fn others(workspace: &Path, scratch: &Path) -> Vec<(&'static str, Result<Contender>)> {
    let sources = workspace.join("tools/bench/contenders");
    vec![
        ("Go", go(&sources.join("go"), scratch)),
        ("Node", node(&sources)),
    ]
}

fn rust(name: &'static str, workspace: &Path, program: PathBuf) -> Result<Contender> {
    let rustc = says(Command::new("rustc").arg("--version"))?;
    let lock = std::fs::read_to_string(workspace.join("Cargo.lock"))?;
    let actix_web = locked_version(&lock, "actix-web").context("Cargo.lock has no actix-web")?;
    Ok(Contender {
        name,
        platform: format!("{rustc}, actix-web {actix_web}"),
        program,
        is_whole: true,
        arguments: Vec::new(),
    })
}

fn go(source: &Path, scratch: &Path) -> Result<Contender> {
    let platform = says(Command::new("go").arg("version"))?;
    let program = scratch.join("go");
    // As small as `go build` makes it, and static as ours.
    let build = Command::new("go")
        .args(["build", "-trimpath", "-ldflags=-s -w", "-o"])
        .arg(&program)
        .current_dir(source)
        .env("CGO_ENABLED", "0")
        .status()?;
    ensure!(build.success(), "go build failed");
    Ok(Contender {
        name: "Go",
        platform,
        program,
        is_whole: true,
        arguments: Vec::new(),
    })
}

fn node(sources: &Path) -> Result<Contender> {
    let version = says(Command::new("node").arg("--version"))?;
    // Not what the PATH has, which may be a script that looks for the interpreter at each start.
    let program = says(Command::new("node").args(["--print", "process.execPath"]))?;
    Ok(Contender {
        name: "Node",
        platform: format!("Node {version}"),
        program: program.into(),
        is_whole: false,
        arguments: vec![sources.join("node.mjs").into()],
    })
}

/// What a command prints, as one line. A missing program is told by its name.
pub(crate) fn says(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{program} can't be run: install it"))?;
    // wrk tells its version with exit status 1.
    let text = String::from_utf8_lossy(&output.stdout);
    match text.lines().next() {
        Some(line) => Ok(line.trim().to_owned()),
        None => bail!("{program} says nothing: {}", output.status),
    }
}

/// Builds a binary as `scripts/package` does, static and for release.
fn cargo_build(workspace: &Path, package: &str, binary: &str) -> Result<PathBuf> {
    #[derive(Deserialize)]
    struct Message {
        executable: Option<PathBuf>,
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let rustflags = std::env::var("RUSTFLAGS").unwrap_or_default();
    let build = Command::new(cargo)
        .args([
            "build",
            "--release",
            "--locked",
            "--message-format=json-render-diagnostics",
        ])
        .args([
            "--target",
            &target()?,
            "--package",
            package,
            "--bin",
            binary,
        ])
        .current_dir(workspace)
        .env(
            "RUSTFLAGS",
            format!("{rustflags} -Ctarget-feature=+crt-static"),
        )
        .stderr(Stdio::inherit())
        .output()
        .context("cargo can't be run")?;
    ensure!(build.status.success(), "cargo can't build {binary}");
    String::from_utf8_lossy(&build.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Message>(line).ok()?.executable)
        .next_back()
        .with_context(|| format!("cargo doesn't say where {binary} is"))
}

/// This machine's target. Named, it keeps the flags from the crates that run at compile time.
fn target() -> Result<String> {
    says(Command::new("rustc").args(["--print", "host-tuple"]))
}

fn locked_version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let (_, behind) = lock.split_once(&format!("name = \"{package}\"\nversion = \""))?;
    behind.split('"').next()
}
