//! What of an allocation request may be logged.

use std::borrow::Cow;

use serde::de::IgnoredAny;
use serde_json::Value;

use custom_handler::json;

/// How a word of a member's name ends, in small letters, when its value is nobody's business: the
/// keys of every attestation, certificates, and what devices put into their payloads under such
/// names; by its last letter, in which nearly every word differs already. Rather a harmless name
/// that ends so, as `compass` does, than a secret in the log.
fn secret_names(last: u8) -> &'static [&'static str] {
    match last {
        b'd' => &["password", "passwd", "pwd"],
        b'e' => &["certificate", "passphrase", "signature"],
        b'g' => &["sig", "connectionstring", "connection_string"],
        b'h' => &["auth"],
        b'k' => &["psk"],
        b'l' => &["credential"],
        b'n' => &["token", "authorization", "certificatechain"],
        b's' => &["pass", "sas"],
        b't' => &["cert", "secret"],
        b'y' => &["key"],
        _ => &[],
    }
}

/// The member that holds a URL whose query has the function key.
const WEBHOOK_URL: &str = "webhookUrl";

const MASK: &str = "\"****\"";

/// What the service itself puts in the place of the webhook's query.
const MASKED_QUERY: &str = "****";

/// Stands where a text is cut.
const CUT: char = '…';

/// The JSON text `json` for a log: secrets are masked, and what goes beyond `limit` bytes is cut.
/// What isn't secret stays as it came, blanks included.
///
/// Masked are the values of members whose names tell of a key, a certificate or a password (an
/// empty object stays), the query of the webhook's URL, every string that is a certificate by its
/// looks, and what is so in a string that holds JSON.
///
/// `json` must be JSON: of other text nobody could tell what is secret.
#[must_use]
pub fn redacted(json: &str, limit: usize) -> Cow<'_, str> {
    let mut log = String::new();
    // What has been looked at without finding a secret is copied in one go, when a mask follows or
    // at the end.
    let (mut uncopied, mut rest) = (json, json);
    while let Some(quote) = rest.bytes().position(|byte| byte == b'"')
        && log.len() + (uncopied.len() - rest.len()) < limit
    {
        let (masked, behind) = look_at(&rest[quote..]);
        if let Some((value, mask)) = masked {
            let before = uncopied.len() - behind.len() - value.len();
            log.push_str(&uncopied[..before]);
            log.push_str(&mask);
            uncopied = behind;
        }
        rest = behind;
    }
    if log.is_empty() && json.len() <= limit {
        return Cow::Borrowed(json);
    }
    let room = limit.saturating_sub(log.len());
    log.push_str(&uncopied[..uncopied.floor_char_boundary(room)]);
    if uncopied.len() > room || log.len() > limit {
        log.truncate(log.floor_char_boundary(limit));
        log.push(CUT);
    }
    Cow::Owned(log)
}

/// Looks at the string that `json` starts with, and at its value when it is a member's name.
/// Returns the text to mask together with its mask, if there is any, and the text behind what was
/// looked at.
fn look_at(json: &str) -> (Option<(&str, Cow<'_, str>)>, &str) {
    let (string, has_escape, behind) = split_string(json);
    let Some(value) = value_behind_name(behind) else {
        let mask = if is_certificate(string) {
            Some(MASK.into())
        } else {
            has_escape.then(|| mask_within(string)).flatten()
        };
        return (mask.map(|mask| (string, mask)), behind);
    };
    let name = if has_escape {
        json::text(string)
    } else {
        string.get(1..string.len() - 1).map(Cow::Borrowed)
    };
    let is_url = name.as_deref() == Some(WEBHOOK_URL);
    // What can't be read is taken for a secret.
    if !is_url && !name.is_none_or(|name| is_secret(&name)) {
        return (None, value);
    }
    let (value, behind) = split_value(value);
    let mask = match json::text(value).filter(|_| is_url) {
        Some(url) => without_query(&url).map(Cow::Owned),
        None => (!is_nothing(value)).then_some(MASK.into()),
    };
    (mask.map(|mask| (value, mask)), behind)
}

/// The JSON string `string`, which holds JSON itself, with the secrets within masked; `None` when
/// there are none. Each level of text within text has twice the escapes, so that this recurses a
/// few times at the most.
fn mask_within(string: &str) -> Option<Cow<'static, str>> {
    const OPENING: [char; 2] = ['{', '['];
    let start = string.get(1..)?.trim_ascii_start();
    // A bracket may be escaped as any character may; an escaped quote is none.
    if !start.starts_with(OPENING) && (!start.starts_with('\\') || start.starts_with("\\\"")) {
        return None;
    }
    // What can't be read is taken for a secret.
    let Some(text) = json::text(string) else {
        return Some(MASK.into());
    };
    if !text.trim_ascii_start().starts_with(OPENING) {
        return None;
    }
    match redacted(&text, usize::MAX) {
        Cow::Borrowed(_) => None,
        Cow::Owned(masked) => Some(Value::from(masked).to_string().into()),
    }
}

