//! Decides on a request: the values that it has, the rules that they pass, the hub and the answer.
//!
//! [`values`] is what tests and templates are evaluated over; [`facts`] are the values of one
//! decision, which finds rows with tests and templates of its own.

mod answer;
mod certificate;
pub(super) mod facts;
pub(super) mod hub;
mod index;
mod rows;
mod rule;
mod spread;
mod template;
pub(super) mod test;
pub(super) mod values;

use super::compiled::file::File;
use super::compiled::rule::OTHERWISE;
use crate::{Decision, Request};
use facts::{Facts, Sources};

impl File {
    /// The decision on a request, without how it was reached.
    pub(super) fn decision(&self, request: &Request<'_>) -> Decision {
        let sources = Sources::new(self, request);
        let facts = Facts::new(&sources);
        for place in self.index.candidates(&facts) {
            let Some(rule) = self.rules.get(place) else {
                break;
            };
            if !rule.needs.is_nothing()
                && let Some(decision) = rule.needs.failure(rule, &facts, &self.rows)
            {
                return decision;
            }
            if rule.when.holds(&facts) {
                return rule.decide(&facts);
            }
        }
        self.otherwise()
    }

    /// The decision when no rule holds.
    pub(crate) fn otherwise(&self) -> Decision {
        match &self.otherwise {
            Some(end) => end.decision(OTHERWISE),
            // The last rule always holds then.
            None => Decision::fail("no rule is for the device, and there is no otherwise"),
        }
    }
}
