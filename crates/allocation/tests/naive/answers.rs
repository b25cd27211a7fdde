//! `initialTwin` and `payload` of an answer, and the hub's limits on the twin.

use crate::evaluator::World;
use crate::json::Json;
use crate::numbers;
use crate::templates::{Piece, pieces};

/// Something can't be filled, has the wrong shape, or is beyond a limit.
pub(crate) struct Unanswerable;

type Filled = Result<Option<Json>, Unanswerable>;

impl World<'_> {
    pub(crate) fn initial_twin(&self, twin: &Json) -> Filled {
        let twin = self.filled(twin)?;
        if let Some(twin) = &twin {
            check_twin(twin)?;
        }
        Ok(twin)
    }

    pub(crate) fn payload(&self, payload: &Json) -> Filled {
        match self.filled(payload)? {
            Some(Json::Object(members)) => Ok(Some(Json::Object(members))),
            None => Ok(None),
            Some(_) => Err(Unanswerable),
        }
    }

    /// A value with its templates filled; `None` when it is left out.
    fn filled(&self, value: &Json) -> Filled {
        Ok(Some(match value {
            Json::Text(text) => match &pieces(text)[..] {
                [Piece::Path(path)] => {
                    let value = self.value(path).ok_or(Unanswerable)?;
                    copy(&value)?
                }
                [Piece::Optional(path)] => match self.value(path) {
                    None => return Ok(None),
                    Some(value) => copy(&value)?,
                },
                _ => Json::Text(self.fill(text).ok_or(Unanswerable)?),
            },
            Json::Array(elements) => {
                let mut filled = Vec::new();
                for element in elements {
                    filled.extend(self.filled(element)?);
                }
                Json::Array(filled)
            }
            Json::Object(members) => {
                let mut filled = Vec::new();
                for (name, value) in members {
                    if let Some(value) = self.filled(value)? {
                        filled.push((name.clone(), value));
                    }
                }
                Json::Object(filled)
            }
            value => value.clone(),
        }))
    }
}

/// A value of the request as it is written, of repeated members the last. All numbers within must
/// be held by a double, and all strings whole.
fn copy(value: &Json) -> Result<Json, Unanswerable> {
    match value {
        Json::Half(_) => Err(Unanswerable),
        Json::Number(digits) if !numbers::is_held(digits) => Err(Unanswerable),
        Json::Array(elements) => elements
            .iter()
            .map(copy)
            .collect::<Result<_, _>>()
            .map(Json::Array),
        Json::Object(members) => {
            let mut copied = Vec::new();
            for (place, (name, value)) in members.iter().enumerate() {
                if !members[place + 1..].iter().any(|(later, _)| later == name) {
                    copied.push((name.clone(), copy(value)?));
                }
            }
            Ok(Json::Object(copied))
        }
        value => Ok(value.clone()),
    }
}

/// Checks shape and limits of a twin.
pub(crate) fn check_twin(twin: &Json) -> Result<(), Unanswerable> {
    only(twin, &["tags", "properties"])?;
    if let Some(tags) = twin.get("tags") {
        check_part(tags, 8_192)?;
    }
    if let Some(properties) = twin.get("properties") {
        only(properties, &["desired"])?;
        if let Some(desired) = properties.get("desired") {
            check_part(desired, 32_768)?;
        }
    }
    Ok(())
}

/// An object with these members and no others.
fn only(value: &Json, names: &[&str]) -> Result<(), Unanswerable> {
    match value {
        Json::Object(members) if members.iter().all(|(name, _)| names.contains(&&**name)) => Ok(()),
        _ => Err(Unanswerable),
    }
}

fn check_part(part: &Json, limit: usize) -> Result<(), Unanswerable> {
    match part {
        Json::Object(_) if size(part, 0)? <= limit => Ok(()),
        _ => Err(Unanswerable),
    }
}

/// What Microsoft counts of a value that is this deep below `tags` or `desired`.
fn size(value: &Json, depth: usize) -> Result<usize, Unanswerable> {
    let is_deep = depth > 10 && matches!(value, Json::Array(_) | Json::Object(_));
    match value {
        Json::Null | Json::Half(_) => Err(Unanswerable),
        _ if is_deep => Err(Unanswerable),
        Json::Boolean(_) => Ok(4),
        Json::Number(digits) => {
            let is_written_as_integer = !digits.contains(['.', 'e', 'E']);
            let range = -(1_i128 << 52)..1_i128 << 52;
            let is_taken = !is_written_as_integer
                || numbers::integer(digits).is_some_and(|integer| range.contains(&integer));
            if is_taken { Ok(8) } else { Err(Unanswerable) }
        }
        Json::Text(text) if text.len() > 4_096 => Err(Unanswerable),
        Json::Text(text) => Ok(without_controls(text)),
        Json::Array(elements) => elements.iter().map(|value| size(value, depth + 1)).sum(),
        Json::Object(members) => members
            .iter()
            .map(|(name, value)| {
                let is_wrong = |character: char| {
                    character.is_control() || ['.', '$', ' '].contains(&character)
                };
                if !(1..=1_024).contains(&name.len()) || name.contains(is_wrong) {
                    return Err(Unanswerable);
                }
                Ok(name.len() + size(value, depth + 1)?)
            })
            .sum(),
    }
}

fn without_controls(text: &str) -> usize {
    let counted = text.chars().filter(|character| !character.is_control());
    counted.map(char::len_utf8).sum()
}
