//! How long an invocation takes in process, by size and by outcome: every layer of the app but the
//! socket and the process's log.
//!
//! `cargo bench --bench invocation`. `nothing` is what actix-web's routing and the measurement take
//! by themselves.

use actix_web::App;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web::Bytes;
use criterion::{BatchSize, BenchmarkGroup, Criterion, Throughput, measurement::WallTime};
use custom_allocation::functions;
use tokio::runtime::{Builder, Runtime};

#[expect(
    clippy::expect_used,
    reason = "a benchmark without its fixtures can only stop"
)]
mod requests;

use requests::{SIZES, envelope, policy, request};

const TOASTER: &str = "breakroom499-contoso-tstrsd-007";
const WRAPPED: &str = "/HttpTrigger1";
const RAW: &str = "/api/HttpTrigger1";

fn main() {
    let mut criterion = Criterion::default().configure_from_args();

    let mut sizes = criterion.benchmark_group("envelope");
    for (name, size) in SIZES {
        measure(
            &mut sizes,
            name,
            TestRequest::post,
            WRAPPED,
            envelope(&request(TOASTER, size)),
        );
    }
    sizes.finish();

    let mut sizes = criterion.benchmark_group("raw");
    for (name, size) in SIZES {
        measure(
            &mut sizes,
            name,
            TestRequest::post,
            RAW,
            request(TOASTER, size),
        );
    }
    sizes.finish();

    let mut refusals = criterion.benchmark_group("refusal");
    for (name, request) in [
        ("unrecognized", request("stranger", 1 << 10)),
        ("not JSON", "{".to_owned()),
        ("no body", String::new()),
    ] {
        measure(
            &mut refusals,
            name,
            TestRequest::post,
            WRAPPED,
            envelope(&request),
        );
    }
    refusals.finish();

    let mut nothing = criterion.benchmark_group("nothing");
    measure(&mut nothing, "ready", TestRequest::get, "/", String::new());
    nothing.finish();

    criterion.final_summary();
}

/// Measures one request, from what actix-web has parsed of it to the answer's last byte.
fn measure(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    method: fn() -> TestRequest,
    path: &str,
    body: String,
) {
    let body = Bytes::from(body);
    let runtime = runtime();
    let app = runtime.block_on(init_service(
        App::new().configure(functions::routes(policy())),
    ));
    let app = &app;
    group.throughput(Throughput::Bytes(body.len() as u64));
    group.bench_function(name, |bencher| {
        bencher.to_async(&runtime).iter_batched(
            || method().uri(path).set_payload(body.clone()).to_request(),
            async |request| read_body(call_service(app, request).await).await,
            BatchSize::SmallInput,
        );
    });
}

/// A runtime as each of actix-web's workers has one.
#[expect(
    clippy::expect_used,
    reason = "a benchmark without a runtime can only stop"
)]
fn runtime() -> Runtime {
    let mut builder = Builder::new_current_thread();
    builder.enable_all().build().expect("a runtime")
}
