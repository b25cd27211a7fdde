//! Clients that break off, dawdle, pile up requests, or say nothing.

use std::time::Duration;

use anyhow::Result;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::cases;
use crate::connection::Connection;

/// How many requests are cut off.
pub(crate) const CUT: usize = 1000;
/// How many clients send a byte at a time.
pub(crate) const SLOW: usize = 8;
/// How many connections send a request of every small case at once.
pub(crate) const PIPELINES: usize = 50;
/// How many connections stay silent, and then are used.
pub(crate) const IDLE: usize = 500;

/// Runs all of them at once. The slow ones and the idle ones take `seconds`.
pub(crate) async fn run(port: u16, seconds: u64) -> Result<()> {
    tokio::try_join!(
        cut(port),
        slow(port, seconds),
        pipeline(port),
        idle(port, seconds)
    )?;
    Ok(())
}

/// Sends the start of a request, of many lengths, and goes away.
async fn cut(port: u16) -> Result<()> {
    let cases = cases::all();
    for number in 0..CUT {
        let request = &cases[number % cases.len()].request;
        let mut connection = Connection::open(port).await?;
        connection
            .send(&request[..number * 7 % request.len()])
            .await?;
    }
    Ok(())
}

/// Sends the last bytes of a request one at a time.
async fn slow(port: u16, seconds: u64) -> Result<()> {
    let mut clients = JoinSet::new();
    for number in 0..SLOW {
        clients.spawn(async move {
            let cases = cases::all();
            let case = &cases[number];
            let tail = usize::try_from(seconds)?;
            // Half of them dawdle within the body, and half within the head.
            let start = if number % 2 == 0 {
                case.request.len() - tail
            } else {
                10
            };
            let mut connection = Connection::open(port).await?;
            connection.send(&case.request[..start]).await?;
            for byte in &case.request[start..start + tail] {
                connection.send(&[*byte]).await?;
                sleep(Duration::from_secs(1)).await;
            }
            connection.send(&case.request[start + tail..]).await?;
            case.check(&connection.receive().await?)
        });
    }
    while let Some(client) = clients.join_next().await {
        client??;
    }
    Ok(())
}

/// Sends a request of every small case before reading the first answer.
async fn pipeline(port: u16) -> Result<()> {
    let cases = cases::all();
    for _ in 0..PIPELINES {
        let mut connection = Connection::open(port).await?;
        // The malformed envelope is the last case; after it nothing is asked of the connection.
        let cases = cases.iter().filter(|case| case.request.len() < 8192);
        let requests: Vec<u8> = cases
            .clone()
            .flat_map(|case| case.request.iter().copied())
            .collect();
        connection.send(&requests).await?;
        for case in cases {
            case.check(&connection.receive().await?)?;
        }
    }
    Ok(())
}

/// Opens connections ahead, as HTTP clients do, and uses them later.
async fn idle(port: u16, seconds: u64) -> Result<()> {
    let cases = cases::all();
    let mut connections = Vec::new();
    for _ in 0..IDLE {
        connections.push(Connection::open(port).await?);
    }
    sleep(Duration::from_secs(seconds)).await;
    for (number, mut connection) in connections.into_iter().enumerate() {
        let case = &cases[number % cases.len()];
        connection.send(&case.request).await?;
        case.check(&connection.receive().await?)?;
    }
    Ok(())
}
