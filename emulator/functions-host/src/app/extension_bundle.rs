//! `extensionBundle`: the generation of extensions that the real host would load.

/// Bundles before 3 have another storage extension than those since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExtensionBundle {
    Before3,
    Current,
}

impl ExtensionBundle {
    /// The one of a range such as `[2.*, 3.0.0)`, of which the host takes the newest.
    pub(crate) fn of_range(range: &str) -> Self {
        let newest = range.trim().rsplit(',').next().unwrap_or_default();
        let is_exclusive = newest.ends_with(')');
        let newest = newest.trim_matches(|character| "[]() ".contains(character));
        let mut parts = newest.split('.').map(str::parse::<u32>);
        let is_before_3 = match parts.next() {
            Some(Ok(3)) => is_exclusive && parts.all(|part| part == Ok(0)),
            Some(Ok(major)) => major < 3,
            _ => false,
        };
        if is_before_3 {
            Self::Before3
        } else {
            Self::Current
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_of_a_range_decides() {
        for (range, is_before_3) in [
            ("[2.*, 3.0.0)", true),
            ("[1.*, 2.0.0)", true),
            ("[2.*,3)", true),
            ("[2.6.1]", true),
            ("[2.*, 3.0.0]", false),
            ("[2.*, 3.1.0)", false),
            ("[3.*, 4.0.0)", false),
            ("[4.*, 5.0.0)", false),
            ("[1.0, )", false),
            ("", false),
        ] {
            let found = ExtensionBundle::of_range(range) == ExtensionBundle::Before3;
            assert_eq!(found, is_before_3, "{range}");
        }
    }
}
