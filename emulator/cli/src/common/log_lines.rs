//! The host's log as lines of JSON, for programs: one object a line, whose `kind` says what it is.
//!
//! | `kind` | members |
//! |---|---|
//! | `listening` | `address` |
//! | `record` | `level`, `category`, `event`, `text`, `exception`: a record of the log, as the real host writes it |
//! | `violation` | `sentence` |
//! | `invocation` | `id`, `method`, `path`, `function`, `status`, `milliseconds` |

use std::net::SocketAddr;

use functions_host::{HostEvent, Invocation, LogRecord};
use serde_json::{Value, json};

/// Where the host listens.
pub(crate) fn listening(address: SocketAddr) {
    print(&json!({"kind": "listening", "address": address.to_string()}));
}

/// What happened, if it has a line.
pub(crate) fn event(event: &HostEvent) {
    match event {
        HostEvent::Logged(record) => print(&of_record(record)),
        HostEvent::Violation(violation) => {
            print(&json!({"kind": "violation", "sentence": violation.to_string()}));
        }
        HostEvent::Invoked(invocation) => print(&of_invocation(invocation)),
        HostEvent::Started { .. } | HostEvent::Ready | HostEvent::Line(_) | HostEvent::Ended(_) => {
        }
    }
}

fn of_record(record: &LogRecord) -> Value {
    json!({
        "kind": "record",
        "level": record.level.to_string(),
        "category": record.category,
        "event": record.event_id,
        "text": record.text,
        "exception": record.exception,
    })
}

fn of_invocation(invocation: &Invocation) -> Value {
    json!({
        "kind": "invocation",
        "id": invocation.id,
        "method": invocation.method,
        "path": invocation.path,
        "function": invocation.function,
        "status": invocation.response.status,
        "milliseconds": u64::try_from(invocation.duration.as_millis()).unwrap_or(u64::MAX),
    })
}

fn print(line: &Value) {
    anstream::println!("{line}");
}