/// Splits behind the string that `json` starts with, quotes included, and says whether it has an
/// escape.
fn split_string(json: &str) -> (&str, bool, &str) {
    let bytes = json.as_bytes();
    let mut place = 1;
    let mut has_escape = false;
    while let Some(byte) = bytes.get(place) {
        place += 1;
        match byte {
            b'"' => {
                let (string, behind) = json.split_at(place);
                return (string, has_escape, behind);
            }
            b'\\' => {
                has_escape = true;
                place += 1;
            }
            _ => {}
        }
    }
    (json, has_escape, "")
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

/// Whether a member's name tells of a secret: one of its words does, in any case and with or
/// without a plural's s. A word ends where no small letter follows, as `primary` and `Key` do in
/// `primaryKey`.
fn is_secret(name: &str) -> bool {
    let mut words = name.as_bytes();
    loop {
        if is_secret_word(words) {
            return true;
        }
        match words.iter().rposition(|byte| !byte.is_ascii_lowercase()) {
            Some(start) => words = &words[..start],
            None => return false,
        }
    }
}

/// Whether the last of these words tells of a secret.
fn is_secret_word(words: &[u8]) -> bool {
    let ends_like_secret = |word: &[u8]| {
        let last = word.last().map_or(0, u8::to_ascii_lowercase);
        secret_names(last).iter().any(|name| {
            let start = word.len().checked_sub(name.len());
            start.is_some_and(|start| word[start..].eq_ignore_ascii_case(name.as_bytes()))
        })
    };
    ends_like_secret(words)
        || words
            .strip_suffix(b"s")
            .or(words.strip_suffix(b"S"))
            .is_some_and(ends_like_secret)
}

/// Whether a string is PEM, or base64 of a DER sequence as long as a certificate.
fn is_certificate(string: &str) -> bool {
    const SHORTEST: usize = 64;
    string.len() > SHORTEST
        && (string.contains("-----BEGIN ") || (string.len() > 256 && string.starts_with("\"MII")))
}

/// Whether a value is null, or an object or array with nothing in it.
fn is_nothing(value: &str) -> bool {
    value == "null"
        || value
            .bytes()
            .all(|byte| matches!(byte, b'{' | b'}' | b'[' | b']') || byte.is_ascii_whitespace())
}

/// The JSON string of a URL whose query is masked as the service does; `None` when it has none, or
/// is masked already.
fn without_query(url: &str) -> Option<String> {
    let (before, query) = url.split_once('?')?;
    (query != MASKED_QUERY).then(|| Value::from(format!("{before}?{MASKED_QUERY}")).to_string())
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
            r#"{"webhookUrl":null}"#,
            r#"{"MII":"MII","note":"-----BEGIN"}"#,
        ] {
            check(json, json, "nothing to mask");
            assert!(
                matches!(redacted(json, json.len()), Cow::Borrowed(_)),
                "not copied: {json}"
            );
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
            r#"{"a":"\"","primaryKey":"P"}"#,
            r#"{"a":"\"","primaryKey":"****"}"#,
            "behind an escaped quote",
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
            &format!(
                r#"["\n-----BEGIN CERTIFICATE-----\nMII{}"]"#,
                "A".repeat(64)
            ),
            r#"["****"]"#,
            "a certificate without a name",
        );
        let der = format!(r#"{{"blob":"MII{}"}}"#, "A".repeat(300));
        check(&der, r#"{"blob":"****"}"#, "a DER certificate");
    }

    #[test]
    fn secrets_within_text_that_holds_json_are_masked() {
        for (json, expected, why) in [
            (
                r#"{"payload":"{\"wifiPassword\":\"P\",\"n\":1.0}","n":1}"#,
                r#"{"payload":"{\"wifiPassword\":\"****\",\"n\":1.0}","n":1}"#,
                "as az sends it",
            ),
            (
                r#"["\n\t [{\"key\":\"P\"}]"]"#,
                r#"["\n\t [{\"key\":\"****\"}]"]"#,
                "an array behind blanks",
            ),
            (
                r#"["\u007b\"key\":[\"P\"]}"]"#,
                r#"["{\"key\":\"****\"}"]"#,
                "an escaped bracket",
            ),
            (
                r#"["{\"a\":\"{\\\"key\\\":\\\"P\\\"}\"}"]"#,
                r#"["{\"a\":\"{\\\"key\\\":\\\"****\\\"}\"}"]"#,
                "text within text",
            ),
            (
                r#"["{\"key\":\"P"]"#,
                r#"["{\"key\":\"****\""]"#,
                "text that ends too early",
            ),
            (
                r#"["{\"key\":\"P\ud800\"}"]"#,
                r#"["****"]"#,
                "text that can't be read",
            ),
        ] {
            check(json, expected, why);
        }
        for json in [
            r#"{"payload":"{\"n\":1,\"status\":\"\u00fc\"}"}"#,
            r#"{"etag":"\"1300-key\"","a":"\u00fc\n\"key\":1"}"#,
            r#"{"a":"{}","b":"[key]","c":"\"\ud800"}"#,
        ] {
            check(json, json, "nothing to mask");
        }
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
    fn what_cannot_be_read_is_masked() {
        for json in [
            r#"{"webhookUrl":"https://a/F?code=s3cr3t\ud800"}"#,
            r#"{"webhookUrl":["s3cr3t"]}"#,
            r#"{"primary\ud800":"s3cr3t"}"#,
        ] {
            let log = redacted(json, 4096);
            assert!(log.ends_with(r#":"****"}"#), "{log}");
        }
    }

    #[test]
    fn plurals_and_the_many_words_for_a_secret_are_known() {
        for name in [
            "keys",
            "sharedAccessSignature",
            "tokens",
            "WIFI_PWD",
            "issuedCertificateChain",
            "credentials",
            "password1",
            "private_key_pem",
            "tokenValue",
            "WIFI-PASS",
            "sas",
            "authorization",
            "BasicAuth",
            "wifiPsk",
            "connection_string",
            "iothubConnectionStrings",
            "ca_cert",
            "key",
        ] {
            check(
                &format!(r#"{{"{name}":["s3cr3t"]}}"#),
                &format!(r#"{{"{name}":"****"}}"#),
                name,
            );
        }
        let harmless = r#"{"status":"s","class":"c","keyboard":"k","s":"","":"","authorName":"a","é":"é","Keypad":1}"#;
        check(harmless, harmless, "no secrets");
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
