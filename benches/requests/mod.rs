//! What is measured: the fixture's envelope, and the same request grown by what the device says of
//! itself.
//!
//! The sizes are those of the request; its envelope is two to three times as large, as the host
//! escapes the request into a string and repeats its members as binding data.

use allocation::policy::File;
use serde_json::{Value, json};

/// The tutorial's policy.
pub(crate) fn policy() -> File {
    File::parse(include_bytes!("../../allocation.json")).expect("the policy is right")
}

/// The envelope of a toaster's first registration, as the host sends it.
pub(crate) const ENVELOPE: &str = include_str!("../../fixtures/host/http_dps_group.json");

/// The sizes of the requests that are measured, each with its name.
pub(crate) const SIZES: [(&str, usize); 4] = [
    ("1 KB", 1 << 10),
    ("4 KB", 4 << 10),
    ("64 KB", 64 << 10),
    ("1 MB", 1 << 20),
];

/// A request of `size` bytes from the device `registration_id`, whose payload takes what the
/// fixture's request leaves.
pub(crate) fn request(registration_id: &str, size: usize) -> String {
    let mut request: Value = serde_json::from_str(&fixture_s_request()).expect("the body is JSON");
    let device = &mut request["deviceRuntimeContext"];
    device["registrationId"] = registration_id.into();
    device["payload"] = json!({"readings": [], "note": ""});
    let text_length = |request: &Value| request.to_string().len();

    // The payload is made of readings, as devices send them, and of a note that fills it up to the
    // byte.
    let reading =
        |n: usize| json!({"sensor": format!("probe-{:04}", n % 10_000), "unit": "°C", "at": 21.5});
    let room = size - text_length(&request);
    let readings = room / (reading(0).to_string().len() + 1);
    request["deviceRuntimeContext"]["payload"]["readings"] = (0..readings).map(reading).collect();
    let room = size - text_length(&request);
    request["deviceRuntimeContext"]["payload"]["note"] = ".".repeat(room).into();
    request.to_string()
}

/// The fixture's envelope around another request.
pub(crate) fn envelope(request: &str) -> String {
    let mut envelope = fixture();
    envelope["Data"]["req"]["Body"] = request.into();
    envelope["Data"]["req"]["Headers"]["Content-Length"] = json!([request.len().to_string()]);
    // The host offers the members of a body that is a JSON object as binding data too.
    if let Ok(Value::Object(members)) = serde_json::from_str(request) {
        for (name, value) in members.into_iter().filter(|(_, value)| value.is_object()) {
            envelope["Metadata"][name] = value;
        }
    }
    envelope.to_string()
}

/// The request in the fixture's envelope.
pub(crate) fn fixture_s_request() -> String {
    let envelope = fixture();
    let request = envelope["Data"]["req"]["Body"].as_str();
    request.expect("the fixture has a body").to_owned()
}

fn fixture() -> Value {
    serde_json::from_str(ENVELOPE).expect("the fixture is JSON")
}
