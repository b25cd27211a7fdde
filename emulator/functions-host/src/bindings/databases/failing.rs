//! A database that the file of rows lets fail, as a real one may.
//!
//! It fails at once where a real client first waits or tries again; only `silent` takes its time,
//! which is all that `functionTimeout` leaves. The messages for SQL are from its documentation and
//! were not captured:
//! <https://learn.microsoft.com/azure/azure-sql/database/troubleshoot-common-errors-issues>.

use serde::Deserialize;
use uuid::Uuid;

use crate::bindings::error::BindingError;

/// How a database fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Failing {
    /// It knows the app, and lets it read nothing.
    Refused,
    /// It has too much to do.
    Throttled,
    /// It answers that it is not available.
    Unavailable,
    /// Nobody listens.
    Down,
    /// It accepts a connection and never answers.
    Silent,
}

impl Failing {
    /// What a read of Cosmos DB comes to; `endpoint` is the account's, as `HOST:PORT`.
    pub(super) async fn fail_cosmos_db(self, endpoint: &str) -> BindingError {
        let (status, substatus, reason) = match self {
            Self::Refused => (
                "Forbidden (403)",
                5300,
                "the principal has no permission to read here",
            ),
            Self::Throttled => ("TooManyRequests (429)", 3200, "the request rate is large"),
            Self::Unavailable => ("ServiceUnavailable (503)", 0, "no message"),
            Self::Down => return BindingError::connection_refused(endpoint),
            Self::Silent => return std::future::pending().await,
        };
        let activity = Uuid::new_v4();
        BindingError::cosmos_db(format_args!(
            "Response status code does not indicate success: {status}; Substatus: {substatus}; \
             ActivityId: {activity}; Reason: ({reason});"
        ))
    }

    /// What a command to SQL comes to.
    pub(super) async fn fail_sql(self) -> BindingError {
        BindingError::sql(match self {
            Self::Refused => "Login failed for user '<token-identified principal>'.",
            Self::Throttled => "The service is currently busy. Retry the request after 10 seconds.",
            Self::Unavailable => {
                "The database is not currently available. Please retry the connection later."
            }
            Self::Down => {
                "A network-related or instance-specific error occurred while establishing a \
                 connection to SQL Server."
            }
            Self::Silent => return std::future::pending().await,
        })
    }
}
