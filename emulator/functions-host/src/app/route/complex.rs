//! Segments that mix text and parameters: `{name}.{ext?}`, `v{major}-{minor}`.
//!
//! They are matched from the right to the left, each text as far right as it can stand, and no
//! choice is taken back: that is why `a{b}c{d}` doesn't match `aabcd`. Every parameter takes at
//! least one character.

use super::{Part, RouteValues};

/// The values of the segment's parameters in their order.
pub(super) fn matches(parts: &[Part], text: &str) -> Option<RouteValues> {
    let whole = assign(parts, text);
    let found = match (whole, parts) {
        (Some(found), _) => found,
        // Without the optional parameter there is no period either.
        (None, [before @ .., Part::Literal(period), Part::Parameter(last)]) if last.optional => {
            (!text.ends_with(period.as_str())).then_some(())?;
            assign(before, text)?
        }
        (None, _) => return None,
    };
    let parameters = parts.iter().filter_map(Part::parameter);
    parameters
        .enumerate()
        .map(|(position, parameter)| parameter.take(found.get(position).copied()))
        .collect()
}

/// What each parameter gets, before its constraints are asked.
fn assign<'a>(parts: &[Part], text: &'a str) -> Option<Vec<&'a str>> {
    let mut values = Vec::new();
    let mut end = text.len();
    let mut is_waiting = false;
    for (from_right, part) in parts.iter().rev().enumerate() {
        let Part::Literal(literal) = part else {
            is_waiting = true;
            continue;
        };
        let mut limit = end;
        if is_waiting {
            // The parameter to its right needs a character.
            limit -= text[..end].chars().next_back()?.len_utf8();
        }
        let (start, behind) = last_ignoring_case(&text[..limit], literal)?;
        if from_right == 0 && behind != text.len() {
            return None;
        }
        if is_waiting {
            values.push(&text[behind..end]);
            is_waiting = false;
        }
        end = start;
    }
    if is_waiting {
        (end > 0).then(|| values.push(&text[..end]))?;
    } else if end > 0 {
        return None;
    }
    values.reverse();
    Some(values)
}

/// Where `wanted` stands for the last time in `text`, in any case: its start and its end.
fn last_ignoring_case(text: &str, wanted: &str) -> Option<(usize, usize)> {
    let starts = text.char_indices().map(|(at, _)| at).rev();
    starts
        .map(|start| (start, &text[start..]))
        .find_map(|(start, rest)| Some((start, start + prefix_ignoring_case(rest, wanted)?)))
}

fn prefix_ignoring_case(text: &str, wanted: &str) -> Option<usize> {
    let mut length = 0;
    let mut characters = text.chars();
    for expected in wanted.chars() {
        let character = characters.next()?;
        let is_same = character.to_lowercase().eq(expected.to_lowercase());
        is_same.then_some(())?;
        length += character.len_utf8();
    }
    Some(length)
}
