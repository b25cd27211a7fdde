//! What the compiler and its default rules would say, and how they can be silenced.

use std::collections::BTreeSet;

use super::Review;
use crate::bicep::{Declaration, Expression, Kind, Part};
use crate::project::type_of;

/// Functions that a deployment of plain resources needs. Others must be added here first.
const FUNCTIONS: [&str; 20] = [
    "bool",
    "contains",
    "deployment",
    "empty",
    "environment",
    "format",
    "guid",
    "int",
    "join",
    "length",
    "listKeys",
    "listkeys",
    "readEnvironmentVariable",
    "resourceId",
    "split",
    "subscription",
    "subscriptionResourceId",
    "toLower",
    "union",
    "uniqueString",
];

const DECORATORS: [&str; 8] = [
    "allowed",
    "description",
    "maxLength",
    "maxValue",
    "metadata",
    "minLength",
    "minValue",
    "secure",
];

/// What differs between Azure's clouds, and is to be taken from `environment()` or from a resource.
const CLOUD_HOSTS: [&str; 15] = [
    "core.windows.net",
    "management.azure.com",
    "gallery.azure.com",
    "login.microsoftonline.com",
    "graph.windows.net",
    "database.windows.net",
    "trafficmanager.net",
    "datalake.azure.net",
    "azuredatalakestore.net",
    "azuredatalakeanalytics.net",
    "vault.azure.net",
    "api.loganalytics.io",
    "asazure.windows.net",
    "batch.core.windows.net",
    "vaultcore.azure.net",
];

/// Words in a parameter's name that tell of a secret.
const SECRETS: [&str; 9] = [
    "password",
    "secret",
    "accesskey",
    "functionkey",
    "accountkey",
    "primarykey",
    "connectionstring",
    "sastoken",
    "token",
];

pub(super) fn check(review: &mut Review<'_>) {
    let project = review.project;
    if review.facts.bicep_config {
        review.complain(
            "bicepconfig.json",
            1,
            "a bicepconfig.json can silence the compiler: remove it",
        );
    }
    for (path, file) in &project.files {
        for line in &file.directives {
            review.complain(
                path,
                *line,
                "a directive silences the compiler: mend what it hides",
            );
        }
        let mut names = BTreeSet::new();
        for declaration in &file.declarations {
            let space = declaration.kind == Kind::Output;
            if !declaration.name.is_empty() && !names.insert((space, &declaration.name)) {
                review.complain(
                    path,
                    declaration.line,
                    format!("'{}' is declared twice", declaration.name),
                );
            }
            for (decorator, _) in &declaration.decorators {
                if !DECORATORS.contains(&decorator.as_str()) {
                    review.complain(
                        path,
                        declaration.line,
                        format!("there is no decorator '@{decorator}'"),
                    );
                }
            }
            expressions(review, path, declaration);
            match declaration.kind {
                Kind::Param => parameter(review, path, declaration),
                Kind::Output => output(review, path, declaration),
                Kind::Resource => resource(review, path, declaration),
                _ => {}
            }
        }
        unused(review, path);
        scope(review, path);
    }
}

fn expressions(review: &mut Review<'_>, path: &str, declaration: &Declaration) {
    let line = declaration.line;
    let mut found = Vec::new();
    declaration.walk(&mut |expression| match expression {
        Expression::Call(None, name, _) if name == "concat" => {
            found.push("concat() joins texts: write '${a}${b}'".to_owned());
        }
        Expression::Call(None, name, _) if !FUNCTIONS.contains(&name.as_str()) => {
            found.push(format!(
                "there is no function '{name}', or this check doesn't know it"
            ));
        }
        Expression::Call(None, name, arguments) if name == "bool" || name == "int" => {
            if let [Expression::Call(None, _, arguments)] = &arguments[..]
                && let Some(default) = arguments.get(1).and_then(Expression::text)
            {
                let is_right = match name.as_str() {
                    "bool" => matches!(default, "true" | "false"),
                    _ => default.parse::<i64>().is_ok(),
                };
                if !is_right {
                    found.push(format!("'{default}' is not of type {name}"));
                }
            }
        }
        Expression::String(parts) => {
            for part in parts {
                let Part::Text(text) = part else { continue };
                if let Some(host) = CLOUD_HOSTS
                    .iter()
                    .find(|host| text.to_lowercase().contains(**host))
                {
                    found.push(format!(
                        "'{host}' differs between Azure's clouds: take it from the resource"
                    ));
                }
            }
            if let [Part::Value(_)] = &parts[..] {
                found.push("an interpolation of one value alone is that value".to_owned());
            }
        }
        _ => {}
    });
    for text in found {
        review.complain(path, line, text);
    }
}

