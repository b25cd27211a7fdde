//! The clients against a real Azurite, and against stores that fail.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::time::Duration;

use serde_json::json;
use storage::azurite::{Azurite, Installation};
use storage::{Account, Blobs, Ports, Queues, Retry, RetryMode, StorageError, Tables};
use tokio::net::TcpListener;

/// Short enough for a test, long enough for a busy machine.
const QUICK: Retry = Retry {
    max_retries: 2,
    delay: Duration::from_millis(1),
    max_delay: Duration::from_millis(5),
    network_timeout: Duration::from_millis(200),
    mode: RetryMode::Exponential,
};

async fn azurite() -> Option<Azurite> {
    let installation = Installation::for_tests(env!("CARGO_TARGET_TMPDIR")).await?;
    Some(installation.start(Ports::default(), None).await.unwrap())
}

fn account_at(port: u16) -> Account {
    let endpoint = format!("http://127.0.0.1:{port}/a");
    let text = format!(
        "AccountName=a;AccountKey=c2VjcmV0;BlobEndpoint={endpoint};TableEndpoint={endpoint}"
    );
    Account::parse(&text).unwrap()
}

#[tokio::test]
async fn blobs_are_written_and_read_whatever_their_names() {
    let Some(azurite) = azurite().await else {
        return;
    };
    let blobs = Blobs::new(azurite.account(), Retry::BLOBS).unwrap();
    blobs.create_container("rows").await.unwrap();
    blobs.create_container("rows").await.unwrap();
    for name in [
        "dev-1.json",
        "a b.json",
        "a%b.json",
        "09/01/2026 10:15:30.json",
        "ü#?.json",
        "a+b",
    ] {
        blobs.write("rows", name, name.into()).await.unwrap();
        let content = blobs.read("rows", name).await.unwrap();
        assert_eq!(content.as_deref(), Some(name.as_bytes()), "{name}");
    }
    assert_eq!(blobs.read("rows", "DEV-1.json").await.unwrap(), None);
    assert_eq!(blobs.read("nocontainer", "dev-1.json").await.unwrap(), None);
    azurite.stop().await;
}

#[tokio::test]
async fn messages_are_sent_to_a_queue_that_is_there() {
    let Some(azurite) = azurite().await else {
        return;
    };
    let queues = Queues::new(azurite.account(), Retry::BLOBS).unwrap();
    let refused = queues.send("audit", b"x").await.unwrap_err();
    assert!(
        matches!(refused, StorageError::Answered { status: 404, .. }),
        "{refused}"
    );
    queues.create("audit").await.unwrap();
    queues.create("audit").await.unwrap();
    for message in [&b"x"[..], b"", &[0xff, 0]] {
        queues.send("audit", message).await.unwrap();
    }
    let messages = queues.receive("audit").await.unwrap();
    assert_eq!(messages, ["eA==", "", "/wA="]);
    azurite.stop().await;
}

#[tokio::test]
async fn entities_are_written_and_found_by_filter() {
    let Some(azurite) = azurite().await else {
        return;
    };
    let text = azurite.connection_string();
    let tables = Tables::new(Account::parse(&text).unwrap(), Retry::TABLES).unwrap();
    tables.create_table("Fleet").await.unwrap();
    tables.create_table("Fleet").await.unwrap();
    for partition in ["a'b", "", "dev-1", "ü%"] {
        for row in ["x", "y"] {
            let entity =
                json!({"PartitionKey": partition, "RowKey": row, "hub": partition}).to_string();
            tables
                .write("Fleet", partition, row, &entity)
                .await
                .unwrap();
        }
    }
    let found = tables
        .query("Fleet", "PartitionKey eq 'a''b' and RowKey eq 'x'", Some(1))
        .await
        .unwrap();
    assert_eq!((found.len(), &found[0]["hub"]), (1, &json!("a'b")));
    assert_eq!(tables.query("Fleet", "", None).await.unwrap().len(), 8);
    assert_eq!(
        tables
            .query("Fleet", "RowKey eq 'x'", Some(3))
            .await
            .unwrap()
            .len(),
        3
    );
    assert_eq!(
        tables
            .query("Fleet", "PartitionKey eq 'nobody'", Some(1))
            .await
            .unwrap()
            .len(),
        0
    );
    let missing = tables.query("Missing", "", None).await.unwrap_err();
    assert_eq!(missing.to_string(), "The table specified does not exist.");
    assert_eq!(missing.status(), Some(404));
    azurite.stop().await;
}

#[tokio::test]
async fn more_entities_than_a_page_holds_are_all_read() {
    let Some(azurite) = azurite().await else {
        return;
    };
    let tables = Tables::new(azurite.account(), Retry::TABLES).unwrap();
    tables.create_table("Many").await.unwrap();
    let writes: Vec<_> = (0..1_100)
        .map(|number| {
            let tables = tables.clone();
            tokio::spawn(async move {
                let row = format!("{number:05}");
                let entity = json!({"PartitionKey": "p", "RowKey": row}).to_string();
                tables.write("Many", "p", &row, &entity).await.unwrap();
            })
        })
        .collect();
    for write in writes {
        write.await.unwrap();
    }
    assert_eq!(tables.query("Many", "", None).await.unwrap().len(), 1_100);
    assert_eq!(
        tables.query("Many", "", Some(1_050)).await.unwrap().len(),
        1_050
    );
    azurite.stop().await;
}

#[tokio::test]
async fn a_wrong_key_is_refused_at_once() {
    let Some(azurite) = azurite().await else {
        return;
    };
    let Ports { blob, table, .. } = azurite.ports();
    let wrong = Account::parse(&format!(
        "AccountName=devstoreaccount1;AccountKey=c2VjcmV0;BlobEndpoint=http://127.0.0.1:{blob}/devstoreaccount1;\
         TableEndpoint=http://127.0.0.1:{table}/devstoreaccount1"
    ))
    .unwrap();
    let error = Blobs::new(wrong.clone(), Retry::BLOBS)
        .unwrap()
        .read("rows", "x")
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "Service request failed.");
    assert!(matches!(
        error,
        StorageError::Answered {
            status: 403,
            tries: 1,
            ..
        }
    ));
    let error = Tables::new(wrong, Retry::TABLES)
        .unwrap()
        .query("Fleet", "", None)
        .await
        .unwrap_err();
    assert_eq!(error.status(), Some(403));
    azurite.stop().await;
}

#[tokio::test]
async fn a_closed_port_is_tried_as_often_as_the_options_say() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let tables = Tables::new(account_at(port), QUICK).unwrap();
    let error = tables.query("Fleet", "", None).await.unwrap_err();
    assert!(matches!(error, StorageError::NoAnswer { tries: 3, .. }));
    assert!(error.to_string().starts_with(
        "Retry failed after 3 tries. Retry settings can be adjusted in ClientOptions.Retry"
    ));
    assert!(!error.to_string().contains("sig"));
}

#[tokio::test]
async fn a_silent_store_is_given_up_after_the_network_timeout_of_each_try() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let silent = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((socket, _)) = listener.accept().await {
            held.push(socket);
        }
    });
    let blobs = Blobs::new(account_at(port), QUICK).unwrap();
    let error = blobs.read("rows", "x").await.unwrap_err();
    assert!(matches!(error, StorageError::NoAnswer { tries: 3, .. }));
    assert!(
        error
            .to_string()
            .contains("exceeded the configured timeout of 200ms")
    );
    silent.abort();
}
