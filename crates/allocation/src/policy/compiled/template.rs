//! Text with `{path}` in it.

use std::fmt;

use super::path::{Path, PathError, PathId, Scope};

/// A text, parts of which are values.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    pub(crate) pieces: Vec<Piece>,
}

/// A part of a text.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    Text(String),
    Value(PathId),
}

/// What a string of the file says.
#[derive(Clone, Debug)]
pub(crate) enum Parsed {
    /// A text without values, its braces unescaped.
    Text(String),
    /// `{path}` alone.
    Alone(PathId),
    /// `{path?}` alone.
    Optional(PathId),
    /// Values within text.
    Template(Template),
}

impl Parsed {
    /// The paths that it names, each once.
    pub(crate) fn paths(&self) -> Vec<PathId> {
        let mut paths = match self {
            Self::Text(_) => Vec::new(),
            Self::Alone(id) | Self::Optional(id) => vec![*id],
            Self::Template(template) => template.paths().collect(),
        };
        paths.sort_unstable();
        paths.dedup();
        paths
    }
}

/// Why a string of the file is not a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TemplateError {
    /// A brace that neither is doubled nor belongs to a `{path}`.
    Brace(char),
    Path(PathError),
    /// `{path?}` where nothing can be left out.
    Optional,
}

/// The paths of a policy, each once.
#[derive(Debug, Default)]
pub(crate) struct Paths {
    pub(crate) list: Vec<Path>,
    places: std::collections::HashMap<Path, PathId>,
}

impl Paths {
    pub(crate) fn id(&mut self, path: Path) -> PathId {
        let next = PathId(self.list.len());
        let id = *self.places.entry(path.clone()).or_insert(next);
        if id == next {
            self.list.push(path);
        }
        id
    }
}

/// Reads a string of the file.
pub(crate) fn parse(
    text: &str,
    scope: Scope,
    rows: &[String],
    paths: &mut Paths,
) -> Result<Parsed, TemplateError> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut optional = None;
    let mut rest = text;
    while let Some(place) = rest.find(['{', '}']) {
        let (before, at) = rest.split_at(place);
        plain.push_str(before);
        if let Some(behind) = at.strip_prefix("{{") {
            plain.push('{');
            rest = behind;
        } else if let Some(behind) = at.strip_prefix("}}") {
            plain.push('}');
            rest = behind;
        } else if let Some(inside) = at.strip_prefix('{') {
            let Some((path, behind)) = inside.split_once('}') else {
                return Err(TemplateError::Brace('{'));
            };
            let without_mark = path.strip_suffix('?');
            let path = without_mark.unwrap_or(path);
            if path != path.trim() || path.contains('{') {
                return Err(TemplateError::Brace('{'));
            }
            let path = Path::parse(path, scope, rows).map_err(TemplateError::Path)?;
            let id = paths.id(path);
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
            }
            pieces.push(Piece::Value(id));
            if without_mark.is_some() {
                optional = Some(id);
            }
            rest = behind;
        } else {
            return Err(TemplateError::Brace('}'));
        }
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    match (&pieces[..], optional) {
        ([], _) => Ok(Parsed::Text(String::new())),
        ([Piece::Text(text)], _) => Ok(Parsed::Text(text.clone())),
        ([Piece::Value(id)], None) => Ok(Parsed::Alone(*id)),
        ([Piece::Value(id)], Some(_)) => Ok(Parsed::Optional(*id)),
        (_, Some(_)) => Err(TemplateError::Optional),
        (_, None) => Ok(Parsed::Template(Template { pieces })),
    }
}

impl Template {
    /// A template that is `{path}` alone, read as text.
    pub(crate) fn alone(path: PathId) -> Self {
        Self {
            pieces: vec![Piece::Value(path)],
        }
    }

    /// A text without values.
    pub(crate) fn plain(text: String) -> Self {
        Self {
            pieces: vec![Piece::Text(text)],
        }
    }

    pub(crate) fn paths(&self) -> impl Iterator<Item = PathId> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Value(path) => Some(*path),
            Piece::Text(_) => None,
        })
    }

    /// As the file has it.
    pub(crate) fn show(&self, paths: &[Path]) -> String {
        self.pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.replace('{', "{{").replace('}', "}}"),
                Piece::Value(PathId(place)) => format!("{{{}}}", paths[*place].text),
            })
            .collect()
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Brace(brace) => write!(
                f,
                "a single {brace:?} is not part of a {{path}}, which has no blanks: the brace itself is written {brace}{brace}"
            ),
            Self::Path(error) => error.fmt(f),
            Self::Optional => f.write_str(
                "{path?} can only be the whole value of a member or an element in initialTwin and payload: write {path}",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(text: &str) -> Result<String, String> {
        let mut paths = Paths::default();
        let parsed = parse(text, Scope::Answer, &[], &mut paths);
        let text = |id: &PathId| paths.list[id.0].text.clone();
        match parsed {
            Ok(Parsed::Text(text)) => Ok(format!("text {text}")),
            Ok(Parsed::Alone(path)) => Ok(format!("alone {}", text(&path))),
            Ok(Parsed::Optional(path)) => Ok(format!("optional {}", text(&path))),
            Ok(Parsed::Template(template)) => Ok(template.show(&paths.list)),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn strings_are_read_from_left_to_right() {
        for (text, expected) in [
            ("", "text "),
            ("plain", "text plain"),
            ("{{payload}}", "text {payload}"),
            ("{{{{", "text {{"),
            ("{payload.a}", "alone payload.a"),
            ("{payload.a?}", "optional payload.a"),
            ("a {payload.a}-{tpm}{{", "a {payload.a}-{tpm}{{"),
            ("{{{payload.a}}}", "{{{payload.a}}}"),
            ("{payload.a}{payload.b}", "{payload.a}{payload.b}"),
        ] {
            assert_eq!(show(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_brace_that_means_nothing_is_an_error() {
        let open = "a single '{' is not part of a {path}, which has no blanks: the brace itself is written {{";
        let close = "a single '}' is not part of a {path}, which has no blanks: the brace itself is written }}";
        let optional = "{path?} can only be the whole value of a member or an element in initialTwin and payload: write {path}";
        for (text, expected) in [
            ("{", open),
            ("a{payload", open),
            ("{ payload}", open),
            ("{payload }", open),
            ("{payload{tpm}", open),
            ("}", close),
            ("{payload}}", close),
            ("{}", "a path needs a name before and after each dot"),
            (
                "{paylod}",
                "no path starts with \"paylod\": did you mean \"payload\"?",
            ),
            ("{payload.a??}", "a path can't contain '?'"),
            ("x{payload?}", optional),
            ("{payload?}{tpm}", optional),
        ] {
            assert_eq!(show(text).unwrap_err(), expected, "{text}");
        }
    }
}
