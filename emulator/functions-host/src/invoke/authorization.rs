//! Whether a request may invoke a function.
//!
//! The host checks keys when it has one; without, everything is allowed, as under Core Tools. There
//! is one function key, named `default`, which stands for those of the host and of each function,
//! and one master key.
//!
//! Source: <https://learn.microsoft.com/azure/azure-functions/function-keys-how-to>.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use secrecy::{ExposeSecret as _, SecretString};

use crate::app::function::AuthLevel;
use crate::envelope::identity::Identity;
use crate::envelope::request_url;
use crate::invoke::http::HttpRequest;

/// The header that carries a key. It wins over the query, even when it is wrong or empty.
const KEY_HEADER: &str = "x-functions-key";
/// The query parameter that carries a key.
const KEY_PARAMETER: &str = "code";
/// The name of the only function key.
const KEY_NAME: &str = "default";

/// The keys of a host.
#[derive(Default)]
pub(crate) struct Keys {
    function: Option<SecretString>,
    master: Option<SecretString>,
    /// Keys that were right once, by function and in lower case: from then on the host takes them
    /// in any case.
    seen: Mutex<HashMap<(String, String), Identity>>,
}

/// Shows no key.
impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}

impl Keys {
    pub(crate) fn new(function: Option<SecretString>, master: Option<SecretString>) -> Self {
        Self {
            function,
            master,
            seen: Mutex::default(),
        }
    }

    /// The caller's identity, or `None` when the answer is 401.
    pub(crate) fn authorize(
        &self,
        function: &str,
        level: AuthLevel,
        request: &HttpRequest,
    ) -> Option<Identity> {
        if self.function.is_none() && self.master.is_none() {
            return Some(Identity::CoreTools);
        }
        let identity = presented_key(request).and_then(|key| self.identify(function, &key));
        match identity {
            Some(Identity::MasterKey) => Some(Identity::MasterKey),
            Some(identity) => {
                matches!(level, AuthLevel::Function | AuthLevel::Anonymous).then_some(identity)
            }
            None => (level == AuthLevel::Anonymous).then_some(Identity::Anonymous),
        }
    }

    /// Whether a caller may see and do what is the host's own, for which only the master key is
    /// good enough; or the status instead.
    pub(crate) fn administers(&self, request: &HttpRequest) -> Result<(), i32> {
        if self.function.is_none() && self.master.is_none() {
            return Ok(());
        }
        match presented_key(request).and_then(|key| self.identify("", &key)) {
            Some(Identity::MasterKey) => Ok(()),
            Some(_) => Err(403),
            None => Err(401),
        }
    }

    /// The function key, for whoever administers the host.
    pub(crate) fn function_key(&self) -> Option<&SecretString> {
        self.function.as_ref()
    }

    fn identify(&self, function: &str, key: &str) -> Option<Identity> {
        let is = |known: &Option<SecretString>| {
            known
                .as_ref()
                .is_some_and(|known| known.expose_secret() == key)
        };
        let identity = if is(&self.master) {
            Some(Identity::MasterKey)
        } else if is(&self.function) {
            Some(Identity::FunctionKey {
                name: KEY_NAME.to_owned(),
            })
        } else {
            None
        };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let place = (function.to_lowercase(), key.to_lowercase());
        if let Some(identity) = identity {
            seen.insert(place, identity.clone());
            return Some(identity);
        }
        seen.get(&place).cloned()
    }
}

/// The key that counts.
pub(crate) fn presented_key(request: &HttpRequest) -> Option<String> {
    request
        .header_value(KEY_HEADER)
        .map(str::to_owned)
        .or_else(|| {
            let mut parameters = request_url::query_values(request);
            parameters
                .find(|(name, _)| name.eq_ignore_ascii_case(KEY_PARAMETER))
                .and_then(|(_, values)| values.into_iter().next())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "s3cr3t==";

    fn keys() -> Keys {
        Keys::new(Some(KEY.into()), Some("m4ster".into()))
    }

    #[test]
    fn levels_and_keys_decide() {
        let key = || {
            Some(Identity::FunctionKey {
                name: "default".to_owned(),
            })
        };
        let plain = HttpRequest::post("/api/x");
        let query = HttpRequest::post("/api/x?code=s3cr3t%3D%3D");
        let header = HttpRequest::post("/api/x").header("X-Functions-Key", KEY);
        let wrong_header =
            HttpRequest::post("/api/x?code=s3cr3t%3D%3D").header("x-functions-key", "wrong");
        let empty_header =
            HttpRequest::post("/api/x?code=s3cr3t%3D%3D").header("x-functions-key", "");
        let master = HttpRequest::post("/api/x?code=m4ster");
        let admin = || Some(Identity::MasterKey);
        let nobody = || Some(Identity::Anonymous);
        for (level, request, expected, why) in [
            (AuthLevel::Function, &plain, None, "no key"),
            (AuthLevel::Function, &query, key(), "the key in the query"),
            (AuthLevel::Function, &header, key(), "the key in the header"),
            (AuthLevel::Function, &wrong_header, None, "the header wins"),
            (
                AuthLevel::Function,
                &empty_header,
                None,
                "an empty header wins, too",
            ),
            (AuthLevel::Function, &master, admin(), "the master key"),
            (
                AuthLevel::Admin,
                &header,
                None,
                "a function key isn't a master key",
            ),
            (AuthLevel::Admin, &master, admin(), "the master key"),
            (AuthLevel::Anonymous, &plain, nobody(), "nobody asks"),
            (AuthLevel::Anonymous, &wrong_header, nobody(), "nobody asks"),
            (
                AuthLevel::Anonymous,
                &query,
                key(),
                "a key is taken note of",
            ),
        ] {
            assert_eq!(keys().authorize("x", level, request), expected, "{why}");
        }
    }

    #[test]
    fn a_key_that_was_right_once_is_taken_in_any_case() {
        let keys = keys();
        let right = HttpRequest::post("/api/x?code=s3cr3t==");
        let other = HttpRequest::post("/api/x?code=S3CR3T==");
        let may = |function, request| keys.authorize(function, AuthLevel::Function, request);
        assert_eq!(may("x", &other), None);
        assert!(may("x", &right).is_some());
        assert_eq!(may("X", &other), may("x", &right));
        assert_eq!(may("y", &other), None);
    }

    #[test]
    fn without_a_key_everything_is_allowed() {
        for level in [
            AuthLevel::Anonymous,
            AuthLevel::Function,
            AuthLevel::System,
            AuthLevel::Admin,
        ] {
            let identity = Keys::default().authorize("x", level, &HttpRequest::get("/"));
            assert_eq!(identity, Some(Identity::CoreTools));
        }
    }
}
