//! `handler check`: whether a policy is right, and what is risky about it.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use allocation::policy::{Case, File, Problem};
use anyhow::Result;
use serde_json::{Value, json};

use super::served;
use crate::policy_file::{self, read_app};

/// The file of tests beside the policy.
const CASES: &str = "allocation.tests.json";

/// What has been found.
#[derive(Default)]
struct Findings {
    errors: Vec<(PathBuf, Problem)>,
    notes: Vec<(PathBuf, Problem)>,
    /// The names of the cases, and how they failed.
    cases: Vec<(String, Vec<String>)>,
    policy: Option<(usize, String)>,
}

/// Checks a policy and writes what has been found. Returns whether it is right.
pub(super) fn check(path: Option<&Path>, json: bool, output: &mut impl Write) -> Result<bool> {
    let (path, root) = if let Some(path) = path {
        let root = path.parent().map(Path::to_owned).unwrap_or_default();
        (path.to_owned(), root)
    } else {
        let lookup = |name: &str| Some(std::env::var_os(name)?.to_string_lossy().into_owned());
        (served(), policy_file::app_root(lookup))
    };
    let mut findings = Findings::default();
    let bytes = policy_file::read(&path)?;
    match File::parse_with_notes(&bytes) {
        Ok((file, notes)) => {
            findings.notes = notes.into_iter().map(|note| (path.clone(), note)).collect();
            findings.check_app(&file, &root);
            findings.run_cases(&file, &path.with_file_name(CASES))?;
            findings.policy = Some((file.rule_count(), file.checksum().to_owned()));
        }
        Err(error) => {
            let errors = error.problems().map(|error| (path.clone(), error.clone()));
            findings.errors = errors.collect();
        }
    }
    if json {
        writeln!(output, "{}", findings.json(&path))?;
    } else {
        findings.write(&path, output)?;
    }
    Ok(findings.is_right())
}

impl Findings {
    fn check_app(&mut self, file: &File, root: &Path) {
        let app = read_app(root);
        let in_root = |problem: Problem| {
            (
                if root == Path::new("") {
                    ".".into()
                } else {
                    root.to_owned()
                },
                problem,
            )
        };
        self.errors
            .extend(app.errors(file).into_iter().map(in_root));
        self.notes.extend(app.notes(file).into_iter().map(in_root));
    }

    fn run_cases(&mut self, file: &File, path: &Path) -> Result<()> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => {
                return Err(
                    anyhow::Error::from(error).context(format!("cannot read {}", path.display()))
                );
            }
        };
        match Case::parse_all(&bytes) {
            Ok(cases) => {
                let run = |case: Case| (case.name().to_owned(), case.failures(file));
                self.cases = cases.into_iter().map(run).collect();
            }
            Err(error) => {
                let errors = error
                    .problems()
                    .map(|error| (path.to_owned(), error.clone()));
                self.errors.extend(errors);
            }
        }
        Ok(())
    }

    fn is_right(&self) -> bool {
        self.errors.is_empty() && self.cases.iter().all(|(_, failures)| failures.is_empty())
    }

    fn write(&self, path: &Path, output: &mut impl Write) -> io::Result<()> {
        for (file, problem) in &self.errors {
            writeln!(output, "error: {}", located(file, problem))?;
        }
        for (file, problem) in &self.notes {
            writeln!(output, "note: {}", located(file, problem))?;
        }
        for (name, failures) in &self.cases {
            for failure in failures {
                writeln!(output, "failed: {name}: {failure}")?;
            }
        }
        let failed = self
            .cases
            .iter()
            .filter(|(_, failures)| !failures.is_empty())
            .count();
        let verdict = if self.is_right() { "right" } else { "wrong" };
        write!(output, "{} is {verdict}", path.display())?;
        if let Some((rules, checksum)) = &self.policy {
            write!(output, ": {rules} rules, checksum {checksum}")?;
        }
        if !self.cases.is_empty() {
            write!(
                output,
                ", {} of {} cases pass",
                self.cases.len() - failed,
                self.cases.len()
            )?;
        }
        writeln!(output)
    }

    fn json(&self, path: &Path) -> Value {
        let list = |problems: &[(PathBuf, Problem)]| -> Vec<Value> {
            let problem = |(file, problem): &(PathBuf, Problem)| {
                json!({
                    "file": file.display().to_string(),
                    "line": problem.place.map(|(line, _)| line),
                    "column": problem.place.map(|(_, column)| column),
                    "member": problem.member,
                    "message": problem.message,
                })
            };
            problems.iter().map(problem).collect()
        };
        let cases: Vec<Value> = self
            .cases
            .iter()
            .map(|(name, failures)| json!({"name": name, "passed": failures.is_empty(), "failures": failures}))
            .collect();
        json!({
            "file": path.display().to_string(),
            "right": self.is_right(),
            "rules": self.policy.as_ref().map(|(rules, _)| rules),
            "checksum": self.policy.as_ref().map(|(_, checksum)| checksum),
            "errors": list(&self.errors),
            "notes": list(&self.notes),
            "cases": cases,
        })
    }
}

/// A problem behind its file, in the form that editors jump to.
fn located(file: &Path, problem: &Problem) -> String {
    let place = problem
        .place
        .map_or(String::new(), |(line, column)| format!(":{line}:{column}"));
    let member = match problem.member.as_str() {
        "" => String::new(),
        member => format!(": {member}"),
    };
    format!("{}{place}{member}: {}", file.display(), problem.message)
}
