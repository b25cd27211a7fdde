//! IoT hubs, the service that provisions devices to them, and the event hubs that they feed.

use std::collections::BTreeSet;

use super::Review;
use crate::bicep::{Declaration, Expression, Kind, Part};

/// Names that IoT Hub keeps for itself.
const RESERVED: [&str; 3] = ["events", "fileNotifications", "$default"];

/// Tiers that have device twins.
const STANDARD: [&str; 3] = ["S1", "S2", "S3"];

pub(super) fn check(review: &mut Review<'_>) {
    for (path, hub) in review.made("Microsoft.Devices/IotHubs") {
        check_hub(review, path, hub);
    }
    let of = "Microsoft.Devices/provisioningServices";
    let services = review.made(of);
    for (path, service) in &services {
        review.must_be(path, service, &["sku", "name"], "S1");
        check_links(review, path, service);
    }
    for (path, namespace) in review.made("Microsoft.EventHub/namespaces") {
        review.must_be_switched(path, namespace, &["properties", "disableLocalAuth"], true);
        review.must_be(path, namespace, &["properties", "minimumTlsVersion"], "1.2");
        let name = review.texts(path, namespace, &["sku", "name"]);
        let tier = review.texts(path, namespace, &["sku", "tier"]);
        if !tier.is_empty() && name != tier {
            review.complain(
                path,
                namespace.line,
                "the tier of the namespace is not that of its name",
            );
        }
    }
    event_hubs(review);
    for (path, group) in review.made("Microsoft.EventHub/namespaces/eventhubs/consumergroups") {
        for name in review.texts(path, group, &["name"]) {
            if !review.facts.consumer_groups.contains(name) {
                review.complain(
                    path,
                    group.line,
                    format!("no function.json reads as the consumer group '{name}'"),
                );
            }
        }
    }
    after_the_hubs(review);
    routes_after_roles(review);
}

fn check_hub<'a>(review: &mut Review<'a>, path: &'a str, hub: &'a Declaration) {
    for tier in review.texts(path, hub, &["sku", "name"]) {
        if !STANDARD.contains(&tier) {
            review.complain(
                path,
                hub.line,
                format!("a hub of the tier '{tier}' has no device twins"),
            );
        }
    }
    if !review
        .at(path, hub, &["properties", "disableLocalAuth"])
        .is_empty()
    {
        review.complain(
            path,
            hub.line,
            "DPS asks that its hubs allow shared access policies: don't set disableLocalAuth",
        );
    }
    let mut endpoints: BTreeSet<&str> = BTreeSet::from(["events"]);
    for (at, list) in review.at(
        path,
        hub,
        &["properties", "routing", "endpoints", "eventHubs"],
    ) {
        let Expression::Array(items) = list else {
            continue;
        };
        for item in items {
            check_endpoint(review, at, hub.line, item);
            if let Some(name) = item.get("name").and_then(Expression::text)
                && !endpoints.insert(name)
            {
                review.complain(at, hub.line, format!("two endpoints are called '{name}'"));
            }
        }
    }
    let mut used = BTreeSet::new();
    for member in ["routes", "enrichments", "fallbackRoute"] {
        for (at, list) in review.at(path, hub, &["properties", "routing", member]) {
            list.walk(&mut |expression| {
                if let Some(Expression::Array(names)) = expression.get("endpointNames") {
                    used.extend(
                        names
                            .iter()
                            .filter_map(Expression::text)
                            .map(|name| (at, name)),
                    );
                }
            });
            list.walk(&mut |expression| check_route(review, at, hub, expression));
        }
    }
    for (at, name) in used {
        if !endpoints.contains(name) {
            review.complain(at, hub.line, format!("there is no endpoint '{name}'"));
        }
    }
}

