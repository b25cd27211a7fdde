//! Numbers by value, and dotted versions.

use std::cmp::Ordering;

/// A number that can be compared: an integer from −2⁶³ to 2⁶⁴−1 exactly, any other as the nearest
/// double.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Number {
    Integer(i128),
    Double(f64),
}

impl Number {
    /// Reads a number as JSON writes it; `None` when no double holds it.
    pub(crate) fn parse(json: &str) -> Option<Self> {
        if is_integer(json)
            && let Ok(integer) = json.parse::<i128>()
            && (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(&integer)
        {
            return Some(Self::Integer(integer));
        }
        let double: f64 = json.parse().ok()?;
        double.is_finite().then_some(Self::Double(double))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "the nearest double is what is wanted"
    )]
    fn double(self) -> f64 {
        match self {
            Self::Integer(integer) => integer as f64,
            Self::Double(double) => double,
        }
    }

    pub(crate) fn compare(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Integer(a), Self::Integer(b)) => a.cmp(&b),
            (a, b) => {
                // Neither is NaN.
                a.double()
                    .partial_cmp(&b.double())
                    .unwrap_or(Ordering::Equal)
            }
        }
    }
}

/// Whether a number is written without fraction and exponent.
pub(crate) fn is_integer(json: &str) -> bool {
    !json.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E'))
}

/// How two values that have an order are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Equals,
    Less,
    LessOrEquals,
    Greater,
    GreaterOrEquals,
}

impl Order {
    pub(crate) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "equals" => Self::Equals,
            "less" => Self::Less,
            "lessOrEquals" => Self::LessOrEquals,
            "greater" => Self::Greater,
            "greaterOrEquals" => Self::GreaterOrEquals,
            _ => return None,
        })
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Equals => "equals",
            Self::Less => "less",
            Self::LessOrEquals => "lessOrEquals",
            Self::Greater => "greater",
            Self::GreaterOrEquals => "greaterOrEquals",
        }
    }

    /// Whether values that compare as `ordering` stand in this order.
    pub(crate) fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equals => ordering.is_eq(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEquals => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEquals => ordering.is_ge(),
        }
    }
}

/// Whether a text is a version: groups of ASCII digits with single dots between them.
pub(crate) fn is_version(text: &str) -> bool {
    text.split('.')
        .all(|group| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Compares two versions group by group as whole numbers of any size; groups that are missing
/// are 0.
pub(crate) fn compare_versions(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let (left, right) = (a.next(), b.next());
        if left.is_none() && right.is_none() {
            return Ordering::Equal;
        }
        let [left, right] = [left, right].map(|group| group.unwrap_or("").trim_start_matches('0'));
        let ordering = left.len().cmp(&right.len()).then_with(|| left.cmp(right));
        if ordering.is_ne() {
            return ordering;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(a: &str, b: &str, expected: Ordering) {
        let [left, right] = [a, b].map(|json| Number::parse(json).unwrap());
        assert_eq!(left.compare(right), expected, "{a} and {b}");
        assert_eq!(right.compare(left), expected.reverse(), "{b} and {a}");
    }

    #[test]
    fn numbers_compare_by_value() {
        use Ordering::{Equal, Greater, Less};
        check("1", "1.0", Equal);
        check("100", "1e2", Equal);
        check("-0", "0", Equal);
        check("-0.0", "0", Equal);
        check("9007199254740992", "9007199254740993", Less);
        check("9007199254740992.0", "9007199254740993", Equal);
        check("18446744073709551615", "18446744073709551614", Greater);
        check("18446744073709551616", "18446744073709551615", Equal);
        check("-9223372036854775808", "-9223372036854775807", Less);
        check("0.1", "0.10", Equal);
        check("1e-400", "0", Equal);
        for json in ["1e400", "-1e400"] {
            assert!(Number::parse(json).is_none(), "{json}");
        }
    }

    #[test]
    fn versions_compare_group_by_group() {
        use Ordering::{Equal, Greater, Less};
        for (a, b, expected) in [
            ("12.0.2", "12.0.2.0", Equal),
            ("12", "12.0.0", Equal),
            ("12.0.10", "12.0.9", Greater),
            ("012.1", "12.01", Equal),
            (
                "1.99999999999999999999999",
                "1.100000000000000000000000",
                Less,
            ),
            ("0", "0.0.1", Less),
        ] {
            assert_eq!(compare_versions(a, b), expected, "{a} and {b}");
            assert_eq!(compare_versions(b, a), expected.reverse(), "{b} and {a}");
        }
        for text in ["1", "1.2", "0.0", "00012"] {
            assert!(is_version(text), "{text}");
        }
        for text in [
            "", ".", "1.", ".1", "1..2", "v1", "1.2-rc", " 1", "1 ", "1.٣", "+1", "-1",
        ] {
            assert!(!is_version(text), "{text}");
        }
    }

    #[test]
    fn each_order_holds_of_what_it_says() {
        use Ordering::{Equal, Greater, Less};
        for (name, holds) in [
            ("equals", [false, true, false]),
            ("less", [true, false, false]),
            ("lessOrEquals", [true, true, false]),
            ("greater", [false, false, true]),
            ("greaterOrEquals", [false, true, true]),
        ] {
            let order = Order::of(name).unwrap();
            assert_eq!(order.name(), name);
            assert_eq!(
                [Less, Equal, Greater].map(|ordering| order.holds(ordering)),
                holds
            );
        }
        assert_eq!(Order::of("contains"), None);
    }
}
