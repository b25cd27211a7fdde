//! `handler check`: whether a policy is right, and what is risky about it.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use allocation::policy::{AppProblem, Case, File, FileError, Problem};
use anyhow::{Context, Result};
use serde::Serialize;

use super::Output;
use crate::{app_files, policy_file, text_file};

/// The file of tests beside the policy.
const CASES: &str = "allocation.tests.json";

/// What has been found.
#[derive(Default)]
struct Findings {
    errors: Vec<(PathBuf, Problem)>,
    notes: Vec<(PathBuf, Problem)>,
    /// The names of the cases, and how they failed; none where there is no file of them.
    cases: Option<Vec<(String, Vec<String>)>>,
    policy: Option<(usize, String)>,
}

/// Checks a policy and writes what has been found. Returns whether it is right.
pub(super) fn check(path: Option<&Path>, json: bool, output: &mut impl Output) -> Result<bool> {
    let (path, root, bytes) = if let Some(path) = path {
        let root = path.parent().map(Path::to_owned).unwrap_or_default();
        (path.to_owned(), root, policy_file::read(path)?)
    } else {
        let path = policy_file::path_from_lookup(policy_file::env);
        let root = app_files::root(policy_file::env);
        let bytes = policy_file::read_served(&path)?;
        (path, root, bytes)
    };
    let mut findings = Findings::default();
    match File::parse_with_notes(&bytes) {
        Ok((file, notes)) => {
            findings.notes = notes.into_iter().map(|note| (path.clone(), note)).collect();
            findings.check_app(&file, &root);
            findings.run_cases(&file, &path.with_file_name(CASES))?;
            findings.policy = Some((file.rule_count(), file.checksum().to_owned()));
        }
        Err(error) => findings.add_errors(&path, &error),
    }
    if json {
        writeln!(output, "{}", findings.json(&path)?)?;
    } else {
        findings.write(&path, output)?;
    }
    Ok(findings.is_right())
}

impl Findings {
    fn add_errors(&mut self, path: &Path, error: &FileError) {
        let errors = error.problems();
        self.errors
            .extend(errors.map(|error| (path.to_owned(), error.clone())));
    }

    fn check_app(&mut self, file: &File, root: &Path) {
        let app = app_files::read(root);
        let in_root = |AppProblem { file, problem }| (root.join(file), problem);
        self.errors
            .extend(app.errors(file).into_iter().map(in_root));
        self.notes.extend(app.notes(file).into_iter().map(in_root));
    }

    fn run_cases(&mut self, file: &File, path: &Path) -> Result<()> {
        let context = || format!("cannot read {}", path.display());
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error).with_context(context),
        };
        let text = text_file::decode(&bytes).with_context(context)?;
        match Case::parse_all(text.as_bytes()) {
            Ok(cases) => {
                let run = |case: Case| (case.name().to_owned(), case.failures(file));
                self.cases = Some(cases.into_iter().map(run).collect());
            }
            Err(error) => self.add_errors(path, &error),
        }
        Ok(())
    }

    fn cases(&self) -> &[(String, Vec<String>)] {
        self.cases.as_deref().unwrap_or_default()
    }

    fn is_right(&self) -> bool {
        self.errors.is_empty() && self.cases().iter().all(|(_, failures)| failures.is_empty())
    }

    fn write(&self, path: &Path, output: &mut impl Write) -> io::Result<()> {
        for (file, problem) in &self.errors {
            writeln!(output, "error: {}", located(file, problem))?;
        }
        for (file, problem) in &self.notes {
            writeln!(output, "note: {}", located(file, problem))?;
        }
        for (name, failures) in self.cases() {
            for failure in failures {
                writeln!(output, "failed: {name}: {failure}")?;
            }
        }
        let verdict = if self.is_right() { "right" } else { "wrong" };
        write!(output, "{} is {verdict}", path.display())?;
        if let Some((rules, checksum)) = &self.policy {
            let noun = if *rules == 1 { "rule" } else { "rules" };
            write!(output, ": {rules} {noun}, checksum {checksum}")?;
            if let Some(cases) = &self.cases {
                let passed = cases.iter().filter(|(_, failures)| failures.is_empty());
                let (passed, all) = (passed.count(), cases.len());
                write!(output, ", {passed} of {all} cases pass")?;
            }
        }
        writeln!(output)
    }

    fn json(&self, path: &Path) -> Result<String> {
        let case = |(name, failures): &'_ (String, Vec<String>)| CaseJson {
            name: name.clone(),
            passed: failures.is_empty(),
            failures: failures.clone(),
        };
        let findings = FindingsJson {
            file: path.display().to_string(),
            right: self.is_right(),
            rules: self.policy.as_ref().map(|(rules, _)| *rules),
            checksum: self.policy.as_ref().map(|(_, checksum)| checksum.as_str()),
            errors: self.errors.iter().map(ProblemJson::from).collect(),
            notes: self.notes.iter().map(ProblemJson::from).collect(),
            cases: self.cases().iter().map(case).collect(),
        };
        Ok(serde_json::to_string(&findings)?)
    }
}

/// The findings for machines.
#[derive(Serialize)]
struct FindingsJson<'a> {
    file: String,
    right: bool,
    rules: Option<usize>,
    checksum: Option<&'a str>,
    errors: Vec<ProblemJson<'a>>,
    notes: Vec<ProblemJson<'a>>,
    cases: Vec<CaseJson>,
}

#[derive(Serialize)]
struct ProblemJson<'a> {
    file: String,
    line: Option<usize>,
    column: Option<usize>,
    member: &'a str,
    message: &'a str,
}

impl<'a> From<&'a (PathBuf, Problem)> for ProblemJson<'a> {
    fn from((file, problem): &'a (PathBuf, Problem)) -> Self {
        Self {
            file: file.display().to_string(),
            line: problem.place.map(|(line, _)| line),
            column: problem.place.map(|(_, column)| column),
            member: &problem.member,
            message: &problem.message,
        }
    }
}

#[derive(Serialize)]
struct CaseJson {
    name: String,
    passed: bool,
    failures: Vec<String>,
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
