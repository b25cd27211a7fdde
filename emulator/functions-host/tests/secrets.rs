//! No `Debug` of anything that holds a key or a setting shows it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::App;
use functions_host::{FunctionsHost, HostEvent, HostOptions, HostService, HttpRequest};
use tokio::sync::mpsc::unbounded_channel;

const SECRETS: [&str; 4] = ["f-k3y-1234", "m4ster-5678", "s3tting-90ab", "l0cal-cdef"];

#[tokio::test]
async fn what_holds_a_secret_does_not_show_it() {
    let [function_key, master_key, setting, local] = SECRETS;
    let app = App::plain();
    let settings = format!(r#"{{"Values":{{"LOCAL":"{local}"}}}}"#);
    app.write("local.settings.json", &settings);
    let (events, mut happened) = unbounded_channel();
    let options = HostOptions::new(app.path())
        .handler(env!("CARGO_BIN_EXE_puppet-handler"))
        .function_key(function_key)
        .master_key(master_key)
        .env("SETTING", setting)
        .events(events);
    let mut shown = vec![format!("{options:?}")];
    let host = FunctionsHost::start(options.clone()).await.unwrap();
    let request = HttpRequest::post(format!("/api/Puppet?code={function_key}"))
        .header("x-functions-key", function_key)
        .body("{}");
    shown.push(format!("{request:?}"));
    let invocation = host.invoke(request).await;
    assert_eq!(invocation.response.status, 200);
    shown.push(format!("{invocation:?} {host:?}"));
    host.stop().await;
    let service = HostService::start(options).await;
    shown.push(format!("{service:?} {:?}", service.state()));
    service.stop().await;
    while let Ok(event) = happened.try_recv() {
        if let HostEvent::Invoked(_) | HostEvent::Violation(_) | HostEvent::Ended(_) = event {
            shown.push(format!("{event:?}"));
        }
    }
    for text in &shown {
        for secret in SECRETS {
            assert!(!text.contains(secret), "{secret} is in {text}");
        }
    }
}
