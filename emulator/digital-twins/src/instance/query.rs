//! The one form of query that the instance answers.

use crate::error::InstanceError;

/// `SELECT * FROM DIGITALTWINS T WHERE T.{property} = '{text}'`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Query {
    pub(super) property: String,
    pub(super) text: String,
}

impl Query {
    pub(super) fn parse(query: &str) -> Result<Self, InstanceError> {
        Self::read(query).ok_or_else(|| {
            InstanceError::new(
                400,
                "SqlQueryError",
                "The local instance answers one form of query: SELECT * FROM DIGITALTWINS T WHERE T.property = 'text'.",
            )
        })
    }

    fn read(query: &str) -> Option<Self> {
        let mut rest = query;
        for keyword in ["SELECT", "*", "FROM", "DIGITALTWINS"] {
            rest = word(rest)
                .filter(|(word, _)| word.eq_ignore_ascii_case(keyword))?
                .1;
        }
        let (alias, rest) = word(rest)?;
        let (_, rest) = word(rest).filter(|(word, _)| word.eq_ignore_ascii_case("WHERE"))?;
        let (left, right) = rest.split_once('=')?;
        let property = left.trim().strip_prefix(alias)?.strip_prefix('.')?;
        let is_name = property
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || character == '_');
        (is_name && !property.is_empty()).then_some(())?;
        Some(Self {
            property: property.to_owned(),
            text: literal(right.trim())?,
        })
    }
}

fn word(text: &str) -> Option<(&str, &str)> {
    text.trim_start().split_once(char::is_whitespace)
}

/// What a literal in single quotes says, in which a backslash escapes a quote or itself.
fn literal(text: &str) -> Option<String> {
    let mut characters = text.strip_prefix('\'')?.chars();
    let mut said = String::new();
    loop {
        match characters.next()? {
            '\\' => said.push(
                characters
                    .next()
                    .filter(|escaped| matches!(escaped, '\'' | '\\'))?,
            ),
            '\'' => return characters.as_str().is_empty().then_some(said),
            character => said.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_form_is_read_with_its_escapes() {
        for (query, property, text) in [
            (
                "SELECT * FROM DIGITALTWINS T WHERE T.HubRegistrationId = 'dev-1'",
                "HubRegistrationId",
                "dev-1",
            ),
            ("select  * from digitaltwins t where t.a='b=c'", "a", "b=c"),
            (
                r"SELECT * FROM DIGITALTWINS T WHERE T.a = 'it\'s \\'",
                "a",
                r"it's \",
            ),
        ] {
            let expected = Query {
                property: property.to_owned(),
                text: text.to_owned(),
            };
            assert_eq!(Query::parse(query).unwrap(), expected);
        }
    }

    #[test]
    fn any_other_query_is_refused() {
        for query in [
            "",
            "SELECT * FROM DIGITALTWINS",
            "SELECT T FROM DIGITALTWINS T WHERE T.a = 'b'",
            "SELECT * FROM RELATIONSHIPS T WHERE T.a = 'b'",
            "SELECT * FROM DIGITALTWINS T WHERE X.a = 'b'",
            "SELECT * FROM DIGITALTWINS T WHERE T.a = 'b' OR T.c = 'd'",
            "SELECT * FROM DIGITALTWINS T WHERE T.a = 'it's'",
            "SELECT * FROM DIGITALTWINS T WHERE T.a = 5",
            r"SELECT * FROM DIGITALTWINS T WHERE T.a = 'b\'",
        ] {
            assert_eq!(
                Query::parse(query).unwrap_err().code,
                "SqlQueryError",
                "{query}"
            );
        }
    }
}
