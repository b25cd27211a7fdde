//! A function folder and its `function.json`.
//!
//! Functions with an HTTP or an Event Hub trigger can be invoked; others are known by their bindings only.
//! Sources: <https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger#configuration>,
//! <https://learn.microsoft.com/azure/azure-functions/functions-bindings-event-hubs-trigger#configuration>.

use serde::Deserialize;

use crate::app::functions_app;
use crate::app::retry::RetryPolicy;
use crate::app::route::Route;

/// One function of the app.
#[derive(Debug, Clone)]
pub struct Function {
    /// The folder's name.
    pub name: String,
    pub(crate) trigger: Option<HttpTrigger>,
    pub(crate) event_hub_trigger: Option<EventHubTrigger>,
    pub(crate) outputs: Vec<OutputBinding>,
    pub(crate) disabled: bool,
    pub(crate) retry: Option<RetryPolicy>,
}

/// An `httpTrigger` binding.
#[derive(Debug, Clone)]
pub(crate) struct HttpTrigger {
    pub(crate) name: String,
    pub(crate) auth_level: AuthLevel,
    /// In upper case; all methods when empty.
    pub(crate) methods: Vec<String>,
    /// With the route prefix.
    pub(crate) template: String,
    pub(crate) route: Route,
}

/// An `eventHubTrigger` binding.
#[derive(Debug, Clone)]
pub(crate) struct EventHubTrigger {
    pub(crate) name: String,
    pub(crate) consumer_group: String,
    pub(crate) cardinality: Cardinality,
    pub(crate) data_type: DataType,
}

/// Whether events come together or each alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cardinality {
    One,
    Many,
}

/// What the trigger makes of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DataType {
    /// Nothing is said: text alone, JSON in a batch.
    Undefined,
    String,
    Binary,
}

/// A binding of direction `out`.
#[derive(Debug, Clone)]
pub(crate) struct OutputBinding {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) data_type: Option<String>,
}

/// Who may call a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum AuthLevel {
    Anonymous,
    User,
    Function,
    System,
    Admin,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    #[serde(default)]
    bindings: Vec<Binding>,
    #[serde(default)]
    disabled: Disabled,
    retry: Option<RetryPolicy>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Binding {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    direction: Option<String>,
    data_type: Option<String>,
    auth_level: Option<String>,
    methods: Option<Vec<String>>,
    route: Option<String>,
    cardinality: Option<String>,
    consumer_group: Option<String>,
}

/// `true`, or the name of a setting that is true.
#[derive(Deserialize)]
#[serde(untagged)]
enum Disabled {
    Flag(bool),
    Setting(String),
}

impl Default for Disabled {
    fn default() -> Self {
        Self::Flag(false)
    }
}

