//! The name that a device registers under.
//!
//! Rules: <https://learn.microsoft.com/azure/iot-dps/concepts-service#registration-id>. Ids are
//! equal whatever their case, while the spelling that a device sends is what the webhook sees and
//! what its key is derived from.

use std::fmt;

/// The longest registration id.
const MAX_LENGTH: usize = 128;

/// A registration id that keeps the rules.
#[derive(Clone, Debug)]
pub struct RegistrationId(String);

impl RegistrationId {
    /// Checks the rules: 1 to 128 letters, digits, `-`, `.`, `_` and `:`, the last a letter, a
    /// digit or a dash.
    ///
    /// # Errors
    /// The rule that `text` breaks.
    pub fn parse(text: &str) -> Result<Self, RegistrationIdError> {
        let last = text.chars().next_back().ok_or(RegistrationIdError::Empty)?;
        if text.len() > MAX_LENGTH {
            return Err(RegistrationIdError::TooLong(text.len()));
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
        if let Some(stranger) = text.chars().find(|&c| !allowed(c)) {
            return Err(RegistrationIdError::Character(stranger));
        }
        if !(last.is_ascii_alphanumeric() || last == '-') {
            return Err(RegistrationIdError::End(last));
        }
        Ok(Self(text.to_owned()))
    }

    /// The id as the device spelt it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What two spellings of one id have in common.
    #[must_use]
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl fmt::Display for RegistrationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The rule that a registration id broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistrationIdError {
    /// There is none.
    #[error("the registration id is empty")]
    Empty,
    /// It has this many characters.
    #[error("the registration id has {0} characters, and {MAX_LENGTH} are allowed")]
    TooLong(usize),
    /// It holds this character.
    #[error(
        "the registration id holds {0:?}, and only letters, digits, '-', '.', '_' and ':' are allowed"
    )]
    Character(char),
    /// It ends in this character.
    #[error("the registration id ends in {0:?}, and must end in a letter, a digit or a dash")]
    End(char),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<(), RegistrationIdError>) {
        assert_eq!(RegistrationId::parse(text).map(drop), expected, "{text:?}");
    }

    #[test]
    fn the_rules_are_checked() {
        check("breakroom499-contoso-tstrsd-007", Ok(()));
        check("DEV-Upper.1:_x", Ok(()));
        check("ends-in-a-dash-", Ok(()));
        check(&"a".repeat(128), Ok(()));
        check(&"a".repeat(129), Err(RegistrationIdError::TooLong(129)));
        check("", Err(RegistrationIdError::Empty));
        check("a b", Err(RegistrationIdError::Character(' ')));
        check("a/../b", Err(RegistrationIdError::Character('/')));
        check("zoë", Err(RegistrationIdError::Character('ë')));
        check("a.", Err(RegistrationIdError::End('.')));
    }

    #[test]
    fn spellings_share_a_key_and_keep_their_case() {
        let id = RegistrationId::parse("WioTerminal").unwrap();
        assert_eq!(id.key(), "wioterminal");
        assert_eq!(id.as_str(), "WioTerminal");
    }

    #[test]
    fn a_broken_rule_says_what_is_allowed() {
        assert_eq!(
            RegistrationIdError::Character('/').to_string(),
            "the registration id holds '/', and only letters, digits, '-', '.', '_' and ':' are allowed"
        );
        assert_eq!(
            RegistrationIdError::TooLong(129).to_string(),
            "the registration id has 129 characters, and 128 are allowed"
        );
        assert_eq!(
            RegistrationIdError::End('.').to_string(),
            "the registration id ends in '.', and must end in a letter, a digit or a dash"
        );
        assert_eq!(
            RegistrationIdError::Empty.to_string(),
            "the registration id is empty"
        );
    }
}
