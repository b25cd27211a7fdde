//! Finding, reading and checking the policy's file.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use allocation::policy::{self, App, FileError, MAX_FILE};
use allocation::{Decision, Policy, Request};
use anyhow::{Context, Result, anyhow};

/// The variable that names another file.
pub const FILE_VARIABLE: &str = "ALLOCATION_POLICY";

/// The file beside `host.json` that holds the policy.
pub const DEFAULT_FILE: &str = "allocation.json";

/// The variable in which the Functions host names the app's folder.
pub const APP_ROOT_VARIABLE: &str = "FUNCTIONS_APP_ROOT_PATH";

/// A policy that has been read from a file.
#[derive(Debug)]
pub struct PolicyFile {
    path: PathBuf,
    file: policy::File,
}

impl PolicyFile {
    /// Reads the policy that the environment names, or else `allocation.json`, and logs its name and its checksum.
    ///
    /// # Errors
    /// When the file is missing, unreadable or wrong, or the app's files don't fit it.
    pub fn from_env() -> Result<Self> {
        let lookup = |name: &str| Some(std::env::var_os(name)?.to_string_lossy().into_owned());
        let path = path_from_lookup(lookup);
        let root = app_root(lookup);
        let policy = Self::read(&path)?;
        let app = read_app(&root);
        if let Some(problem) = app.errors(&policy.file).first() {
            return Err(anyhow!("{problem}"));
        }
        log::info!(
            "policy {} {}",
            policy.path.display(),
            policy.file.checksum()
        );
        Ok(policy)
    }

    /// Reads the policy of this file.
    ///
    /// # Errors
    /// When the file is missing, unreadable or wrong.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = read(path)?;
        let file = policy::File::parse(&bytes).map_err(|error| wrong(path, &error))?;
        Ok(Self {
            path: path.to_owned(),
            file,
        })
    }

    /// The policy itself.
    #[must_use]
    pub fn policy(&self) -> &policy::File {
        &self.file
    }

    /// Decides on a request.
    #[must_use]
    pub fn decide(&self, request: &Request<'_>) -> Decision {
        self.file.decide(request)
    }
}

impl Policy for PolicyFile {
    fn decide(&self, request: &Request<'_>) -> Decision {
        self.file.decide(request)
    }
}

/// The one sentence on a file that is wrong.
fn wrong(path: &Path, error: &FileError) -> anyhow::Error {
    anyhow!("{}: {error}", path.display())
}

/// The bytes of a file; of one that is too large, one more than a file may have.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    let context = || {
        format!(
            "cannot read {}: put the policy there, or name another file in {FILE_VARIABLE}",
            path.display()
        )
    };
    let file = File::open(path).with_context(context)?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE as u64 + 1)
        .read_to_end(&mut bytes)
        .with_context(context)?;
    Ok(bytes)
}

/// The app's folder: where the variable says, else the working directory.
pub(crate) fn app_root(lookup: impl Fn(&str) -> Option<String>) -> PathBuf {
    let root = lookup(APP_ROOT_VARIABLE).filter(|root| !root.is_empty());
    root.map(PathBuf::from).unwrap_or_default()
}

/// The file's path, relative to the app's folder.
pub(crate) fn path_from_lookup(lookup: impl Fn(&str) -> Option<String>) -> PathBuf {
    let name = lookup(FILE_VARIABLE).filter(|name| !name.is_empty());
    app_root(lookup).join(name.as_deref().unwrap_or(DEFAULT_FILE))
}

/// The files of the app in this folder that a policy must fit.
pub(crate) fn read_app(root: &Path) -> App {
    let read = |name: &str| std::fs::read_to_string(root.join(name)).ok();
    App {
        function_json: read("HttpTrigger1/function.json"),
        host_json: read("host.json"),
        local_settings_json: read("local.settings.json"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_named_by_the_variable_below_the_app_s_folder() {
        for (set, expected) in [
            (&[][..], "allocation.json"),
            (&[(FILE_VARIABLE, "")], "allocation.json"),
            (&[(FILE_VARIABLE, "a/b.json")], "a/b.json"),
            (&[(APP_ROOT_VARIABLE, "/app")], "/app/allocation.json"),
            (&[(APP_ROOT_VARIABLE, "")], "allocation.json"),
            (
                &[(APP_ROOT_VARIABLE, "/app"), (FILE_VARIABLE, "b.json")],
                "/app/b.json",
            ),
            (
                &[(APP_ROOT_VARIABLE, "/app"), (FILE_VARIABLE, "/etc/b.json")],
                "/etc/b.json",
            ),
        ] {
            let lookup = |name: &str| {
                let (_, value) = set.iter().find(|(variable, _)| *variable == name)?;
                Some((*value).to_owned())
            };
            assert_eq!(path_from_lookup(lookup), Path::new(expected), "{set:?}");
        }
    }
}
