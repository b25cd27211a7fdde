//! Function Apps on Flex Consumption: the values that Azure's list of stacks has for custom
//! handlers, which no type knows.

use super::Review;
use crate::bicep::{Declaration, Expression, Part};
use crate::project::Found;

const MEMORY_MB: [i64; 3] = [512, 2048, 4096];

pub(super) fn check(review: &mut Review<'_>) {
    for (path, plan) in review.made("Microsoft.Web/serverfarms") {
        review.must_be(path, plan, &["kind"], "functionapp");
        review.must_be(path, plan, &["sku", "name"], "FC1");
        review.must_be(path, plan, &["sku", "tier"], "FlexConsumption");
        review.must_be_switched(path, plan, &["properties", "reserved"], true);
    }
    for (path, account) in review.made("Microsoft.Storage/storageAccounts") {
        review.must_be_switched(
            path,
            account,
            &["properties", "allowSharedKeyAccess"],
            false,
        );
        review.must_be_switched(
            path,
            account,
            &["properties", "allowBlobPublicAccess"],
            false,
        );
        review.must_be_switched(
            path,
            account,
            &["properties", "supportsHttpsTrafficOnly"],
            true,
        );
        review.must_be(path, account, &["kind"], "StorageV2");
        review.must_be(
            path,
            account,
            &["properties", "minimumTlsVersion"],
            "TLS1_2",
        );
    }
    for (path, component) in review.made("Microsoft.Insights/components") {
        review.must_be_switched(path, component, &["properties", "DisableLocalAuth"], true);
    }
    for (path, passwords) in review.made("Microsoft.Web/sites/basicPublishingCredentialsPolicies") {
        review.must_be_switched(path, passwords, &["properties", "allow"], false);
    }
    for (path, app) in review.made("Microsoft.Web/sites") {
        check_app(review, path, app);
    }
}

fn check_app<'a>(review: &mut Review<'a>, path: &'a str, app: &'a Declaration) {
    let config = |members: &[&'static str]| {
        let mut all = vec!["properties", "functionAppConfig"];
        all.extend(members);
        all
    };
    review.must_be(path, app, &["kind"], "functionapp,linux");
    review.must_be(path, app, &["identity", "type"], "SystemAssigned");
    review.must_be_switched(path, app, &["properties", "httpsOnly"], true);
    review.must_be(
        path,
        app,
        &["properties", "siteConfig", "minTlsVersion"],
        "1.2",
    );
    review.must_be(path, app, &config(&["runtime", "name"]), "custom");
    review.must_be(path, app, &config(&["runtime", "version"]), "1.0");
    review.must_be(
        path,
        app,
        &config(&["deployment", "storage", "type"]),
        "blobContainer",
    );
    review.must_be(
        path,
        app,
        &config(&["deployment", "storage", "authentication", "type"]),
        "SystemAssignedIdentity",
    );
    let memory = review.at(
        path,
        app,
        &config(&["scaleAndConcurrency", "instanceMemoryMB"]),
    );
    numbers(review, path, app, "instanceMemoryMB", &memory, |number| {
        MEMORY_MB.contains(&number)
    });
    let most = review.at(
        path,
        app,
        &config(&["scaleAndConcurrency", "maximumInstanceCount"]),
    );
    numbers(review, path, app, "maximumInstanceCount", &most, |number| {
        (40..=1000).contains(&number)
    });
    for (_, list) in review.at(path, app, &config(&["scaleAndConcurrency", "alwaysReady"])) {
        let Expression::Array(items) = list else {
            continue;
        };
        if items
            .iter()
            .any(|item| item.get("name").is_none() || item.get("instanceCount").is_none())
        {
            review.complain(
                path,
                app.line,
                "an entry of alwaysReady has a name and an instanceCount",
            );
        }
        for name in items.iter().filter_map(|item| item.get("name")?.text()) {
            let is_function = name
                .strip_prefix("function:")
                .is_some_and(|name| !name.is_empty());
            if !is_function && !["http", "durable", "blob"].contains(&name) {
                review.complain(
                    path,
                    app.line,
                    format!("no group is called '{name}': http, or function:NAME"),
                );
            }
        }
    }
    check_package(review, path, app);
    check_service(review, path, app);
}

/// Where the package is put.
fn check_package<'a>(review: &mut Review<'a>, path: &'a str, app: &'a Declaration) {
    let containers = review.at(
        path,
        app,
        &[
            "properties",
            "functionAppConfig",
            "deployment",
            "storage",
            "value",
        ],
    );
    for (_, container) in containers {
        let is_right = matches!(
            container,
            Expression::String(parts) if matches!(
                &parts[..],
                [Part::Value(Expression::Member(_, blob)), Part::Value(_)] if blob == "blob"
            )
        );
        if !is_right {
            review.complain(
                path,
                app.line,
                "the container's address is '${STORAGE.properties.primaryEndpoints.blob}${CONTAINER.name}': the endpoint ends with a slash",
            );
        }
    }
}

/// Which service of `azure.yaml` is deployed to the app.
fn check_service<'a>(review: &mut Review<'a>, path: &'a str, app: &'a Declaration) {
    let tags = review.at(path, app, &["tags"]);
    let services: Vec<_> = tags
        .iter()
        .filter_map(|(path, tags)| Some((*path, tags.get("azd-service-name")?)))
        .collect();
    if services.is_empty() {
        review.complain(
            path,
            app.line,
            "azd finds an app by its tag 'azd-service-name'",
        );
    }
    let project = review.project;
    for (at, service) in services {
        for (_, service) in project.values(at, service, &Vec::new()) {
            if let Some(service) = service.text()
                && !review.facts.services.contains(service)
            {
                review.complain(
                    path,
                    app.line,
                    format!("azure.yaml has no service '{service}'"),
                );
            }
        }
    }
}

fn numbers(
    review: &mut Review<'_>,
    path: &str,
    app: &Declaration,
    name: &str,
    found: &[Found<'_>],
    is_right: impl Fn(i64) -> bool,
) {
    if found.is_empty() {
        review.complain(path, app.line, format!("'{name}' is missing"));
    }
    for (_, value) in found {
        let text = match value {
            Expression::Integer(number) if !is_right(*number) => {
                format!("'{name}' can't be {number} for a custom handler")
            }
            Expression::Operator(_) => format!("'{name}' must be a plain number"),
            _ => continue,
        };
        review.complain(path, app.line, text);
    }
}
