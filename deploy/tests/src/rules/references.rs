//! What refers to what: symbols, modules' parameters and outputs, members of resources, conditions
//! and the order of things.

use std::collections::BTreeSet;

use super::Review;
use crate::bicep::{Declaration, Expression, For, Kind};

/// What every resource has besides its type's members.
const RESOURCE_MEMBERS: [&str; 4] = ["id", "name", "type", "apiVersion"];

pub(super) fn check(review: &mut Review<'_>) {
    let project = review.project;
    for (path, file) in &project.files {
        for declaration in &file.declarations {
            let loops: Vec<&For> = declaration.each.iter().collect();
            symbols(review, path, declaration, &loops);
            members(review, path, declaration);
            order(review, path, declaration);
            match declaration.kind {
                Kind::Module => module(review, path, declaration),
                Kind::Resource => name_at_the_start(review, path, declaration),
                Kind::Using => parameters(review, path, declaration),
                _ => {}
            }
        }
    }
}

/// Every name is a symbol or a loop's.
fn symbols(review: &mut Review<'_>, path: &str, declaration: &Declaration, loops: &[&For]) {
    let mut locals: BTreeSet<&str> = loops
        .iter()
        .flat_map(|each| &each.names)
        .map(String::as_str)
        .collect();
    let mut unknown = Vec::new();
    declaration.walk(&mut |expression| match expression {
        Expression::For(each, _) => locals.extend(each.names.iter().map(String::as_str)),
        Expression::Name(name)
            if !locals.contains(name.as_str()) && review.project.symbol(path, name).is_none() =>
        {
            unknown.push(name.clone());
        }
        _ => {}
    });
    items(review, path, declaration, loops);
    for name in unknown {
        review.complain(
            path,
            declaration.line,
            format!("there is no symbol '{name}'"),
        );
    }
    if declaration.kind == Kind::Param
        && let Some(value) = &declaration.value
    {
        value.walk(&mut |expression| {
            if let Expression::Name(name) = expression
                && review
                    .project
                    .symbol(path, name)
                    .is_some_and(|symbol| symbol.kind != Kind::Param)
            {
                unknown_default(review, path, declaration, name);
            }
        });
    }
}

/// Members of a loop's item are in every item of the list.
fn items(review: &mut Review<'_>, path: &str, declaration: &Declaration, loops: &[&For]) {
    let mut wanted = Vec::new();
    declaration.walk(&mut |expression| {
        if let Expression::Member(value, member) = expression
            && let Expression::Name(name) = &**value
            && let Some(each) = loops.iter().find(|each| each.names.first() == Some(name))
        {
            wanted.push((*each, member));
        }
    });
    for (each, member) in wanted {
        for (_, list) in review.project.values(path, &each.over, &Vec::new()) {
            if let Expression::Array(items) = list
                && items.iter().any(|item| item.get(member).is_none())
            {
                review.complain(
                    path,
                    declaration.line,
                    format!("an item of the list has no '{member}'"),
                );
            }
        }
    }
}

fn unknown_default(review: &mut Review<'_>, path: &str, declaration: &Declaration, name: &str) {
    review.complain(
        path,
        declaration.line,
        format!("the default of '{}' can't use '{name}'", declaration.name),
    );
}

/// Members of resources and modules are there, and those of conditional ones are taken with `!`.
fn members(review: &mut Review<'_>, path: &str, declaration: &Declaration) {
    let mut complaints = Vec::new();
    declaration.walk(&mut |expression| {
        let Expression::Member(value, member) = expression else {
            return;
        };
        if let Expression::Name(name) = &**value
            && let Some(symbol) = review.project.symbol(path, name)
            && symbol.condition.is_some()
            && !RESOURCE_MEMBERS.contains(&member.as_str())
        {
            complaints.push(format!(
                "'{name}' may not be there: write '{name}!.{member}'"
            ));
        }
        let Some((symbol, chain)) = chain(review, path, expression) else {
            return;
        };
        match symbol.kind {
            Kind::Resource => {
                if let Some(text) = resource_member(review, symbol, &chain) {
                    complaints.push(text);
                }
            }
            Kind::Module => {
                let target = review
                    .project
                    .target(path, symbol)
                    .map(|target| &review.project.files[target]);
                let is_output = |name: &str| {
                    target.is_some_and(|file| {
                        file.declarations
                            .iter()
                            .any(|found| found.kind == Kind::Output && found.name == name)
                    })
                };
                match chain[..] {
                    ["outputs" | "name"] | [] => {}
                    ["outputs", name, ..] if is_output(name) => {}
                    ["outputs", name, ..] => complaints.push(format!(
                        "the module '{}' has no output '{name}'",
                        symbol.name
                    )),
                    [name, ..] => complaints.push(format!(
                        "the module '{}' has no member '{name}'",
                        symbol.name
                    )),
                }
            }
            _ => {}
        }
    });
    for text in complaints {
        review.complain(path, declaration.line, text);
    }
}

