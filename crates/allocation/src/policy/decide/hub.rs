//! Chooses a hub among those that the request links.

use super::facts::Facts;
use super::spread::greatest_ticket;
use super::template::text_of;
use super::test::Outcome;
use super::values::Values;
use crate::dps::LinkedHub;
use crate::policy::compiled::hub::{Candidates, HubChoice, Take};
use crate::policy::compiled::path::PathId;
use crate::policy::json::text::Value;

/// How a hub was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    Current,
    NeverReprovision,
    Taken,
}

/// Why none was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoHub {
    /// This path can't be filled.
    Path(PathId),
    /// No candidate is linked, or none may get new devices.
    NoCandidate,
}

impl HubChoice {
    pub(crate) fn choose<'s>(&self, facts: &Facts<'s>) -> Result<(LinkedHub<'s>, How), NoHub> {
        if let Candidates::Among(Some(test), _) = &self.candidates {
            let mut unfilled = None;
            test.paths(&mut |path| {
                if unfilled.is_none() && text_of(facts.value(path)).is_none() {
                    unfilled = Some(path);
                }
            });
            if let Some(path) = unfilled {
                return Err(NoHub::Path(path));
            }
        }
        if self.keep_current
            && let Some(current) = facts.current_hub()
        {
            let is_current = |hub: &LinkedHub<'_>| hub.host_name().eq_ignore_ascii_case(&current);
            if let Some(hub) = self.candidates(facts).find(is_current) {
                return Ok((hub, How::Current));
            }
            let mut linked = facts.hubs();
            if linked.by_ref().all(|hub| is_current(&hub))
                && facts.never_reprovisions()
                && let Some(hub) = facts.hubs().next()
            {
                return Ok((hub, How::NeverReprovision));
            }
        }
        let taken = match &self.candidates {
            Candidates::Among(_, Take::First) => self.candidates(facts).next(),
            Candidates::Among(_, Take::Last) => self.candidates(facts).next_back(),
            Candidates::Among(_, Take::Spread) => greatest(facts, self.candidates(facts), |_| 1),
            Candidates::Weights(weights) => greatest(facts, self.candidates(facts), |hub| {
                weight(weights, hub.host_name()).unwrap_or_default()
            }),
        };
        taken.map(|hub| (hub, How::Taken)).ok_or(NoHub::NoCandidate)
    }

    /// The linked hubs that may be chosen, in the service's order.
    pub(crate) fn candidates<'c, 's: 'c>(
        &'c self,
        facts: &'c Facts<'s>,
    ) -> impl DoubleEndedIterator<Item = LinkedHub<'s>> + 'c {
        facts.hubs().filter(|hub| match &self.candidates {
            Candidates::Among(None, _) => true,
            Candidates::Among(Some(test), _) => {
                let host_name = Value::Text(hub.host_name().into());
                test.of(&host_name, facts) == Outcome::Holds
            }
            Candidates::Weights(weights) => weight(weights, hub.host_name()).is_some(),
        })
    }
}

fn weight(weights: &[(String, u8)], host_name: &str) -> Option<u8> {
    let is_named = |(name, _): &&(String, u8)| name.eq_ignore_ascii_case(host_name);
    weights.iter().find(is_named).map(|(_, weight)| *weight)
}

/// The hub with the greatest ticket.
fn greatest<'s>(
    facts: &Facts<'s>,
    candidates: impl Iterator<Item = LinkedHub<'s>>,
    weight: impl Fn(&LinkedHub<'s>) -> u8,
) -> Option<LinkedHub<'s>> {
    let id = facts.registration_id();
    let mut greatest: Option<(u64, LinkedHub<'s>)> = None;
    for hub in candidates {
        let Some(ticket) = greatest_ticket(id, hub.host_name(), weight(&hub)) else {
            continue;
        };
        let is_greater = greatest.is_none_or(|(other, before)| {
            let names = || {
                let [name, before] = [hub, before].map(|hub| hub.host_name().to_ascii_lowercase());
                name < before
            };
            ticket > other || (ticket == other && names())
        });
        if is_greater {
            greatest = Some((ticket, hub));
        }
    }
    greatest.map(|(_, hub)| hub)
}
