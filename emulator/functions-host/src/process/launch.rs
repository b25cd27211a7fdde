//! Which program to start, with what arguments and environment, and where.
//!
//! Pure but for the look whether a file exists. Source: `HttpWorkerDescription`,
//! `DefaultWorkerProcessFactory` and `HttpWorkerProcess` of
//! <https://github.com/Azure/azure-functions-host>; the variables are those of
//! <https://learn.microsoft.com/azure/azure-functions/functions-custom-handlers#application-structure>.

use std::path::{Path, PathBuf};

use secrecy::SecretString;

use crate::app::functions_app::App;
use crate::options::HostOptions;

/// A process to start.
#[derive(Clone, Debug)]
pub(crate) struct Launch {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) working_directory: PathBuf,
    /// What is set over the inherited environment.
    pub(crate) environment: Vec<(String, SecretString)>,
    /// The host gives the program the right to be run, as it does on Flex Consumption.
    pub(crate) makes_runnable: bool,
}

/// Works out how to start the handler. `worker_id` is new for each start; `inherited` looks up the
/// host's own environment.
pub(crate) fn plan(
    app: &App,
    options: &HostOptions,
    port: u16,
    worker_id: &str,
    inherited: impl Fn(&str) -> Option<String>,
) -> Launch {
    let description = &app.settings.description;
    let host_environment = |name: &str| inherited(name).or_else(|| app.local_setting(name));
    let program = options.handler.clone().unwrap_or_else(|| {
        let directory = app.root.join(&description.worker_directory);
        find_program(
            &directory,
            &expand(&description.default_executable_path, &host_environment),
        )
    });
    let own = [
        ("FUNCTIONS_CUSTOMHANDLER_PORT", port.to_string()),
        ("FUNCTIONS_HTTPWORKER_PORT", port.to_string()),
        ("FUNCTIONS_CUSTOMHANDLER_WORKER_ID", worker_id.to_owned()),
        ("FUNCTIONS_HTTPWORKER_ID", worker_id.to_owned()),
        (
            "FUNCTIONS_APP_ROOT_PATH",
            app.root.to_string_lossy().into_owned(),
        ),
    ];
    let worker_path = Some(&description.default_worker_path).filter(|path| !path.is_empty());
    let worker_path = worker_path.map(|path| format!("\"{}\"", expand(path, &host_environment)));
    let items = description
        .arguments
        .iter()
        .chain(worker_path.as_ref())
        .chain(&description.worker_arguments);
    let command_line = items
        .map(|item| expand(item, &host_environment))
        .collect::<Vec<_>>()
        .join(" ");
    let of_handler = |name: &str| {
        Some(
            own.iter()
                .find(|(own, _)| *own == name)
                .map(|(_, value)| value.clone())
                .unwrap_or_default(),
        )
    };
    let settings = app
        .local_settings
        .iter()
        .filter(|(name, _)| inherited(name).is_none());
    // What the handler may read what App Service has encrypted with.
    let machine_key = host_environment("WEBSITE_AUTH_ENCRYPTION_KEY")
        .map(|key| ("AZUREWEBSITE_MACHINE_KEY".to_owned(), key.into()));
    let sku = host_environment("WEBSITE_SKU");
    Launch {
        makes_runnable: sku.as_deref() == Some("FlexConsumption"),
        program,
        arguments: split(&expand(&command_line, &of_handler)),
        // Joined with nothing, the root would end in a slash, which the log of the real host
        // doesn't have.
        working_directory: if description.working_directory.is_empty() {
            app.root.clone()
        } else {
            app.root.join(&description.working_directory)
        },
        environment: settings
            .map(|(name, value)| (name.clone(), value.clone()))
            .chain(
                options
                    .environment
                    .iter()
                    .map(|(name, value)| (name.clone(), value.clone())),
            )
            .chain(machine_key)
            .chain(
                own.iter()
                    .map(|(name, value)| ((*name).to_owned(), value.clone().into())),
            )
            .collect(),
    }
}

/// A relative path counts only when the file exists; otherwise the system looks the text up in
/// PATH.
fn find_program(directory: &Path, text: &str) -> PathBuf {
    let full = directory.join(text);
    // A link counts even when it leads nowhere.
    let exists = full.is_file() || full.is_symlink();
    if exists { full } else { text.into() }
}

/// Replaces `%NAME%` by the variable's value; an unknown one stays as it is.
fn expand(text: &str, variable: &impl Fn(&str) -> Option<String>) -> String {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        expanded.push_str(before);
        if let Some((value, behind)) = after
            .split_once('%')
            .and_then(|(name, behind)| Some((variable(name)?, behind)))
        {
            expanded.push_str(&value);
            rest = behind;
        } else {
            expanded.push('%');
            rest = after;
        }
    }
    expanded + rest
}

