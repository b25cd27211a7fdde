//! How long a decision by a large policy takes, with and without reading the request.
//!
//! `cargo bench --bench policy`. It first makes sure that the rule decides that is to.

use std::hint::black_box;

use allocation::{AllocationRequest, Policy, Request};
use criterion::Criterion;
use custom_handler::InputBindings;

#[expect(
    clippy::expect_used,
    reason = "a benchmark without its policies can only stop"
)]
mod policies;

#[expect(
    clippy::expect_used,
    reason = "a benchmark without its requests can only stop"
)]
fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for large in policies::LARGE {
        let policies::Large {
            name,
            file,
            requests,
        } = large();
        let mut group = criterion.benchmark_group(name);
        for (rule, json) in requests {
            let read = || {
                let request = AllocationRequest::parse(black_box(&json)).expect("it is a request");
                Request::new(request, InputBindings::default()).expect("it is whole")
            };
            let request = read();
            assert_eq!(file.decide(&request).rule(), rule);
            group.bench_function(format!("decide, {rule}"), |bencher| {
                bencher.iter(|| file.decide(black_box(&request)));
            });
            group.bench_function(format!("read and decide, {rule}"), |bencher| {
                bencher.iter(|| file.decide(&read()));
            });
        }
        group.finish();
    }
    criterion.final_summary();
}
