//! Doubles as .NET 10 prints them, on which the host runs since the spring of 2026: the fewest
//! digits that read back to the same value, scientific up to 1E-05 and from 1E+17 on. .NET 8, on
//! which it ran before, is scientific from 1E+15 on.

/// `value.ToString(CultureInfo.InvariantCulture)`: `1`, `21.5`, `1E+16`.
pub(crate) fn to_invariant_string(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 {
            "Infinity".to_owned()
        } else {
            "-Infinity".to_owned()
        };
    }
    let scientific = format!("{value:e}");
    match scientific
        .split_once('e')
        .map(|(digits, exponent)| (digits, exponent.parse::<i32>()))
    {
        Some((digits, Ok(exponent))) if !(-4..17).contains(&exponent) && value != 0.0 => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}E{sign}{:02}", exponent.unsigned_abs())
        }
        _ => value.to_string(),
    }
}

/// As Newtonsoft writes it into JSON: a whole number keeps a fraction, so that it stays a double.
pub(crate) fn to_json(value: f64) -> String {
    let text = to_invariant_string(value);
    if !value.is_finite() {
        return format!("\"{text}\"");
    }
    if text.contains(['.', 'E']) {
        text
    } else {
        text + ".0"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_look_as_in_dotnet() {
        for (value, invariant, json) in [
            (1.0, "1", "1.0"),
            (0.0, "0", "0.0"),
            (-0.0, "-0", "-0.0"),
            (21.5, "21.5", "21.5"),
            (0.1 + 0.2, "0.30000000000000004", "0.30000000000000004"),
            (0.0001, "0.0001", "0.0001"),
            (0.000_01, "1E-05", "1E-05"),
            (
                100_000_000_000_000.0,
                "100000000000000",
                "100000000000000.0",
            ),
            (1e15, "1000000000000000", "1000000000000000.0"),
            (1e16, "10000000000000000", "10000000000000000.0"),
            (
                12_345_678_901_234_567.0,
                "12345678901234568",
                "12345678901234568.0",
            ),
            (1e17, "1E+17", "1E+17"),
            (-1e17, "-1E+17", "-1E+17"),
            (
                1.234_567_890_123_456_8e17,
                "1.2345678901234568E+17",
                "1.2345678901234568E+17",
            ),
            (-2.5e-7, "-2.5E-07", "-2.5E-07"),
            (1e300, "1E+300", "1E+300"),
            (f64::INFINITY, "Infinity", "\"Infinity\""),
        ] {
            assert_eq!(to_invariant_string(value), invariant);
            assert_eq!(to_json(value), json);
        }
    }
}
