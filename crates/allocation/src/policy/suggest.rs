//! "Did you mean …?"

use std::fmt;

/// The name that was probably meant, if there is one. Its `Display` is the end of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Suggestion(Option<String>);

impl Suggestion {
    pub(crate) fn is_none(&self) -> bool {
        self.0.is_none()
    }
}

impl fmt::Display for Suggestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(name) => write!(f, ": did you mean {name:?}?"),
            None => Ok(()),
        }
    }
}

/// Of `names` the one that is most like `name`, if one is alike enough.
pub(crate) fn suggestion<'n>(name: &str, names: impl IntoIterator<Item = &'n str>) -> Suggestion {
    let enough = (name.chars().count() / 3).clamp(1, 3);
    let alike = names
        .into_iter()
        .map(|known| (distance(name, known), known))
        .filter(|(distance, _)| *distance <= enough)
        .min_by_key(|(distance, _)| *distance);
    Suggestion(alike.map(|(_, known)| known.to_owned()))
}

/// How many letters must be put in, taken out, changed or swapped with their neighbour to make one
/// of the other. The case doesn't count.
fn distance(a: &str, b: &str) -> usize {
    let [a, b] = [a, b].map(|text| text.to_lowercase().chars().take(64).collect::<Vec<_>>());
    let mut before_last = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.iter().enumerate() {
        let mut row = vec![i + 1; b.len() + 1];
        for (j, right) in b.iter().enumerate() {
            let changed = last[j] + usize::from(left != right);
            row[j + 1] = changed.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *left == b[j - 1] && a[i - 1] == *right {
                row[j + 1] = row[j + 1].min(before_last[j - 1] + 1);
            }
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_alike_is_suggested() {
        let names = ["registrationId", "payload", "startsWith", "name"];
        for (name, expected) in [
            ("registrationID", ": did you mean \"registrationId\"?"),
            ("regsitrationId", ": did you mean \"registrationId\"?"),
            ("startWith", ": did you mean \"startsWith\"?"),
            ("nmae", ": did you mean \"name\"?"),
            ("paylod", ": did you mean \"payload\"?"),
            ("regex", ""),
            ("", ""),
        ] {
            assert_eq!(suggestion(name, names).to_string(), expected, "{name}");
        }
    }
}
