//! Who may do what. Role ids are only numbers to the compiler, and a role that is missing shows
//! first at the first device.

use super::Review;
use crate::bicep::{Declaration, Expression, Kind};
use crate::project::type_of;

const ASSIGNMENTS: &str = "Microsoft.Authorization/roleAssignments";

/// The roles that this deployment needs, and the type that each is given on. No broader one is
/// wanted.
const NEEDED: [(&str, &str); 11] = [
    (
        "Storage Blob Data Owner",
        "Microsoft.Storage/storageAccounts",
    ),
    (
        "Storage Table Data Contributor",
        "Microsoft.Storage/storageAccounts",
    ),
    (
        "Storage Table Data Reader",
        "Microsoft.Storage/storageAccounts",
    ),
    (
        "Monitoring Metrics Publisher",
        "Microsoft.Insights/components",
    ),
    (
        "Azure Event Hubs Data Receiver",
        "Microsoft.EventHub/namespaces",
    ),
    (
        "Azure Event Hubs Data Sender",
        "Microsoft.EventHub/namespaces",
    ),
    (
        "Azure Digital Twins Data Owner",
        "Microsoft.DigitalTwins/digitalTwinsInstances",
    ),
    ("IoT Hub Data Contributor", "Microsoft.Devices/IotHubs"),
    (
        "Device Provisioning Service Data Contributor",
        "Microsoft.Devices/provisioningServices",
    ),
    ("Website Contributor", "Microsoft.Web/sites"),
    (
        "Role Based Access Control Administrator",
        "Microsoft.Resources/resourceGroups",
    ),
];

/// What of a file shows that somebody needs a role, which the file then gives.
const REASONS: [(&str, &str); 8] = [
    (
        "AzureWebJobsStorage__accountName",
        "Storage Blob Data Owner",
    ),
    (
        "AzureWebJobsStorage__accountName",
        "Storage Table Data Contributor",
    ),
    (
        "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
        "Monitoring Metrics Publisher",
    ),
    ("ADT_SERVICE_URL", "Azure Digital Twins Data Owner"),
    (
        "EVENTHUB_CONNECTIONSTRING__fullyQualifiedNamespace",
        "Azure Event Hubs Data Receiver",
    ),
    (
        "selectedUserAssignedIdentityResourceId",
        "IoT Hub Data Contributor",
    ),
    ("subject", "Website Contributor"),
    ("partitionCount", "Azure Event Hubs Data Sender"),
];

pub(super) fn check(review: &mut Review<'_>) {
    for (path, assignment) in review.made(ASSIGNMENTS) {
        check_assignment(review, path, assignment);
    }
    missing(review);
}

fn check_assignment<'a>(review: &mut Review<'a>, path: &'a str, assignment: &'a Declaration) {
    let line = assignment.line;
    let body = assignment.value.as_ref();
    let name = body.and_then(|body| body.get("name"));
    if !matches!(name, Some(Expression::Call(None, name, arguments)) if name == "guid" && arguments.len() >= 3)
    {
        review.complain(
            path,
            line,
            format!(
                "the name of '{}' must be guid(SCOPE, WHO, ROLE)",
                assignment.name
            ),
        );
    }
    let Some(scope) = scope_of(review, path, assignment) else {
        review.complain(
            path,
            line,
            format!(
                "'{}' has no scope: it would hold for everything in the group",
                assignment.name
            ),
        );
        return;
    };
    let Some((role, symbol)) = role_of(review, path, assignment) else {
        review.complain(
            path,
            line,
            format!(
                "the role of '{}' must be subscriptionResourceId('Microsoft.Authorization/roleDefinitions', ID), and the id a known one",
                assignment.name
            ),
        );
        return;
    };
    let Some((_, on)) = NEEDED.iter().find(|(name, _)| *name == role) else {
        review.complain(path, line, format!("nobody here needs the role '{role}'"));
        return;
    };
    if type_of(scope) != *on {
        review.complain(
            path,
            line,
            format!("'{role}' is given on {on}, and not on {}", type_of(scope)),
        );
    }
    let camel = camel_case(&role);
    if symbol != camel {
        review.complain(
            path,
            line,
            format!("'{symbol}' has the id of '{role}': call it '{camel}'"),
        );
    }
    for text in review.texts(path, assignment, &["properties", "principalType"]) {
        if text != "ServicePrincipal" {
            review.complain(
                path,
                line,
                format!(
                    "'{}' is given to an app or identity, which is a ServicePrincipal",
                    assignment.name
                ),
            );
        }
    }
    let properties = body.and_then(|body| body.get("properties"));
    // Whose id comes as an optional parameter is a person, or the pipeline that deploys.
    let is_app = assignment.condition.is_none();
    if is_app
        && properties
            .and_then(|properties| properties.get("principalType"))
            .is_none()
    {
        review.complain(
            path,
            line,
            format!(
                "'{}' needs principalType: a new identity isn't known everywhere at once",
                assignment.name
            ),
        );
    }
}