fn check_endpoint(review: &mut Review<'_>, at: &str, line: usize, item: &Expression) {
    let text = |member: &str| item.get(member).and_then(Expression::text);
    if let Some(name) = text("name")
        && RESERVED.contains(&name)
    {
        review.complain(
            at,
            line,
            format!("the endpoint's name '{name}' is reserved"),
        );
    }
    let identity = item
        .get("identity")
        .and_then(|identity| identity.get("userAssignedIdentity"));
    if text("authenticationType") != Some("identityBased") || identity.is_none() {
        review.complain(
            at,
            line,
            "an endpoint needs authenticationType 'identityBased' and a user-assigned identity",
        );
    }
    if item.get("connectionString").is_some() {
        review.complain(at, line, "an endpoint by identity has no connectionString");
    }
    for uri in item
        .get("endpointUri")
        .map(|uri| review.project.samples(at, uri, &Vec::new()))
        .unwrap_or_default()
    {
        if !uri.starts_with("sb://") || !uri.ends_with(".servicebus.windows.net") {
            review.complain(
                at,
                line,
                format!("'{uri}' must be sb://NAMESPACE.servicebus.windows.net"),
            );
        }
    }
    for missing in ["endpointUri", "entityPath"] {
        if item.get(missing).is_none() {
            review.complain(at, line, format!("the endpoint has no {missing}"));
        }
    }
    if let Some(entity) = text("entityPath")
        && !review.facts.event_hubs.contains(entity)
    {
        review.complain(
            at,
            line,
            format!("no function.json reads the event hub '{entity}'"),
        );
    }
}

/// Telemetry that brings its own twin's name is not to be believed, and lifecycle events go to
/// their own hub.
fn check_route(review: &mut Review<'_>, path: &str, hub: &Declaration, route: &Expression) {
    let text = |member: &str| route.get(member).and_then(Expression::text);
    if text("key").is_some_and(|key| key != "dtId") {
        review.complain(path, hub.line, "the app reads no enrichment but dtId");
    }
    if text("key").is_some() && text("value") != Some("$twin.tags.dtId") {
        review.complain(
            path,
            hub.line,
            "the enrichment dtId must be '$twin.tags.dtId'",
        );
    }
    let Some(Expression::Array(names)) = route.get("endpointNames") else {
        return;
    };
    if route.get("source").is_some()
        && !matches!(route.get("isEnabled"), Some(Expression::Boolean(true)))
    {
        review.complain(path, hub.line, "a route must be enabled");
    }
    let to = names.first().and_then(Expression::text);
    let wanted = match to {
        Some("deviceevents") => Some("DeviceMessages"),
        Some("lifecycleevents") => Some("DeviceLifecycleEvents"),
        _ => None,
    };
    if let (Some(source), Some(wanted)) = (text("source"), wanted)
        && source != wanted
    {
        review.complain(
            path,
            hub.line,
            format!(
                "'{}' takes {wanted}, and not {source}",
                to.unwrap_or_default()
            ),
        );
    }
    if to == Some("lifecycleevents") && text("condition") != Some("true") {
        review.complain(
            path,
            hub.line,
            "all lifecycle events are routed: the condition must be 'true'",
        );
    }
    if to == Some("deviceevents")
        && route.get("source").is_some()
        && text("condition") != Some("NOT is_defined(dtId)")
    {
        review.complain(
            path,
            hub.line,
            "without the condition 'NOT is_defined(dtId)' a device could name any twin",
        );
    }
}

fn check_links<'a>(review: &mut Review<'a>, path: &'a str, service: &'a Declaration) {
    let mut is_linked = false;
    for (at, list) in review.at(path, service, &["properties", "iotHubs"]) {
        let items: Vec<&Expression> = match list {
            Expression::For(_, body) => vec![body],
            Expression::Array(items) => items.iter().collect(),
            _ => continue,
        };
        for item in items {
            is_linked = true;
            if let Some(connection) = item.get("connectionString") {
                check_connection(review, at, service, connection);
            } else if item.get("authenticationType").and_then(Expression::text)
                != Some("UserAssigned")
                || item.get("hostName").is_none()
                || item.get("selectedUserAssignedIdentityResourceId").is_none()
            {
                review.complain(at, service.line, "a link by identity has hostName, authenticationType 'UserAssigned' and the identity");
            } else {
                review.must_be(path, service, &["identity", "type"], "UserAssigned");
                let depends = service
                    .value
                    .as_ref()
                    .and_then(|body| body.get("dependsOn"));
                let waits = depends.is_some_and(|depends| {
                    let mut waits = false;
                    depends.walk(&mut |expression| {
                        waits |= matches!(
                            expression,
                            Expression::Name(name) if review.project.symbol(at, name).is_some_and(
                                |symbol| symbol.of.starts_with("Microsoft.Authorization/roleAssignments@")
                            )
                        );
                    });
                    waits
                });
                if !waits {
                    review.complain(
                        at,
                        service.line,
                        "a link by identity is tried at once: let the service depend on the roles",
                    );
                }
            }
        }
    }
    if !is_linked {
        review.complain(path, service.line, "no hub is linked");
    }
}

