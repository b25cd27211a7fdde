//! Numbers and versions, compared as the page says.

use std::cmp::Ordering;

/// Whether a double holds the number.
pub(crate) fn is_held(digits: &str) -> bool {
    digits.parse::<f64>().is_ok_and(f64::is_finite)
}

/// An integer is written without fraction and exponent.
pub(crate) fn integer(digits: &str) -> Option<i128> {
    let digits_alone = digits.strip_prefix('-').unwrap_or(digits);
    let is_integer = digits_alone.bytes().all(|byte| byte.is_ascii_digit());
    is_integer.then(|| digits.parse().ok()).flatten()
}

/// Two integers from −2^63 to 2^64−1 exactly, else both as the nearest double. Both are held by
/// one.
pub(crate) fn compare(a: &str, b: &str) -> Ordering {
    let exact = |digits: &str| {
        integer(digits)
            .filter(|value| (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(value))
    };
    if let (Some(a), Some(b)) = (exact(a), exact(b)) {
        return a.cmp(&b);
    }
    let (a, b): (f64, f64) = (a.parse().unwrap(), b.parse().unwrap());
    a.partial_cmp(&b).unwrap()
}

/// The groups of a version, each without leading zeros, and no groups of zeros at the end.
pub(crate) fn version(text: &str) -> Option<Vec<String>> {
    let mut groups = Vec::new();
    for group in text.split('.') {
        if group.is_empty() || !group.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        groups.push(group.trim_start_matches('0').to_owned());
    }
    while groups.last().is_some_and(String::is_empty) {
        groups.pop();
    }
    Some(groups)
}

/// Groups compare as whole numbers of any size.
pub(crate) fn compare_versions(a: &[String], b: &[String]) -> Ordering {
    let group = |groups: &[String], place: usize| groups.get(place).cloned().unwrap_or_default();
    for place in 0..a.len().max(b.len()) {
        let (a, b) = (group(a, place), group(b, place));
        let order = a.len().cmp(&b.len()).then(a.cmp(&b));
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}
