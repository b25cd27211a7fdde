//! Where the instance is.

use std::fmt;
use std::net::IpAddr;

use thiserror::Error;
use url::{Host, Url};

/// The address of a Digital Twins instance: `https://NAME.api.REGION.digitaltwins.azure.net`, or
/// plain http on loopback for tests and a local instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceUrl(Url);

impl InstanceUrl {
    /// Reads an address.
    ///
    /// # Errors
    /// When it is no URL, has more than scheme, host and port, or would carry tokens over a network
    /// in the open.
    pub fn parse(text: &str) -> Result<Self, InstanceUrlError> {
        let url = Url::parse(text).map_err(InstanceUrlError::Invalid)?;
        let is_bare = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        match url.scheme() {
            "https" | "http" if !is_bare => Err(InstanceUrlError::TooMuch),
            "https" => Ok(Self(url)),
            "http" if is_loopback(&url) => Ok(Self(url)),
            _ => Err(InstanceUrlError::Unencrypted),
        }
    }

    /// Whether the instance is on this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }

    /// The address of a resource. Each segment is escaped.
    pub(super) fn resource(&self, segments: &[&str], api_version: &str) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.clear().extend(segments);
        }
        url.query_pairs_mut()
            .append_pair("api-version", api_version);
        url
    }

    /// The address of the next page, if `link` is one of this instance's.
    pub(super) fn follow(&self, link: &str) -> Option<Url> {
        self.0
            .join(link)
            .ok()
            .filter(|url| url.origin() == self.0.origin())
    }
}

impl fmt::Display for InstanceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

/// Why a text is not an [`InstanceUrl`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InstanceUrlError {
    /// It is no URL.
    #[error("it is not a URL")]
    Invalid(#[source] url::ParseError),
    /// It has a path, a query or a user.
    #[error("it must end behind the host: no path, no query, no user")]
    TooMuch,
    /// It is neither https nor on loopback.
    #[error("it must be https (plain http only to this machine)")]
    Unencrypted,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_is_reached_by_https_or_on_this_machine() {
        for text in [
            "https://contoso.api.weu.digitaltwins.azure.net",
            "https://contoso.api.weu.digitaltwins.azure.net/",
            "http://127.0.0.1:8180",
            "http://[::1]:8180",
            "http://localhost:8180",
        ] {
            assert!(InstanceUrl::parse(text).is_ok(), "{text}");
        }
        for (text, expected) in [
            ("contoso.api.weu.digitaltwins.azure.net", "it is not a URL"),
            ("", "it is not a URL"),
            (
                "http://contoso.api.weu.digitaltwins.azure.net",
                "it must be https (plain http only to this machine)",
            ),
            (
                "http://localhost.example",
                "it must be https (plain http only to this machine)",
            ),
            (
                "ftp://localhost",
                "it must be https (plain http only to this machine)",
            ),
            (
                "https://a/digitaltwins",
                "it must end behind the host: no path, no query, no user",
            ),
            (
                "https://a?x=y",
                "it must end behind the host: no path, no query, no user",
            ),
            (
                "https://user:secret@a",
                "it must end behind the host: no path, no query, no user",
            ),
        ] {
            assert_eq!(
                InstanceUrl::parse(text).unwrap_err().to_string(),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn the_segments_of_a_resource_are_escaped() {
        let url = InstanceUrl::parse("https://a").unwrap();
        assert_eq!(
            url.resource(&["digitaltwins", "a/b?c#d%2e é"], "2023-10-31")
                .as_str(),
            "https://a/digitaltwins/a%2Fb%3Fc%23d%252e%20%C3%A9?api-version=2023-10-31"
        );
    }

    #[test]
    fn a_link_is_followed_on_the_instance_s_own_host_alone() {
        let url = InstanceUrl::parse("https://a").unwrap();
        for (link, expected) in [
            (
                "https://a/digitaltwins/x/relationships?t=1",
                Some("https://a/digitaltwins/x/relationships?t=1"),
            ),
            ("/digitaltwins/x?t=1", Some("https://a/digitaltwins/x?t=1")),
            ("https://a:443/x", Some("https://a/x")),
            ("https://b/x", None),
            ("//b/x", None),
            ("http://a/x", None),
            ("https://a:444/x", None),
            ("https://a@b/x", None),
            ("https://a.b/x", None),
        ] {
            assert_eq!(
                url.follow(link).as_ref().map(Url::as_str),
                expected,
                "{link}"
            );
        }
    }
}
