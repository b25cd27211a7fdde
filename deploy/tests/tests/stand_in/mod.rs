//! Runs the scripts of `deploy/` against a world of their own.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use serde_json::{Value, json};
use tempfile::TempDir;

/// The group of `deploy/enrollments.json`.
pub(crate) const GROUP: &str = "contoso-custom-allocated-devices";

/// The Python that `python3` starts in the end. Version managers put a script before it, which takes
/// several times as long as the interpreter itself.
pub(crate) static PYTHON: LazyLock<PathBuf> = LazyLock::new(|| {
    let output = Command::new("python3")
        .args(["-c", "import sys; print(sys.executable)"])
        .output()
        .expect("deploy/ needs python3 on the PATH");
    PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())
});

/// Azure in a folder.
pub(crate) struct World {
    folder: TempDir,
}

/// What a script printed and how it ended.
#[derive(Debug)]
pub(crate) struct Done {
    /// The exit status; none where the script was killed.
    pub(crate) status: Option<i32>,
    pub(crate) output: String,
    pub(crate) errors: String,
}

impl World {
    /// An app that runs, with the keys that the host made, and a service without enrollments.
    pub(crate) fn new() -> Self {
        let world = Self {
            folder: TempDir::new().expect("a folder"),
        };
        symlink(
            env!("CARGO_BIN_EXE_az-stand-in"),
            world.folder.path().join("az"),
        )
        .expect("az");
        world.write(&json!({
            "apps": {
                "func-allocation": {"HttpTrigger1": {"default": "s3cr3t-default"}},
                "func-twins": {"DpsAdtAllocationFunc": {"default": "s3cr3t-twins"}},
            },
            "services": {"dps-dev": {"records": {}}},
        }));
        world
    }

    pub(crate) fn read(&self) -> Value {
        let text = fs::read_to_string(self.folder.path().join("world.json")).expect("the world");
        serde_json::from_str(&text).expect("JSON")
    }

    pub(crate) fn write(&self, world: &Value) {
        fs::write(self.folder.path().join("world.json"), world.to_string()).expect("the world");
    }

    /// Changes something.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Value)) {
        let mut world = self.read();
        change(&mut world);
        self.write(&world);
    }

    /// Forgets the calls so far, and plans what happens at calls to come.
    pub(crate) fn plan(&self, plans: &Value) {
        self.change(|world| {
            world["calls"] = json!([]);
            world["plans"] = plans.clone();
        });
    }

    /// A file beside the world.
    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        fs::write(&path, text).expect(name);
        path.to_string_lossy().into_owned()
    }

    /// Runs a script of `deploy/`, with the variables that azd sets.
    pub(crate) fn run(&self, script: &str, arguments: &[&str]) -> Done {
        let path = std::env::var("PATH").expect("PATH");
        let python = PYTHON.parent().expect("Python is in a folder").display();
        let folder = self.folder.path().display();
        let output = Command::new(
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("..")
                .join(script),
        )
        .args(arguments)
        .env("PATH", format!("{folder}:{python}:{path}"))
        .env("AZ_STAND_IN", self.folder.path())
        .env("AZURE_RESOURCE_GROUP", "rg-dev")
        .env("DPS_NAME", "dps-dev")
        .env("ALLOCATION_APP_NAME", "func-allocation")
        .env("DIGITAL_TWINS_APP_NAME", "func-twins")
        .output()
        .expect("the script is there");
        let done = Done {
            status: output.status.code(),
            output: String::from_utf8_lossy(&output.stdout).into_owned(),
            errors: String::from_utf8_lossy(&output.stderr).into_owned(),
        };
        assert!(
            output.status.signal().is_none_or(|signal| signal == 9),
            "{done:?}"
        );
        self.nothing_secret(&done);
        done
    }

    /// Neither what a script prints nor the arguments of its calls hold a key.
    fn nothing_secret(&self, done: &Done) {
        let world = self.read();
        let calls = world["calls"].to_string();
        let mut secrets = vec!["s3cr3t".to_owned()];
        for functions in world["apps"].as_object().expect("apps").values() {
            for keys in functions.as_object().expect("functions").values() {
                secrets.extend(
                    keys.as_object()
                        .expect("keys")
                        .values()
                        .map(|key| key.as_str().expect("text").to_owned()),
                );
            }
        }
        for secret in secrets {
            for text in [&done.output, &done.errors, &calls] {
                assert!(!text.contains(&secret), "{secret} is in {text}");
            }
        }
    }

    /// How many calls the last script made.
    pub(crate) fn calls(&self) -> usize {
        self.read()["calls"].as_array().map_or(0, Vec::len)
    }

    /// A record of the service.
    pub(crate) fn record(&self, collection: &str, id: &str) -> Value {
        self.read()["services"]["dps-dev"]["records"][collection][id].clone()
    }

    /// The group of `deploy/enrollments.json` is there, and as the file wants it.
    #[track_caller]
    pub(crate) fn has_its_group(&self) {
        let record = self.record("enrollmentGroups", GROUP);
        let definition = &record["customAllocationDefinition"];
        assert_eq!(record["allocationPolicy"], "custom", "{record}");
        assert_eq!(definition["webhookUrl"], self.webhook("dps-1"));
        assert_eq!(definition["apiVersion"], "2021-10-01");
        assert_eq!(
            record["reprovisionPolicy"],
            json!({"updateHubAssignment": true, "migrateDeviceData": true})
        );
    }

    /// A key of a function.
    pub(crate) fn key(&self, name: &str) -> Option<String> {
        let world = self.read();
        world["apps"]["func-allocation"]["HttpTrigger1"][name]
            .as_str()
            .map(str::to_owned)
    }

    /// The webhook's URL with a key of that name.
    pub(crate) fn webhook(&self, name: &str) -> String {
        format!(
            "https://func-allocation.azurewebsites.net/api/HttpTrigger1?code={}",
            self.key(name).unwrap_or_else(|| panic!("no key {name}"))
        )
    }
}