fn parameter(review: &mut Review<'_>, path: &str, parameter: &Declaration) {
    let name = parameter.name.to_lowercase();
    let is_secure = parameter.decorator("secure").is_some();
    if !is_secure && SECRETS.iter().any(|secret| name.contains(secret)) {
        review.complain(
            path,
            parameter.line,
            format!(
                "'{}' sounds like a secret: it needs @secure()",
                parameter.name
            ),
        );
    }
    if is_secure
        && parameter
            .value
            .as_ref()
            .is_some_and(|value| value.text() != Some(""))
    {
        review.complain(
            path,
            parameter.line,
            format!("the secret '{}' can't have a default", parameter.name),
        );
    }
    // Empty stands for none, so that is the default.
    let mut means_none = false;
    for declaration in &review.project.files[path].declarations {
        declaration.walk(&mut |expression| {
            means_none |= matches!(
                expression,
                Expression::Call(None, name, arguments) if name == "empty" && matches!(
                    &arguments[..],
                    [Expression::Name(name)] if *name == parameter.name
                )
            );
        });
    }
    let default = parameter.value.as_ref().and_then(Expression::text);
    if means_none && default.is_some_and(|default| !default.is_empty()) {
        review.complain(
            path,
            parameter.line,
            format!(
                "the default of '{}' must be empty, which stands for none",
                parameter.name
            ),
        );
    }
    if !path.ends_with(".bicepparam")
        && !matches!(
            parameter.of.as_str(),
            "string" | "int" | "bool" | "object" | "array" | "string[]"
        )
    {
        review.complain(
            path,
            parameter.line,
            format!("'{}' has no type '{}'", parameter.name, parameter.of),
        );
    }
}

/// A key in an output is in the deployment's history, and azd writes it to a file.
fn output(review: &mut Review<'_>, path: &str, output: &Declaration) {
    let mut is_secret = output.decorator("secure").is_some();
    output.walk(&mut |expression| {
        is_secret |= match expression {
            Expression::Call(_, name, _) => name.to_lowercase().starts_with("list"),
            Expression::Member(_, name) => {
                let name = name.to_lowercase();
                name.ends_with("key")
                    || name.ends_with("keys")
                    || name.ends_with("connectionstring")
            }
            Expression::Name(name) => review
                .project
                .symbol(path, name)
                .is_some_and(|symbol| symbol.decorator("secure").is_some()),
            _ => false,
        };
    });
    if is_secret {
        review.complain(
            path,
            output.line,
            format!("the output '{}' holds a secret", output.name),
        );
    }
}

fn resource(review: &mut Review<'_>, path: &str, resource: &Declaration) {
    let Some(body) = &resource.value else { return };
    let of = type_of(resource);
    let is_child = of.matches('/').count() > 1;
    if is_child && body.get("parent").is_none() {
        review.complain(
            path,
            resource.line,
            format!("'{}' is a child: it needs 'parent'", resource.name),
        );
    }
    if is_child
        && body
            .get("name")
            .is_some_and(|name| matches!(name, Expression::String(parts) if has_slash(parts)))
    {
        review.complain(
            path,
            resource.line,
            format!("the name of '{}' holds its parent's", resource.name),
        );
    }
    if of == "Microsoft.Resources/deploymentScripts" {
        review.complain(path, resource.line, "a deployment script runs before the code is there, and needs a key of a storage account");
    }
}

fn has_slash(parts: &[Part]) -> bool {
    parts
        .iter()
        .any(|part| matches!(part, Part::Text(text) if text.contains('/')))
}

/// Parameters, variables and looked-up resources that nothing uses.
fn unused(review: &mut Review<'_>, path: &str) {
    let file = &review.project.files[path];
    if file
        .declarations
        .iter()
        .any(|declaration| declaration.kind == Kind::Using)
    {
        return;
    }
    let mut used = BTreeSet::new();
    for declaration in &file.declarations {
        declaration.walk(&mut |expression| {
            if let Expression::Name(name) = expression {
                used.insert(name.as_str());
            }
        });
    }
    for declaration in &file.declarations {
        let counts = matches!(declaration.kind, Kind::Param | Kind::Var) || declaration.existing;
        if counts && !used.contains(declaration.name.as_str()) {
            review.complain(
                path,
                declaration.line,
                format!("'{}' is never used", declaration.name),
            );
        }
    }
}

/// A resource group is made at the scope of a subscription, and everything else in the group.
fn scope(review: &mut Review<'_>, path: &str) {
    let file = &review.project.files[path];
    let scope = file
        .declarations
        .iter()
        .find(|declaration| declaration.kind == Kind::TargetScope);
    let scope = scope
        .and_then(|scope| scope.value.as_ref()?.text())
        .unwrap_or("resourceGroup");
    for declaration in &file.declarations {
        let is_module = declaration.kind == Kind::Module;
        let has_scope = declaration
            .value
            .as_ref()
            .is_some_and(|body| body.get("scope").is_some());
        if is_module && scope == "subscription" && !has_scope {
            review.complain(
                path,
                declaration.line,
                format!(
                    "the module '{}' needs the group as its scope",
                    declaration.name
                ),
            );
        }
        if declaration.kind != Kind::Resource {
            continue;
        }
        let is_group = type_of(declaration) == "Microsoft.Resources/resourceGroups";
        if is_group != (scope == "subscription") {
            review.complain(
                path,
                declaration.line,
                format!(
                    "'{}' can't be made at the scope '{scope}'",
                    declaration.name
                ),
            );
        }
    }
}