/// Splits a command line at blanks outside of double quotes; `\"` is a quote that doesn't count.
fn split(command_line: &str) -> Vec<String> {
    let mut arguments = Vec::new();
    let (mut current, mut in_argument, mut in_quotes) = (String::new(), false, false);
    let mut characters = command_line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' if characters.peek() == Some(&'"') => current.extend(characters.next()),
            '"' => in_quotes = !in_quotes,
            _ if character.is_whitespace() && !in_quotes => {
                if in_argument {
                    arguments.push(std::mem::take(&mut current));
                }
                in_argument = false;
                continue;
            }
            _ => current.push(character),
        }
        in_argument = true;
    }
    if in_argument {
        arguments.push(current);
    }
    arguments
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::app::host_json::HostSettings;

    fn app(description: &str) -> App {
        let text =
            format!(r#"{{"version":"2.0","customHandler":{{"description":{description}}}}}"#);
        App {
            root: "/app".into(),
            settings: HostSettings::parse(&serde_json::from_str(&text).unwrap()).unwrap(),
            functions: Vec::new(),
            functions_in_error: Vec::new(),
            local_settings: HashMap::from([
                ("NAME".to_owned(), "local".into()),
                ("MINE".to_owned(), "a b".into()),
            ]),
        }
    }

    fn launch(description: &str, options: &HostOptions) -> Launch {
        let inherited = |name: &str| (name == "NAME").then(|| "inherited".to_owned());
        plan(&app(description), options, 4711, "guid", inherited)
    }

    fn environment_of(launch: Launch) -> Vec<(String, String)> {
        let environment = launch.environment.into_iter();
        environment
            .map(|(name, value)| (name, value.expose_secret().to_owned()))
            .collect()
    }

    #[test]
    fn the_environment_has_the_five_variables_and_the_local_settings_that_are_not_set_yet() {
        let options = HostOptions::new("/app").env("RUST_LOG", "debug");
        let launch = launch(r#"{"defaultExecutablePath":"no-such-handler"}"#, &options);
        let mut environment = environment_of(launch);
        environment.sort();
        let expected = [
            ("FUNCTIONS_APP_ROOT_PATH", "/app"),
            ("FUNCTIONS_CUSTOMHANDLER_PORT", "4711"),
            ("FUNCTIONS_CUSTOMHANDLER_WORKER_ID", "guid"),
            ("FUNCTIONS_HTTPWORKER_ID", "guid"),
            ("FUNCTIONS_HTTPWORKER_PORT", "4711"),
            ("MINE", "a b"),
            ("RUST_LOG", "debug"),
        ];
        assert_eq!(
            environment,
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }

    #[test]
    fn arguments_are_joined_expanded_and_split_again() {
        let description = r#"{"defaultExecutablePath":"%NAME%","defaultWorkerPath":"my script","workerArguments":["--x=%UNKNOWN%y","%MINE%"],
            "arguments":["--port %FUNCTIONS_CUSTOMHANDLER_PORT%","--quote=\\\"","%NAME%"],"workingDirectory":"sub"}"#;
        let launch = launch(description, &HostOptions::new("/app"));
        assert_eq!(launch.program, Path::new("inherited"));
        assert_eq!(
            launch.arguments,
            [
                "--port",
                "4711",
                "--quote=\"",
                "inherited",
                "my script",
                "--x=y",
                "a",
                "b"
            ]
        );
        assert_eq!(launch.working_directory, Path::new("/app/sub"));
    }

    #[test]
    fn an_executable_that_stands_in_the_app_is_used_and_any_other_is_left_to_the_system() {
        let here = env!("CARGO_MANIFEST_DIR");
        let text =
            format!(r#"{{"workerDirectory":"{here}","defaultExecutablePath":"Cargo.toml"}}"#);
        assert_eq!(
            launch(&text, &HostOptions::new("/app")).program,
            Path::new(here).join("Cargo.toml")
        );
        let text = format!(r#"{{"workerDirectory":"{here}","defaultExecutablePath":"python3"}}"#);
        assert_eq!(
            launch(&text, &HostOptions::new("/app")).program,
            Path::new("python3")
        );
        let options = HostOptions::new("/app").handler("/elsewhere/handler");
        assert_eq!(
            launch(&text, &options).program,
            Path::new("/elsewhere/handler")
        );
    }

    #[test]
    fn flex_consumption_gives_the_right_to_be_run() {
        let app = app(r#"{"defaultExecutablePath":"h"}"#);
        let options = HostOptions::new("/app");
        let flex = |name: &str| match name {
            "WEBSITE_SKU" => Some("FlexConsumption".to_owned()),
            "WEBSITE_AUTH_ENCRYPTION_KEY" => Some("k3y".to_owned()),
            _ => None,
        };
        let launch = plan(&app, &options, 4711, "guid", flex);
        let machine_key = ("AZUREWEBSITE_MACHINE_KEY".to_owned(), "k3y".to_owned());
        assert!(launch.makes_runnable && environment_of(launch).contains(&machine_key));
        assert!(!plan(&app, &options, 4711, "guid", |_| None).makes_runnable);
    }

    #[test]
    fn unknown_variables_stay_in_the_executables_path() {
        let launch = launch(
            r#"{"defaultExecutablePath":"100%/%WEBSITE_NODE%/x"}"#,
            &HostOptions::new("/app"),
        );
        assert_eq!(launch.program, Path::new("100%/%WEBSITE_NODE%/x"));
    }
}
