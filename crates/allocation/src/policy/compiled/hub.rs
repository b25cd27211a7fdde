//! How a rule chooses among the hubs that a request links.

use std::sync::Arc;

use super::path::PathId;
use super::test::Test;

/// How a rule chooses.
#[derive(Debug)]
pub(crate) struct HubChoice {
    pub(crate) candidates: Candidates,
    /// Whether a device stays at its hub while that is a candidate.
    pub(crate) keep_current: bool,
    /// The refusal when there is no candidate.
    pub(crate) none: Option<Arc<str>>,
}

/// Which hubs are candidates, and which of them is taken.
#[derive(Debug)]
pub(crate) enum Candidates {
    /// Those whose host names pass the test, or all.
    Among(Option<Test>, Take),
    /// Those with these lower-case host names, by their weights.
    Weights(Vec<(String, u8)>),
}

/// Which of several candidates is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Take {
    First,
    Last,
    Spread,
}

impl HubChoice {
    /// The paths that the choice takes.
    pub(crate) fn paths(&self, add: &mut impl FnMut(PathId)) {
        if let Candidates::Among(Some(test), _) = &self.candidates {
            test.paths(add);
        }
    }
}
