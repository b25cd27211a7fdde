//! The path of a member of the file, such as `rules[0].when["payload.modelId"]`.

use std::fmt;

/// Where in the file the reader is.
#[derive(Clone, Copy)]
pub(in crate::policy) struct Trail<'t> {
    parent: Option<&'t Trail<'t>>,
    step: Step<'t>,
}

#[derive(Clone, Copy)]
enum Step<'t> {
    Start,
    Name(&'t str),
    Index(usize),
}

impl Trail<'static> {
    pub(in crate::policy) const START: Self = Self {
        parent: None,
        step: Step::Start,
    };
}

impl<'t> Trail<'t> {
    pub(in crate::policy) fn name(&'t self, name: &'t str) -> Self {
        Self {
            parent: Some(self),
            step: Step::Name(name),
        }
    }

    pub(in crate::policy) fn index(&'t self, index: usize) -> Self {
        Self {
            parent: Some(self),
            step: Step::Index(index),
        }
    }
}

impl fmt::Display for Trail<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MAX_NAME: usize = 64;
        let is_start = self.parent.is_none_or(|parent| parent.parent.is_none());
        if let Some(parent) = self.parent {
            parent.fmt(f)?;
        }
        match self.step {
            Step::Start => Ok(()),
            Step::Index(index) => write!(f, "[{index}]"),
            Step::Name(name) if is_plain(name) && is_start => f.write_str(name),
            Step::Name(name) if is_plain(name) => write!(f, ".{name}"),
            Step::Name(name) => {
                let start: String = name.chars().take(MAX_NAME).collect();
                write!(f, "[{start:?}]")
            }
        }
    }
}

fn is_plain(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_$-".contains(&byte);
    (1..=64).contains(&name.len()) && name.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trail_reads_as_one_would_write_it() {
        let start = Trail::START;
        assert_eq!(start.to_string(), "");
        let rules = start.name("rules");
        let rule = rules.index(2);
        let when = rule.name("when");
        assert_eq!(
            when.name("payload.modelId").to_string(),
            r#"rules[2].when["payload.modelId"]"#
        );
        assert_eq!(start.name("$schema").to_string(), "$schema");
        assert_eq!(start.name("a\nb").to_string(), r#"["a\nb"]"#);
    }
}
