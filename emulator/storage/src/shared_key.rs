//! The signature of a request, made with the account's key.
//!
//! Blobs have the scheme *Shared Key*, tables *Shared Key Lite*, as in the .NET clients.
//! Source: <https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key>.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;
use ring::hmac;

/// What a signature covers.
#[derive(Debug)]
pub(crate) struct Signed<'a> {
    pub(crate) method: &'a str,
    pub(crate) url: &'a Url,
    /// All headers that begin with `x-ms-`, in lower case.
    pub(crate) headers: &'a [(&'static str, String)],
    pub(crate) content_type: &'a str,
    pub(crate) content_length: usize,
}

/// `Authorization` of a request to the blob service.
pub(crate) fn for_blobs(request: &Signed<'_>, account: &str, key: &[u8]) -> String {
    let length = match request.content_length {
        0 => String::new(),
        length => length.to_string(),
    };
    let mut headers: Vec<_> = request.headers.iter().collect();
    headers.sort();
    let headers: Vec<String> = headers
        .iter()
        .map(|(name, value)| format!("{name}:{value}\n"))
        .collect();
    let mut query: Vec<(String, String)> = request
        .url
        .query_pairs()
        .map(|(name, value)| (name.to_lowercase(), value.into_owned()))
        .collect();
    query.sort();
    let query: Vec<String> = query
        .iter()
        .map(|(name, value)| format!("\n{name}:{value}"))
        .collect();
    let text = format!(
        "{}\n\n\n{length}\n\n{}\n\n\n\n\n\n\n{}/{account}{}{}",
        request.method,
        request.content_type,
        headers.concat(),
        request.url.path(),
        query.concat()
    );
    format!("SharedKey {account}:{}", sign(&text, key))
}

/// `Authorization` of a request to the table service.
pub(crate) fn for_tables(request: &Signed<'_>, account: &str, key: &[u8]) -> String {
    let date = request
        .headers
        .iter()
        .find(|(name, _)| *name == "x-ms-date");
    let date = date.map_or("", |(_, value)| value.as_str());
    let text = format!("{date}\n/{account}{}", request.url.path());
    format!("SharedKeyLite {account}:{}", sign(&text, key))
}

fn sign(text: &str, key: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    STANDARD.encode(hmac::sign(&key, text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the service says of itself in its documentation is tried in earnest by the tests with
    /// Azurite; these pin the two forms.
    #[test]
    fn a_signature_depends_on_everything_that_it_covers() {
        let url = Url::parse("http://127.0.0.1:1/a/rows/x%20y.json?comp=metadata").unwrap();
        let other_url = Url::parse("http://127.0.0.1:1/a/rows/x%20y.json?comp=list").unwrap();
        let headers = [
            ("x-ms-version", "1".to_owned()),
            ("x-ms-date", "d".to_owned()),
        ];
        let request = Signed {
            method: "GET",
            url: &url,
            headers: &headers,
            content_type: "",
            content_length: 0,
        };
        let first = for_blobs(&request, "a", b"key");
        assert!(first.starts_with("SharedKey a:"));
        let changed = [
            Signed {
                method: "HEAD",
                ..request
            },
            Signed {
                url: &other_url,
                ..request
            },
            Signed {
                headers: &headers[1..],
                ..request
            },
            Signed {
                content_type: "text/plain",
                ..request
            },
            Signed {
                content_length: 1,
                ..request
            },
        ];
        for changed in changed {
            assert_ne!(for_blobs(&changed, "a", b"key"), first, "{changed:?}");
        }
        assert_ne!(for_blobs(&request, "a", b"other"), first);
        assert!(for_tables(&request, "a", b"key").starts_with("SharedKeyLite a:"));
    }
}
