//! The text of a `function.json`, and what the host checks in it before it looks at single
//! bindings.

use serde::Deserialize;

use crate::app::function_error::FunctionError;
use crate::app::retry::RetryPolicy;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct File {
    #[serde(default)]
    pub(super) bindings: Vec<Binding>,
    pub(super) retry: Option<RetryPolicy>,
    #[serde(rename = "scriptFile")]
    pub(super) script: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Binding {
    #[serde(default)]
    pub(super) name: String,
    #[serde(rename = "type", default)]
    pub(super) kind: String,
    pub(super) direction: Option<String>,
    pub(super) data_type: Option<String>,
    pub(super) auth_level: Option<String>,
    pub(super) methods: Option<Vec<String>>,
    pub(super) route: Option<String>,
    pub(super) cardinality: Option<String>,
    pub(super) consumer_group: Option<String>,
}

/// What a binding's type may begin with, in lower case: the host's own types, and those of the
/// extension bundle.
const KNOWN_TYPES: [&str; 34] = [
    "activity",
    "apihub",
    "assistant",
    "blob",
    "cosmosdb",
    "dapr",
    "documentdb",
    "durable",
    "embeddings",
    "entity",
    "eventgrid",
    "eventhub",
    "http",
    "kafka",
    "kusto",
    "manual",
    "mcp",
    "mysql",
    "notificationhub",
    "orchestration",
    "queue",
    "rabbitmq",
    "redis",
    "semanticsearch",
    "sendgrid",
    "servicebus",
    "signalr",
    "sql",
    "table",
    "textcompletion",
    "timer",
    "twilio",
    "warmup",
    "webpubsub",
];
/// The largest number of characters in the name of a binding.
const MAX_NAME: usize = 128;

impl File {
    /// What the host checks before it looks at single bindings. `name` is the function's.
    pub(super) fn check(&self, name: &str) -> Result<(), FunctionError> {
        let triggers = self.bindings.iter().filter(|binding| binding.is_trigger());
        match triggers.count() {
            1 => {}
            0 => return Err(FunctionError::NoTrigger),
            _ => return Err(FunctionError::SeveralTriggers),
        }
        let lower_case = name.to_lowercase();
        let reserved = ["admin", "runtime"];
        let is_http = |binding: &&Binding| binding.kind.eq_ignore_ascii_case("httpTrigger");
        if let Some(trigger) = self.bindings.iter().find(is_http) {
            let route = trigger
                .route
                .as_deref()
                .unwrap_or(&lower_case)
                .to_lowercase();
            if let Some(reserved) = reserved
                .into_iter()
                .find(|reserved| route.trim_start_matches('/').starts_with(reserved))
            {
                return Err(FunctionError::ReservedRoute { route, reserved });
            }
        }
        for (position, binding) in self.bindings.iter().enumerate() {
            let is_repeated = self.bindings[..position]
                .iter()
                .any(|earlier| earlier.name.eq_ignore_ascii_case(&binding.name));
            if is_repeated {
                return Err(FunctionError::RepeatedBinding(binding.name.clone()));
            }
            binding.check()?;
        }
        Ok(())
    }
}

impl Binding {
    fn is_trigger(&self) -> bool {
        self.kind.to_lowercase().ends_with("trigger")
    }

    fn check(&self) -> Result<(), FunctionError> {
        let mut characters = self.name.chars();
        let is_name = self.name == "$return"
            || (characters
                .next()
                .is_some_and(|first| first.is_ascii_alphabetic())
                && self.name.len() <= MAX_NAME
                && characters.all(|c| c.is_ascii_alphanumeric() || c == '_'));
        if !is_name {
            return Err(FunctionError::BindingName(self.name.clone()));
        }
        let kind = self.kind.to_lowercase();
        if !KNOWN_TYPES.iter().any(|known| kind.starts_with(known)) {
            return Err(FunctionError::BindingType(self.kind.clone()));
        }
        Ok(())
    }

    pub(super) fn is_output(&self) -> bool {
        self.direction
            .as_deref()
            .is_some_and(|direction| direction.eq_ignore_ascii_case("out"))
    }
}
