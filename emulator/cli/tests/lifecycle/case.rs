//! The shape of `lifecycle.json`: a case's app, its steps, and what was seen under the real host.
//!
//! A member that isn't known here fails its case, so that no expectation is passed over.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Debug, Deserialize)]
pub(crate) struct Corpus {
    pub(crate) defaults: Defaults,
    /// Read one by one: a case that can't be read costs no other one.
    pub(crate) cases: Vec<Value>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Defaults {
    #[serde(rename = "function.json")]
    pub(crate) function_json: Value,
    pub(crate) files: BTreeMap<String, File>,
    pub(crate) env: BTreeMap<String, Option<String>>,
    pub(crate) functions: Vec<Function>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) id: String,
    #[serde(rename = "area")]
    _area: String,
    pub(crate) host_json: Value,
    #[serde(default)]
    pub(crate) functions: Option<Vec<Function>>,
    #[serde(default)]
    pub(crate) files: BTreeMap<String, File>,
    #[serde(default)]
    pub(crate) env: BTreeMap<String, Option<String>>,
    #[serde(default)]
    pub(crate) control: Map<String, Value>,
    #[serde(default)]
    pub(crate) steps: Vec<Step>,
    pub(crate) expect: Expect,
    #[serde(rename = "note", default)]
    _note: String,
    /// How many times faster idle connections come to their end than they did under the real host.
    #[serde(skip, default = "real_time")]
    pub(crate) pace: u32,
}

fn real_time() -> u32 {
    1
}

impl Case {
    /// The same case with all idleness that many times shorter: its pauses, the handler's limit and
    /// the host's.
    pub(crate) fn at_pace(mut self, pace: u32) -> Self {
        self.pace = pace;
        let factor = f64::from(pace);
        self.steps.iter_mut().for_each(|step| step.hurry(factor));
        if let Some(idle) = self.control.get_mut("idle_close") {
            *idle = (idle.as_f64().unwrap() / factor).into();
        }
        let range = &mut self.expect.closed_by_host_after_idle;
        *range = range.map(|(from, to)| (from / factor, to / factor));
        self
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Function {
    Name(String),
    Routed { name: String, route: String },
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    #[serde(default)]
    pub(crate) text: Option<String>,
    #[serde(default)]
    pub(crate) puppet: bool,
    #[serde(default)]
    pub(crate) mode: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Step {
    Call {
        #[serde(default)]
        body: Value,
        #[serde(default)]
        path: Option<String>,
        #[serde(default)]
        background: bool,
        #[serde(default)]
        times: Option<usize>,
        #[serde(default)]
        gap: f64,
        #[serde(default)]
        timeout: Option<f64>,
    },
    Wait {
        seconds: f64,
    },
    /// To the handler that runs.
    Kill {
        signal: i32,
    },
    SignalHost {
        signal: i32,
    },
    Write {
        path: String,
        #[serde(default)]
        text: Option<String>,
        #[serde(default)]
        merge: Option<Value>,
    },
    Replace {
        path: String,
    },
    Raw {
        request: String,
    },
    Repeat {
        times: usize,
        steps: Vec<Step>,
    },
}

impl Step {
    /// Makes its pauses shorter.
    fn hurry(&mut self, factor: f64) {
        match self {
            Self::Wait { seconds } => *seconds /= factor,
            Self::Repeat { steps, .. } => steps.iter_mut().for_each(|step| step.hurry(factor)),
            _ => {}
        }
    }

    /// How long it takes at least.
    pub(crate) fn seconds(&self) -> f64 {
        match self {
            Self::Wait { seconds } => *seconds,
            Self::Call {
                timeout: Some(limit),
                background: false,
                ..
            } => *limit,
            #[expect(clippy::cast_precision_loss, reason = "a handful of times")]
            Self::Repeat { times, steps } => {
                *times as f64 * steps.iter().map(Self::seconds).sum::<f64>()
            }
            _ => 0.0,
        }
    }
}

/// From, to.
pub(crate) type Range = (f64, f64);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    // The process.
    pub(crate) starts: Option<usize>,
    pub(crate) start_gaps: Option<Vec<Range>>,
    pub(crate) argv: Option<Vec<String>>,
    pub(crate) cwd: Option<String>,
    pub(crate) env: Option<BTreeMap<String, String>>,
    pub(crate) env_added: Option<Vec<String>>,
    pub(crate) env_lost: Option<Vec<String>>,
    pub(crate) env_equal: Option<Vec<(String, String)>>,
    pub(crate) stdout: Option<String>,
    pub(crate) stderr: Option<String>,
    pub(crate) blocked_signals: Option<u64>,
    pub(crate) same_process_group_as_host: Option<bool>,
    pub(crate) mode_after: Option<String>,
    pub(crate) same_port: Option<bool>,
    pub(crate) new_worker_id: Option<bool>,
    pub(crate) port_is_not: Option<u16>,
    pub(crate) handler_signals: Option<Vec<i32>>,
    pub(crate) handler_ended_by: Option<String>,
    pub(crate) child: Option<String>,
    pub(crate) bind_failed: Option<usize>,

    // What reached it.
    pub(crate) ready: Option<bool>,
    pub(crate) ready_after: Option<Range>,
    pub(crate) pings: Option<usize>,
    pub(crate) accepts: Option<usize>,
    pub(crate) requests_seen: Option<usize>,
    pub(crate) connections_max: Option<u64>,
    pub(crate) connections_opened: Option<usize>,
    pub(crate) closed_by_host_after_idle: Option<Range>,
    /// `null` means something else than that nothing is said.
    #[serde(default, deserialize_with = "said")]
    pub(crate) arrived: Option<Value>,

    // What the callers got.
    pub(crate) calls: Option<Vec<ExpectedCall>>,
    pub(crate) calls_any: Option<BTreeMap<String, Count>>,
    pub(crate) answer: Option<ExpectedAnswer>,

    // The log.
    pub(crate) log: Option<Vec<ExpectedRecord>>,
    pub(crate) log_none: Option<Vec<ExpectedRecord>>,
    pub(crate) records: Option<Vec<ExpectedRecord>>,
    pub(crate) records_count: Option<usize>,
    pub(crate) order: Option<String>,

    // The host.
    pub(crate) host: Option<HostState>,
    pub(crate) host_exit: Option<i32>,
    pub(crate) host_ends_within: Option<Range>,
    /// `null`: it is in the error state, whatever it says of it.
    pub(crate) status_error: Option<String>,
}

fn said<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum HostState {
    Running,
    Stopped,
    Error,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Count {
    Exactly(usize),
    Between(usize, usize),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectedCall {
    pub(crate) status: Option<u16>,
    pub(crate) body: Option<String>,
    pub(crate) body_starts: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) pending_at_least: Option<f64>,
    pub(crate) took: Option<Range>,
    pub(crate) times: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectedAnswer {
    pub(crate) status: u16,
    #[serde(default)]
    pub(crate) headers: Vec<String>,
    pub(crate) body: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExpectedRecord {
    pub(crate) level: Option<String>,
    pub(crate) category: Option<String>,
    pub(crate) event: Option<u32>,
    pub(crate) text: Option<String>,
    /// `start`: the text is how the record's text starts.
    #[serde(rename = "match")]
    pub(crate) matching: Option<String>,
    /// How the exception's text starts.
    pub(crate) exception: Option<String>,
    pub(crate) times: Option<usize>,
    /// The text's length instead of the text.
    pub(crate) length: Option<usize>,
}
