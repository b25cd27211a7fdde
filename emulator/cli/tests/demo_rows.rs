//! What `emulator demo --rows` prints: hub, twin and refusals, from the binary's output.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;
use std::process::Command;

use storage::azurite::Installation;

#[tokio::test(flavor = "multi_thread")]
async fn the_story_names_hub_twin_and_refusals() {
    let installed = Installation::for_tests(env!("CARGO_TARGET_TMPDIR")).await;
    // The handler is another package's binary, beside this one.
    let emulator = Path::new(env!("CARGO_BIN_EXE_emulator"));
    if installed.is_none() {
        return;
    }
    let output = Command::new(emulator)
        .args(["demo", "--rows"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    let complaints = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{told}{complaints}");
    for expected in [
        "2 rows are in the table Devices at 127.0.0.1:",
        "contoso-toasters-hub-1098.azure-devices.net",
        "Turin",
        "The device is decommissioned.",
        "The device is not in the registry.",
    ] {
        assert!(told.contains(expected), "{expected} is not in {told}");
    }
}
