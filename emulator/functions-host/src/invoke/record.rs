//! What happened so far: the handler's lines, the violations, and the keys that must not appear in
//! either.
//!
//! Everything that happens passes through here, so that it is kept, told to whoever listens, and
//! searched for keys in one place.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;

use crate::answer::violation::Violation;
use crate::invoke::invocation::Invocation;
use crate::log::record::{LogRecord, LogSource};
use crate::process::console::{HandlerLine, Stream};
use crate::process::exit::HandlerExit;

/// So many lines are kept, the latest ones.
const KEPT_LINES: usize = 100_000;

/// Something that happened.
#[derive(Clone, Debug)]
pub enum HostEvent {
    /// A handler process was started.
    Started {
        /// Its process id.
        pid: u32,
        /// Where it is to listen.
        port: u16,
    },
    /// It answered `GET /`.
    Ready,
    /// It printed a line. A record of the host's log follows.
    Line(HandlerLine),
    /// The host wrote a record of its log.
    Logged(LogRecord),
    /// It ended.
    Ended(HandlerExit),
    /// It broke the protocol.
    Violation(Violation),
    /// A function was invoked and the caller has got the response.
    Invoked(Box<Invocation>),
}

/// The record of one host.
#[derive(Debug)]
pub(crate) struct Record {
    kept: Mutex<Kept>,
    changed: watch::Sender<()>,
    events: Option<UnboundedSender<HostEvent>>,
}

#[derive(Default)]
struct Kept {
    lines: VecDeque<HandlerLine>,
    log: VecDeque<LogRecord>,
    violations: Vec<Violation>,
    keys: HashSet<String>,
}

/// Shows no key.
impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept").finish_non_exhaustive()
    }
}

impl Record {
    pub(crate) fn new(events: Option<UnboundedSender<HostEvent>>) -> Self {
        Self {
            kept: Mutex::default(),
            changed: watch::Sender::new(()),
            events,
        }
    }

    /// Keeps a line of the handler, and the violations in it.
    pub(crate) fn line(&self, line: HandlerLine, worker_id: &str) {
        let place = match line.stream {
            Stream::Stdout => "a line on stdout",
            Stream::Stderr => "a line on stderr",
        };
        let leaks = self.has_key(&line.text);
        {
            let mut kept = self.kept();
            if kept.lines.len() == KEPT_LINES {
                kept.lines.pop_front();
            }
            kept.lines.push_back(line.clone());
        }
        self.tell(HostEvent::Line(line.clone()));
        let category = line.channel.category(worker_id);
        let record = LogRecord::new(line.level, category, line.text.clone());
        self.log(record.from(LogSource::Handler));
        if line.stream == Stream::Stderr {
            self.violation(Violation::StderrLine {
                level: line.level,
                text: line.text,
            });
        }
        if leaks {
            self.violation(Violation::KeyInLog { place });
        }
    }

    /// Writes a record of the host's log.
    pub(crate) fn log(&self, record: LogRecord) {
        {
            let mut kept = self.kept();
            if kept.log.len() == KEPT_LINES {
                kept.log.pop_front();
            }
            kept.log.push_back(record.clone());
        }
        self.tell(HostEvent::Logged(record));
    }

    pub(crate) fn violation(&self, violation: Violation) {
        self.kept().violations.push(violation.clone());
        self.tell(HostEvent::Violation(violation));
    }

    /// Tells listeners, and wakes those who wait for a change.
    pub(crate) fn tell(&self, event: HostEvent) {
        if let Some(events) = &self.events {
            // Nobody listens any more: then nobody needs to know.
            let _ = events.send(event);
        }
        self.changed.send_replace(());
    }

    /// Looks out for a key from now on.
    pub(crate) fn guard(&self, key: &str) {
        self.kept().keys.insert(key.to_owned());
    }

    /// Whether a text holds one of the keys.
    pub(crate) fn has_key(&self, text: &str) -> bool {
        self.kept()
            .keys
            .iter()
            .any(|key| text.contains(key.as_str()))
    }

    pub(crate) fn lines(&self) -> Vec<HandlerLine> {
        self.kept().lines.iter().cloned().collect()
    }

    pub(crate) fn log_records(&self) -> Vec<LogRecord> {
        self.kept().log.iter().cloned().collect()
    }

    pub(crate) fn violations(&self) -> Vec<Violation> {
        self.kept().violations.clone()
    }

    /// Changes are seen by who subscribes before looking.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
