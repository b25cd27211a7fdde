//! What of an allocation request may be logged.

use std::borrow::Cow;

use serde::de::IgnoredAny;
use serde_json::Value;

/// How a member's name ends, in any case, when its value is nobody's business: the keys of every attestation, certificates,
/// and what devices put into their payloads under such names.
const SECRET_NAMES: [&str; 8] = [
    "key",
    "keys",
    "certificate",
    "certificates",
    "password",
    "secret",
    "token",
    "connectionstring",
];

/// The member that holds a URL whose query has the function key.
const WEBHOOK_URL: &str = "webhookUrl";

const MASK: &str = "\"****\"";

/// The JSON text `json` for a log: secrets are masked, and what goes beyond `limit` bytes is cut. What isn't secret stays as
/// it came, blanks included.
///
/// Masked are the values of members whose names tell of a key, a certificate or a password (an empty object stays), the query
/// of the webhook's URL, and every string that is a certificate by its looks.
///
/// `json` must be JSON: of other text nobody could tell what is secret.
#[must_use]
pub fn redacted(json: &str, limit: usize) -> String {
    let mut log = String::with_capacity(json.len().min(limit));
    let mut rest = json;
    while let Some(quote) = rest.find('"').filter(|_| log.len() < limit) {
        let (between, from_quote) = rest.split_at(quote);
        let (string, behind) = split_value(from_quote);
        push(&mut log, between, limit);
        let Some(value) = value_behind_name(behind) else {
            push(
                &mut log,
                if is_certificate(string) { MASK } else { string },
                limit,
            );
            rest = behind;
            continue;
        };
        let (name_and_colon, _) = from_quote.split_at(from_quote.len() - value.len());
        push(&mut log, name_and_colon, limit);
        let name = unescaped(string);
        rest = value;
        if is_secret(&name) {
            let (value, behind) = split_value(value);
            push(
                &mut log,
                if is_nothing(value) { value } else { MASK },
                limit,
            );
            rest = behind;
        } else if name.eq_ignore_ascii_case(WEBHOOK_URL) && value.starts_with('"') {
            let (url, behind) = split_value(value);
            push(&mut log, &without_query(url), limit);
            rest = behind;
        }
    }
    push(&mut log, rest, limit);
    log
}

/// Appends `text`, up to `limit` bytes in all and a sign that it was cut there.
fn push(log: &mut String, text: &str, limit: usize) {
    const CUT: char = '…';
    match limit.checked_sub(log.len()) {
        Some(room) if text.len() <= room => log.push_str(text),
        Some(room) => {
            log.push_str(
                text.get(..text.floor_char_boundary(room))
                    .unwrap_or_default(),
            );
            log.push(CUT);
        }
        None => {}
    }
}

/// Splits behind the value that `json` starts with.
fn split_value(json: &str) -> (&str, &str) {
    let mut values = serde_json::Deserializer::from_str(json).into_iter::<IgnoredAny>();
    match values.next() {
        Some(Ok(_)) => json
            .split_at_checked(values.byte_offset())
            .unwrap_or((json, "")),
        _ => (json, ""),
    }
}

/// The text from the value on, where `behind` follows a string that is a member's name.
fn value_behind_name(behind: &str) -> Option<&str> {
    Some(
        behind
            .trim_ascii_start()
            .strip_prefix(':')?
            .trim_ascii_start(),
    )
}

fn is_secret(name: &str) -> bool {
    SECRET_NAMES.iter().any(|end| {
        let start = name.len().checked_sub(end.len());
        let ending = start.and_then(|start| name.get(start..));
        ending.is_some_and(|ending| ending.eq_ignore_ascii_case(end))
    })
}

/// Whether a string is PEM, or base64 of a DER sequence as long as a certificate.
fn is_certificate(string: &str) -> bool {
    string.starts_with("\"-----BEGIN ") || (string.len() > 256 && string.starts_with("\"MII"))
}

/// Whether a value is null, or an object or array with nothing in it.
fn is_nothing(value: &str) -> bool {
    value == "null"
        || value
            .bytes()
            .all(|byte| matches!(byte, b'{' | b'}' | b'[' | b']') || byte.is_ascii_whitespace())
}

