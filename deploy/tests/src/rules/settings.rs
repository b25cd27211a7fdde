//! The apps' settings. The whole set is written anew with each deployment, so all of it must be
//! here, and nothing that Flex Consumption forbids.

use std::collections::BTreeSet;

use super::Review;
use crate::bicep::{Expression, Part};
use crate::project::Found;

/// What Flex Consumption has other ways for; publishing fails on the last.
const FORBIDDEN: [&str; 11] = [
    "FUNCTIONS_WORKER_RUNTIME",
    "FUNCTIONS_WORKER_RUNTIME_VERSION",
    "FUNCTIONS_EXTENSION_VERSION",
    "FUNCTIONS_WORKER_PROCESS_COUNT",
    "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING",
    "WEBSITE_CONTENTSHARE",
    "WEBSITE_NODE_DEFAULT_VERSION",
    "WEBSITE_MAX_DYNAMIC_APPLICATION_SCALE_OUT",
    "SCM_DO_BUILD_DURING_DEPLOYMENT",
    "ENABLE_ORYX_BUILD",
    "WEBSITE_RUN_FROM_PACKAGE",
];

/// What the host needs in each app.
const NEEDED: [&str; 3] = [
    "AzureWebJobsStorage__accountName",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
];

/// Settings that are not a connection's.
const HOSTS: [&str; 3] = ["AzureWebJobsStorage", "APPLICATIONINSIGHTS", "ADT"];

/// What a connection by identity is set up with, and what bounds how long its store may take.
const CONNECTION_MEMBERS: [&str; 6] = [
    "fullyQualifiedNamespace",
    "tableServiceUri",
    "blobServiceUri",
    "retry__maxRetries",
    "retry__delay",
    "retry__networkTimeout",
];

pub(super) fn check(review: &mut Review<'_>) {
    let mut all = BTreeSet::new();
    for (path, config) in review.made("Microsoft.Web/sites/config") {
        let pieces = review.at(path, config, &["properties"]);
        let mut names = BTreeSet::new();
        for (at, piece) in pieces {
            for property in piece.properties() {
                for name in key(review, at, &property.key) {
                    names.insert(name.clone());
                    check_setting(review, at, property.line, &name, &property.value);
                }
            }
        }
        for needed in NEEDED {
            if !names.contains(needed) {
                review.complain(
                    path,
                    config.line,
                    format!("the setting '{needed}' is missing"),
                );
            }
        }
        all.extend(names);
    }
    if all.is_empty() {
        return;
    }
    let main = review
        .project
        .files
        .keys()
        .next()
        .cloned()
        .unwrap_or_default();
    if review.facts.services.contains("digital-twins") {
        if !all.contains("ADT_SERVICE_URL") {
            review.complain(
                &main,
                1,
                "the Digital Twins app needs the setting 'ADT_SERVICE_URL'",
            );
        }
        for connection in review.facts.connections.clone() {
            let is_set = all
                .iter()
                .any(|name| name.starts_with(&format!("{connection}__")));
            if !is_set {
                review.complain(
                    &main,
                    1,
                    format!("no setting is for the connection '{connection}' of function.json"),
                );
            }
        }
    }
    let stores: Vec<_> = all
        .iter()
        .filter_map(|name| name.strip_suffix("__tableServiceUri"))
        .map(str::to_owned)
        .collect();
    for store in stores {
        for member in ["retry__maxRetries", "retry__delay", "retry__networkTimeout"] {
            if !all.contains(&format!("{store}__{member}")) {
                review.complain(&main, 1, format!("without '{store}__{member}' a silent store keeps devices waiting for minutes"));
            }
        }
    }
}

/// A member's name, with the texts that its interpolations can be.
fn key(review: &Review<'_>, path: &str, parts: &[Part]) -> Vec<String> {
    review
        .project
        .samples(path, &Expression::String(parts.to_vec()), &Vec::new())
}

