//! What this deployment needs and no type asks for: members that must be there, and values that a
//! type leaves free.

use super::Review;
use crate::bicep::{Expression, Part};
use crate::project::type_of;

/// Members that a resource of this deployment can't do without.
const MEMBERS: [(&str, &[&str]); 12] = [
    ("Microsoft.Web/sites", &["properties", "serverFarmId"]),
    (
        "Microsoft.Web/sites",
        &[
            "properties",
            "functionAppConfig",
            "deployment",
            "storage",
            "value",
        ],
    ),
    (
        "Microsoft.Web/sites",
        &[
            "properties",
            "functionAppConfig",
            "scaleAndConcurrency",
            "alwaysReady",
        ],
    ),
    (
        "Microsoft.Insights/components",
        &["properties", "WorkspaceResourceId"],
    ),
    (
        "Microsoft.Insights/diagnosticSettings",
        &["properties", "workspaceId"],
    ),
    (
        "Microsoft.Insights/scheduledQueryRules",
        &["properties", "severity"],
    ),
    (
        "Microsoft.Insights/scheduledQueryRules",
        &["properties", "actions", "actionGroups"],
    ),
    ("Microsoft.Devices/IotHubs", &["sku", "capacity"]),
    (
        "Microsoft.Devices/provisioningServices",
        &["sku", "capacity"],
    ),
    (
        "Microsoft.Devices/provisioningServices",
        &["properties", "allocationPolicy"],
    ),
    ("Microsoft.EventHub/namespaces", &["location"]),
    (
        "Microsoft.EventHub/namespaces/eventhubs",
        &["properties", "partitionCount"],
    ),
];

/// Texts that are what they are.
const TEXTS: [(&str, &[&str], &str); 10] = [
    ("Microsoft.Insights/components", &["kind"], "web"),
    (
        "Microsoft.Insights/scheduledQueryRules",
        &["kind"],
        "LogAlert",
    ),
    ("Microsoft.Insights/actionGroups", &["location"], "global"),
    (
        "Microsoft.Storage/storageAccounts/blobServices/containers",
        &["properties", "publicAccess"],
        "None",
    ),
    (
        "Microsoft.EventHub/namespaces",
        &["sku", "tier"],
        "Standard",
    ),
    (
        "Microsoft.Storage/storageAccounts/tableServices/tables",
        &["name"],
        "Allocations",
    ),
    (
        "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials",
        &["properties", "issuer"],
        "https://token.actions.githubusercontent.com",
    ),
    (
        "Microsoft.EventHub/namespaces/eventhubs",
        &["properties", "retentionDescription", "cleanupPolicy"],
        "Delete",
    ),
    (
        "Microsoft.Devices/IotHubs",
        &["properties", "routing", "fallbackRoute", "name"],
        "$fallback",
    ),
    (
        "Microsoft.Devices/IotHubs",
        &["properties", "routing", "fallbackRoute", "condition"],
        "true",
    ),
];

/// What is attached to another resource, and needs a `scope`.
const EXTENSIONS: [&str; 2] = [
    "Microsoft.Authorization/roleAssignments",
    "Microsoft.Insights/diagnosticSettings",
];

pub(super) fn check(review: &mut Review<'_>) {
    for (of, members) in MEMBERS {
        for (path, resource) in review.made(of) {
            if review.at(path, resource, members).is_empty() {
                review.complain(
                    path,
                    resource.line,
                    format!("'{}' needs '{}'", resource.name, members.join(".")),
                );
            }
        }
    }
    for (of, members, text) in TEXTS {
        for (path, resource) in review.made(of) {
            review.must_be(path, resource, members, text);
        }
    }
    for of in EXTENSIONS {
        for (path, resource) in review.made(of) {
            if resource
                .value
                .as_ref()
                .is_none_or(|body| body.get("scope").is_none())
            {
                review.complain(
                    path,
                    resource.line,
                    format!("'{}' needs a scope", resource.name),
                );
            }
        }
    }
    for (path, group) in review.made("Microsoft.Resources/resourceGroups") {
        let tags = review.at(path, group, &["tags"]);
        if !tags
            .iter()
            .any(|(_, tags)| tags.get("azd-env-name").is_some())
        {
            review.complain(
                path,
                group.line,
                "azd finds the group by its tag 'azd-env-name'",
            );
        }
    }
    identities(review);
    negative(review);
    logs(review);
    alerts(review);
    credentials(review);
}

