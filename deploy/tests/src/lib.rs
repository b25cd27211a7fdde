//! Holds the deployment's files against what Azure takes, where no Bicep compiler is at hand.
//!
//! The compiler lets wrong values pass wherever a specification says that a list of values may
//! grow: a runtime named `rust` compiles. So these checks go further there (`arm`), and know less
//! of the language elsewhere: expressions have no types here. What the compiler's own rules would
//! warn of is checked in `rules::language`, and what only Azure would refuse in the other rules.
//!
//! # Layout
//! - [`bicep`]: from text to declarations
//! - [`project`]: all files of a deployment, and which literals an expression can come to
//! - [`arm`]: the resource types, from `fixtures/arm-types.json`
//! - [`rules`]: what is wrong with a deployment
//! - [`azure_yaml`]: the fields of `azure.yaml`

pub mod arm;
pub mod azure_yaml;
pub mod bicep;
pub mod project;
pub mod rules;

use std::fmt;

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The file, relative to the deployment's folder.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// One sentence.
    pub text: String,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.text)
    }
}