fn check_setting(review: &mut Review<'_>, path: &str, line: usize, name: &str, value: &Expression) {
    if FORBIDDEN.contains(&name) {
        review.complain(
            path,
            line,
            format!("Flex Consumption takes no setting '{name}'"),
        );
        return;
    }
    let found: Vec<Found<'_>> = review.project.values(path, value, &Vec::new());
    for (_, value) in found {
        if matches!(
            value,
            Expression::Integer(_)
                | Expression::Boolean(_)
                | Expression::Object(_)
                | Expression::Array(_)
        ) {
            review.complain(path, line, format!("the setting '{name}' must be text"));
        }
        let mut has_key = false;
        value.walk(&mut |expression| {
            has_key |= matches!(expression, Expression::Call(_, name, _) if name.to_lowercase().starts_with("list"));
        });
        if has_key {
            review.complain(
                path,
                line,
                format!("the setting '{name}' holds a key: sign in by identity"),
            );
        }
        if name == "APPLICATIONINSIGHTS_AUTHENTICATION_STRING"
            && value.text() != Some("Authorization=AAD")
        {
            review.complain(path, line, format!("'{name}' must be 'Authorization=AAD'"));
        }
    }
    let is_right: fn(&str) -> bool = match name.rsplit("__").next() {
        Some("maxRetries") => |text| text.parse::<u8>().is_ok(),
        Some("delay" | "networkTimeout") => is_duration,
        _ => |_| true,
    };
    if value.text().is_some_and(|text| !is_right(text)) {
        review.complain(
            path,
            line,
            format!("'{name}' can't be '{}'", value.text().unwrap_or_default()),
        );
    }
    let end = match name.rsplit("__").next() {
        Some("ADT_SERVICE_URL") => Some(("https://", ".properties.hostName")),
        Some("fullyQualifiedNamespace") => Some(("", ".servicebus.windows.net")),
        _ => None,
    };
    if let Some((start, end)) = end
        && !is_address(value, start, end)
    {
        review.complain(path, line, format!("'{name}' must be '{start}${{…}}{end}'"));
    }
    let Some((connection, member)) = name.split_once("__") else {
        let is_known = review.facts.settings.contains(name)
            || name.starts_with("APPLICATIONINSIGHTS_")
            || name == "RUST_LOG";
        if review.facts.connections.contains(name) || name == "AzureWebJobsStorage" {
            review.complain(
                path,
                line,
                format!("a plain '{name}' wins over the identity's settings"),
            );
        } else if !is_known {
            review.complain(path, line, format!("nothing reads the setting '{name}'"));
        }
        return;
    };
    if HOSTS.contains(&connection) {
        if name != "AzureWebJobsStorage__accountName" {
            review.complain(
                path,
                line,
                format!("the host wants 'AzureWebJobsStorage__accountName', and not '{name}'"),
            );
        }
        return;
    }
    if !CONNECTION_MEMBERS.contains(&member) {
        review.complain(path, line, format!("a connection has no '{member}'"));
    }
    if member == "fullyQualifiedNamespace" && !review.facts.connections.contains(connection) {
        review.complain(
            path,
            line,
            format!("no function.json has the connection '{connection}'"),
        );
    }
}

/// `hh:mm:ss` or `hh:mm:ss.fff`, as .NET reads it.
fn is_duration(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let parts: Vec<_> = whole.split(':').collect();
    let are_digits =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    parts.len() == 3
        && parts.iter().all(|part| part.len() == 2 && are_digits(part))
        && are_digits(fraction)
}

/// `'START${VALUE}END'`; an end with a dot before a member's name is that member of the value.
fn is_address(value: &Expression, start: &str, end: &str) -> bool {
    let Expression::String(parts) = value else {
        return false;
    };
    match &parts[..] {
        [
            Part::Text(text),
            Part::Value(Expression::Member(value, name)),
        ] => {
            let of =
                matches!(&**value, Expression::Member(_, properties) if properties == "properties");
            text == start && of && end == format!(".properties.{name}")
        }
        [Part::Value(_), Part::Text(text)] => start.is_empty() && text == end,
        _ => false,
    }
}
