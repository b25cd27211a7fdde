//! The app: `host.json`, the function folders and `local.settings.json` below one root.
//!
//! Loaded once when the host starts; the real host watches the files and starts anew when one
//! changes.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::Value;

use crate::app::app_error::AppError;
use crate::app::function::Function;
use crate::app::host_json::HostSettings;
use crate::app::route::RouteValues;
use crate::app::settings_file::{parse, read};
use crate::envelope::body_text;
use crate::newtonsoft::{MAX_DEPTH, Node};

/// A function app on disk.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) root: PathBuf,
    pub(crate) settings: HostSettings,
    /// In the order in which routes are tried.
    pub(crate) functions: Vec<Function>,
    /// Those that can't be used, and why. The others run.
    pub(crate) functions_in_error: Vec<(String, String)>,
    /// `Values` of `local.settings.json`.
    pub(crate) local_settings: HashMap<String, SecretString>,
}

/// Shows no setting, as any may be a secret.
impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct LocalSettings {
    #[serde(rename = "IsEncrypted", default)]
    is_encrypted: bool,
    #[serde(rename = "Values", default)]
    values: Value,
}

impl App {
    /// A value of `local.settings.json`.
    pub(crate) fn local_setting(&self, name: &str) -> Option<String> {
        let value = self.local_settings.get(name)?;
        Some(value.expose_secret().to_owned())
    }

    /// Loads the app below `root`. `inherited` looks up a variable of the host's own environment.
    pub(crate) fn load(
        root: &Path,
        inherited: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, AppError> {
        let root = root
            .canonicalize()
            .map_err(|error| AppError::new(root, error))?;
        let host_json = root.join("host.json");
        let settings = read_host_json(&host_json)?;
        let local_settings = load_local_settings(&root.join("local.settings.json"))?;
        let setting = |key: &str| {
            let local = local_settings.get(key);
            inherited(key).or_else(|| local.map(|value| value.expose_secret().to_owned()))
        };
        let (mut functions, mut functions_in_error) = (Vec::new(), Vec::new());
        for entry in std::fs::read_dir(&root)
            .map_err(|error| AppError::new(&root, error))?
            .flatten()
        {
            let file = entry.path().join("function.json");
            let name = entry.file_name().to_string_lossy().into_owned();
            let listed = settings.functions.as_ref();
            if !file.is_file() || listed.is_some_and(|listed| !listed.contains(&name)) {
                continue;
            }
            let function = if is_function_name(&name) {
                let text = read(&file).map_err(|error| error.problem().to_owned());
                let function = text.and_then(|text| {
                    Function::parse(&name, &text, &settings.route_prefix, setting)
                        .and_then(|function| function.with_its_script(&entry.path()))
                        .map_err(|error| error.to_string())
                });
                function.map_err(|problem| format!("{} cannot be used: {problem}", file.display()))
            } else {
                Err(format!("'{name}' is not a valid function name."))
            };
            match function {
                Ok(function) => functions.push(function),
                Err(problem) => functions_in_error.push((name, problem)),
            }
        }
        functions.sort_by(|a, b| a.name.cmp(&b.name));
        let functions = without_equal_routes(functions, &mut functions_in_error);
        functions_in_error.sort();
        let mut routed = Vec::new();
        for mut function in functions {
            let file = root.join(&function.name).join("function.json");
            // A route that can't be read stops the host as a whole.
            function
                .read_route()
                .map_err(|problem| AppError::new(&file, problem))?;
            routed.push(function);
        }
        routed.sort_by_key(|function| {
            function
                .trigger
                .as_ref()
                .map(|trigger| trigger.route.precedence())
        });
        Ok(Self {
            root,
            settings,
            functions: routed,
            functions_in_error,
            local_settings,
        })
    }

    /// The function that a request is for. A function that doesn't list the method is not found.
    pub(crate) fn find(&self, method: &str, path: &str) -> Option<(&Function, RouteValues)> {
        self.functions.iter().find_map(|function| {
            let trigger = function
                .trigger
                .as_ref()
                .filter(|trigger| trigger.allows(method))?;
            Some((function, trigger.route.matches(path)?))
        })
    }
}

/// Letters, digits, `_` and `-` behind a letter, 128 at most; and one name is the host's own.
fn is_function_name(name: &str) -> bool {
    let first = name.as_bytes().first();
    first.is_some_and(u8::is_ascii_alphabetic)
        && name.len() <= 128
        && !name.eq_ignore_ascii_case("host")
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

fn read_host_json(file: &Path) -> Result<HostSettings, AppError> {
    let unreadable = |detail: &dyn fmt::Display| {
        let path = file.display();
        AppError::new(
            file,
            format!("Unable to parse host configuration file '{path}'. ({detail})"),
        )
    };
    let bytes = std::fs::read(file).map_err(|error| AppError::new(file, error))?;
    let node = Node::parse(&body_text::decode(&bytes), MAX_DEPTH);
    match node.map_err(|error| unreadable(&error))? {
        Some(node @ Node::Object(_)) => HostSettings::parse(&node.into_json())
            .map_err(|error| AppError::new(file, error.problem())),
        _ => Err(unreadable(&"it must be a JSON object")),
    }
}

/// Of functions with the same route and a method in common the first one keeps it.
fn without_equal_routes(
    functions: Vec<Function>,
    in_error: &mut Vec<(String, String)>,
) -> Vec<Function> {
    let mut kept: Vec<Function> = Vec::new();
    for function in functions {
        let same = kept
            .iter()
            .find(|earlier| earlier.has_the_route_of(&function));
        match same.map(|earlier| earlier.name.clone()) {
            None => kept.push(function),
            Some(earlier) => {
                let route = function.route().unwrap_or_default();
                let problem = format!("the function {earlier} has the route {route} already");
                in_error.push((function.name, problem));
            }
        }
    }
    kept
}

fn load_local_settings(file: &Path) -> Result<HashMap<String, SecretString>, AppError> {
    if !file.is_file() {
        return Ok(HashMap::new());
    }
    let wrong = |problem: &dyn fmt::Display| AppError::new(file, problem);
    let settings: LocalSettings = parse(&read(file)?).map_err(|error| wrong(&error))?;
    if settings.is_encrypted {
        return Err(wrong(&"it is encrypted; run `func settings decrypt` first"));
    }
    // No complaint shows a value, as any may be a secret.
    let values = match settings.values {
        Value::Null => return Ok(HashMap::new()),
        Value::Object(values) => values,
        _ => return Err(wrong(&"\"Values\" must be an object of strings")),
    };
    let settings = values.into_iter().map(|(name, value)| match value {
        Value::String(value) => Ok((name, value.into())),
        _ => Err(wrong(&format!("\"Values.{name}\" must be a string"))),
    });
    settings.collect()
}
