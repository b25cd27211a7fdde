//! A function folder and its `function.json`.
//!
//! Functions with an HTTP or an Event Hub trigger can be invoked; others are known by their
//! bindings only. Sources:
//! <https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger#configuration>,
//! <https://learn.microsoft.com/azure/azure-functions/functions-bindings-event-hubs-trigger#configuration>.

use std::path::Path;

use crate::app::function_error::FunctionError;
use crate::app::function_json::{Binding, File};
use crate::app::retry::RetryPolicy;
use crate::app::route::{Route, RouteError};
use crate::app::settings_file;
use crate::bindings::declaration::{self, InputBinding, StoreOutput};

/// One function of the app.
#[derive(Clone, Debug)]
pub struct Function {
    /// The folder's name.
    pub name: String,
    pub(crate) trigger: Option<HttpTrigger>,
    pub(crate) event_hub_trigger: Option<EventHubTrigger>,
    pub(crate) outputs: Vec<OutputBinding>,
    /// What is read for it beside the trigger.
    pub(crate) input_bindings: Vec<InputBinding>,
    /// What is written for it beside its response.
    pub(crate) store_outputs: Vec<StoreOutput>,
    pub(crate) disabled: bool,
    pub(crate) retry: Option<RetryPolicy>,
    /// A file that must exist, although the host does not read it.
    script: Option<String>,
}

/// An `httpTrigger` binding.
#[derive(Clone, Debug)]
pub(crate) struct HttpTrigger {
    pub(crate) name: String,
    pub(crate) auth_level: AuthLevel,
    /// In upper case; all methods when there is no list.
    pub(crate) methods: Option<Vec<String>>,
    /// With the route prefix.
    pub(crate) template: String,
    pub(crate) route: Route,
}

/// An `eventHubTrigger` binding.
#[derive(Clone, Debug)]
pub(crate) struct EventHubTrigger {
    pub(crate) name: String,
    pub(crate) consumer_group: String,
    pub(crate) cardinality: Cardinality,
    pub(crate) data_type: DataType,
}

/// Whether events come together or each alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cardinality {
    One,
    Many,
}

/// What the trigger makes of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DataType {
    /// Nothing is said: text alone, JSON in a batch.
    Undefined,
    String,
    Binary,
    /// Which no event can be bound to.
    Stream,
}

/// A binding of direction `out`.
#[derive(Clone, Debug)]
pub(crate) struct OutputBinding {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) data_type: Option<String>,
}

/// Who may call a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AuthLevel {
    Anonymous,
    User,
    Function,
    System,
    Admin,
}

impl Function {
    /// Reads a function from the text of its `function.json`. `setting` looks up an app setting.
    ///
    /// # Errors
    /// When the file can't be used. The real host does without the function then.
    pub(crate) fn parse(
        name: &str,
        text: &str,
        route_prefix: &str,
        setting: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, FunctionError> {
        let file: File = settings_file::parse(text)?;
        file.check(name)?;
        let is_on = |value: Option<String>| {
            value.is_some_and(|value| value.eq_ignore_ascii_case("true") || value == "1")
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
        let input_bindings = declaration::input_bindings(text).map_err(FunctionError::Binding)?;
        let store_outputs = declaration::store_outputs(text).map_err(FunctionError::Binding)?;
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
            input_bindings,
            store_outputs,
            disabled: switched_off.into_iter().any(|key| is_on(setting(&key))),
            retry: file.retry,
            script: file.script.filter(|file| !file.is_empty()),
        })
    }

    /// The same function, when its `scriptFile` stands in its folder or none is named.
    ///
    /// # Errors
    /// When there is no such file.
    pub(crate) fn with_its_script(self, folder: &Path) -> Result<Self, FunctionError> {
        match &self.script {
            Some(file) if !folder.join(file).is_file() => {
                Err(FunctionError::NoScript(file.clone()))
            }
            _ => Ok(self),
        }
    }

    /// Makes the route of the template.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the template.
    pub(crate) fn read_route(&mut self) -> Result<(), RouteError> {
        if let Some(trigger) = &mut self.trigger {
            trigger.route = Route::parse(&trigger.template)?;
        }
        Ok(())
    }

    /// Whether another function answers to the same requests by the letter of its route.
    pub(crate) fn has_the_route_of(&self, other: &Self) -> bool {
        let (Some(mine), Some(theirs)) = (&self.trigger, &other.trigger) else {
            return false;
        };
        mine.template.eq_ignore_ascii_case(&theirs.template)
    }

    /// The methods that the function answers to; all of them when the list is empty.
    #[must_use]
    pub fn methods(&self) -> &[String] {
        self.trigger
            .as_ref()
            .and_then(|trigger| trigger.methods.as_deref())
            .unwrap_or_default()
    }

    /// The path template with its prefix, `api/HttpTrigger1`, when the function has an HTTP
    /// trigger.
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

    /// The `http` output bindings, of which one may be named `$return`.
    pub(crate) fn http_outputs(&self) -> impl Iterator<Item = &OutputBinding> {
        self.outputs.iter().filter(|output| output.is_http())
    }

