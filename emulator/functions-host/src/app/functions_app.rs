//! The app: `host.json`, the function folders and `local.settings.json` below one root.
//!
//! Loaded once when the host starts; the real host watches the files and starts anew when one changes.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::app::function::Function;
use crate::app::host_json::HostSettings;
use crate::app::route::RouteValues;

/// A function app on disk.
#[derive(Debug, Clone)]
pub(crate) struct App {
    pub(crate) root: PathBuf,
    pub(crate) settings: HostSettings,
    /// In the order in which routes are tried.
    pub(crate) functions: Vec<Function>,
    /// `Values` of `local.settings.json`.
    pub(crate) local_settings: HashMap<String, String>,
}

/// Why an app could not be loaded.
#[derive(Debug)]
pub struct AppError {
    file: PathBuf,
    problem: String,
}

impl AppError {
    pub(crate) fn host_json(problem: impl Into<String>) -> Self {
        Self {
            file: "host.json".into(),
            problem: problem.into(),
        }
    }

    fn new(file: &Path, problem: impl fmt::Display) -> Self {
        Self {
            file: file.to_owned(),
            problem: problem.to_string(),
        }
    }
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} cannot be used: {}",
            self.file.display(),
            self.problem
        )
    }
}

impl std::error::Error for AppError {}

#[derive(Deserialize)]
struct LocalSettings {
    #[serde(rename = "IsEncrypted", default)]
    is_encrypted: bool,
    #[serde(rename = "Values", default)]
    values: Value,
}

impl App {
    /// Loads the app below `root`. `inherited` looks up a variable of the host's own environment.
    pub(crate) fn load(
        root: &Path,
        inherited: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, AppError> {
        let root = root
            .canonicalize()
            .map_err(|error| AppError::new(root, error))?;
        let host_json = root.join("host.json");
        let settings = HostSettings::parse(&read(&host_json)?)
            .map_err(|error| AppError::new(&host_json, error.problem))?;
        let local_settings = load_local_settings(&root.join("local.settings.json"))?;
        let setting = |key: &str| inherited(key).or_else(|| local_settings.get(key).cloned());
        let mut functions = Vec::new();
        for entry in std::fs::read_dir(&root)
            .map_err(|error| AppError::new(&root, error))?
            .flatten()
        {
            let file = entry.path().join("function.json");
            if file.is_file() {
                let name = entry.file_name().to_string_lossy().into_owned();
                let function =
                    Function::parse(&name, &read(&file)?, &settings.route_prefix, setting);
                functions.push(function.map_err(|problem| AppError::new(&file, problem))?);
            }
        }
        functions.sort_by(|a, b| a.name.cmp(&b.name));
        functions.sort_by_key(|function| {
            function
                .trigger
                .as_ref()
                .map(|trigger| trigger.route.precedence())
        });
        Ok(Self {
            root,
            settings,
            functions,
            local_settings,
        })
    }

    /// The function that a request is for. A function that is switched off or doesn't list the method is not found.
    pub(crate) fn find(&self, method: &str, path: &str) -> Option<(&Function, RouteValues)> {
        self.functions
            .iter()
            .filter(|function| !function.disabled)
            .find_map(|function| {
                let trigger = function
                    .trigger
                    .as_ref()
                    .filter(|trigger| trigger.allows(method))?;
                Some((function, trigger.route.matches(path)?))
            })
    }
}

fn load_local_settings(file: &Path) -> Result<HashMap<String, String>, AppError> {
    if !file.is_file() {
        return Ok(HashMap::new());
    }
    let wrong = |problem: &str| AppError::new(file, problem);
    let settings: LocalSettings = parse(&read(file)?).map_err(|problem| wrong(&problem))?;
    if settings.is_encrypted {
        return Err(wrong("it is encrypted; run `func settings decrypt` first"));
    }
    // No complaint shows a value, as any may be a secret.
    let values = match settings.values {
        Value::Null => return Ok(HashMap::new()),
        Value::Object(values) => values,
        _ => return Err(wrong("\"Values\" must be an object of strings")),
    };
    let settings = values.into_iter().map(|(name, value)| match value {
        Value::String(value) => Ok((name, value)),
        _ => Err(wrong(&format!("\"Values.{name}\" must be a string"))),
    });
    settings.collect()
}

/// Reads the JSON object of a settings file.
///
/// # Errors
/// A sentence that names the member.
pub(crate) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    if !text.trim_ascii_start().starts_with('{') {
        return Err("it must be a JSON object".to_owned());
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let file = serde_path_to_error::deserialize(&mut json).map_err(|error| error.to_string())?;
    json.end().map_err(|error| error.to_string())?;
    Ok(file)
}

fn read(file: &Path) -> Result<String, AppError> {
    let text = std::fs::read_to_string(file).map_err(|error| AppError::new(file, error))?;
    Ok(text
        .strip_prefix('\u{feff}')
        .map(str::to_owned)
        .unwrap_or(text))
}
