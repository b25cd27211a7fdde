//! Waiting for somebody to save a file.
//!
//! Files are looked at several times a second rather than watched by the system: it is the same on
//! every system, over every mount, and whatever an editor does to replace a file.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

const PAUSE: Duration = Duration::from_millis(200);

/// When each file was written, and how long it is.
type Seen = BTreeMap<PathBuf, (Option<SystemTime>, u64)>;

/// The JSON files of an app, and others.
#[derive(Debug)]
pub(crate) struct Saves {
    app: PathBuf,
    others: Vec<PathBuf>,
    seen: Seen,
}

impl Saves {
    /// Looks at the files as they are now.
    pub(crate) fn of(app: &Path, others: Vec<PathBuf>) -> Self {
        let mut saves = Self {
            app: app.to_owned(),
            others,
            seen: Seen::new(),
        };
        saves.seen = saves.look();
        saves
    }

    /// Waits until a file is another one than when it was last looked at, and is written to its
    /// end.
    pub(crate) async fn next(&mut self) {
        let mut last = self.look();
        loop {
            tokio::time::sleep(PAUSE).await;
            let now = self.look();
            // What still changes is being written.
            if now != self.seen && now == last {
                self.seen = now;
                return;
            }
            last = now;
        }
    }

    fn look(&self) -> Seen {
        let is_json = |path: &PathBuf| path.extension().is_some_and(|found| found == "json");
        let entries = || std::fs::read_dir(&self.app).into_iter().flatten().flatten();
        let beside = entries().map(|entry| entry.path()).filter(is_json);
        let functions = entries().map(|entry| entry.path().join("function.json"));
        let others = self.others.iter().cloned();
        beside
            .chain(functions)
            .chain(others)
            .filter_map(|path| {
                let found = std::fs::metadata(&path).ok().filter(Metadata::is_file)?;
                Some((path, (found.modified().ok(), found.len())))
            })
            .collect()
    }
}
