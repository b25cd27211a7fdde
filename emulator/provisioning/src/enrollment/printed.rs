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

/// Takes away symmetric keys that `az` has left out or masked, so that they count as missing.
pub(super) fn drop_hidden_keys(file: &mut Value) {
    for list in ["enrollmentGroups", "enrollments"] {
        let records = file.get_mut(list).and_then(Value::as_array_mut);
        for record in records.into_iter().flatten() {
            let Some(attestation) = record.get_mut("attestation").and_then(Value::as_object_mut)
            else {
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
}

/// Whether a key is missing, null, blank, or nothing but stars.
fn is_hidden(key: Option<&Value>) -> bool {
    match key {
        None | Some(Value::Null) => true,
        Some(Value::String(key)) => key.trim().chars().all(|character| character == '*'),
        Some(_) => false,
    }
}
