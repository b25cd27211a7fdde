//! Reading a request's body within bounds of size, time and memory.

use std::future::poll_fn;
use std::ops::Deref;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::body::{BodyStream, MessageBody};
use actix_web::rt::time::timeout;
use actix_web::web::Payload;

/// How long a body may take to arrive, and how long one that is not wanted is taken before it is
/// answered. The host is on the same machine and has the whole body before it sends the first byte.
/// Both fit into the `functionTimeout` of `host.json`, at which the host would kill the process.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How many bytes of bodies that are still arriving or being looked at the process holds at the
/// most: 64 MiB, thousands of ordinary invocations.
static BUDGET: MemoryBudget = MemoryBudget::new(64 << 20);

/// Why a body could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// It is larger than the limit.
    TooLarge,
    /// Other requests hold all the memory there is for bodies.
    OverBudget,
    /// The sender has gone, was too slow, or broke the rules of HTTP.
    Incomplete,
}

/// The whole body, of at most `limit` bytes.
///
/// # Errors
/// When it is larger, the budget is spent, or it does not arrive.
pub async fn read(payload: Payload, limit: usize) -> Result<Body, ReadError> {
    let mut stream = pin!(BodyStream::new(payload));
    let mut next = async || {
        let chunk = poll_fn(|context| stream.as_mut().poll_next(context)).await;
        chunk.transpose().map_err(|_| ReadError::Incomplete)
    };
    let collect = async {
        let mut body = Body::new(&BUDGET);
        while let Some(chunk) = next().await? {
            body.push(&chunk, limit)?;
        }
        Ok(body)
    };
    let body = timeout(TIMEOUT, collect)
        .await
        .unwrap_or(Err(ReadError::Incomplete));
    if matches!(body, Err(ReadError::TooLarge | ReadError::OverBudget)) {
        // A client that is still sending does not read the response, so the rest is drained first.
        let rest = async { while let Ok(Some(_)) = next().await {} };
        let _ = timeout(TIMEOUT, rest).await;
    }
    body
}

/// A body in memory. It takes its part of the budget until it is dropped.
#[derive(Debug)]
pub struct Body {
    bytes: Vec<u8>,
    budget: &'static MemoryBudget,
}

impl Body {
    fn new(budget: &'static MemoryBudget) -> Self {
        let bytes = Vec::new();
        Self { bytes, budget }
    }

    fn push(&mut self, chunk: &[u8], limit: usize) -> Result<(), ReadError> {
        if self.bytes.len() + chunk.len() > limit {
            return Err(ReadError::TooLarge);
        }
        if !self.budget.take(chunk.len()) {
            return Err(ReadError::OverBudget);
        }
        self.bytes.extend_from_slice(chunk);
        Ok(())
    }
}

impl Deref for Body {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        self.budget.give_back(self.bytes.len());
    }
}

/// Memory that bodies share, in bytes.
#[derive(Debug)]
struct MemoryBudget {
    free: AtomicUsize,
}

impl MemoryBudget {
    const fn new(bytes: usize) -> Self {
        Self {
            free: AtomicUsize::new(bytes),
        }
    }

    fn take(&self, bytes: usize) -> bool {
        let taken = self
            .free
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |free| {
                free.checked_sub(bytes)
            });
        taken.is_ok()
    }

    fn give_back(&self, bytes: usize) {
        self.free.fetch_add(bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_takes_its_part_of_the_budget_until_it_is_dropped() {
        static BUDGET: MemoryBudget = MemoryBudget::new(10);
        let mut first = Body::new(&BUDGET);
        let mut second = Body::new(&BUDGET);
        assert_eq!(first.push(b"abcdef", 8), Ok(()));
        assert_eq!(first.push(b"ghi", 8), Err(ReadError::TooLarge));
        assert_eq!(second.push(b"12345", 8), Err(ReadError::OverBudget));
        assert_eq!(second.push(b"1234", 8), Ok(()));
        assert_eq!((&*first, &*second), (&b"abcdef"[..], &b"1234"[..]));
        drop(first);
        assert_eq!(second.push(b"5678", 8), Ok(()));
        drop(second);
        assert_eq!(BUDGET.free.load(Ordering::Relaxed), 10);
    }

    #[test]
    fn a_body_may_have_as_many_bytes_as_the_limit_says() {
        static BUDGET: MemoryBudget = MemoryBudget::new(100);
        let mut body = Body::new(&BUDGET);
        assert_eq!(body.push(b"abc", 4), Ok(()));
        assert_eq!(body.push(b"d", 4), Ok(()));
        assert_eq!(body.push(b"e", 4), Err(ReadError::TooLarge));
    }
}
