//! Numbers as .NET's `TryParse` takes them in the invariant culture.

/// A whole number, with blanks around it and a sign before it.
pub(super) fn integer(text: &str) -> Option<i64> {
    text.trim().parse().ok()
}

/// `NumberStyles.Number`: commas between the digits, a sign on either side, no exponent, 28 to 29
/// digits before the point.
pub(super) fn is_decimal(text: &str) -> bool {
    let text = text.trim();
    let (text, is_signed) = match text.strip_prefix(['+', '-']) {
        Some(rest) => (rest.trim_start(), true),
        None => (text, false),
    };
    let text = match text.strip_suffix(['+', '-']) {
        Some(_) if is_signed => return false,
        Some(rest) => rest.trim_end(),
        None => text,
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    // The largest is 2^96 - 1.
    digits(whole, fraction).is_some_and(|whole| {
        whole.is_empty() || whole.parse::<u128>().is_ok_and(|whole| whole < 1 << 96)
    })
}

/// `NumberStyles.Float` with commas between the digits. What is too large is infinite, and allowed.
pub(super) fn is_float(text: &str) -> bool {
    let text = text.trim();
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_word = ["Infinity", "NaN"]
        .iter()
        .any(|word| word.eq_ignore_ascii_case(unsigned));
    if is_word || unsigned == "\u{221e}" {
        return true;
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (
            mantissa,
            exponent.strip_prefix(['+', '-']).unwrap_or(exponent),
        ),
        None => (unsigned, "0"),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    !exponent.is_empty()
        && exponent.bytes().all(|byte| byte.is_ascii_digit())
        && digits(whole, fraction).is_some()
}

/// The digits before the point without commas, when there are digits at all and nothing else.
fn digits(whole: &str, fraction: &str) -> Option<String> {
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let plain = whole.replace(',', "");
    let is_number = !whole.starts_with(',')
        && are_digits(&plain)
        && are_digits(fraction)
        && !(plain.is_empty() && fraction.is_empty());
    is_number.then_some(plain)
}
