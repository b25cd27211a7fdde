//! The choice of a hub.

use sha2::{Digest, Sha256};

use crate::evaluator::World;
use crate::json::Json;

/// Why there is no hub.
pub(crate) enum NoHub {
    Unfilled,
    NoCandidate,
}

impl World<'_> {
    pub(crate) fn choose_hub(&self, hub: &Json) -> Result<String, NoHub> {
        let short;
        let hub = if let Json::Text(_) = hub {
            let among = [("equals", hub.clone()), ("ignoreCase", Json::Boolean(true))];
            short = Json::object([("among", Json::object(among))]);
            &short
        } else {
            hub
        };
        let among = hub.get("among");
        let strings = among.map(Json::strings).unwrap_or_default();
        if strings.iter().any(|text| self.fill(text).is_none()) {
            return Err(NoHub::Unfilled);
        }
        let linked = self.linked_hubs();
        let weights = hub.get("weights").map(Json::members);
        let weight = |name: &str| match weights {
            Some(weights) => {
                let found = weights
                    .iter()
                    .find(|(other, _)| other.eq_ignore_ascii_case(name));
                found.map(|(_, weight)| weight.to_string().parse::<u64>().unwrap())
            }
            None => Some(1),
        };
        let is_candidate = |name: &&String| match (weights, among) {
            (Some(_), _) => weight(name).is_some(),
            (None, Some(test)) => self.test(Some(&Json::text(*name)), test) == Some(true),
            (None, None) => true,
        };
        let candidates: Vec<&String> = linked.iter().filter(is_candidate).collect();
        // The first spelling among the candidates.
        let spelled = |name: &str| {
            let mut found = candidates.iter();
            found
                .find(|other| other.eq_ignore_ascii_case(name))
                .map(|name| (*name).clone())
        };

        if hub.get("keepCurrent") != Some(&Json::Boolean(false))
            && let Some(Json::Text(current)) = self.value("currentIotHubHostName")
        {
            if let Some(name) = spelled(&current) {
                return Ok(name);
            }
            let update = self.value("enrollment.reprovisionPolicy.updateHubAssignment");
            if update == Some(Json::Boolean(false))
                && let Some(only) = linked.first()
                && linked
                    .iter()
                    .all(|name| name.eq_ignore_ascii_case(&current))
            {
                return Ok(only.clone());
            }
        }
        let take = hub.get("take").and_then(Json::as_text).unwrap_or("first");
        if take == "last" && weights.is_none() {
            // As the tutorial's loop leaves it: in its own spelling.
            return candidates
                .last()
                .map(|name| (*name).clone())
                .ok_or(NoHub::NoCandidate);
        }
        let chosen = if weights.is_some() || take == "spread" {
            let mut best: Option<(u64, String)> = None;
            for name in &candidates {
                let lower = name.to_ascii_lowercase();
                for ticket in tickets(&self.registration_id(), &lower, weight(name).unwrap()) {
                    let is_better = best.as_ref().is_none_or(|(greatest, hub)| {
                        ticket > *greatest || ticket == *greatest && lower < *hub
                    });
                    if is_better {
                        best = Some((ticket, lower.clone()));
                    }
                }
            }
            best.map(|(_, name)| name)
        } else {
            candidates.first().map(|name| (*name).clone())
        };
        chosen
            .and_then(|name| spelled(&name))
            .ok_or(NoHub::NoCandidate)
    }
}

/// The tickets of a hub for a device.
pub(crate) fn tickets(registration_id: &str, host_name: &str, weight: u64) -> Vec<u64> {
    let text = format!("{registration_id}\n{host_name}").to_ascii_lowercase();
    let hash = Sha256::digest(text.as_bytes());
    let seed = u64::from_be_bytes(hash[..8].try_into().unwrap());
    (1..=weight).map(|number| split_mix(seed, number)).collect()
}

/// The output of this number of `SplitMix64`.
pub(crate) fn split_mix(seed: u64, number: u64) -> u64 {
    let mut z = seed.wrapping_add(number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
