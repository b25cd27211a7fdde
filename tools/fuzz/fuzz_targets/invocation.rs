//! Any bytes as a request's body, plainly and in an envelope: 200 only with a hub that the request
//! links, and both ways agree.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

#[path = "../src/function.rs"]
mod function;
#[path = "../src/invariants.rs"]
mod invariants;

fuzz_target!(|body: &[u8]| {
    let reply = function::reply(body);
    match reply.status {
        200 => {
            let response: Value = serde_json::from_str(&reply.body).unwrap();
            let hub = response["iotHubHostName"].as_str().unwrap();
            if let Ok(request) =
                serde_json::from_slice::<Value>(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body))
            {
                let hubs = request["linkedHubs"].as_array().unwrap();
                assert!(hubs.iter().any(|linked| linked == hub));
            }
        }
        400 => invariants::short_sentence(&reply.body),
        status => panic!("status {status}"),
    }
    if let Ok(text) = std::str::from_utf8(body) {
        let envelope = json!({"Data": {"req": {"Body": text}}, "Metadata": {}});
        let answer = function::answer(envelope.to_string().as_bytes()).unwrap();
        let (status, body) = invariants::valid_answer(&answer);
        assert_eq!((status, body.as_str()), (reply.status, reply.body.as_str()));
    }
});
