//! Reading a request's body within bounds of size and time.

use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;

use actix_web::body::{BodyStream, MessageBody};
use actix_web::rt::time::timeout;
use actix_web::web::{Bytes, Payload};

/// How long a body may take to arrive. The host is on the same machine and has the whole body before it sends the first byte.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Why a body could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadError {
    /// It is larger than the limit. It has been taken to its end and thrown away, so that the sender is ready for the answer.
    TooLarge,
    /// The sender has gone, was too slow, or broke the rules of HTTP.
    Incomplete,
}

/// The whole body, of at most `limit` bytes.
pub(crate) async fn read(payload: Payload, limit: usize) -> Result<Bytes, ReadError> {
    timeout(TIMEOUT, collect(payload, limit))
        .await
        .unwrap_or(Err(ReadError::Incomplete))
}

async fn collect(payload: Payload, limit: usize) -> Result<Bytes, ReadError> {
    let mut stream = pin!(BodyStream::new(payload));
    let mut next = async || poll_fn(|context| stream.as_mut().poll_next(context)).await;
    let mut whole = Vec::new();
    while let Some(chunk) = next().await {
        let chunk = chunk.map_err(|_| ReadError::Incomplete)?;
        if whole.len() + chunk.len() > limit {
            drop(whole);
            while let Some(chunk) = next().await {
                chunk.map_err(|_| ReadError::Incomplete)?;
            }
            return Err(ReadError::TooLarge);
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.into())
}