/// `HostName=…;SharedAccessKeyName=iothubowner;SharedAccessKey=…`, with the key asked for by its
/// name.
fn check_connection(
    review: &mut Review<'_>,
    path: &str,
    service: &Declaration,
    connection: &Expression,
) {
    let is_right = match connection {
        Expression::String(parts) => match &parts[..] {
            [
                Part::Text(host),
                Part::Value(_),
                Part::Text(name),
                Part::Value(Expression::Member(call, key)),
            ] => {
                let names_key = match &**call {
                    Expression::Call(None, function, arguments) if function == "listKeys" => {
                        matches!(arguments.first(), Some(Expression::String(parts)) if matches!(
                            parts.last(),
                            Some(Part::Text(end)) if end == "/IotHubKeys/iothubowner"
                        ))
                    }
                    _ => false,
                };
                host == "HostName="
                    && name == ";SharedAccessKeyName=iothubowner;SharedAccessKey="
                    && key == "primaryKey"
                    && names_key
            }
            _ => false,
        },
        _ => false,
    };
    if !is_right {
        review.complain(
            path,
            service.line,
            "a link by key is 'HostName=…;SharedAccessKeyName=iothubowner;SharedAccessKey=…' with the key of that name",
        );
    }
}

/// The event hubs that functions read are made.
fn event_hubs(review: &mut Review<'_>) {
    let made = review.made("Microsoft.EventHub/namespaces/eventhubs");
    let Some((path, first)) = made.first().copied() else {
        return;
    };
    let mut names = BTreeSet::new();
    for (path, hub) in &made {
        names.extend(review.texts(path, hub, &["name"]));
    }
    for missing in review.facts.event_hubs.clone() {
        if !names.contains(missing.as_str()) {
            review.complain(
                path,
                first.line,
                format!("a function.json reads the event hub '{missing}', which nothing makes"),
            );
        }
    }
}

/// A module that only looks hubs up by their names must wait for the module that makes them.
fn after_the_hubs(review: &mut Review<'_>) {
    let project = review.project;
    let modules_with = |of: &'static str, existing: bool| -> BTreeSet<&str> {
        let found = project
            .resources(of)
            .filter(|(_, hub)| hub.existing == existing);
        found.map(|(path, _)| path).collect()
    };
    for of in ["Microsoft.Devices/IotHubs", "Microsoft.Web/sites"] {
        let makers = modules_with(of, false);
        let users = modules_with(of, true);
        for (path, module) in project.all(Kind::Module) {
            let Some(target) = project.target(path, module) else {
                continue;
            };
            if !users.contains(target) {
                continue;
            }
            let mut waits = false;
            module.walk(&mut |expression| {
                if let Expression::Name(name) = expression
                    && let Some(symbol) = project.symbol(path, name)
                    && symbol.kind == Kind::Module
                {
                    waits |= project
                        .target(path, symbol)
                        .is_some_and(|target| makers.contains(target));
                }
            });
            if !waits {
                review.complain(
                    path,
                    module.line,
                    format!(
                        "'{}' looks up what is made elsewhere: it needs dependsOn",
                        module.name
                    ),
                );
            }
        }
    }
}

/// A hub tries an endpoint when it is made, so its identity comes from the module that gives it the
/// role.
fn routes_after_roles(review: &mut Review<'_>) {
    let project = review.project;
    let files_that_make = |of: &'static str| -> BTreeSet<&str> {
        let made = project.resources(of).filter(|(_, found)| !found.existing);
        made.map(|(path, _)| path).collect()
    };
    let senders = files_that_make("Microsoft.EventHub/namespaces");
    let makers = files_that_make("Microsoft.Devices/IotHubs");
    for (path, module) in project.all(Kind::Module) {
        let makes_hubs = project
            .target(path, module)
            .is_some_and(|target| makers.contains(target));
        let parameters = module.value.as_ref().and_then(|body| body.get("params"));
        let parameters = parameters.into_iter().flat_map(Expression::properties);
        let identities = parameters
            .filter(|property| property.name().is_some_and(|name| name.contains("dentity")));
        for identity in identities.filter(|_| makes_hubs) {
            let mut waits = false;
            identity.value.walk(&mut |expression| {
                if let Expression::Name(name) = expression
                    && let Some(symbol) = project.symbol(path, name)
                {
                    waits |= symbol.kind == Kind::Module
                        && project
                            .target(path, symbol)
                            .is_some_and(|target| senders.contains(target));
                }
            });
            if !waits {
                review.complain(
                    path,
                    identity.line,
                    format!(
                        "'{}' must wait for the role to send to the event hubs",
                        module.name
                    ),
                );
            }
        }
    }
}
