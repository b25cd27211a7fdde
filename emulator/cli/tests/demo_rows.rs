//! What `emulator demo --rows` prints: hub, twin and refusals, from the binary's output.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::process::Command;

use storage::azurite::Installation;

#[tokio::test(flavor = "multi_thread")]
async fn the_story_names_hub_twin_and_refusals() {
    let installed = Installation::for_tests(env!("CARGO_TARGET_TMPDIR")).await;
    if installed.is_none() {
        return;
    }
    let output = Command::new(env!("CARGO_BIN_EXE_emulator"))
        .args(["demo", "--rows"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    let complaints = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{told}{complaints}");
    for expected in [
        "Azurite 2 rows are in the table Devices at 127.0.0.1:",
        "press-01 over HTTPS\n  device  assigned to contoso-toasters-hub-1098.azure-devices.net\n",
        "  device  press-01\n  tags    {\"site\":\"Turin\"}\n",
        "The device is decommissioned.",
        "The device is not in the registry.",
        "The handler kept the protocol.",
    ] {
        assert!(told.contains(expected), "{expected} is not in {told}");
    }
    assert_eq!(told.matches("400207").count(), 2, "{told}");
}
