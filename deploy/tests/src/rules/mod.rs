//! What is wrong with a deployment.

mod devices;
mod flex;
mod language;
mod names;
mod references;
mod roles;
mod settings;
mod wanted;

use std::collections::BTreeSet;

use crate::Complaint;
use crate::arm::Types;
use crate::bicep::{Declaration, Expression, Kind};
use crate::project::{Found, Project};

/// What the rest of the repository says, and a deployment must agree with.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The services of `azure.yaml`.
    pub services: BTreeSet<String>,
    /// The event hubs that `function.json` files name.
    pub event_hubs: BTreeSet<String>,
    /// The consumer groups that `function.json` files name.
    pub consumer_groups: BTreeSet<String>,
    /// The connections that `function.json` files name.
    pub connections: BTreeSet<String>,
    /// The settings that the Digital Twins app reads.
    pub settings: BTreeSet<String>,
    /// Whether there is a `bicepconfig.json`, which can silence the compiler.
    pub bicep_config: bool,
}

/// A deployment, what is known of Azure, and what has been found.
struct Review<'a> {
    project: &'a Project,
    types: &'a Types,
    facts: &'a Facts,
    complaints: Vec<Complaint>,
}

impl<'a> Review<'a> {
    fn complain(&mut self, file: &str, line: usize, text: impl Into<String>) {
        self.complaints.push(Complaint {
            file: file.to_owned(),
            line,
            text: text.into(),
        });
    }

    /// What the body of a resource can have at a path of members.
    fn at(&self, path: &'a str, resource: &'a Declaration, members: &[&str]) -> Vec<Found<'a>> {
        let loops = resource.each.iter().collect();
        let mut found: Vec<Found<'a>> = resource.value.iter().map(|body| (path, body)).collect();
        for member in members {
            found = found
                .into_iter()
                .filter_map(|(path, value)| Some((path, value.get(member)?)))
                .flat_map(|(path, value)| self.project.values(path, value, &loops))
                .collect();
        }
        found
    }

    /// The texts among them.
    fn texts(&self, path: &'a str, resource: &'a Declaration, members: &[&str]) -> Vec<&'a str> {
        let found = self.at(path, resource, members);
        found
            .into_iter()
            .filter_map(|(_, value)| value.text())
            .collect()
    }

    /// Complains of texts at a path of members that are not the one that is wanted, and of their
    /// absence.
    fn must_be(
        &mut self,
        path: &'a str,
        resource: &'a Declaration,
        members: &[&str],
        wanted: &str,
    ) {
        let texts = self.texts(path, resource, members);
        if texts.is_empty() || texts.iter().any(|text| *text != wanted) {
            let name = members.join(".");
            self.complain(
                path,
                resource.line,
                format!("'{name}' of '{}' must be '{wanted}'", resource.name),
            );
        }
    }

    /// The same for switches.
    fn must_be_switched(
        &mut self,
        path: &'a str,
        resource: &'a Declaration,
        members: &[&str],
        wanted: bool,
    ) {
        let found = self.at(path, resource, members);
        let right =
            |(_, value): &Found<'_>| matches!(value, Expression::Boolean(on) if *on == wanted);
        if found.is_empty() || !found.iter().all(right) {
            let name = members.join(".");
            self.complain(
                path,
                resource.line,
                format!("'{name}' of '{}' must be {wanted}", resource.name),
            );
        }
    }

    /// Resources of a type that the deployment makes, and does not only look up.
    fn made(&self, of: &'a str) -> Vec<(&'a str, &'a Declaration)> {
        let project: &'a Project = self.project;
        project
            .resources(of)
            .filter(|(_, resource)| !resource.existing)
            .collect()
    }
}

/// All that is wrong with a deployment, by file and line.
#[must_use]
pub fn complaints(project: &Project, types: &Types, facts: &Facts) -> Vec<Complaint> {
    let mut review = Review {
        project,
        types,
        facts,
        complaints: Vec::new(),
    };
    for (path, resource) in project.all(Kind::Resource) {
        types.check(project, path, resource, &mut review.complaints);
    }
    language::check(&mut review);
    references::check(&mut review);
    names::check(&mut review);
    roles::check(&mut review);
    flex::check(&mut review);
    settings::check(&mut review);
    devices::check(&mut review);
    wanted::check(&mut review);
    let mut complaints = review.complaints;
    complaints.sort_by(|a, b| (&a.file, a.line, &a.text).cmp(&(&b.file, b.line, &b.text)));
    complaints.dedup();
    complaints
}