impl Function {
    /// Reads a function from the text of its `function.json`. `setting` looks up an app setting.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the file.
    pub(crate) fn parse(
        name: &str,
        text: &str,
        route_prefix: &str,
        setting: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, String> {
        let file: File = functions_app::parse(text)?;
        let is_on = |value: Option<String>| {
            value.is_some_and(|value| value.eq_ignore_ascii_case("true") || value == "1")
        };
        let disabled = match file.disabled {
            Disabled::Flag(flag) => flag,
            Disabled::Setting(key) => is_on(setting(&key)),
        };
        let switched_off = [
            format!("AzureWebJobs.{name}.Disabled"),
            format!("AzureWebJobs_{name}_Disabled"),
        ];
        let (outputs, inputs): (Vec<_>, Vec<_>) =
            file.bindings.into_iter().partition(Binding::is_output);
        let is =
            |kind: &'static str| move |binding: &&Binding| binding.kind.eq_ignore_ascii_case(kind);
        let event_hub_trigger = inputs.iter().find(is("eventHubTrigger"));
        let event_hub_trigger = event_hub_trigger.map(EventHubTrigger::new).transpose()?;
        let trigger = inputs
            .into_iter()
            .find(|binding| is("httpTrigger")(&binding));
        Ok(Self {
            name: name.to_owned(),
            trigger: trigger
                .map(|binding| HttpTrigger::new(name, binding, route_prefix))
                .transpose()?,
            event_hub_trigger,
            outputs: outputs
                .into_iter()
                .map(|binding| OutputBinding {
                    name: binding.name,
                    kind: binding.kind,
                    data_type: binding.data_type,
                })
                .collect(),
            disabled: disabled || switched_off.into_iter().any(|key| is_on(setting(&key))),
            retry: file.retry,
        })
    }

    /// The methods that the function answers to; all of them when the list is empty.
    #[must_use]
    pub fn methods(&self) -> &[String] {
        self.trigger
            .as_ref()
            .map_or(&[], |trigger| &trigger.methods)
    }

    /// The path template with its prefix, `api/HttpTrigger1`, when the function has an HTTP trigger.
    #[must_use]
    pub fn route(&self) -> Option<&str> {
        self.trigger
            .as_ref()
            .map(|trigger| trigger.template.as_str())
    }

    /// Whether it is switched off.
    #[must_use]
    pub fn is_disabled(&self) -> bool {
        self.disabled
    }

    /// The `http` output binding, whose name may be `$return`.
    pub(crate) fn http_output(&self) -> Option<&OutputBinding> {
        self.outputs
            .iter()
            .find(|output| output.kind.eq_ignore_ascii_case("http"))
    }

    /// Whether requests can be forwarded as they are: HTTP in, HTTP out and nothing else.
    pub(crate) fn is_plain_http(&self) -> bool {
        self.trigger.is_some() && self.outputs.len() == 1 && self.http_output().is_some()
    }
}

impl Binding {
    fn is_output(&self) -> bool {
        self.direction
            .as_deref()
            .is_some_and(|direction| direction.eq_ignore_ascii_case("out"))
    }
}

impl EventHubTrigger {
    fn new(binding: &Binding) -> Result<Self, String> {
        let lower = |text: &Option<String>| text.as_deref().map(str::to_lowercase);
        let cardinality = match lower(&binding.cardinality).as_deref() {
            None | Some("one") => Cardinality::One,
            Some("many") => Cardinality::Many,
            Some(other) => return Err(format!("cardinality {other} is neither one nor many")),
        };
        let data_type = match lower(&binding.data_type).as_deref() {
            None => DataType::Undefined,
            Some("string") => DataType::String,
            Some("binary") => DataType::Binary,
            Some(other) => return Err(format!("dataType {other} is neither string nor binary")),
        };
        let consumer_group = binding.consumer_group.clone();
        Ok(Self {
            name: binding.name.clone(),
            consumer_group: consumer_group.unwrap_or_else(|| "$Default".to_owned()),
            cardinality,
            data_type,
        })
    }
}

impl HttpTrigger {
    fn new(function_name: &str, binding: Binding, route_prefix: &str) -> Result<Self, String> {
        let auth_level = match binding
            .auth_level
            .as_deref()
            .map(str::to_lowercase)
            .as_deref()
        {
            None | Some("function") => AuthLevel::Function,
            Some("anonymous") => AuthLevel::Anonymous,
            Some("user") => AuthLevel::User,
            Some("system") => AuthLevel::System,
            Some("admin") => AuthLevel::Admin,
            Some(other) => {
                return Err(format!(
                    "authLevel {other} is not one of anonymous, function and admin"
                ));
            }
        };
        let own = binding.route.unwrap_or_else(|| function_name.to_owned());
        let template = format!(
            "{}/{}",
            route_prefix.trim_matches('/'),
            own.trim_matches('/')
        )
        .trim_matches('/')
        .to_owned();
        Ok(Self {
            name: binding.name,
            auth_level,
            methods: binding
                .methods
                .unwrap_or_default()
                .into_iter()
                .map(|method| method.to_uppercase())
                .collect(),
            route: Route::parse(&template)?,
            template,
        })
    }

    pub(crate) fn allows(&self, method: &str) -> bool {
        self.methods.is_empty()
            || self
                .methods
                .iter()
                .any(|allowed| allowed.eq_ignore_ascii_case(method))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BINDINGS: &str = r#""bindings":[{"type":"httpTrigger","direction":"in","name":"req","methods":["post"]},
        {"type":"http","direction":"out","name":"res"}]"#;

