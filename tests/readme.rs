//! What the README shows of the policy's commands.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::process::Command;

const README: &str = include_str!("../README.md");

#[test]
fn explain_tells_what_the_readme_shows() {
    let (_, block) = README.split_once("```text\ntoaster: ").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_handler"))
        .args(["explain", "fixtures/dps/group_first_registration.json"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("ALLOCATION_POLICY")
        .env_remove("FUNCTIONS_APP_ROOT_PATH")
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        format!("toaster: {block}")
    );
    assert!(output.status.success());
}
