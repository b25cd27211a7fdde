//! `emulator certificates`: a root, an intermediate and devices, with the configuration that
//! enrolls them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use clap::Args;
use provisioning::{Period, RegistrationId, TrialAuthority, TrialDevice, write_secret};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::common::output::{HEADING, QUIET};
use crate::common::tutorial::{HEAT_PUMP, HUBS, TOASTER};

/// The longest common name of an X.509 certificate.
const MAX_COMMON_NAME: usize = 64;

/// Make certificates for trying X.509 enrollments: a root, an intermediate, and devices.
///
/// Beside them it writes dps.json, with which `emulator dps --config` enrolls the devices as a
/// group.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  emulator certificates                                     In x509: the tutorial's toaster and its heat pump
  emulator dps --config x509/dps.json                       Then, in another terminal:
  emulator device --certificate x509/breakroom499-contoso-tstrsd-007.pem --key x509/breakroom499-contoso-tstrsd-007-key.pem")]
pub(super) struct Certificates {
    /// Registration ids of devices, the common names of their certificates; without any, the
    /// tutorial's two.
    registration_ids: Vec<String>,
    /// Where to write them; it must not hold any yet.
    #[arg(long, value_name = "DIR", default_value = "x509")]
    directory: PathBuf,
    /// For how many days they hold, from yesterday on; with a negative number they have expired.
    #[arg(long, default_value_t = 365, allow_negative_numbers = true, value_parser = clap::value_parser!(i64).range(-36_500..=36_500))]
    days: i64,
}

/// Runs the command.
///
/// # Errors
/// A name can't be a registration id, or a file can't be written.
pub(super) fn run(arguments: &Certificates) -> anyhow::Result<ExitCode> {
    let mut devices = arguments.registration_ids.clone();
    if devices.is_empty() {
        devices = [TOASTER, HEAT_PUMP].map(str::to_owned).to_vec();
    }
    for device in &devices {
        RegistrationId::parse(device).with_context(|| format!("{device:?}"))?;
        ensure!(
            device.len() <= MAX_COMMON_NAME,
            "{device:?}: a common name may have {MAX_COMMON_NAME} characters, and with X.509 it is the registration id"
        );
    }
    let directory = &arguments.directory;
    let root_file = directory.join("root.pem");
    ensure!(
        !root_file.exists(),
        "{} is there already; delete the folder, or name another with --directory",
        root_file.display()
    );
    fs::create_dir_all(directory)
        .with_context(|| format!("cannot make {}", directory.display()))?;

    let authorities = Period::of_days(arguments.days.max(365));
    let root = TrialAuthority::root("Trial root CA", authorities)?;
    let intermediate = root.intermediate("Trial intermediate CA", authorities)?;
    let folder = Folder(directory);
    folder.write(".gitignore", "*\n")?;
    folder.write("root.pem", &root.pem())?;
    folder.write_secret("root-key.pem", &root.key_pem())?;
    folder.write("intermediate.pem", &intermediate.pem())?;
    folder.write_secret("intermediate-key.pem", &intermediate.key_pem())?;
    let mut period = Period::of_days(arguments.days);
    if arguments.days < 0 {
        period.not_before = period.not_after - time::Duration::DAY;
    }
    for device in &devices {
        let made = intermediate.device(device, period)?;
        folder.device(device, &made, &intermediate)?;
    }
    folder.write("dps.json", &format!("{:#}\n", config(&root, &intermediate)))?;
    let first = devices.first().map_or("", String::as_str);
    anstream::println!(
        "{}",
        introduction(&directory.display().to_string(), first, devices.len())
    );
    Ok(ExitCode::SUCCESS)
}

/// Where the files go.
struct Folder<'a>(&'a Path);

impl Folder<'_> {
    fn write(&self, name: &str, text: &str) -> anyhow::Result<()> {
        let path = self.0.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    fn write_secret(&self, name: &str, text: &SecretString) -> anyhow::Result<()> {
        let path = self.0.join(name);
        write_secret(&path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    /// A device's file: its certificate, the intermediate, and its key.
    fn device(
        &self,
        id: &str,
        made: &TrialDevice,
        intermediate: &TrialAuthority,
    ) -> anyhow::Result<()> {
        // A colon can't stand in a file's name on every system.
        let file = id.replace(':', "_");
        self.write(
            &format!("{file}.pem"),
            &format!("{}{}", made.pem(), intermediate.pem()),
        )?;
        self.write_secret(&format!("{file}-key.pem"), &made.key_pem())
    }
}

/// A service with the tutorial's hubs and a group of the devices that the intermediate signs.
fn config(root: &TrialAuthority, intermediate: &TrialAuthority) -> Value {
    json!({
        "linkedHubs": HUBS,
        "certificates": [{"name": "trial-root", "certificate": root.pem()}],
        "enrollmentGroups": [{
            "enrollmentGroupId": "trial-x509-group",
            "attestation": {"type": "x509", "x509": {"signingCertificates": {"primary": {"certificate": intermediate.pem()}}}},
            "allocationPolicy": "custom",
            "reprovisionPolicy": {"updateHubAssignment": true, "migrateDeviceData": true}
        }]
    })
}

fn introduction(directory: &str, device: &str, devices: usize) -> String {
    let file = device.replace(':', "_");
    format!(
        "\
{HEADING}root.pem{HEADING:#}          {QUIET}signs the intermediate; to upload to a real service{QUIET:#}
{HEADING}intermediate.pem{HEADING:#}  {QUIET}signs the devices; the group's certificate{QUIET:#}
{HEADING}{file}.pem{HEADING:#} and {HEADING}-key.pem{HEADING:#}  {QUIET}of {devices} devices: certificate and intermediate, and the private key{QUIET:#}
{HEADING}dps.json{HEADING:#}          {QUIET}enrolls them{QUIET:#}

Now:
  emulator dps --config {directory}/dps.json
and in another terminal:
  emulator device --certificate {directory}/{file}.pem --key {directory}/{file}-key.pem"
    )
}