/// The symbol that members are taken of, and the members.
fn chain<'a>(
    review: &Review<'a>,
    path: &str,
    expression: &'a Expression,
) -> Option<(&'a Declaration, Vec<&'a str>)> {
    let project = review.project;
    match expression {
        Expression::Name(name) => Some((project.symbol(path, name)?, Vec::new())),
        Expression::Sure(value) | Expression::Index(value, _) => {
            let (symbol, members) = chain(review, path, value)?;
            members.is_empty().then_some((symbol, members))
        }
        Expression::Member(value, member) => {
            let (symbol, mut members) = chain(review, path, value)?;
            members.push(member);
            Some((symbol, members))
        }
        _ => None,
    }
}

fn resource_member(review: &Review<'_>, resource: &Declaration, chain: &[&str]) -> Option<String> {
    let mut tree = review.types.get(&resource.of)?;
    for (depth, member) in chain.iter().enumerate() {
        if depth == 0 && RESOURCE_MEMBERS.contains(member) {
            return None;
        }
        if tree["ro"] == true || !tree["a"].is_null() || tree["p"].is_null() {
            return None;
        }
        let Some(next) = tree["p"].get(member) else {
            return Some(format!(
                "'{}' has no member '{}'",
                resource.name,
                chain[..=depth].join(".")
            ));
        };
        tree = next;
    }
    None
}

/// A module's file is there and gets the parameters that it asks for.
fn module(review: &mut Review<'_>, path: &str, module: &Declaration) {
    let project = review.project;
    let Some(target) = project.target(path, module) else {
        review.complain(
            path,
            module.line,
            format!("there is no file '{}'", module.of),
        );
        return;
    };
    let body = module.value.as_ref();
    for property in body.into_iter().flat_map(Expression::properties) {
        if !matches!(
            property.name(),
            Some("name" | "scope" | "params" | "dependsOn")
        ) {
            review.complain(
                path,
                property.line,
                format!("the module '{}' has no such member", module.name),
            );
        }
    }
    let given = body.and_then(|body| body.get("params"));
    let given: Vec<_> = given.into_iter().flat_map(Expression::properties).collect();
    for property in &given {
        let name = property.name().unwrap_or_default();
        let wanted = project
            .symbol(target, name)
            .filter(|symbol| symbol.kind == Kind::Param);
        let Some(wanted) = wanted else {
            review.complain(
                path,
                property.line,
                format!("'{}' has no parameter '{name}'", module.of),
            );
            continue;
        };
        kind_of_value(review, path, property.line, wanted, &property.value);
        if name.ends_with("Id") {
            for (_, value) in project.values(path, &property.value, &Vec::new()) {
                if value.text().is_some_and(|text| !text.is_empty()) {
                    review.complain(
                        path,
                        property.line,
                        format!("'{name}' is a text that somebody wrote, and no id"),
                    );
                }
            }
        }
    }
    for parameter in &project.files[target].declarations {
        let is_given = given
            .iter()
            .any(|property| property.name() == Some(&parameter.name));
        if parameter.kind == Kind::Param && parameter.value.is_none() && !is_given {
            review.complain(
                path,
                module.line,
                format!("the parameter '{}' is missing", parameter.name),
            );
        }
    }
}

/// What a parameter file sets is asked for, and what is asked for is set.
fn parameters(review: &mut Review<'_>, path: &str, using: &Declaration) {
    let project = review.project;
    let Some(target) = project.target(path, using) else {
        review.complain(path, using.line, format!("there is no file '{}'", using.of));
        return;
    };
    for given in project.files[path]
        .declarations
        .iter()
        .filter(|given| given.kind == Kind::Param)
    {
        match project
            .symbol(target, &given.name)
            .filter(|symbol| symbol.kind == Kind::Param)
        {
            Some(wanted) => {
                if let Some(value) = &given.value {
                    kind_of_value(review, path, given.line, wanted, value);
                }
            }
            None => review.complain(
                path,
                given.line,
                format!("'{}' has no parameter '{}'", using.of, given.name),
            ),
        }
    }
    for wanted in &project.files[target].declarations {
        let is_missing = wanted.kind == Kind::Param
            && wanted.value.is_none()
            && project.symbol(path, &wanted.name).is_none();
        if is_missing {
            review.complain(
                path,
                using.line,
                format!("the parameter '{}' is missing", wanted.name),
            );
        }
    }
}

