//! Which app a command runs, and with which handler. Used by every command that starts the emulated
//! Functions host.
//!
//! A handler that belongs to a cargo package is built before it is started, so that what runs is
//! always what the sources say.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail, ensure};
use clap::{Args, ValueEnum};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use thiserror::Error;

use emulator_text::read_text;
use functions_host::{FunctionsHost, HostOptions, Transfer};

/// The options by which a command finds the app and its handler.
#[derive(Debug, Args)]
pub(crate) struct FunctionsApp {
    /// The app's folder, where host.json is; without it, the current folder or the nearest one
    /// above that has a host.json.
    #[arg(long, value_name = "DIR")]
    app: Option<PathBuf>,
    /// The handler to start; without it, the app's cargo package is built, or else host.json names
    /// the file.
    #[arg(long, value_name = "FILE")]
    handler: Option<PathBuf>,
    /// Check function keys as authLevel says, and take this one for the function key; without it,
    /// nobody is asked for a key.
    #[arg(long, value_name = "KEY")]
    function_key: Option<SecretString>,
    /// Check keys as well, and take this one for the master key, which opens every function, those
    /// that are switched off too.
    #[arg(long, value_name = "KEY")]
    master_key: Option<SecretString>,
    /// Rows for input bindings to Cosmos DB and SQL, in JSON; it stands in for them and is not the
    /// real engine.
    #[arg(long, value_name = "FILE")]
    rows_file: Option<PathBuf>,
    /// How requests travel to the handler.
    #[arg(long, value_enum, default_value = "chunked")]
    transfer: TransferArgument,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum TransferArgument {
    /// Transfer-Encoding: chunked, as in Azure.
    Chunked,
    /// Content-Length, as under the Functions Core Tools.
    ContentLength,
}

impl FunctionsApp {
    /// The key that callers need.
    #[must_use]
    pub(crate) fn function_key(&self) -> Option<&str> {
        self.function_key.as_ref().map(SecretString::expose_secret)
    }

    /// The app's folder.
    ///
    /// # Errors
    /// When there is no app.
    pub(crate) fn folder(&self) -> anyhow::Result<PathBuf> {
        match &self.app {
            Some(app) => Ok(app.clone()),
            None => {
                nearest_app(&std::env::current_dir().context("cannot tell the current folder")?)
            }
        }
    }

    /// The file of rows, if there is one.
    pub(crate) fn rows_file(&self) -> Option<&Path> {
        self.rows_file.as_deref()
    }

    /// Finds the app and builds its handler.
    ///
    /// # Errors
    /// When there is no app, or the handler can't be found or built.
    pub(crate) fn options(&self) -> anyhow::Result<HostOptions> {
        self.options_of(&self.folder()?)
    }

    /// The app's folder; without `--app`, the folder of that name below the current one or one
    /// above, or the nearest app.
    ///
    /// # Errors
    /// When there is no app.
    pub(crate) fn folder_or(&self, name: &str) -> anyhow::Result<PathBuf> {
        if let Some(app) = &self.app {
            return Ok(app.clone());
        }
        let current = std::env::current_dir().context("cannot tell the current folder")?;
        let mut named = current.ancestors().map(|folder| folder.join(name));
        match named.find(|folder| folder.join("host.json").is_file()) {
            Some(named) => Ok(named),
            None => nearest_app(&current),
        }
    }

    /// Builds the handler of the app in that folder.
    ///
    /// # Errors
    /// When the folder holds no app, or its handler can't be found or built.
    pub(crate) fn options_of(&self, app: &Path) -> anyhow::Result<HostOptions> {
        ensure!(
            app.join("host.json").is_file(),
            "there is no host.json in {}; name the folder of a Functions app with --app DIR",
            app.display()
        );
        let transfer = match self.transfer {
            TransferArgument::Chunked => Transfer::Chunked,
            TransferArgument::ContentLength => Transfer::ContentLength,
        };
        let mut options = HostOptions::new(app).transfer(transfer);
        if let Some(handler) = self.handler(app)? {
            options = options.handler(handler);
        }
        if let Some(key) = &self.function_key {
            options = options.function_key(key.clone());
        }
        if let Some(file) = &self.rows_file {
            options = options.rows_file(file);
        }
        if let Some(key) = &self.master_key {
            options = options.master_key(key.clone());
        }
        Ok(options)
    }

    /// The handler to start, or `None` to leave it to the host, which does as `host.json` says.
    fn handler(&self, app: &Path) -> anyhow::Result<Option<PathBuf>> {
        if let Some(handler) = &self.handler {
            let found = handler
                .canonicalize()
                .with_context(|| format!("cannot use the handler {}", handler.display()))?;
            return Ok(Some(found));
        }
        let manifest = app.join("Cargo.toml");
        if manifest.is_file() {
            return build(&manifest, &executable_name(&app.join("host.json"))?).map(Some);
        }
        Ok(None)
    }

