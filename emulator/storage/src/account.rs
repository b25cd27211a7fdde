//! A connection string: which account, where its services are, and what proves that one may use it.
//!
//! Source: <https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string>.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The account that Azurite serves; name and key are published, and the same everywhere.
const DEVELOPMENT_ACCOUNT: &str = "devstoreaccount1";
const DEVELOPMENT_KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// Name and key of Azurite's account, as a connection string begins.
pub(crate) fn development_credential() -> String {
    format!("AccountName={DEVELOPMENT_ACCOUNT};AccountKey={DEVELOPMENT_KEY}")
}

/// The ports of 127.0.0.1 at which Azurite serves; 0 asks for a free one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ports {
    /// Blobs.
    pub blob: u16,
    /// Queues.
    pub queue: u16,
    /// Tables.
    pub table: u16,
}

impl Ports {
    /// The ports that `UseDevelopmentStorage=true` stands for.
    pub const DEVELOPMENT: Self = Self {
        blob: 10000,
        queue: 10001,
        table: 10002,
    };
}

/// A storage account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub(crate) name: String,
    pub(crate) credential: Credential,
    pub(crate) blob_endpoint: String,
    pub(crate) queue_endpoint: String,
    pub(crate) table_endpoint: String,
}

/// What proves that one may use an account. Nothing of it is ever shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Credential {
    /// The bytes of the account's key.
    Key(Vec<u8>),
    /// A shared access signature, without its question mark.
    Signature(String),
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Key(_) => "Key(…)",
            Self::Signature(_) => "Signature(…)",
        })
    }
}

/// Why a text is not a connection string. The messages are the .NET client's, and show nothing of
/// the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// A part that isn't `name=value`.
    #[error("Settings must be of the form \"name=value\".")]
    NotAList,
    /// A name that comes twice.
    #[error("Duplicate setting found.")]
    Duplicate,
    /// Parts are missing.
    #[error("No valid combination of account information found.")]
    Incomplete,
    /// The key is not base64.
    #[error(
        "The input is not a valid Base-64 string as it contains a non-base 64 character, more than two padding characters, or an illegal \
         character among the padding characters."
    )]
    Key,
}

impl Account {
    /// The account on a laptop, at the ports that Azurite has by default.
    #[must_use]
    pub fn development() -> Self {
        Self::azurite(Ports::DEVELOPMENT)
    }

    /// The account that Azurite serves at these ports of 127.0.0.1.
    pub(crate) fn azurite(ports: Ports) -> Self {
        let endpoint = |port: u16| format!("http://127.0.0.1:{port}/{DEVELOPMENT_ACCOUNT}");
        Self {
            name: DEVELOPMENT_ACCOUNT.to_owned(),
            credential: Credential::Key(STANDARD.decode(DEVELOPMENT_KEY).unwrap_or_default()),
            blob_endpoint: endpoint(ports.blob),
            queue_endpoint: endpoint(ports.queue),
            table_endpoint: endpoint(ports.table),
        }
    }