fn scope_of<'a>(
    review: &Review<'a>,
    path: &'a str,
    assignment: &'a Declaration,
) -> Option<&'a Declaration> {
    let scope = assignment.value.as_ref()?.get("scope")?;
    let name = match scope {
        Expression::Name(name) => name,
        Expression::Index(value, _) => match &**value {
            Expression::Name(name) => name,
            _ => return None,
        },
        _ => return None,
    };
    review
        .project
        .symbol(path, name)
        .filter(|symbol| symbol.kind == Kind::Resource)
}

/// The role's name and the variable that holds its id.
fn role_of<'a>(
    review: &Review<'a>,
    path: &'a str,
    assignment: &'a Declaration,
) -> Option<(String, &'a str)> {
    let id = assignment
        .value
        .as_ref()?
        .get("properties")?
        .get("roleDefinitionId")?;
    let Expression::Call(None, function, arguments) = id else {
        return None;
    };
    let [kind, Expression::Name(symbol)] = &arguments[..] else {
        return None;
    };
    if function != "subscriptionResourceId"
        || kind.text() != Some("Microsoft.Authorization/roleDefinitions")
    {
        return None;
    }
    let id = review
        .project
        .symbol(path, symbol)?
        .value
        .as_ref()?
        .text()?;
    let (role, _) = review.types.roles.iter().find(|(_, known)| *known == id)?;
    // The name of the assignment is made of the same role.
    let name = assignment.value.as_ref()?.get("name")?;
    let Expression::Call(_, _, parts) = name else {
        return None;
    };
    let is_same = parts
        .iter()
        .any(|part| matches!(part, Expression::Name(name) if name == symbol));
    is_same.then(|| (role.clone(), symbol.as_str()))
}

fn camel_case(role: &str) -> String {
    let mut words = role.split(' ');
    let mut name = words.next().unwrap_or_default().to_lowercase();
    for word in words {
        let (first, rest) = word.split_at(1);
        name.push_str(&first.to_uppercase());
        name.push_str(rest);
    }
    name
}

fn missing(review: &mut Review<'_>) {
    let project = review.project;
    for (path, file) in &project.files {
        let mut given: Vec<String> = Vec::new();
        for (at, assignment) in review.made(ASSIGNMENTS) {
            if at == path
                && let Some((role, _)) = role_of(review, at, assignment)
                && assignment.condition.is_none()
            {
                given.push(role);
            }
        }
        for declaration in &file.declarations {
            let mut found = Vec::new();
            declaration.walk(&mut |expression| {
                for property in expression.properties() {
                    found.extend(property.name().map(|name| (property.line, name)));
                }
            });
            for (line, name) in found {
                for (reason, role) in REASONS {
                    if name == reason && !given.iter().any(|given| given == role) {
                        review.complain(path, line, format!("'{name}' is of no use without the role '{role}', which this file doesn't give"));
                    }
                }
            }
        }
    }
}
