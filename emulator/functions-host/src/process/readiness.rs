//! Waiting until the handler answers `GET /`.
//!
//! Any answer will do, whatever its status, and one that breaks off as well. A refused connection
//! means that the handler isn't listening yet. `initializationTimeout` counts the pauses between
//! two questions, not the time that a question takes. Source: `HttpFunctionInvocationDispatcher`
//! and `DefaultHttpWorkerService` of <https://github.com/Azure/azure-functions-host>.

use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use crate::answer::violation::Violation;
use crate::client::HandlerClient;
use crate::invoke::record::Record;

/// How often the host asks.
const INTERVAL: Duration = Duration::from_millis(25);
/// Another address of this machine that only it can reach. A server on 127.0.0.1 alone doesn't
/// answer here.
const OTHER_LOOPBACK: &str = "127.0.0.2";

/// How long the host waits for what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// For the handler to listen.
    pub(crate) initialization_timeout: Duration,
    /// For an answer, once it listens; `None` when there is no limit.
    pub(crate) answer_timeout: Option<Duration>,
    /// An answer that takes longer is worth a word.
    pub(crate) slow: Duration,
}

/// Waits until the handler is there; `false` when it took too long.
pub(crate) async fn wait(client: &HandlerClient, limits: Limits, record: &Record) -> bool {
    let mut paused = Duration::ZERO;
    loop {
        let asked = Instant::now();
        let answer = ask(client, limits, record);
        let answer = match limits.answer_timeout {
            None => answer.await,
            Some(limit) => match timeout(limit, answer).await {
                Ok(answer) => answer,
                Err(_) => return false,
            },
        };
        match answer {
            Ok(()) => {
                let took = asked.elapsed();
                if took > limits.slow {
                    record.violation(Violation::SlowReadiness { took });
                }
                return true;
            }
            Err(error) if error.refused => {}
            Err(error) => {
                record.violation(Violation::BrokenReadiness {
                    detail: error.detail,
                });
                return true;
            }
        }
        if paused >= limits.initialization_timeout {
            return false;
        }
        sleep(INTERVAL).await;
        paused += INTERVAL;
    }
}

/// Asks once, and says when there is no answer for long.
async fn ask(
    client: &HandlerClient,
    limits: Limits,
    record: &Record,
) -> Result<(), crate::client::ClientError> {
    let answer = client.get_root();
    tokio::pin!(answer);
    let unusual = limits.slow.max(Duration::from_secs(1));
    if let Ok(answer) = timeout(unusual, &mut answer).await {
        return answer;
    }
    record.violation(Violation::SilentReadiness { waited: unusual });
    answer.await
}

/// Looks whether the handler listens on more than 127.0.0.1. Only Linux has the other address
/// without being told to.
pub(crate) async fn check_address(port: u16, record: &Record) {
    if cfg!(target_os = "linux") && TcpStream::connect((OTHER_LOOPBACK, port)).await.is_ok() {
        record.violation(Violation::ListensBeyondLoopback { port });
    }
}
