//! The state of a host that goes on.

use crate::host::FunctionsHost;

/// What state the host is in.
#[derive(Clone, Debug)]
pub enum HostState {
    /// The app is being loaded.
    Starting,
    /// The app is there, and its handler is started.
    Running(FunctionsHost),
    /// The app can't be started, for this reason; it is tried again. Every caller gets 503.
    Error(String),
    /// The host is to end. What is in flight may end before it.
    Stopping(Option<FunctionsHost>),
    /// It has ended.
    Stopped,
}
