//! Whether a request may invoke a function.
//!
//! The host checks keys when it has one; without, everything is allowed, as under Core Tools. There is one function key and no master key,
//! so a function of level `admin` can't be called then.
//!
//! Source: <https://learn.microsoft.com/azure/azure-functions/function-keys-how-to>.

use crate::app::function::AuthLevel;
use crate::envelope::identity::Identity;
use crate::envelope::request_url;
use crate::invoke::http::HttpRequest;

/// The header that carries a key. It wins over the query, even when it is wrong.
const KEY_HEADER: &str = "x-functions-key";
/// The query parameter that carries a key.
const KEY_PARAMETER: &str = "code";
/// The name of the only function key.
const KEY_NAME: &str = "default";

/// The caller's identity, or `None` when the answer is 401.
pub(crate) fn authorize(
    level: AuthLevel,
    function_key: Option<&str>,
    request: &HttpRequest,
) -> Option<Identity> {
    let Some(function_key) = function_key else {
        return Some(Identity::CoreTools);
    };
    if presented_key(request).as_deref() == Some(function_key) {
        let allowed = matches!(level, AuthLevel::Function | AuthLevel::Anonymous);
        return allowed.then(|| Identity::FunctionKey {
            name: KEY_NAME.to_owned(),
        });
    }
    (level == AuthLevel::Anonymous).then_some(Identity::Anonymous)
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
        for (level, request, expected, why) in [
            (AuthLevel::Function, &plain, None, "no key"),
            (AuthLevel::Function, &query, key(), "the key in the query"),
            (AuthLevel::Function, &header, key(), "the key in the header"),
            (AuthLevel::Function, &wrong_header, None, "the header wins"),
            (
                AuthLevel::Admin,
                &header,
                None,
                "a function key isn't a master key",
            ),
            (
                AuthLevel::Anonymous,
                &plain,
                Some(Identity::Anonymous),
                "nobody asks",
            ),
            (
                AuthLevel::Anonymous,
                &wrong_header,
                Some(Identity::Anonymous),
                "nobody asks",
            ),
            (
                AuthLevel::Anonymous,
                &query,
                key(),
                "a key is taken note of",
            ),
        ] {
            assert_eq!(authorize(level, Some(KEY), request), expected, "{why}");
        }
    }

    #[test]
    fn without_a_key_everything_is_allowed() {
        for level in [
            AuthLevel::Anonymous,
            AuthLevel::Function,
            AuthLevel::System,
            AuthLevel::Admin,
        ] {
            assert_eq!(
                authorize(level, None, &HttpRequest::get("/")),
                Some(Identity::CoreTools)
            );
        }
    }
}
