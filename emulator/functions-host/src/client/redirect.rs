//! Where a redirect leads, as .NET follows them.

use crate::invoke::http::RawAnswer;

use super::ClientError;

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) host: String,
    pub(super) port: u16,
}

impl Place {
    pub(super) fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

/// Where the answer wants the host to look instead; `None` when it is no redirect.
pub(super) fn target(
    asked: &Place,
    asked_target: &str,
    answer: &RawAnswer,
) -> Option<Result<(Place, String), ClientError>> {
    if !matches!(answer.status, 300..=303 | 307 | 308) {
        return None;
    }
    let location = answer.header("Location")?;
    let location = location.split('#').next().unwrap_or_default();
    let lower_case = location.to_ascii_lowercase();
    if let Some(rest) = lower_case.strip_prefix("http://") {
        return Some(absolute(&location[location.len() - rest.len()..]));
    }
    if let Some((scheme, _)) = lower_case.split_once("://") {
        return Some(Err(ClientError::new(format!(
            "a redirect to an address with {scheme} can't be followed here"
        ))));
    }
    if let Some(rest) = location.strip_prefix("//") {
        return Some(absolute(rest));
    }
    let path = asked_target.split('?').next().unwrap_or_default();
    let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
    let target = match location.as_bytes().first() {
        Some(b'/') => location.to_owned(),
        Some(b'?') => format!("{path}{location}"),
        None => asked_target.to_owned(),
        Some(_) => format!("{directory}/{location}"),
    };
    Some(Ok((asked.clone(), target)))
}

/// Reads `host:port/path`.
fn absolute(rest: &str) -> Result<(Place, String), ClientError> {
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, target) = rest.split_at(end);
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, "80"));
    let port = port.parse().map_err(|_| {
        ClientError::new(format!("a redirect leads to {authority}, which is no host"))
    })?;
    let target = if target.starts_with('/') {
        target.to_owned()
    } else {
        format!("/{target}")
    };
    let host = host.to_owned();
    Ok((Place { host, port }, target))
}

/// Whether the next request is a GET without a body.
pub(super) fn makes_a_get(status: u16, method: &str) -> bool {
    match status {
        300..=302 => method == "POST",
        303 => !matches!(method, "GET" | "HEAD"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lead(status: u16, location: &str) -> Option<String> {
        let place = Place {
            host: "127.0.0.1".to_owned(),
            port: 7,
        };
        let answer = RawAnswer {
            status,
            reason: String::new(),
            headers: vec![("location".to_owned(), location.to_owned())],
            body: Vec::new(),
        };
        target(&place, "/a/b?c", &answer).map(|next| match next {
            Ok((place, target)) => format!("{}{target}", place.authority()),
            Err(error) => error.detail,
        })
    }

    #[test]
    fn locations_are_absolute_or_relative() {
        for (location, expected) in [
            ("/x?y#z", "127.0.0.1:7/x?y"),
            ("x", "127.0.0.1:7/a/x"),
            ("?x", "127.0.0.1:7/a/b?x"),
            ("http://other:81", "other:81/"),
            ("HTTP://Other/x", "Other:80/x"),
            ("//other:81/x", "other:81/x"),
            (
                "https://other/x",
                "a redirect to an address with https can't be followed here",
            ),
            (
                "http://other:x/",
                "a redirect leads to other:x, which is no host",
            ),
        ] {
            assert_eq!(lead(302, location).as_deref(), Some(expected), "{location}");
        }
        assert_eq!(lead(305, "/x"), None);
    }
}
