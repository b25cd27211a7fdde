//! The policy and its rules.

use std::collections::HashMap;

use super::canonical::canonical_when;
use super::reader::{Reader, is_unprintable, member};
use super::trail::Trail;
use crate::policy::compiled::answer::{Answer, Member as AnswerMember};
use crate::policy::compiled::file::File;
use crate::policy::compiled::index::Index;
use crate::policy::compiled::rule::{Effect, End, Needs, OTHERWISE, Rule, When};
use crate::policy::json::number::Number;
use crate::policy::json::tree::{Kind, Member, Node};

const MAX_NAME: usize = 128;

/// What a rule does, one of which it needs.
const EFFECTS: [&str; 3] = ["hub", "refuse", "retry"];

/// What is wrong has been told.
struct Wrong;

impl Reader<'_> {
    pub(super) fn policy(&mut self, node: &Node) -> Option<File> {
        const NAMES: [&str; 6] = [
            "$schema",
            "version",
            "description",
            "rows",
            "rules",
            "otherwise",
        ];
        let trail = Trail::START;
        let members = self.known_members(node, &trail, &NAMES)?;
        self.version_of_format(node, members);
        self.texts(members, &trail, &["$schema", "description"]);
        let rows = match member(members, "rows") {
            Some(found) => {
                let trail = trail.name("rows");
                let members = self.members(&found.value, &trail)?;
                self.row_names(members, &trail);
                self.rows(members, &trail)
            }
            None => Some(Vec::new()),
        };
        let Some(found) = member(members, "rules") else {
            self.problem(node.start, &trail, "it has no \"rules\"");
            return None;
        };
        let rules_trail = trail.name("rules");
        let nodes = self.elements(&found.value, &rules_trail)?;
        let mut names = HashMap::new();
        let mut rules = Vec::with_capacity(nodes.len());
        for (place, node) in nodes.iter().enumerate() {
            rules.push(self.rule(node, &rules_trail.index(place), place, &mut names));
        }
        self.find_unreachable(nodes, &rules_trail);
        let otherwise = self.otherwise(members, nodes, &rules_trail).ok()?;
        let rules: Vec<Rule> = rules.into_iter().collect::<Option<_>>()?;
        let rows = rows?;
        if !self.problems.is_empty() {
            return None;
        }
        self.note_rules(&rules, nodes, &rows, &rules_trail);
        let paths = std::mem::take(&mut self.paths.list);
        let mut file = File {
            index: Index::default(),
            rules,
            otherwise,
            rows,
            paths,
            checksum: String::new(),
        };
        for rule in &mut file.rules {
            let mut needs = Needs::default();
            rule.paths(&mut |id| needs.add(&file.paths[id.0], &file.paths, &file.rows));
            needs.bindings.sort_unstable();
            rule.needs = needs;
        }
        file.index = Index::new(&file.rules);
        Some(file)
    }

    fn version_of_format(&mut self, node: &Node, members: &[Member]) {
        let trail = Trail::START;
        let Some(found) = member(members, "version") else {
            self.problem(
                node.start,
                &trail,
                "it has no \"version\": write \"version\": 1",
            );
            return;
        };
        let is_one = match &found.value.kind {
            Kind::Number(json) => {
                Number::parse(json).is_some_and(|number| number.compare(Number::Integer(1)).is_eq())
            }
            _ => false,
        };
        if !is_one {
            let message = "this handler reads the number 1, the first version of the format";
            self.problem(found.value.start, &trail.name("version"), message);
        }
    }

    fn texts(&mut self, members: &[Member], trail: &Trail<'_>, names: &[&str]) {
        for name in names {
            if let Some(found) = member(members, name) {
                self.string(&found.value, &trail.name(name));
            }
        }
    }

    fn otherwise(
        &mut self,
        members: &[Member],
        nodes: &[Node],
        rules: &Trail<'_>,
    ) -> Result<Option<End>, Wrong> {
        let start = Trail::START;
        let last = nodes.last().ok_or(Wrong)?;
        let place = nodes.len() - 1;
        let always =
            matches!(&last.kind, Kind::Object(members) if member(members, "when").is_none());
        match member(members, OTHERWISE) {
            Some(found) if always => {
                let message = "the last rule has no \"when\" and matches every device: remove otherwise, which is never used";
                self.problem(found.start, &start.name(OTHERWISE), message);
                Err(Wrong)
            }
            Some(found) => {
                let trail = start.name(OTHERWISE);
                let names = ["refuse", "log", "retry"];
                let members = self
                    .known_members(&found.value, &trail, &names)
                    .ok_or(Wrong)?;
                self.one_effect(&found.value, members, &trail, &EFFECTS[1..])
                    .ok_or(Wrong)?;
                self.end(members, &trail).map(Some).ok_or(Wrong)
            }
            // What is no rule at all has been told.
            None if always || !matches!(last.kind, Kind::Object(_)) => Ok(None),
            None => {
                let message = "the last rule has a \"when\": the policy needs an \"otherwise\" for all other devices";
                self.problem(last.start, &rules.index(place), message);
                Err(Wrong)
            }
        }
    }

    fn rule<'n>(
        &mut self,
        node: &'n Node,
        trail: &Trail<'_>,
        place: usize,
        names: &mut HashMap<&'n str, usize>,
    ) -> Option<Rule> {
        const NAMES: [&str; 9] = [
            "name",
            "description",
            "when",
            "hub",
            "initialTwin",
            "payload",
            "refuse",
            "log",
            "retry",
        ];
        let members = self.known_members(node, trail, &NAMES)?;
        self.texts(members, trail, &["description"]);
        let name = self.rule_name(node, members, trail);
        if let Some((start, name)) = name
            && let Some(before) = names.insert(name, place)
        {
            let message = format!("rules[{before}] has this name already");
            self.problem(start, &trail.name("name"), message);
        }
        let when = match member(members, "when") {
            Some(found) => self.when(&found.value, &trail.name("when")),
            None => Some(When::default()),
        };
        self.one_effect(node, members, trail, &EFFECTS)?;
        let effect = match member(members, "hub") {
            Some(found) => self.assign(found, members, trail),
            None => self.end(members, trail).map(Effect::End),
        };
        for (name, other) in [
            ("initialTwin", "hub"),
            ("payload", "hub"),
            ("log", "refuse"),
        ] {
            if let Some(found) = member(members, name)
                && member(members, other).is_none()
                && !(name == "log" && member(members, "retry").is_some())
            {
                let message = format!("it is only allowed beside {other}");
                self.problem(found.start, &trail.name(name), message);
            }
        }
        Some(Rule {
            name: name?.1.into(),
            when: when?,
            effect: effect?,
            needs: Needs::default(),
        })
    }

    fn rule_name<'n>(
        &mut self,
        node: &Node,
        members: &'n [Member],
        trail: &Trail<'_>,
    ) -> Option<(usize, &'n str)> {
        let Some(found) = member(members, "name") else {
            self.problem(node.start, trail, "the rule has no \"name\"");
            return None;
        };
        let trail = trail.name("name");
        let name = self.string(&found.value, &trail)?;
        let length = name.chars().count();
        let start = found.value.start;
        if name.is_empty() {
            self.problem(start, &trail, "it is empty");
        } else if length > MAX_NAME {
            let message = format!("it has {length} characters; the limit is {MAX_NAME}");
            self.problem(start, &trail, message);
        } else if name.contains(is_unprintable) {
            self.problem(
                start,
                &trail,
                "it must be one line without control characters",
            );
        } else if name == OTHERWISE {
            let message = "\"otherwise\" is reserved: it is the name of the decisions of otherwise";
            self.problem(start, &trail, message);
        }
        Some((start, name))
    }

    /// Tells when there is not one of these members.
    fn one_effect(
        &mut self,
        node: &Node,
        members: &[Member],
        trail: &Trail<'_>,
        names: &[&str],
    ) -> Option<()> {
        let mut found = members
            .iter()
            .filter(|found| names.contains(&found.name.as_str()));
        let Some(first) = found.next() else {
            let (last, before) = names.split_last()?;
            let message = format!("it needs one of {} and {last}", before.join(", "));
            self.problem(node.start, trail, message);
            return None;
        };
        if let Some(second) = found.next() {
            let message = format!(
                "it can't be used beside {}: a rule does one thing",
                first.name
            );
            self.problem(second.start, &trail.name(&second.name), message);
        }
        Some(())
    }

    fn assign(&mut self, hub: &Member, members: &[Member], trail: &Trail<'_>) -> Option<Effect> {
        let hub = self.hub(&hub.value, &trail.name("hub"));
        let mut outputs = Vec::new();
        for found in members {
            let trail = trail.name(&found.name);
            let output = match found.name.as_str() {
                "initialTwin" => (
                    AnswerMember::InitialTwin,
                    self.initial_twin(&found.value, &trail),
                ),
                "payload" => (AnswerMember::Payload, self.payload(&found.value, &trail)),
                _ => continue,
            };
            outputs.push(output);
        }
        let outputs: Option<Vec<_>> = outputs
            .into_iter()
            .map(|(member, output)| Some((member, output?)))
            .collect();
        Some(Effect::Assign {
            hub: hub?,
            answer: Answer::new(outputs?),
        })
    }

    /// Tells rules behind one that holds always, or whenever they hold.
    fn find_unreachable(&mut self, nodes: &[Node], trail: &Trail<'_>) {
        let mut seen: HashMap<String, usize> = HashMap::new();
        let last = nodes.len() - 1;
        for (place, node) in nodes.iter().enumerate() {
            let Kind::Object(members) = &node.kind else {
                continue;
            };
            let trail = trail.index(place);
            let Some(when) = member(members, "when") else {
                if place < last {
                    let message = format!(
                        "only the last rule may lack \"when\": rules[{}] and the rules after it are never reached",
                        place + 1
                    );
                    self.problem(node.start, &trail, message);
                    return;
                }
                continue;
            };
            let before = *seen.entry(canonical_when(&when.value)).or_insert(place);
            if before != place {
                let message =
                    format!("the rule is never reached: rules[{before}] has the same \"when\"");
                self.problem(when.start, &trail.name("when"), message);
            }
        }
    }
}
