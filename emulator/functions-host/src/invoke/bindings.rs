//! The stores behind an app's bindings, what an invocation's expressions may refer to, and what is
//! wrong with the bindings of the app.

use std::sync::Arc;

use secrecy::ExposeSecret as _;

use crate::answer::violation::Violation;
use crate::app::functions_app::App;
use crate::bindings::traps::{self, Surroundings};
use crate::bindings::{AppSettings, BindingData, Listener, RowsFile, Stores};
use crate::envelope::http_trigger::HttpInvocation;
use crate::invoke::record::Record;
use crate::log::record::LogRecord;
use crate::options::HostOptions;
use crate::start_error::StartError;

/// The category of what the emulator notices and the real host keeps to itself.
const BINDINGS: &str = "Emulator.Bindings";

/// What the expressions of an invocation's bindings may refer to.
pub(super) fn binding_data(invocation: &HttpInvocation<'_>) -> BindingData {
    BindingData::of(
        invocation.request,
        invocation.route_values,
        invocation.trigger_name,
        invocation.function_name,
    )
}

/// The stores that the app's settings name: the host's environment goes before
/// `local.settings.json`, and the options before both.
///
/// # Errors
/// When the file of rows can't be used.
pub(crate) fn stores(
    app: &App,
    options: &HostOptions,
    record: &Arc<Record>,
) -> Result<Stores, StartError> {
    let rows = match &options.rows_file {
        None => None,
        Some(file) => {
            let rows = RowsFile::load(file).map_err(|problem| StartError::RowsFile {
                file: file.clone(),
                problem,
            })?;
            Some(rows)
        }
    };
    let record = Arc::clone(record);
    let listener = Listener::new(move |text| {
        record.log(LogRecord::information(BINDINGS, text));
    });
    let bundle = app.settings.extension_bundle;
    Ok(Stores::new(settings(app, options), rows, listener, bundle))
}

fn settings(app: &App, options: &HostOptions) -> AppSettings {
    let local = app.local_settings.iter();
    let local = local.map(|(name, value)| (name.clone(), value.expose_secret().to_owned()));
    let own = options.environment.iter();
    let own = own.map(|(name, value)| (name.clone(), value.expose_secret().to_owned()));
    let inherited = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    AppSettings::new(local.chain(inherited).chain(own))
}

/// Tells once, at the start, what is wrong with the bindings of the app's functions.
pub(crate) fn tell_of_traps(app: &App, options: &HostOptions, record: &Arc<Record>) {
    let settings = settings(app, options);
    for function in &app.functions {
        let name = &function.name;
        let outputs: Vec<&str> = function
            .outputs
            .iter()
            .filter(|output| !output.kind.eq_ignore_ascii_case("http"))
            .map(|output| output.name.as_str())
            .collect();
        let is_http = function.trigger.is_some();
        let surroundings = Surroundings {
            settings: &settings,
            function_timeout: app.settings.function_timeout,
            extension_bundle: app.settings.extension_bundle,
            other_outputs: if is_http { &outputs } else { &[] },
        };
        for trap in traps::find(&function.input_bindings, surroundings) {
            if trap.is_fatal {
                record.violation(Violation::BindingFailsAlways {
                    function: name.clone(),
                    detail: trap.sentence,
                });
            } else {
                let text = format!("function {name}, {}", trap.sentence);
                record.log(LogRecord::warning(BINDINGS, text));
            }
        }
    }
}
