//! Strings with `{path}` in them.

/// A part of a string.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Piece {
    Text(String),
    Path(String),
    /// `{path?}`
    Optional(String),
}

/// The parts of a string of the policy, which is right.
pub(crate) fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '{' | '}' if rest.peek() == Some(&character) => {
                rest.next();
                plain.push(character);
            }
            '{' => {
                let path: String = rest.by_ref().take_while(|next| *next != '}').collect();
                if !plain.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut plain)));
                }
                pieces.push(match path.strip_suffix('?') {
                    Some(path) => Piece::Optional(path.to_owned()),
                    None => Piece::Path(path),
                });
            }
            _ => plain.push(character),
        }
    }
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    pieces
}

/// The paths that a string names.
pub(crate) fn paths(text: &str) -> Vec<String> {
    let pieces = pieces(text).into_iter();
    pieces
        .filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Path(path) | Piece::Optional(path) => Some(path),
        })
        .collect()
}
