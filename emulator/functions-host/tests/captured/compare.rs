//! Compares what was captured with what is seen, where tokens stand for what varies.

use super::caller;
use super::case::{Case, HandlerRequest, Received, ReceivedItem, Text};
use super::handler::Request;

/// What differs, one sentence each.
pub(crate) fn differences(
    case: &Case,
    response: &caller::Response,
    requests: &[Request],
) -> Vec<String> {
    let mut differences = compare_response(case, response);
    if let Received::Requests(expected) = &case.handler_receives {
        differences.extend(compare_requests(&repeated(expected), requests));
    }
    differences
}

/// Writes out `and N more like the last`.
fn repeated(items: &[ReceivedItem]) -> Vec<HandlerRequest> {
    let mut requests: Vec<HandlerRequest> = Vec::new();
    for item in items {
        match item {
            ReceivedItem::Request(request) => requests.push(request.clone()),
            ReceivedItem::More(text) => {
                let count = text.split(' ').nth(1).unwrap().parse().unwrap();
                let last = requests.last().unwrap().clone();
                requests.extend(std::iter::repeat_n(last, count));
            }
        }
    }
    requests
}

fn compare_requests(expected: &[HandlerRequest], requests: &[Request]) -> Vec<String> {
    let mut differences = Vec::new();
    if expected.len() != requests.len() {
        let starts: Vec<_> = requests.iter().map(|request| &request.start).collect();
        differences.push(format!(
            "the handler got {} requests, not {}: {starts:?}",
            requests.len(),
            expected.len()
        ));
    }
    for (expected, request) in expected.iter().zip(requests) {
        if expected.start != request.start {
            differences.push(format!(
                "start line {:?}, not {:?}",
                request.start, expected.start
            ));
        }
        let names = |headers: &[(String, String)]| -> Vec<String> {
            headers.iter().map(|(name, _)| name.clone()).collect()
        };
        let (wanted, seen) = (names(&expected.headers), names(&request.headers));
        if wanted != seen {
            differences.push(format!(
                "the handler got the headers {seen:?}, not {wanted:?}"
            ));
        }
        for ((name, wanted), (_, seen)) in expected.headers.iter().zip(&request.headers) {
            if !matches(wanted, seen) {
                differences.push(format!("header {name} is {seen:?}, not {wanted:?}"));
            }
        }
        if let Some(length) = expected.body_length {
            // Time and id are as long as ever, but the time's fraction may be shorter.
            let difference = length.abs_diff(request.body.len());
            if difference > 8 {
                differences.push(format!(
                    "an envelope of {}, not {length}",
                    request.body.len()
                ));
            }
        }
        if expected.body_length.is_none() {
            let wanted = expected.body.as_ref().map(Text::bytes).unwrap_or_default();
            differences.extend(compare_text("the handler got", &wanted, &request.body));
        }
    }
    differences
}

fn compare_response(case: &Case, response: &caller::Response) -> Vec<String> {
    let expected = &case.client_receives;
    let mut differences = Vec::new();
    if expected.interim != response.interim {
        differences.push(format!(
            "interim {:?}, not {:?}",
            response.interim, expected.interim
        ));
    }
    if expected.broken.is_some() || response.broken.is_some() {
        let kind = |broken: &Option<String>| broken.as_deref().map(|text| text[..8].to_owned());
        if kind(&expected.broken) != kind(&response.broken) {
            differences.push(format!(
                "broken: {:?}, not {:?}, with the status {}",
                response.broken, expected.broken, response.status
            ));
        }
        return differences;
    }
    if expected.status != Some(response.status) {
        differences.push(format!(
            "status {}, not {:?}",
            response.status, expected.status
        ));
    }
    if expected.reason.as_deref() != Some(&response.reason) {
        differences.push(format!(
            "reason {:?}, not {:?}",
            response.reason, expected.reason
        ));
    }
    let wanted = headers(&expected.headers);
    let seen = headers(&response.headers);
    if wanted != seen {
        differences.push(format!(
            "the caller got the headers {seen:?}, not {wanted:?}"
        ));
    }
    let wanted = expected.body.as_ref().map(Text::bytes).unwrap_or_default();
    if wanted != b"<not kept>" {
        differences.extend(compare_text("the caller got", &wanted, &response.body));
    }
    differences
}

/// Headers without regard to case and order, but for those that README.md leaves out.
fn headers(headers: &[(String, String)]) -> Vec<(String, String)> {
    let left_out = ["date", "server", "connection", "keep-alive"];
    let mut kept: Vec<_> = headers
        .iter()
        .map(|(name, value)| (name.to_lowercase(), value.clone()))
        .filter(|(name, _)| !left_out.contains(&name.as_str()))
        .collect();
    kept.sort();
    kept
}

fn compare_text(what: &str, wanted: &[u8], seen: &[u8]) -> Option<String> {
    let (wanted, seen) = (
        String::from_utf8_lossy(wanted),
        String::from_utf8_lossy(seen),
    );
    let at = first_difference(&wanted, &seen)?;
    let excerpt = |text: &str, at: usize| -> String {
        let start = text.floor_char_boundary(at.saturating_sub(60));
        let end = text.floor_char_boundary((at + 100).min(text.len()));
        text[start..end].to_owned()
    };
    Some(format!(
        "{what} {:?}, not {:?}",
        excerpt(&seen, at.1),
        excerpt(&wanted, at.0)
    ))
}

fn matches(wanted: &str, seen: &str) -> bool {
    first_difference(wanted, seen).is_none()
}

/// How long the text is that may stand where the token does.
fn length_of_token(token: &str, seen: &str) -> Option<usize> {
    let run = |allowed: fn(char) -> bool| {
        let end = seen
            .find(|character| !allowed(character))
            .unwrap_or(seen.len());
        (end > 0).then_some(end)
    };
    match token {
        "invocation-id" | "guid" | "worker-id" => {
            run(|c| c.is_ascii_hexdigit() || c == '-').filter(|&length| length == 36)
        }
        "utc-now" => run(|c| c.is_ascii_digit() || "-:.TZ".contains(c)).filter(|&l| l >= 20),
        "port" | "ms" => run(|c| c.is_ascii_digit()),
        "host-version" => (seen.starts_with("4.1037.0.0")).then_some(10),
        "stack-trace" => Some(seen.find('"').unwrap_or(seen.len())),
        _ => None,
    }
}

/// Where two texts begin to differ, or `None` when they don't.
fn first_difference(wanted: &str, seen: &str) -> Option<(usize, usize)> {
    let (mut w, mut s) = (0, 0);
    while w < wanted.len() {
        if wanted[w..].starts_with('<')
            && let Some(end) = wanted[w..].find('>').filter(|&end| end < 20)
            && let Some(length) = length_of_token(&wanted[w + 1..w + end], &seen[s..])
        {
            w += end + 1;
            s += length;
            continue;
        }
        let (wanted_bytes, seen_bytes) = (wanted.as_bytes(), seen.as_bytes());
        let character = wanted[w..].chars().next()?.len_utf8();
        if seen_bytes.get(s..s + character) != Some(&wanted_bytes[w..w + character]) {
            return Some((w, s));
        }
        w += character;
        s += character;
    }
    (s < seen.len()).then_some((w, s))
}
