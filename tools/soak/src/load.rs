//! Invocations on many connections at once, each answer checked.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::cases::{self, Case};
use crate::connection::Connection;
use crate::handler::Handler;

/// How long the handler is left alone between one kill and the next.
const LIFETIME: Duration = Duration::from_millis(200);

/// Sends `invocations` on `connections` connections, which must all be answered rightly.
pub(crate) async fn run(port: u16, connections: u64, invocations: u64) -> Result<()> {
    let cases = Arc::new(cases::all());
    let next = Arc::new(AtomicU64::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..connections {
        let (cases, next) = (Arc::clone(&cases), Arc::clone(&next));
        tasks.spawn(async move {
            let mut connection = Connection::open(port).await?;
            loop {
                let turn = next.fetch_add(1, Ordering::Relaxed);
                if turn >= invocations {
                    return Ok(());
                }
                let case = pick(&cases, turn);
                connection.send(&case.request).await?;
                case.check(&connection.receive().await?)?;
            }
        });
    }
    finish(tasks).await
}

/// Kills the handler `rounds` times under load and starts it on the same port. Returns how many
/// answers came; none may be wrong.
pub(crate) async fn killed(program: &Path, connections: u64, rounds: u32) -> Result<u64> {
    let mut handler = Handler::start(program).await?;
    let (load, answers) = persistent(handler.port, connections);
    for _ in 0..rounds {
        sleep(LIFETIME).await;
        let port = handler.port;
        handler.kill().await?;
        handler = Handler::start_on(program, port).await?;
    }
    sleep(LIFETIME).await;
    load.stop().await?;
    handler.terminate().await?;
    let answers = answers.load(Ordering::Relaxed);
    ensure!(answers > u64::from(rounds), "there was no load");
    Ok(answers)
}

/// Ends the handler `rounds` times by SIGTERM under load. Returns how many requests it has decided
/// on; each must have been answered.
pub(crate) async fn terminated(program: &Path, connections: u64, rounds: u32) -> Result<u64> {
    let mut decisions = 0;
    for _ in 0..rounds {
        let handler = Handler::start(program).await?;
        let (load, answers) = persistent(handler.port, connections);
        sleep(LIFETIME).await;
        let decided = handler.terminate().await?;
        load.stop().await?;
        let answered = answers.load(Ordering::Relaxed);
        ensure!(
            answered == decided,
            "{decided} requests were accepted, and {answered} answered"
        );
        decisions += decided;
    }
    Ok(decisions)
}

/// Load that opens a new connection whenever one breaks.
struct Load {
    stop: Arc<AtomicBool>,
    tasks: JoinSet<Result<()>>,
}

impl Load {
    async fn stop(self) -> Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        finish(self.tasks).await
    }
}

/// Starts load that survives broken connections, and counts its answers.
fn persistent(port: u16, connections: u64) -> (Load, Arc<AtomicU64>) {
    let cases = Arc::new(cases::all());
    let stop = Arc::new(AtomicBool::new(false));
    let answers = Arc::new(AtomicU64::new(0));
    let mut tasks = JoinSet::new();
    for number in 0..connections {
        let (cases, stop, answers) = (Arc::clone(&cases), Arc::clone(&stop), Arc::clone(&answers));
        tasks.spawn(async move {
            let mut turn = number;
            while !stop.load(Ordering::Relaxed) {
                let Ok(mut connection) = Connection::open(port).await else {
                    sleep(Duration::from_millis(1)).await;
                    continue;
                };
                while !stop.load(Ordering::Relaxed) {
                    turn += 1;
                    let case = pick(&cases, turn);
                    if connection.send(&case.request).await.is_err() {
                        break;
                    }
                    // A broken connection is no answer; an answer that came whole must be right.
                    let Ok(response) = connection.receive().await else {
                        break;
                    };
                    case.check(&response)?;
                    answers.fetch_add(1, Ordering::Relaxed);
                }
            }
            Ok(())
        });
    }
    (Load { stop, tasks }, answers)
}

/// The cases in turn, large ones seldom.
fn pick(cases: &[Case], turn: u64) -> &Case {
    let large = turn.is_multiple_of(64);
    let candidates = cases
        .iter()
        .filter(|case| large || case.request.len() < 8192);
    let count = candidates.clone().count() as u64;
    let place = usize::try_from((turn / 3) % count).unwrap_or_default();
    candidates.clone().nth(place).unwrap_or(&cases[0])
}

async fn finish(mut tasks: JoinSet<Result<()>>) -> Result<()> {
    while let Some(task) = tasks.join_next().await {
        task?.context("a connection of the load")?;
    }
    Ok(())
}
