//! The address of a webhook, whose query is the function key.

use std::fmt;

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};

/// A webhook's URL. Its `Debug` and `Display` leave the query out, and so does its JSON, which has
/// the service's mask in its place.
#[derive(Clone, Deserialize)]
#[serde(from = "String")]
pub struct WebhookUrl(SecretString);

impl WebhookUrl {
    /// Whether a webhook can be called there.
    pub(crate) fn is_http(&self) -> bool {
        Url::parse(self.expose_secret()).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
    }

    /// What stands before the query, without a user's name and password, and whether there is one.
    fn address(&self) -> (String, bool) {
        let url = self.expose_secret();
        let (address, has_query) = match url.find(['?', '#']) {
            Some(end) => (&url[..end], true),
            None => (url, false),
        };
        let shown = address.split_once("://").and_then(|(scheme, rest)| {
            let host = rest.find('/').unwrap_or(rest.len());
            let user = rest[..host].rfind('@')?;
            Some(format!("{scheme}://{}", &rest[user + 1..]))
        });
        (shown.unwrap_or_else(|| address.to_owned()), has_query)
    }
}

impl From<String> for WebhookUrl {
    fn from(url: String) -> Self {
        Self(url.into())
    }
}

impl From<&str> for WebhookUrl {
    fn from(url: &str) -> Self {
        Self(url.into())
    }
}

impl ExposeSecret<str> for WebhookUrl {
    fn expose_secret(&self) -> &str {
        self.0.expose_secret()
    }
}

impl PartialEq for WebhookUrl {
    fn eq(&self, other: &Self) -> bool {
        self.expose_secret() == other.expose_secret()
    }
}

impl Eq for WebhookUrl {}

impl fmt::Display for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address().0)
    }
}

impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookUrl({self})")
    }
}

impl Serialize for WebhookUrl {
    /// Masks the query as the service masks it in a request.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (address, has_query) = self.address();
        serializer.collect_str(&format_args!(
            "{address}{}",
            if has_query { "?****" } else { "" }
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_is_never_shown() {
        for (url, shown, sent) in [
            (
                "https://app.azurewebsites.net/api/HttpTrigger1?code=s3cr3t",
                "https://app.azurewebsites.net/api/HttpTrigger1",
                "https://app.azurewebsites.net/api/HttpTrigger1?****",
            ),
            (
                "http://localhost:7071/api/HttpTrigger1",
                "http://localhost:7071/api/HttpTrigger1",
                "http://localhost:7071/api/HttpTrigger1",
            ),
            (
                "https://me:s3cr3t@host/a@b?code=s3cr3t#s3cr3t",
                "https://host/a@b",
                "https://host/a@b?****",
            ),
            ("no url?code=s3cr3t", "no url", "no url?****"),
        ] {
            let url = WebhookUrl::from(url);
            assert_eq!(url.to_string(), shown);
            assert_eq!(format!("{url:?}"), format!("WebhookUrl({shown})"));
            assert_eq!(serde_json::to_value(&url).unwrap(), sent);
        }
    }
}
