//! Waiting until the handler answers `GET /`.
//!
//! Any answer will do, whatever its status. A refused connection means that the handler isn't listening yet.
//! Source: `HttpFunctionInvocationDispatcher` and `DefaultHttpWorkerService` of <https://github.com/Azure/azure-functions-host>.

use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout_at};

use crate::answer::violation::Violation;
use crate::invoke::client::HandlerClient;
use crate::invoke::record::Record;

/// How often the host asks.
const INTERVAL: Duration = Duration::from_millis(25);
/// Another address of this machine that only it can reach. A server on 127.0.0.1 alone doesn't answer here.
const OTHER_LOOPBACK: &str = "127.0.0.2";

/// Waits until the handler is there; `false` when it took longer than `initialization_timeout`.
pub(crate) async fn wait(
    client: &HandlerClient,
    initialization_timeout: Duration,
    slow: Duration,
    record: &Record,
) -> bool {
    let deadline = Instant::now() + initialization_timeout;
    loop {
        let asked = Instant::now();
        match timeout_at(deadline, client.get_root()).await {
            Ok(Ok(())) => {
                let took = asked.elapsed();
                if took > slow {
                    record.violation(Violation::SlowReadiness { took });
                }
                return true;
            }
            Ok(Err(error)) if error.refused => {}
            Ok(Err(error)) => {
                record.violation(Violation::BrokenReadiness {
                    detail: error.detail,
                });
                return true;
            }
            Err(_) => return false,
        }
        if Instant::now() + INTERVAL > deadline {
            return false;
        }
        sleep(INTERVAL).await;
    }
}

/// Looks whether the handler listens on more than 127.0.0.1. Only Linux has the other address without being told to.
pub(crate) async fn check_address(port: u16, record: &Record) {
    if cfg!(target_os = "linux") && TcpStream::connect((OTHER_LOOPBACK, port)).await.is_ok() {
        record.violation(Violation::ListensBeyondLoopback { port });
    }
}
