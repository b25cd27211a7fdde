//! The files whose change makes the host start its app anew: `host.json`, each `function.json`,
//! folders that come and go, and `app_offline.htm`, which ends it.
//!
//! They are looked at several times a second; an app has few of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tokio::time::sleep;

/// How often the host looks.
const INTERVAL: Duration = Duration::from_millis(200);
/// While this file is there, the app is offline.
const OFFLINE: &str = "app_offline.htm";

/// What the files were like when the host last looked.
#[derive(Debug)]
pub(super) struct Files {
    root: PathBuf,
    seen: BTreeMap<PathBuf, Mark>,
}

/// What tells one content from another.
type Mark = Option<(SystemTime, u64)>;

/// A change, of which one is enough.
#[derive(Debug)]
pub(super) struct Change {
    path: PathBuf,
    kind: &'static str,
}

impl Change {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// As the real host calls it.
    pub(super) fn kind(&self) -> &'static str {
        self.kind
    }

    pub(super) fn takes_the_app_offline(&self) -> bool {
        self.path.ends_with(OFFLINE) && self.kind != "Deleted"
    }
}

impl Files {
    /// Looks at the files of the app below `root`.
    pub(super) fn look(root: &Path) -> Self {
        // The log of the real host has the whole path.
        let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
        Self {
            seen: marks(&root),
            root,
        }
    }

    /// Waits for a change, and until it is complete.
    pub(super) async fn changed(&mut self) -> Change {
        loop {
            sleep(INTERVAL).await;
            let mut now = marks(&self.root);
            let Some(change) = difference(&self.seen, &now) else {
                continue;
            };
            // Whoever writes a file may need a moment.
            loop {
                sleep(INTERVAL).await;
                let later = marks(&self.root);
                if later == now {
                    self.seen = now;
                    return change;
                }
                now = later;
            }
        }
    }
}

fn marks(root: &Path) -> BTreeMap<PathBuf, Mark> {
    let mut marks = BTreeMap::new();
    let mut add = |path: PathBuf| {
        if let Ok(metadata) = path.metadata() {
            let mark = metadata.modified().ok();
            marks.insert(path, mark.map(|modified| (modified, metadata.len())));
        }
    };
    add(root.join("host.json"));
    add(root.join(OFFLINE));
    for entry in std::fs::read_dir(root).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            add(entry.path().join("function.json"));
        }
    }
    let folders = std::fs::read_dir(root).into_iter().flatten().flatten();
    let folders = folders
        .map(|entry| entry.path())
        .filter(|path| path.is_dir());
    // What a folder holds is of no interest, only that it is there.
    marks.extend(folders.map(|folder| (folder, None)));
    marks
}

fn difference(before: &BTreeMap<PathBuf, Mark>, now: &BTreeMap<PathBuf, Mark>) -> Option<Change> {
    let change = |path: &PathBuf, kind| Change {
        path: path.clone(),
        kind,
    };
    let changed = now.iter().find_map(|(path, mark)| match before.get(path) {
        None => Some(change(path, "Created")),
        Some(old) => (old != mark).then(|| change(path, "Changed")),
    });
    let mut gone = before.keys().filter(|path| !now.contains_key(*path));
    changed.or_else(|| gone.next().map(|path| change(path, "Deleted")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_counts_is_host_json_functions_and_folders() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("host.json", "{}");
        write("F/function.json", "{}");
        let before = marks(&root);
        write("handler", "anew");
        write("F/other", "");
        assert!(difference(&before, &marks(&root)).is_none());
        for (path, text, kind) in [
            ("host.json", "{ }", "Changed"),
            ("F/function.json", "{ }", "Changed"),
            ("G/x", "", "Created"),
            ("app_offline.htm", "", "Created"),
        ] {
            let before = marks(&root);
            write(path, text);
            let change = difference(&before, &marks(&root)).unwrap();
            assert_eq!(change.kind(), kind, "{path}");
            assert_eq!(change.takes_the_app_offline(), path == "app_offline.htm");
        }
        let before = marks(&root);
        std::fs::remove_dir_all(root.join("G")).unwrap();
        let change = difference(&before, &marks(&root)).unwrap();
        assert_eq!(
            (change.kind(), change.path()),
            ("Deleted", root.join("G").as_path())
        );
    }
}
