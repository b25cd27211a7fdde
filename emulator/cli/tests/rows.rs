//! `emulator rows import` against a real Azurite.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::process::Command;

use storage::azurite::Installation;
use storage::{Ports, Retry, Tables};

fn import(file: &std::path::Path, connection: &str) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_emulator"))
        .args([
            "rows",
            "import",
            "--table",
            "Fleet",
            "--connection-string",
            connection,
        ])
        .arg(file)
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_devices_becomes_rows_of_a_table() {
    let Some(installation) = Installation::for_tests(env!("CARGO_TARGET_TMPDIR")).await else {
        return;
    };
    let azurite = installation.start(Ports::default(), None).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("devices.csv");
    std::fs::write(&file, "registrationId,hub\nDEV-1,h1\ndev-2,h2\n").unwrap();
    let (done, said) = import(&file, &azurite.connection_string());
    assert!(done, "{said}");
    assert_eq!(said, "2 rows are in the table Fleet.\n");
    let tables = Tables::new(azurite.account(), Retry::TABLES).unwrap();
    let found = tables
        .query("Fleet", "PartitionKey eq 'dev-1'", Some(1))
        .await
        .unwrap();
    assert_eq!(
        (&found[0]["RowKey"], &found[0]["hub"]),
        (&"allocation".into(), &"h1".into())
    );
    azurite.stop().await;
}

#[test]
fn what_is_wrong_is_said_without_the_connection_string() {
    let folder = tempfile::tempdir().unwrap();
    let (done, said) = import(&folder.path().join("none.csv"), "AccountKey=s3cr3t");
    assert!(
        !done && said.starts_with("error: cannot import ") && said.contains("none.csv"),
        "{said}"
    );
    let file = folder.path().join("devices.csv");
    std::fs::write(&file, "registrationId,hub\nDEV-1,h1\n").unwrap();
    let (done, said) = import(&file, "AccountKey=c2VjcmV0");
    assert!(!done && !said.contains("c2VjcmV0"), "{said}");
    assert_eq!(
        said,
        "error: cannot use the connection string: No valid combination of account information found.\n"
    );
}
