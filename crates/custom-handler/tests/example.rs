//! The example behind the emulated Functions host.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;

use functions_host::{FunctionsHost, HostOptions, HttpRequest};

#[tokio::test]
async fn the_example_says_hello() {
    // Cargo builds the examples of a package before its tests, next to them.
    let tests = std::env::current_exe().unwrap();
    let target = tests.ancestors().nth(2).unwrap();
    let app = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/hello");
    let options = HostOptions::new(app).handler(target.join("examples/hello"));
    let host = FunctionsHost::start(options).await.unwrap();
    for (request, expected) in [
        (HttpRequest::post("/api/Hello").body("Ada"), "Hello, Ada!"),
        (HttpRequest::get("/api/Hello"), "Hello, stranger!"),
    ] {
        let invocation = host.invoke(request).await;
        let response = &invocation.response;
        assert_eq!((response.status, &*response.text()), (200, expected));
        assert_eq!(invocation.logs, ["somebody says hello"]);
    }
    assert_eq!(host.violations(), []);
}