    /// As [`options_of`](Self::options_of), for an app without a program or a cargo package of its
    /// own: its handler is that of the package around it, and is built.
    ///
    /// # Errors
    /// The same.
    pub(crate) fn options_within(&self, app: &Path) -> anyhow::Result<HostOptions> {
        let options = self.options_of(app)?;
        if self.handler.is_some() {
            return Ok(options);
        }
        let folder = app
            .canonicalize()
            .with_context(|| format!("cannot use the app {}", app.display()))?;
        let mut manifests = folder.ancestors().map(|folder| folder.join("Cargo.toml"));
        match manifests.find(|manifest| manifest.is_file()) {
            Some(manifest) => {
                let name = executable_name(&folder.join("host.json"))?;
                Ok(options.handler(build(&manifest, &name)?))
            }
            None => Ok(options),
        }
    }
}

/// Starts the host.
///
/// # Errors
/// When it can't be started, with what the user can do about it.
pub(crate) async fn start(options: HostOptions) -> anyhow::Result<FunctionsHost> {
    use functions_host::StartError;
    let hint = "Put the program that host.json names into the app's folder, with the right to be run (chmod +x), or name one with \
        --handler FILE.";
    FunctionsHost::start(options)
        .await
        .map_err(|error| match error {
            StartError::CannotStart(_) => anyhow::Error::msg(format!("{error}. {hint}")),
            StartError::NeverReady { ref output, .. } => {
                let lines: Vec<&str> = output.iter().map(|line| line.text.as_str()).collect();
                let printed = once(lines.into_iter());
                let text = once(error.to_string().lines());
                NeverReadyError { text, printed }.into()
            }
            StartError::App(_) | StartError::RowsFile { .. } | StartError::Port(_) => {
                anyhow::Error::msg(error.to_string())
            }
        })
}

/// The handler was started, but never got ready.
#[derive(Debug, Error)]
#[error("{text}")]
pub(crate) struct NeverReadyError {
    text: String,
    /// What it printed.
    pub(crate) printed: String,
}

/// The lines without those that have been there before: each start of a handler fails alike.
fn once<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let mut told: Vec<&str> = Vec::new();
    for line in lines {
        if !told.contains(&line) {
            told.push(line);
        }
    }
    told.join("\n")
}

fn nearest_app(from: &Path) -> anyhow::Result<PathBuf> {
    let found = from
        .ancestors()
        .find(|folder| folder.join("host.json").is_file());
    found.map(Path::to_owned).with_context(|| {
        format!("there is no host.json in {} or above; go to a Functions app, or name one with --app DIR", from.display())
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HostJson {
    custom_handler: CustomHandler,
}

#[derive(Deserialize)]
struct CustomHandler {
    description: Description,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Description {
    default_executable_path: String,
}

/// The name of the binary that the app wants to run.
fn executable_name(host_json: &Path) -> anyhow::Result<String> {
    let named = || format!("cannot find the handler's name in {}", host_json.display());
    let text = read_text(host_json).with_context(named)?;
    let file: HostJson = serde_json::from_str(&text).with_context(named)?;
    let path = PathBuf::from(file.custom_handler.description.default_executable_path);
    let stem = path.file_stem().with_context(named)?;
    Ok(stem.to_string_lossy().into_owned())
}

/// A line of `cargo build --message-format=json` that tells of something built.
#[derive(Deserialize)]
struct CargoMessage {
    target: Option<CargoTarget>,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct CargoTarget {
    name: String,
}

/// Builds a binary and says where it is. Cargo's own messages go to stderr as always.
fn build(manifest: &Path, binary: &str) -> anyhow::Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo)
        .args([
            "build",
            "--message-format=json-render-diagnostics",
            "--bin",
            binary,
            "--manifest-path",
        ])
        .arg(manifest)
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot run cargo to build the handler; name a built one with --handler FILE")?;
    let lines = build
        .stdout
        .take()
        .map(BufReader::new)
        .into_iter()
        .flat_map(BufReader::lines);
    let messages = lines
        .map_while(Result::ok)
        .filter_map(|line| serde_json::from_str::<CargoMessage>(&line).ok());
    let executable = messages
        .filter(|message| {
            message
                .target
                .as_ref()
                .is_some_and(|target| target.name == binary)
        })
        .filter_map(|message| message.executable)
        .last();
    if !build.wait().context("cannot wait for cargo")?.success() {
        bail!(
            "cargo could not build the handler {binary} of {}; see its messages above",
            manifest.display()
        );
    }
    executable.with_context(|| {
        format!(
            "cargo built no program {binary} from {}",
            manifest.display()
        )
    })
}