    fn parse(text: &str) -> Result<Function, String> {
        Function::parse("HttpTrigger1", text, "api", |key| {
            (key == "IsOff").then(|| "true".to_owned())
        })
    }

    #[test]
    fn a_function_without_a_route_is_found_under_its_name() {
        let function = parse(&format!("{{{BINDINGS}}}")).unwrap();
        assert_eq!(function.route(), Some("api/HttpTrigger1"));
        assert_eq!(function.methods(), ["POST"]);
        assert!(function.is_plain_http() && !function.is_disabled());
        assert_eq!(
            function.trigger.map(|trigger| trigger.auth_level),
            Some(AuthLevel::Function)
        );
    }

    #[test]
    fn the_prefix_stands_before_a_route_and_may_be_empty() {
        let text = r#"{"bindings":[{"type":"httpTrigger","name":"req","authLevel":"Anonymous","route":"/items/{id}"}]}"#;
        assert_eq!(parse(text).unwrap().route(), Some("api/items/{id}"));
        let function = Function::parse("Items", text, "", |_| None).unwrap();
        assert_eq!(function.route(), Some("items/{id}"));
        assert!(function.trigger.is_some_and(
            |trigger| trigger.allows("DELETE") && trigger.auth_level == AuthLevel::Anonymous
        ));
    }

    #[test]
    fn a_function_is_switched_off_in_its_file_or_by_a_setting() {
        for disabled in ["true", r#""IsOff""#] {
            assert!(
                parse(&format!(r#"{{"disabled":{disabled},{BINDINGS}}}"#))
                    .unwrap()
                    .is_disabled()
            );
        }
        assert!(
            !parse(&format!(r#"{{"disabled":"IsOn",{BINDINGS}}}"#))
                .unwrap()
                .is_disabled()
        );
        let setting =
            |key: &str| (key == "AzureWebJobs.HttpTrigger1.Disabled").then(|| "1".to_owned());
        assert!(
            Function::parse("HttpTrigger1", &format!("{{{BINDINGS}}}"), "api", setting)
                .unwrap()
                .is_disabled()
        );
    }

    #[test]
    fn an_event_hub_trigger_says_how_its_events_come() {
        let trigger = |more: &str| {
            let text = format!(
                r#"{{"bindings":[{{"type":"eventHubTrigger","name":"events","direction":"in"{more}}}]}}"#
            );
            parse(&text).map(|function| function.event_hub_trigger.unwrap())
        };
        let plain = trigger("").unwrap();
        assert_eq!(
            (plain.name.as_str(), plain.consumer_group.as_str()),
            ("events", "$Default")
        );
        assert_eq!(
            (plain.cardinality, plain.data_type),
            (Cardinality::One, DataType::Undefined)
        );
        let many = trigger(r#","cardinality":"Many","dataType":"String","consumerGroup":"g""#);
        let many = many.unwrap();
        assert_eq!(
            (
                many.cardinality,
                many.data_type,
                many.consumer_group.as_str()
            ),
            (Cardinality::Many, DataType::String, "g")
        );
        assert!(
            trigger(r#","cardinality":"few""#)
                .unwrap_err()
                .contains("few")
        );
        assert!(
            trigger(r#","dataType":"stream""#)
                .unwrap_err()
                .contains("stream")
        );
    }

    #[test]
    fn functions_with_other_triggers_have_no_route() {
        let function =
            parse(r#"{"bindings":[{"type":"eventHubTrigger","name":"events","direction":"in"}]}"#)
                .unwrap();
        assert_eq!(function.route(), None);
    }

    #[test]
    fn mistakes_are_named() {
        assert!(
            parse(r#"{"bindings":[{"type":"httpTrigger","name":"req","authLevel":"everyone"}]}"#)
                .unwrap_err()
                .contains("everyone")
        );
        assert!(
            parse(r#"{"bindings":[{"type":"httpTrigger","name":"req","route":"{a:b}"}]}"#)
                .unwrap_err()
                .contains("constraint b")
        );
        assert!(parse("{").unwrap_err().contains("EOF"));
    }
}
