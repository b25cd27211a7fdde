//! What the Azure CLI prints, where it isn't yet what a configuration needs.
//!
//! A schema can only say that such a record is wrong; here it is known what became of it and what
//! to do.

use serde_json::Value;

/// What to do with a file that holds what `az` prints of enrollments, and not a configuration
/// around it.
pub(super) fn bare_record(file: &Value) -> Option<String> {
    let (record, what) = match file {
        Value::Array(records) => (records.first()?, "a list of enrollments"),
        record => (record, "an enrollment"),
    };
    let member = [
        ("enrollmentGroupId", "enrollmentGroups"),
        ("registrationId", "enrollments"),
    ]
    .into_iter()
    .find(|(id, _)| record.get(id).is_some());
    member.map(|(_, list)| {
        format!(
            "this is {what} as az prints it; a configuration holds the hubs, too: \
             {{\"linkedHubs\": [\"my-hub.azure-devices.net\"], \"{list}\": [what is in this file]}}"
        )
    })
}

/// Spells the words of enrollments as the service prints them. It takes them in any case:
/// <https://github.com/Azure/azure-sdk-for-python/issues/35368>.
pub(super) fn respell_words(file: &mut Value) {
    const WORDS: [(&str, &[&str]); 3] = [
        (
            "/allocationPolicy",
            &["custom", "hashed", "static", "geoLatency"],
        ),
        ("/provisioningStatus", &["enabled", "disabled"]),
        ("/attestation/type", &["symmetricKey", "x509", "tpm"]),
    ];
    for record in records(file) {
        for (place, words) in WORDS {
            if let Some(Value::String(written)) = record.pointer_mut(place)
                && let Some(word) = words.iter().find(|word| word.eq_ignore_ascii_case(written))
            {
                (*word).clone_into(written);
            }
        }
    }
}

/// The enrollment that asks for issued certificates, if one does.
pub(super) fn asks_for_certificates(file: &mut Value) -> Option<String> {
    let asks = |record: &&mut Value| {
        record
            .get("credentialPolicyName")
            .is_some_and(|policy| !policy.is_null())
    };
    let record = records(file).find(asks)?;
    let id = record
        .get("enrollmentGroupId")
        .or_else(|| record.get("registrationId"));
    Some(id.and_then(Value::as_str).unwrap_or_default().to_owned())
}

/// All enrollments of a configuration.
fn records(file: &mut Value) -> impl Iterator<Item = &mut Value> {
    let lists = file.as_object_mut().into_iter().flatten();
    lists
        .filter(|(name, _)| ["enrollmentGroups", "enrollments"].contains(&name.as_str()))
        .filter_map(|(_, list)| list.as_array_mut())
        .flatten()
}

/// Takes away symmetric keys that `az` has left out or masked, so that they count as missing.
pub(super) fn drop_hidden_keys(file: &mut Value) {
    for record in records(file) {
        let Some(attestation) = record.get_mut("attestation").and_then(Value::as_object_mut) else {
            continue;
        };
        let keys = attestation.get("symmetricKey").and_then(Value::as_object);
        let hidden = keys.is_some_and(|keys| {
            let mut names = ["primaryKey", "secondaryKey"].into_iter();
            names.any(|name| is_hidden(keys.get(name)))
        });
        if hidden {
            attestation.remove("symmetricKey");
        }
    }
}

/// Whether a key is missing, null, blank, or nothing but stars.
fn is_hidden(key: Option<&Value>) -> bool {
    match key {
        None | Some(Value::Null) => true,
        Some(Value::String(key)) => key.trim().chars().all(|character| character == '*'),
        Some(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::enrollment::config_error::ConfigError;

    #[test]
    fn words_are_taken_in_any_case_and_others_are_left() {
        let file = |policy, status, kind| {
            json!({"linkedHubs": ["Hashed"], "enrollmentGroups": [{"allocationPolicy": policy,
                "provisioningStatus": status, "attestation": {"type": kind, "tpm": "TPM"}}]})
        };
        for (written, read) in [
            (
                ("Custom", "Enabled", "SymmetricKey"),
                ("custom", "enabled", "symmetricKey"),
            ),
            (
                ("HASHED", "DISABLED", "X509"),
                ("hashed", "disabled", "x509"),
            ),
            (("Static", "off", "TPM"), ("static", "off", "tpm")),
            (
                ("geolatency", "enabled", "None"),
                ("geoLatency", "enabled", "None"),
            ),
        ] {
            let mut value = file(written.0, written.1, written.2);
            respell_words(&mut value);
            assert_eq!(value, file(read.0, read.1, read.2));
        }
    }

    #[test]
    fn an_enrollment_that_issues_certificates_is_named() {
        let mut file =
            json!({"enrollments": [{"registrationId": "r", "credentialPolicyName": null}]});
        assert_eq!(asks_for_certificates(&mut file), None);
        file["enrollments"][0]["credentialPolicyName"] = json!("policy");
        assert_eq!(asks_for_certificates(&mut file).as_deref(), Some("r"));
        let error = crate::enrollment::config::Config::parse(&file.to_string()).unwrap_err();
        assert!(
            matches!(error, ConfigError::CertificateIssuance(_)),
            "{error}"
        );
        assert_eq!(
            error.to_string(),
            "enrollment r: credentialPolicyName lets the service issue certificates (api-version 2025-07-01-preview), \
             which isn't emulated; leave it out"
        );
    }
}
