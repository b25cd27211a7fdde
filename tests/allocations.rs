//! How much memory an invocation takes: counts, which are the same on every machine, held below
//! bounds.
//!
//! A count beyond its bound means that something is copied or built that wasn't before. If that is
//! wanted, raise the bound in the commit that says why; where a count has fallen, lower it. Counted
//! is one invocation through every layer of the app but the socket, from the request that actix-web
//! has parsed to the answer's last byte. A buffer that grows counts each time, with its old and its
//! new bytes.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../benches/requests/mod.rs"]
mod requests;

use actix_web::App;
use actix_web::rt::Runtime;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web::Bytes;
use allocation_counter::{AllocationInfo, measure};
use custom_allocation::functions;
use requests::{SIZES, envelope, policy, request};

const TOASTER: &str = "breakroom499-contoso-tstrsd-007";
const WRAPPED: &str = "/HttpTrigger1";
const RAW: &str = "/api/HttpTrigger1";

/// What one invocation allocates. Its answer must hold `expected`, so that the right thing is
/// counted.
fn allocations(path: &str, body: &str, expected: &str) -> AllocationInfo {
    let runtime = Runtime::new().unwrap();
    let app = runtime.block_on(init_service(
        App::new().configure(functions::routes(policy())),
    ));
    let body = Bytes::copy_from_slice(body.as_bytes());
    let invoke = || {
        let request = TestRequest::post().uri(path).set_payload(body.clone());
        let request = request.to_request();
        let mut answer = Bytes::new();
        let allocations = measure(|| {
            answer = runtime.block_on(async { read_body(call_service(&app, request).await).await });
        });
        let answer = std::str::from_utf8(&answer).unwrap();
        assert!(answer.contains(expected), "{answer}");
        allocations
    };
    // The first one also pays for what actix-web makes once and keeps.
    invoke();
    invoke()
}

#[test]
fn an_invocation_allocates_no_more_often_than_recorded() {
    let toaster = request(TOASTER, 1 << 10);
    let stranger = request("stranger", 1 << 10);
    let assigned = "contoso-tstrsd-007";
    let unrecognized = "Unrecognized device registration.";
    let malformed = "The request body is no AllocationRequest";
    for (name, path, body, expected, bound) in [
        ("assigned", WRAPPED, envelope(&toaster), assigned, 35),
        ("refused", WRAPPED, envelope(&stranger), unrecognized, 30),
        ("malformed", WRAPPED, envelope("{"), malformed, 25),
        ("assigned, raw", RAW, toaster, "iotHubHostName", 27),
        ("refused, raw", RAW, stranger, unrecognized, 20),
    ] {
        let count = allocations(path, &body, expected).count_total;
        assert!(
            count <= bound,
            "{name}: {count} allocations, recorded are {bound}"
        );
    }
}

#[test]
fn memory_grows_with_the_request_by_a_fixed_factor() {
    /// For what doesn't grow: the answer, and up to 4 KB of the request in its log.
    const FIXED_BYTES: usize = 12 << 10;

    for (name, size) in SIZES {
        let request = request(TOASTER, size);
        let envelope = envelope(&request);
        // An envelope is held once whole, its buffer while it grows, and then the request that was
        // a string in it.
        for (path, body, per_hundred) in [(WRAPPED, &envelope, 250), (RAW, &request, 100)] {
            let AllocationInfo {
                count_total,
                bytes_max,
                ..
            } = allocations(path, body, "-toasters-hub");
            let bound = per_hundred * body.len() / 100 + FIXED_BYTES;
            assert!(
                usize::try_from(bytes_max).unwrap() <= bound,
                "{name} at {path}: {bytes_max} bytes held for {} sent, more than {bound}",
                body.len()
            );
            assert!(
                count_total <= 64,
                "{name} at {path}: {count_total} allocations, so their number grows with the request"
            );
        }
    }
}

#[test]
fn memory_grows_with_the_depth_of_a_request_by_a_fixed_factor_too() {
    let levels = 100_000;
    let request = format!(r#"{{"a":{}{}}}"#, "[".repeat(levels), "]".repeat(levels));
    for (path, body) in [(WRAPPED, envelope(&request)), (RAW, request)] {
        let held = allocations(path, &body, "nested more than 128 levels deep").bytes_max;
        // Besides what a flat request takes, the parser keeps a byte for each level.
        let bound = 7 * body.len() / 2;
        assert!(
            usize::try_from(held).unwrap() <= bound,
            "{path}: {held} bytes held for {} sent, more than {bound}",
            body.len()
        );
    }
}
