//! What happens to a process of the puppet, written down as it happens.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::{LazyLock, Mutex};
use std::time::SystemTime;

use serde_json::{Value, json};

pub(crate) static ROOT: LazyLock<PathBuf> =
    LazyLock::new(|| std::env::var_os("FUNCTIONS_APP_ROOT_PATH").unwrap().into());
/// How many processes there were before this one.
pub(crate) static GENERATION: LazyLock<usize> = LazyLock::new(|| {
    let events = std::fs::read_to_string(ROOT.join("events.jsonl")).unwrap_or_default();
    events.matches(r#""what":"start""#).count()
});
static EVENTS: LazyLock<Mutex<File>> = LazyLock::new(|| {
    let mut options = File::options();
    let file = options.append(true).create(true);
    Mutex::new(file.open(ROOT.join("events.jsonl")).unwrap())
});

pub(crate) fn circumstances() -> Value {
    let read = |file: &str| std::fs::read(file).unwrap();
    let command_line = String::from_utf8_lossy(&read("/proc/self/cmdline")).into_owned();
    let argv: Vec<&str> = command_line.trim_end_matches('\0').split('\0').collect();
    let status = String::from_utf8_lossy(&read("/proc/self/status")).into_owned();
    let status: HashMap<&str, &str> = status
        .lines()
        .filter_map(|line| line.split_once(":\t"))
        .collect();
    let descriptors = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
    let descriptors: HashMap<String, String> = descriptors
        .filter_map(|entry| {
            let target = std::fs::read_link(entry.path()).ok()?;
            let name = entry.file_name().to_string_lossy().into_owned();
            Some((name, target.to_string_lossy().into_owned()))
        })
        .collect();
    let group = rustix::process::getpgid(None).unwrap();
    json!({
        "argv": argv,
        "cwd": std::env::current_dir().unwrap(),
        "env": std::env::vars().collect::<HashMap<_, _>>(),
        "fds": descriptors,
        "ppid": std::os::unix::process::parent_id(),
        "pgid": group.as_raw_nonzero().get(),
        "sig": {"SigBlk": status["SigBlk"], "SigIgn": status["SigIgn"], "SigCgt": status["SigCgt"]},
        "umask": status.get("Umask"),
    })
}

/// Writes down what happened.
pub(crate) fn record(what: &str, more: Value) {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let mut event = json!({
        "t": now.unwrap().as_secs_f64(), "pid": std::process::id(), "gen": *GENERATION, "what": what,
    });
    let Value::Object(more) = more else { return };
    event.as_object_mut().unwrap().extend(more);
    EVENTS
        .lock()
        .unwrap()
        .write_all(format!("{event}\n").as_bytes())
        .unwrap();
}