    /// Whether requests can be forwarded as they are: HTTP in, HTTP out and nothing else.
    pub(crate) fn is_plain_http(&self) -> bool {
        self.trigger.is_some()
            && self.input_bindings.is_empty()
            && self.outputs.len() == 1
            && self.http_outputs().count() == 1
    }
}

impl OutputBinding {
    pub(crate) fn is_http(&self) -> bool {
        self.kind.eq_ignore_ascii_case("http")
    }

    /// Whether text in it stays text even when it happens to be base64.
    pub(crate) fn is_binary(&self) -> bool {
        let data_type = self.data_type.as_deref();
        data_type.is_some_and(|data_type| data_type.eq_ignore_ascii_case("binary"))
    }
}

impl EventHubTrigger {
    fn new(binding: &Binding) -> Result<Self, FunctionError> {
        let lower = |text: &Option<String>| text.as_deref().map(str::to_lowercase);
        let cardinality = match lower(&binding.cardinality).as_deref() {
            None | Some("one") => Cardinality::One,
            Some("many") => Cardinality::Many,
            Some(other) => return Err(FunctionError::Cardinality(other.to_owned())),
        };
        let data_type = match lower(&binding.data_type).as_deref() {
            None => DataType::Undefined,
            Some("string") => DataType::String,
            Some("binary") => DataType::Binary,
            Some("stream") => DataType::Stream,
            Some(other) => return Err(FunctionError::DataType(other.to_owned())),
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
    fn new(
        function_name: &str,
        binding: Binding,
        route_prefix: &str,
    ) -> Result<Self, FunctionError> {
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
                return Err(FunctionError::AuthLevel(other.to_owned()));
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
            methods: binding.methods.map(|methods| {
                let methods = methods.into_iter();
                methods.map(|method| method.to_uppercase()).collect()
            }),
            route: Route::default(),
            template,
        })
    }

    pub(crate) fn allows(&self, method: &str) -> bool {
        self.methods.as_ref().is_none_or(|methods| {
            methods
                .iter()
                .any(|allowed| allowed.eq_ignore_ascii_case(method))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BINDINGS: &str = r#""bindings":[{"type":"httpTrigger","direction":"in","name":"req","methods":["post"]},
        {"type":"http","direction":"out","name":"res"}]"#;

    fn parse(text: &str) -> Result<Function, FunctionError> {
        Function::parse("HttpTrigger1", text, "api", |_| None)
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
    fn a_function_is_switched_off_by_a_setting_and_not_by_its_file() {
        let text = format!(r#"{{"disabled":true,{BINDINGS}}}"#);
        assert!(!parse(&text).unwrap().is_disabled());
        let setting =
            |key: &str| (key == "AzureWebJobs.HttpTrigger1.Disabled").then(|| "1".to_owned());
        let function = Function::parse("HttpTrigger1", &text, "api", setting);
        assert!(function.unwrap().is_disabled());
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
                .to_string()
                .contains("few")
        );
        assert!(
            trigger(r#","dataType":"xml""#)
                .unwrap_err()
                .to_string()
                .contains("xml")
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
        let trigger = r#"{"type":"httpTrigger","name":"req"}"#;
        for (text, problem) in [
            ("{".to_owned(), "unexpected end"),
            ("{}".to_owned(), "no binding that is a trigger"),
            (
                format!(r#"{{"bindings":[{trigger},{trigger}]}}"#),
                "more than one binding",
            ),
            (
                format!(r#"{{"bindings":[{trigger},{{"type":"http","name":"REQ"}}]}}"#),
                "two bindings named REQ",
            ),
            (
                format!(r#"{{"bindings":[{trigger},{{"type":"fooBar","name":"x"}}]}}"#),
                "no binding of the type fooBar",
            ),
            (
                format!(r#"{{"bindings":[{trigger},{{"type":"http","name":"1-x"}}]}}"#),
                "\"1-x\" is not a valid binding name",
            ),
            (
                r#"{"bindings":[{"type":"httpTrigger","name":"r","authLevel":"everyone"}]}"#
                    .to_owned(),
                "authLevel everyone is not one of",
            ),
            (
                r#"{"bindings":[{"type":"httpTrigger","name":"r","route":"Admin/x"}]}"#.to_owned(),
                "the route admin/x begins with admin",
            ),
        ] {
            let error = parse(&text).unwrap_err().to_string();
            assert!(error.contains(problem), "{text}: {error}");
        }
    }

    #[test]
    fn what_newtonsoft_reads_is_read() {
        let text = "// c\n{'bindings':[{type:'HTTPTRIGGER',name:'req',methods:[]},],}";
        let function = parse(text).unwrap();
        assert!(!function.trigger.unwrap().allows("GET"));
    }

    #[test]
    fn a_route_that_cannot_be_read_and_a_script_that_is_missing_are_told() {
        let text = r#"{"bindings":[{"type":"httpTrigger","name":"r","route":"{a:b}"}],"scriptFile":"x.js"}"#;
        let mut function = parse(text).unwrap();
        assert_eq!(
            function.read_route().unwrap_err().to_string(),
            "the constraint b is unknown in route api/{a:b}"
        );
        let error = function.with_its_script(Path::new("/nowhere")).unwrap_err();
        assert_eq!(error.to_string(), "its scriptFile x.js doesn't exist");
    }
}
