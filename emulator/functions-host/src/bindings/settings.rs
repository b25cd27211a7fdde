//! Application settings as .NET's configuration sees them: names in any case, `__` for the colon
//! between sections.

use std::collections::HashMap;

/// All settings of an app. Values may be secrets; nothing here shows one.
#[derive(Clone, Default)]
pub(crate) struct AppSettings(HashMap<String, String>);

impl std::fmt::Debug for AppSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AppSettings({} settings)", self.0.len())
    }
}

impl AppSettings {
    /// Of settings with the same name the last counts.
    pub(crate) fn new(settings: impl IntoIterator<Item = (String, String)>) -> Self {
        let settings = settings.into_iter();
        Self(settings.map(|(name, value)| (key(&name), value)).collect())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(&key(name)).map(String::as_str)
    }

    /// Whether there is a setting of that name or below it.
    pub(crate) fn has_section(&self, name: &str) -> bool {
        let key = key(name);
        self.0.contains_key(&key) || {
            let below = format!("{key}:");
            self.0.keys().any(|known| known.starts_with(&below))
        }
    }

    /// The section that a connection's name stands for: with the prefix `AzureWebJobs` first, then
    /// as it is.
    pub(crate) fn connection_section(&self, connection: &str) -> Option<String> {
        let candidates = [format!("AzureWebJobs{connection}"), connection.to_owned()];
        candidates.into_iter().find(|name| self.has_section(name))
    }
}

fn key(name: &str) -> String {
    name.replace("__", ":").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_ignore_case_and_two_underscores_make_a_section() {
        let settings = [
            ("Store__retry__maxRetries", "1"),
            ("store__Retry__MAXRETRIES", "2"),
            ("Key", "s3cr3t"),
        ];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let settings = AppSettings::new(settings);
        assert_eq!(settings.get("STORE:retry__maxRetries"), Some("2"));
        assert_eq!(settings.get("Store"), None);
        assert!(settings.has_section("store") && settings.has_section("key"));
        assert!(!settings.has_section("Stor"));
        assert_eq!(format!("{settings:?}"), "AppSettings(2 settings)");
    }
}