/// A literal is of the parameter's type, and within its bounds.
fn kind_of_value(
    review: &mut Review<'_>,
    path: &str,
    line: usize,
    wanted: &Declaration,
    value: &Expression,
) {
    let project = review.project;
    for (_, value) in project.values(path, value, &Vec::new()) {
        let (is_right, shown) = match value {
            Expression::String(_) => (wanted.of == "string", "string"),
            Expression::Integer(_) => (wanted.of == "int", "int"),
            Expression::Boolean(_) => (wanted.of == "bool", "bool"),
            Expression::Object(_) => (wanted.of == "object", "object"),
            Expression::Array(_) | Expression::For(..) => {
                (wanted.of == "array" || wanted.of.ends_with("[]"), "array")
            }
            Expression::Call(None, name, _) if name == "readEnvironmentVariable" => {
                (wanted.of == "string", "string")
            }
            Expression::Call(None, name, _) if name == "bool" || name == "int" => {
                (wanted.of == *name, name.as_str())
            }
            _ => continue,
        };
        if !is_right {
            review.complain(
                path,
                line,
                format!(
                    "'{}' is of type {}, and not {shown}",
                    wanted.name, wanted.of
                ),
            );
        }
        let bound = |name: &str| match wanted.decorator(name) {
            Some([Expression::Integer(bound)]) => Some(*bound),
            _ => None,
        };
        let size = match value {
            Expression::Integer(number) => *number,
            Expression::String(_) if value.text().is_some() => {
                i64::try_from(value.text().unwrap_or_default().len()).unwrap_or(i64::MAX)
            }
            _ => continue,
        };
        let least = bound("minValue").or(bound("minLength"));
        let most = bound("maxValue").or(bound("maxLength"));
        if least.is_some_and(|least| size < least) || most.is_some_and(|most| size > most) {
            review.complain(
                path,
                line,
                format!("'{}' is outside its bounds", wanted.name),
            );
        }
    }
}

/// Names must be known before anything is deployed.
fn name_at_the_start(review: &mut Review<'_>, path: &str, resource: &Declaration) {
    let body = resource.value.as_ref();
    let Some(name) = body.and_then(|body| body.get("name")) else {
        review.complain(
            path,
            resource.line,
            format!("'{}' has no name", resource.name),
        );
        return;
    };
    let mut parts = vec![name];
    parts.extend(resource.each.as_ref().map(|each| &*each.over));
    parts.extend(&resource.condition);
    let mut is_late = false;
    for part in parts {
        part.walk(&mut |expression| {
            if let Some((symbol, chain)) = chain(review, path, expression) {
                is_late |= match symbol.kind {
                    Kind::Resource => chain
                        .first()
                        .is_some_and(|first| !RESOURCE_MEMBERS.contains(first)),
                    Kind::Module => chain.first() == Some(&"outputs"),
                    _ => false,
                };
            }
        });
    }
    if is_late {
        review.complain(
            path,
            resource.line,
            format!(
                "the name, condition or loop of '{}' needs what is known only later",
                resource.name
            ),
        );
    }
}

/// No dependency is said twice, and no loop hides from a preview how often it runs.
fn order(review: &mut Review<'_>, path: &str, declaration: &Declaration) {
    let Some(body) = &declaration.value else {
        return;
    };
    let mut names = BTreeSet::new();
    for property in body.properties() {
        if property.name() != Some("dependsOn") {
            property.value.walk(&mut |expression| {
                if let Expression::Name(name) = expression {
                    names.insert(name.as_str());
                }
            });
        }
    }
    if let Some(Expression::Array(items)) = body.get("dependsOn") {
        for item in items {
            if let Expression::Name(name) = item
                && names.contains(name.as_str())
            {
                review.complain(
                    path,
                    declaration.line,
                    format!("'{}' depends on '{name}' anyway", declaration.name),
                );
            }
        }
    }
    let mut loops: Vec<&For> = declaration.each.iter().collect();
    declaration.walk(&mut |expression| {
        if let Expression::For(each, _) = expression {
            loops.push(each);
        }
    });
    for each in loops {
        for (_, over) in review.project.values(path, &each.over, &Vec::new()) {
            let mut is_hidden = false;
            over.walk(&mut |expression| {
                is_hidden |=
                    matches!(expression, Expression::Member(_, member) if member == "outputs");
            });
            if is_hidden {
                review.complain(
                    path,
                    declaration.line,
                    format!(
                        "'{}' loops over what a module answers, which no preview can look into",
                        declaration.name
                    ),
                );
            }
        }
    }
}
