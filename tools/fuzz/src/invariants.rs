//! What holds of every answer, whatever came in.
#![allow(dead_code, reason = "each target uses some")]

use serde_json::Value;

/// Checks the answer to the host, and returns the status and body that the caller will see.
pub fn valid_answer(json: &[u8]) -> (u16, String) {
    let answer: Value = serde_json::from_slice(json).unwrap();
    assert_eq!(answer.as_object().unwrap().len(), 3);
    assert!(
        answer["Logs"]
            .as_array()
            .unwrap()
            .iter()
            .all(Value::is_string)
    );
    assert_eq!(answer["ReturnValue"], Value::Null);
    let res = &answer["Outputs"]["res"];
    let status = res["statusCode"].as_u64().unwrap();
    assert!([200, 400, 413].contains(&status), "{status}");
    let content_type = &res["headers"]["Content-Type"];
    assert_eq!(
        content_type,
        if status == 200 {
            "application/json"
        } else {
            "text/plain"
        }
    );
    let body = res["body"].as_str().unwrap();
    assert!(!body.is_empty());
    (status as u16, body.to_owned())
}

/// Checks a sentence for a person: short, and on one line.
pub fn short_sentence(sentence: &str) {
    assert!((10..300).contains(&sentence.len()), "{sentence:?}");
    assert!(!sentence.contains(char::is_control), "{sentence:?}");
}

/// Checks the log's form of a request against the request: secrets are masked, and everything else
/// is as it was.
pub fn hides_secrets(request: &Value, log: &Value) {
    match (request, log) {
        (Value::Object(request), Value::Object(log)) => {
            assert!(request.keys().eq(log.keys()));
            for (name, value) in request {
                if SECRET_NAMES.contains(&name.as_str()) {
                    assert!(log[name] == "****" || is_nothing(value), "{name}");
                    continue;
                }
                hides_secrets(value, &log[name]);
            }
        }
        (Value::Array(request), Value::Array(log)) => {
            assert_eq!(request.len(), log.len());
            request
                .iter()
                .zip(log)
                .for_each(|(value, log)| hides_secrets(value, log));
        }
        (request, log) => assert!(
            log == request
                || log == "****"
                || log.as_str().is_some_and(|url| url.ends_with("?****"))
                // Within text that holds JSON, too.
                || request.as_str().is_some_and(|text| text.contains(['{', '[']))
                    && log.as_str().is_some_and(|text| text.contains("****"))
        ),
    }
}

/// Of the names that mean a secret, those that the service documents.
const SECRET_NAMES: [&str; 6] = [
    "endorsementKey",
    "storageRootKey",
    "primaryKey",
    "secondaryKey",
    "certificate",
    "clientCertificate",
];

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(values) => values.iter().all(is_nothing),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}
