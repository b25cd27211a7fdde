//! The stores of the captured cases: Azurite with the rows that it held, and a store that holds
//! nothing and notes what it is asked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{Response, StatusCode, Uri};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use storage::azurite::{Azurite, Installation};
use storage::{Account, Blobs, Ports, Queues, Retry, Tables};
use tokio::net::TcpListener;

use crate::case::Captured;

/// Azurite, unless this machine has no npm to install it with.
pub(crate) async fn azurite() -> Option<Azurite> {
    let installation = Installation::for_tests(env!("CARGO_TARGET_TMPDIR")).await?;
    Some(installation.start(Ports::default(), None).await.unwrap())
}

/// Writes what the captured store held.
pub(crate) async fn fill(azurite: &Azurite, captured: &Captured) {
    let blobs = Blobs::new(azurite.account(), Retry::BLOBS).unwrap();
    let tables = Tables::new(azurite.account(), Retry::TABLES).unwrap();
    let standard = &captured.stores.standard;
    for (container, content) in &standard.containers {
        blobs.create_container(container).await.unwrap();
        for (name, blob) in content {
            let content = STANDARD.decode(blob["base64"].as_str().unwrap()).unwrap();
            let written = blobs.write(container, name, content).await;
            assert_eq!(written, Ok(()), "{container}/{name}");
        }
    }
    let queues = Queues::new(azurite.account(), Retry::BLOBS).unwrap();
    for queue in &standard.queues {
        queues.create(queue).await.unwrap();
    }
    for (table, rows) in &standard.tables {
        tables.create_table(table).await.unwrap();
        for row in rows {
            let keys: Value = serde_json::from_str(row.get()).unwrap();
            let key = |name: &str| keys[name].as_str().unwrap();
            let (partition, row_key) = (key("PartitionKey"), key("RowKey"));
            let written = tables.write(table, partition, row_key, row.get()).await;
            written.unwrap();
        }
    }
}

/// A connection string for a store on this port.
pub(crate) fn connection_string(port: u16) -> String {
    let endpoint = format!("http://127.0.0.1:{port}/devstoreaccount1");
    format!(
        "AccountName=devstoreaccount1;AccountKey=c2VjcmV0;BlobEndpoint={endpoint};QueueEndpoint={endpoint};TableEndpoint={endpoint}"
    )
}

/// A port on which nobody listens.
pub(crate) async fn closed_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    listener.local_addr().unwrap().port()
}

/// The same account with another key.
pub(crate) fn with_wrong_key(azurite: &Azurite) -> String {
    let Ports { blob, table, .. } = azurite.ports();
    let text = format!(
        "AccountName=devstoreaccount1;AccountKey=c2VjcmV0;BlobEndpoint=http://127.0.0.1:{blob}/devstoreaccount1;\
         TableEndpoint=http://127.0.0.1:{table}/devstoreaccount1"
    );
    assert!(Account::parse(&text).is_ok());
    text
}

/// What a [`Stub`] answers.
#[derive(Clone, Copy)]
pub(crate) enum Answers {
    /// No blob, and no rows.
    Nothing,
    /// This status to everything.
    Status(u16),
    /// Never.
    Never,
    /// No rows, but late.
    Late(Duration),
    /// No rows, but only when it has been asked so often.
    Together(usize),
}

/// A store that notes what it is asked.
pub(crate) struct Stub {
    pub(crate) port: u16,
    asked: Arc<Mutex<Vec<Value>>>,
    serving: tokio::task::JoinHandle<()>,
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Stub {
    pub(crate) async fn start(answers: Answers) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&asked);
        let answer = move |request: Request| {
            let notes = Arc::clone(&notes);
            let uri = request.uri().clone();
            async move { answer(&uri, answers, &notes).await }
        };
        let router = Router::new().fallback(answer);
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            port,
            asked,
            serving,
        }
    }

    /// What it was asked since the last time.
    pub(crate) fn asked(&self) -> Vec<Value> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

async fn answer(uri: &Uri, answers: Answers, notes: &Mutex<Vec<Value>>) -> Response<Body> {
    let decode = |text: &str| {
        percent_encoding::percent_decode_str(text)
            .decode_utf8_lossy()
            .into_owned()
    };
    let path = uri.path().trim_start_matches("/devstoreaccount1/");
    let is_table = path.ends_with("()");
    let note = if is_table {
        let query = uri.query().unwrap_or_default();
        let parameter = |name: &str| {
            let found = query.split('&').filter_map(|pair| pair.split_once('='));
            let mut found = found.filter(|(known, _)| *known == name);
            found.next().map(|(_, value)| decode(value))
        };
        let top = parameter("$top").map(|top| top.parse::<u64>().unwrap());
        json!({"table": path.trim_end_matches("()"), "filter": parameter("$filter"), "top": top})
    } else {
        json!({"blob": decode(path)})
    };
    notes.lock().unwrap().push(note);
    let (status, body) = match answers {
        Answers::Never => {
            std::future::pending::<()>().await;
            (200, "")
        }
        Answers::Status(status) => (status, ""),
        Answers::Late(pause) => {
            tokio::time::sleep(pause).await;
            (200, r#"{"value":[]}"#)
        }
        Answers::Together(count) => {
            static ASKED: tokio::sync::Semaphore = tokio::sync::Semaphore::const_new(0);
            let asked = notes.lock().unwrap().len();
            if asked >= count {
                ASKED.add_permits(tokio::sync::Semaphore::MAX_PERMITS / 2);
            }
            ASKED.acquire().await.unwrap().forget();
            (200, r#"{"value":[]}"#)
        }
        Answers::Nothing if is_table => (200, r#"{"value":[]}"#),
        Answers::Nothing => (404, ""),
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response
}
