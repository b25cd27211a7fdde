//! Ctrl+C, and the signals by which others ask a program to end.

use std::io;

/// Caught from the call on, and not only once it is waited for.
///
/// # Errors
/// When signals can't be caught.
pub(crate) fn interrupted() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut interrupts = Interrupts::catch()?;
    Ok(async move { interrupts.next().await })
}

/// SIGINT, SIGTERM and SIGQUIT. What was ignored when the emulator was started stays ignored, for
/// the handler as well.
#[cfg(unix)]
pub(crate) struct Interrupts(Vec<tokio::signal::unix::Signal>);

#[cfg(unix)]
impl Interrupts {
    /// Catches them from now on.
    ///
    /// # Errors
    /// When the system doesn't allow it.
    pub(crate) fn catch() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let kinds = [
            SignalKind::interrupt(),
            SignalKind::terminate(),
            SignalKind::quit(),
        ];
        let signals = kinds.into_iter().filter(|kind| !is_ignored(*kind));
        signals.map(signal).collect::<io::Result<_>>().map(Self)
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) {
        std::future::poll_fn(|context| {
            let mut signals = self.0.iter_mut();
            if signals.any(|signal| signal.poll_recv(context).is_ready()) {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        })
        .await;
    }
}

/// Whether the process ignores a signal, as one in the background of a shell script does. Only
/// Linux tells.
#[cfg(unix)]
fn is_ignored(kind: tokio::signal::unix::SignalKind) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut lines = status.lines();
    let mask = lines.find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & (1 << (kind.as_raw_value() - 1)) != 0)
}

/// Ctrl+C.
#[cfg(windows)]
pub(crate) struct Interrupts(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Interrupts {
    /// Catches it from now on.
    ///
    /// # Errors
    /// When the system doesn't allow it.
    pub(crate) fn catch() -> io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) {
        self.0.recv().await;
    }
}
