//! `emulator certificates`, and devices that register with what it makes.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod command;

use std::path::Path;

use command::run;

#[track_caller]
fn check_refused(directory: &Path, arguments: &[&str], sentence: &str) {
    let (success, printed) = run(directory, arguments);
    assert!(!success, "{printed}");
    assert_eq!(printed.trim_end(), format!("error: {sentence}"));
}

#[test]
fn certificates_writes_what_dps_and_devices_take_and_overwrites_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let (success, printed) = run(directory, &["certificates"]);
    assert!(success, "{printed}");
    assert!(
        printed.ends_with(
            "Now:\n  emulator dps --config x509/dps.json\nand in another terminal:\n  \
             emulator device --certificate x509/breakroom499-contoso-tstrsd-007.pem \
             --key x509/breakroom499-contoso-tstrsd-007-key.pem\n"
        ),
        "{printed}"
    );
    let config = std::fs::read_to_string(directory.join("x509/dps.json")).unwrap();
    let config = provisioning::Config::parse(&config).unwrap();
    assert!(config.lacks_webhook());
    check_refused(
        directory,
        &["certificates"],
        "x509/root.pem is there already; delete the folder, or name another with --directory",
    );
}

#[cfg(unix)]
#[test]
fn only_their_owner_may_read_private_keys() {
    use std::os::unix::fs::PermissionsExt as _;

    let directory = tempfile::tempdir().unwrap();
    run(directory.path(), &["certificates", "a", "--directory", "."]);
    for file in ["root-key.pem", "intermediate-key.pem", "a-key.pem"] {
        let metadata = std::fs::metadata(directory.path().join(file)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{file}");
    }
}

#[test]
fn what_cannot_be_used_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let long = "a".repeat(65);
    check_refused(
        directory,
        &["certificates", &long],
        &format!(
            "{long:?}: a common name may have 64 characters, and with X.509 it is the registration id"
        ),
    );
    check_refused(
        directory,
        &["certificates", "a b"],
        "\"a b\": the registration id holds ' ', and only letters, digits, '-', '.', '_' and ':' are allowed",
    );
    run(directory, &["certificates", "a"]);
    check_refused(
        directory,
        &["device", "--certificate", "x509/a.pem"],
        "cannot use x509/a.pem with the private key in x509/a.pem: there is no private key in PEM",
    );
    check_refused(
        directory,
        &["device", "--certificate", "x509/b.pem"],
        "cannot read x509/b.pem: No such file or directory (os error 2)",
    );
}