    /// Reads a connection string.
    ///
    /// # Errors
    /// The text is no connection string, or parts are missing.
    pub fn parse(text: &str) -> Result<Self, AccountError> {
        let mut settings: Vec<(String, &str)> = Vec::new();
        for part in text.split(';').filter(|part| !part.trim().is_empty()) {
            let (name, value) = part.split_once('=').ok_or(AccountError::NotAList)?;
            let name = name.trim().to_ascii_lowercase();
            if settings.iter().any(|(known, _)| *known == name) {
                return Err(AccountError::Duplicate);
            }
            settings.push((name, value.trim()));
        }
        let setting = |name: &str| {
            let found = settings.iter().find(|(known, _)| known == name);
            found
                .map(|(_, value)| *value)
                .filter(|value| !value.is_empty())
        };
        if setting("usedevelopmentstorage").is_some_and(|value| value.eq_ignore_ascii_case("true"))
        {
            return Ok(Self::development());
        }
        let credential = match (setting("accountkey"), setting("sharedaccesssignature")) {
            (Some(key), None) => {
                Credential::Key(STANDARD.decode(key).map_err(|_| AccountError::Key)?)
            }
            (None, Some(signature)) => {
                Credential::Signature(signature.trim_start_matches('?').to_owned())
            }
            _ => return Err(AccountError::Incomplete),
        };
        let name = setting("accountname");
        let protocol = setting("defaultendpointsprotocol").unwrap_or("https");
        let suffix = setting("endpointsuffix").unwrap_or("core.windows.net");
        let endpoint = |explicit: &str, service: &str| match (setting(explicit), name) {
            (Some(endpoint), _) => Some(endpoint.trim_end_matches('/').to_owned()),
            (None, Some(name)) => Some(format!("{protocol}://{name}.{service}.{suffix}")),
            (None, None) => None,
        };
        let is_key = matches!(credential, Credential::Key(_));
        let blob_endpoint = endpoint("blobendpoint", "blob");
        let queue_endpoint = endpoint("queueendpoint", "queue");
        let table_endpoint = endpoint("tableendpoint", "table");
        let endpoints = [&blob_endpoint, &queue_endpoint, &table_endpoint];
        let has_endpoint = endpoints.iter().any(|endpoint| endpoint.is_some());
        if (is_key && name.is_none()) || !has_endpoint {
            return Err(AccountError::Incomplete);
        }
        Ok(Self {
            name: name.unwrap_or_default().to_owned(),
            credential,
            blob_endpoint: blob_endpoint.unwrap_or_default(),
            queue_endpoint: queue_endpoint.unwrap_or_default(),
            table_endpoint: table_endpoint.unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "c2VjcmV0";

    #[test]
    fn endpoints_are_named_or_follow_from_the_account() {
        for (text, blob, table) in [
            (
                "UseDevelopmentStorage=true".to_owned(),
                "http://127.0.0.1:10000/devstoreaccount1",
                "http://127.0.0.1:10002/devstoreaccount1",
            ),
            (
                format!("AccountName=fleet;AccountKey={KEY}"),
                "https://fleet.blob.core.windows.net",
                "https://fleet.table.core.windows.net",
            ),
            (
                format!(
                    "DefaultEndpointsProtocol=http;accountname=fleet;AccountKey={KEY};EndpointSuffix=core.chinacloudapi.cn;"
                ),
                "http://fleet.blob.core.chinacloudapi.cn",
                "http://fleet.table.core.chinacloudapi.cn",
            ),
            (
                format!(
                    "AccountName=a;AccountKey={KEY};BlobEndpoint=http://127.0.0.1:1/a;TableEndpoint=http://127.0.0.1:2/a/"
                ),
                "http://127.0.0.1:1/a",
                "http://127.0.0.1:2/a",
            ),
            (
                "BlobEndpoint=https://x.example;SharedAccessSignature=?sv=1&sig=s".to_owned(),
                "https://x.example",
                "",
            ),
        ] {
            let account = Account::parse(&text).unwrap();
            assert_eq!(
                (
                    account.blob_endpoint.as_str(),
                    account.table_endpoint.as_str()
                ),
                (blob, table)
            );
        }
    }

    #[test]
    fn what_is_no_connection_string_is_refused_in_the_clients_words() {
        for (text, message) in [
            ("garbage", "Settings must be of the form \"name=value\"."),
            ("", "No valid combination of account information found."),
            (
                "AccountName=a",
                "No valid combination of account information found.",
            ),
            ("AccountName=a;AccountName=b", "Duplicate setting found."),
            (
                "AccountKey=c2VjcmV0",
                "No valid combination of account information found.",
            ),
        ] {
            assert_eq!(
                Account::parse(text).unwrap_err().to_string(),
                message,
                "{text}"
            );
        }
        let error = Account::parse("AccountName=a;AccountKey=s3cr3t!").unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("The input is not a valid Base-64 string")
        );
    }

    #[test]
    fn no_secret_is_shown() {
        let account = Account::parse("AccountName=a;AccountKey=c2VjcmV0").unwrap();
        assert!(!format!("{account:?}").contains("c2VjcmV0"));
        assert!(format!("{account:?}").contains("Key(…)"));
        let account =
            Account::parse("TableEndpoint=https://x.example;SharedAccessSignature=sig=abc")
                .unwrap();
        assert!(!format!("{account:?}").contains("abc"));
    }
}
