//! No `Debug` of anything that holds a secret shows it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use digital_twins::adt::{AdtError, Client, Deadline, TwinId};
use digital_twins::config::Config;
use digital_twins_instance::{Instance, Options, Service};
use std::time::Duration;
use tokio::net::TcpListener;

const SECRETS: [&str; 2] = ["cl1ent-s3cr3t", "b3arer-t0ken"];

#[tokio::test]
async fn what_holds_a_secret_does_not_show_it() {
    let [client_secret, bearer_token] = SECRETS;
    let options = Options {
        bearer_token: Some(bearer_token.into()),
        ..Options::default()
    };
    let mut shown = vec![format!("{options:?}")];
    let twins = Service::new(Instance::default(), options);
    shown.push(format!("{twins:?}"));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move { twins.serve(listener, std::future::pending()).await });

    let config = Config::from_lookup(|name| {
        Some(match name {
            "ADT_SERVICE_URL" => url.clone(),
            "AZURE_TENANT_ID" => "00000000-0000-0000-0000-000000000001".to_owned(),
            "AZURE_CLIENT_ID" => "00000000-0000-0000-0000-000000000002".to_owned(),
            "AZURE_CLIENT_SECRET" => client_secret.to_owned(),
            _ => return None,
        })
    })
    .unwrap();
    let sign_in = &config.adt.sign_in;
    shown.push(format!("{config:?} {:?} {sign_in:?}", config.adt));

    // Without the token the call is refused, and the error shows no secret either.
    let mut settings = config.adt.clone();
    settings.sign_in = digital_twins::adt::SignIn::None;
    let adt = Client::new(settings).unwrap();
    let twin = TwinId::parse("dev").unwrap();
    let error = adt
        .get(&twin, Deadline::within(Duration::from_secs(10)))
        .await
        .unwrap_err();
    assert!(
        matches!(error, AdtError::Status { status, .. } if status == 401),
        "{error}"
    );
    shown.push(format!("{error:?} {error}"));
    server.abort();

    for secret in SECRETS {
        for text in &shown {
            assert!(!text.contains(secret), "{text}");
        }
    }
}