/// `UserAssigned` names at least one identity, by its whole id and nothing else.
fn identities(review: &mut Review<'_>) {
    let project = review.project;
    for (path, resource) in project.all(crate::bicep::Kind::Resource) {
        for (at, identity) in review.at(path, resource, &["identity"]) {
            let Some(kind) = identity.get("type").and_then(Expression::text) else {
                if identity.get("userAssignedIdentities").is_some() {
                    review.complain(
                        at,
                        resource.line,
                        format!("the identity of '{}' has no type", resource.name),
                    );
                }
                continue;
            };
            let named = identity
                .get("userAssignedIdentities")
                .map_or(&[][..], Expression::properties);
            if kind.contains("UserAssigned") == named.is_empty() {
                review.complain(
                    at,
                    resource.line,
                    format!(
                        "'{kind}' and the named identities of '{}' don't agree",
                        resource.name
                    ),
                );
            }
            if named
                .iter()
                .any(|property| !matches!(property.key[..], [Part::Value(_)]))
            {
                review.complain(
                    at,
                    resource.line,
                    format!(
                        "an identity of '{}' is named by '${{ID}}' alone",
                        resource.name
                    ),
                );
            }
        }
        let of = type_of(resource);
        if of == "Microsoft.Devices/IotHubs"
            && !resource.existing
            && review
                .texts(path, resource, &["identity", "type"])
                .is_empty()
        {
            review.complain(
                path,
                resource.line,
                format!("the identity of '{}' has no type", resource.name),
            );
        }
    }
}

fn negative(review: &mut Review<'_>) {
    let project = review.project;
    for (path, file) in &project.files {
        for declaration in &file.declarations {
            let mut found = false;
            declaration.walk(&mut |expression| {
                found |= matches!(expression, Expression::Integer(number) if *number < 0);
            });
            if found {
                review.complain(path, declaration.line, "nothing here is below zero");
            }
        }
    }
}

/// All logs of the service that provisions devices are kept.
fn logs(review: &mut Review<'_>) {
    for (path, setting) in review.made("Microsoft.Insights/diagnosticSettings") {
        for (at, list) in review.at(path, setting, &["properties", "logs"]) {
            let Expression::Array(items) = list else {
                continue;
            };
            let is_right = |item: &Expression| {
                item.get("categoryGroup").and_then(Expression::text) == Some("allLogs")
                    && matches!(item.get("enabled"), Some(Expression::Boolean(true)))
            };
            if items.is_empty() || !items.iter().all(is_right) {
                review.complain(at, setting.line, "the group 'allLogs' must be enabled");
            }
        }
    }
}

fn alerts(review: &mut Review<'_>) {
    for (path, alert) in review.made("Microsoft.Insights/scheduledQueryRules") {
        for member in ["evaluationFrequency", "windowSize"] {
            let texts = review.texts(path, alert, &["properties", member]);
            let is_duration = |text: &&str| {
                let digits = text
                    .strip_prefix("PT")
                    .and_then(|text| text.strip_suffix(['M', 'H']));
                digits.is_some_and(|digits| digits.parse::<u16>().is_ok())
            };
            if texts.is_empty() || !texts.iter().all(is_duration) {
                review.complain(
                    path,
                    alert.line,
                    format!("'{member}' must be a duration such as PT5M"),
                );
            }
        }
        review.must_be_switched(path, alert, &["properties", "enabled"], true);
        for (at, list) in review.at(path, alert, &["properties", "criteria", "allOf"]) {
            let Expression::Array(items) = list else {
                continue;
            };
            for item in items {
                for member in [
                    "query",
                    "timeAggregation",
                    "operator",
                    "threshold",
                    "failingPeriods",
                ] {
                    if item.get(member).is_none() {
                        review.complain(at, alert.line, format!("a criterion needs '{member}'"));
                    }
                }
            }
        }
    }
    for (path, alert) in review.made("Microsoft.Insights/scheduledQueryRules") {
        for (at, list) in review.at(path, alert, &["properties", "actions", "actionGroups"]) {
            if matches!(list, Expression::Array(groups) if groups.is_empty()) {
                review.complain(at, alert.line, "the alert tells nobody");
            }
        }
    }
    for (path, group) in review.made("Microsoft.Insights/actionGroups") {
        review.must_be_switched(path, group, &["properties", "enabled"], true);
    }
}

/// GitHub's tokens name the repository and the environment, and are meant for Azure.
fn credentials(review: &mut Review<'_>) {
    for (path, credential) in
        review.made("Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials")
    {
        for (at, subject) in review.at(path, credential, &["properties", "subject"]) {
            let is_right = matches!(
                subject,
                Expression::String(parts) if matches!(
                    &parts[..],
                    [Part::Text(start), Part::Value(_), Part::Text(end)] if start == "repo:" && end == ":environment:production"
                )
            );
            if !is_right {
                review.complain(
                    at,
                    credential.line,
                    "the subject must be 'repo:${REPOSITORY}:environment:production'",
                );
            }
        }
        for (at, list) in review.at(path, credential, &["properties", "audiences"]) {
            let Expression::Array(items) = list else {
                continue;
            };
            if !matches!(&items[..], [one] if one.text() == Some("api://AzureADTokenExchange")) {
                review.complain(
                    at,
                    credential.line,
                    "the audience must be 'api://AzureADTokenExchange'",
                );
            }
        }
    }
}
