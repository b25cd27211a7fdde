//! Any text as an allocation request: what is read of it agrees with a second parser, and its log
//! form hides what it must.
#![no_main]

use allocation::{AllocationRequest, redacted};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

#[path = "../src/invariants.rs"]
mod invariants;

fuzz_target!(|json: &str| {
    let request = match AllocationRequest::parse(json) {
        Ok(request) => request,
        Err(error) => return invariants::short_sentence(&error.to_string()),
    };
    let log = redacted(json, 4096);
    assert!(log.len() <= 4096 + '…'.len_utf8());
    let Ok(value) = serde_json::from_str::<Value>(json) else {
        // That parser reads no number beyond its range and no escape that is no character; ours
        // need not look at them.
        return;
    };
    let log = redacted(json, usize::MAX);
    invariants::hides_secrets(&value, &serde_json::from_str(&log).unwrap());
    let context = &value["deviceRuntimeContext"];
    let registration_id = request.device_runtime_context.registration_id.as_deref();
    assert_eq!(registration_id, context["registrationId"].as_str());
    let hubs = request.linked_hubs.as_ref();
    let hubs = hubs.map(|hubs| hubs.iter().map(|hub| hub.host_name()).collect::<Vec<_>>());
    let expected = value["linkedHubs"].as_array();
    let expected = expected.map(|hubs| hubs.iter().map(|hub| hub.as_str().unwrap()).collect());
    assert_eq!(hubs, expected);
    let payload = request.device_runtime_context.payload;
    let payload = payload.map_or(Value::Null, |payload| payload.parse().unwrap());
    assert_eq!(payload, context["payload"]);
});
