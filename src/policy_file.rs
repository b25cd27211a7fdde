//! Finding, reading and checking the policy's file.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use allocation::policy::{self, FileError, MAX_FILE};
use allocation::{Decision, Policy, Request};
use anyhow::{Context, Result, anyhow};

use crate::app_files;

/// The variable that names another file.
pub const FILE_VARIABLE: &str = "ALLOCATION_POLICY";

/// The file beside `host.json` that holds the policy.
pub const DEFAULT_FILE: &str = "allocation.json";

/// A policy that has been read from a file.
#[derive(Debug)]
pub struct PolicyFile {
    path: PathBuf,
    file: policy::File,
}

impl PolicyFile {
    /// Reads the policy that the environment names, or else `allocation.json`, and logs its name
    /// and its checksum.
    ///
    /// # Errors
    /// When the file is missing, unreadable or wrong, or the app's files don't fit it.
    pub fn from_env() -> Result<Self> {
        let policy = Self::read_served()?;
        let app = app_files::read(&app_files::root(env));
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

    /// Reads the policy that the environment names, or else `allocation.json`.
    ///
    /// # Errors
    /// When the file is missing, unreadable or wrong.
    pub fn read_served() -> Result<Self> {
        let path = path_from_lookup(env);
        Self::parse(&path, &read_served(&path)?)
    }

    /// Reads the policy of this file.
    ///
    /// # Errors
    /// When the file is missing, unreadable or wrong.
    pub fn read(path: &Path) -> Result<Self> {
        Self::parse(path, &read(path)?)
    }

    fn parse(path: &Path, bytes: &[u8]) -> Result<Self> {
        let file = policy::File::parse(bytes).map_err(|error| wrong(path, &error))?;
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

/// The bytes of the file that is served.
pub(crate) fn read_served(path: &Path) -> Result<Vec<u8>> {
    read_bytes(path).with_context(|| {
        format!(
            "cannot read {}: put the policy there, or name another file in {FILE_VARIABLE}",
            path.display()
        )
    })
}

/// The bytes of a file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    read_bytes(path).with_context(|| format!("cannot read {}", path.display()))
}

/// The bytes of a file; of one that is too large, one more than a file may have.
fn read_bytes(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut start = File::open(path)?.take(MAX_FILE as u64 + 1);
    start.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A variable of the environment.
pub(crate) fn env(name: &str) -> Option<String> {
    Some(std::env::var_os(name)?.to_string_lossy().into_owned())
}

/// The file's path, relative to the app's folder.
pub(crate) fn path_from_lookup(lookup: impl Fn(&str) -> Option<String>) -> PathBuf {
    let name = lookup(FILE_VARIABLE).filter(|name| !name.is_empty());
    app_files::root(lookup).join(name.as_deref().unwrap_or(DEFAULT_FILE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app_files::APP_ROOT_VARIABLE;

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
