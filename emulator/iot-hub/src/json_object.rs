//! The members of JSON objects, found as the services find them.
//!
//! A derived shape takes an array of its members in their order, too, which the services don't, and
//! takes its names in one case, where the services take any.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// The members of an object, which are looked for by their names in any case. Of two with one name,
/// the last counts.
///
/// The service reads JSON with Newtonsoft.Json, which does both.
#[derive(Debug, Default)]
pub struct Members(Vec<(String, Box<RawValue>)>);

impl Members {
    /// Takes the member of this name out.
    pub fn take(&mut self, name: &str) -> Option<Box<RawValue>> {
        let found = self
            .0
            .iter()
            .rposition(|(known, _)| known.eq_ignore_ascii_case(name))?;
        let (_, value) = self.0.swap_remove(found);
        self.0
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        Some(value)
    }

    /// The names of those that are left and aren't null, in any order.
    pub fn given(&self) -> impl Iterator<Item = &str> {
        let given = self.0.iter().filter(|(_, value)| value.get() != "null");
        given.map(|(name, _)| name.as_str())
    }

    /// The names of those that are left, in any order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}