/// What a JSON string says.
fn unescaped(string: &str) -> Cow<'_, str> {
    match string.get(1..string.len().saturating_sub(1)) {
        Some(plain) if !plain.contains('\\') => Cow::Borrowed(plain),
        _ => Cow::Owned(serde_json::from_str(string).unwrap_or_default()),
    }
}

/// The JSON string `url` with its query masked as the service does.
fn without_query(url: &str) -> Cow<'_, str> {
    match unescaped(url).split_once('?') {
        Some((before, _)) => Cow::Owned(Value::from(format!("{before}?****")).to_string()),
        None => Cow::Borrowed(url),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, expected: &str, why: &str) {
        assert_eq!(redacted(json, 4096), expected, "{why}");
    }

    #[test]
    fn what_is_not_secret_stays_as_it_came() {
        for json in [
            "{}",
            r#" { "a" : [ 1.0 , "b\"c" , null ] , "d":{"e":"\\"} } "#,
            r#"{"attestation":{"type":"symmetricKey"},"symmetricKey":{ },"keys":[],"key":null}"#,
            r#"{"webhookUrl":"https://a.azurewebsites.net/api/HttpTrigger1?****"}"#,
            r#"{"webhookUrl":"https://a.azurewebsites.net/api/HttpTrigger1"}"#,
            r#"{"webhookUrl":5}"#,
            r#"{"MII":"MII","note":"-----BEGIN"}"#,
        ] {
            check(json, json, "nothing to mask");
        }
    }

    #[test]
    fn secrets_are_masked_wherever_they_stand() {
        check(
            r#"{"tpm":{"endorsementKey":"E","storageRootKey":"S"},"n":1}"#,
            r#"{"tpm":{"endorsementKey":"****","storageRootKey":"****"},"n":1}"#,
            "TPM",
        );
        check(
            r#"{"symmetricKey":{"primaryKey":"P","secondaryKey":"S"},"n":[1]}"#,
            r#"{"symmetricKey":"****","n":[1]}"#,
            "symmetric keys",
        );
        check(
            r#"{"x509":{"clientCertificate":"MII"},"signingCertificates":{"primary":{"info":{"a":"}"}}}}"#,
            r#"{"x509":{"clientCertificate":"****"},"signingCertificates":"****"}"#,
            "certificates",
        );
        check(
            r#"{"primary\u004bey" : 5 , "a":1}"#,
            r#"{"primary\u004bey" : "****" , "a":1}"#,
            "an escaped name",
        );
        check(
            r#"{"PRIMARYKEY":[{"a":"P"}, 2]}"#,
            r#"{"PRIMARYKEY":"****"}"#,
            "any case, any value",
        );
        check(
            r#"{"payload":{"wifi_password":"P"}}"#,
            r#"{"payload":{"wifi_password":"****"}}"#,
            "the device's own",
        );
        check(
            r#"["-----BEGIN CERTIFICATE-----\nMII"]"#,
            r#"["****"]"#,
            "a certificate without a name",
        );
        let der = format!(r#"{{"cert":"MII{}"}}"#, "A".repeat(300));
        check(&der, r#"{"cert":"****"}"#, "a DER certificate");
    }

    #[test]
    fn the_webhook_s_query_is_masked() {
        for url in [
            "https://a/api/F?code=s3cr3t",
            r"https:\/\/a\/api\/F\u003fcode=s3cr3t",
            "https://a/api/F?x?y",
        ] {
            check(
                &format!(r#"{{"webhookUrl": "{url}","n":1}}"#),
                r#"{"webhookUrl": "https://a/api/F?****","n":1}"#,
                url,
            );
        }
    }

    #[test]
    fn a_long_text_is_cut_behind_the_masks() {
        let json = r#"{"primaryKey":"secret","a":"bcd"}"#;
        assert_eq!(redacted(json, 40), r#"{"primaryKey":"****","a":"bcd"}"#);
        let masked = r#"{"primaryKey":"****","a":"bcd"}"#;
        assert_eq!(redacted(json, masked.len()), masked);
        for limit in 0..masked.len() {
            assert_eq!(
                redacted(json, limit),
                format!("{}…", masked.get(..limit).unwrap())
            );
        }
        assert_eq!(
            redacted(r#"["é"]"#, 3),
            r#"["…"#,
            "never within a character"
        );
    }
}
