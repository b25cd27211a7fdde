//! Function Apps that are set up otherwise than the repository's.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

/// The app in `root` with another `host.json`. It holds the functions `names` alone and no handler,
/// and is gone with this value.
#[must_use]
pub fn with_host_json(root: &Path, names: &[&str], change: impl FnOnce(&mut Value)) -> TempDir {
    let app = tempfile::tempdir().unwrap();
    let host = fs::read_to_string(root.join("host.json")).unwrap();
    let mut host: Value = serde_json::from_str(&host).unwrap();
    change(&mut host);
    fs::write(app.path().join("host.json"), host.to_string()).unwrap();
    let policy = root.join("allocation.json");
    if policy.exists() {
        fs::copy(policy, app.path().join("allocation.json")).unwrap();
    }
    for name in names {
        let folder = app.path().join(name);
        fs::create_dir(&folder).unwrap();
        let file = "function.json";
        fs::copy(root.join(name).join(file), folder.join(file)).unwrap();
    }
    app
}

/// The app in `root` to whose functions the host forwards requests as they come, instead of
/// wrapping them in envelopes.
#[must_use]
pub fn forwarded(root: &Path, names: &[&str]) -> TempDir {
    with_host_json(root, names, |host| {
        host["customHandler"]["enableForwardingHttpRequest"] = true.into();
    })
}
