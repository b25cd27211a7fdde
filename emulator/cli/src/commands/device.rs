//! `emulator device`: the tutorial's simulated device, with the lines that the C SDK's sample
//! prints.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use crate::common::service::ServiceArguments;
use crate::common::tutorial::HUBS;
use emulator_text::{escaped, read_text, with_causes};
use provisioning::{Certificate, RegistrationId, TUTORIAL_GROUP_KEY, write_secret};
use simulated_device::connection::Transport;
use simulated_device::credential::{ClientCertificate, Credential};
use simulated_device::keys::symmetric_key::SymmetricKey;
use simulated_device::registration::{Device, Status};
use simulated_device::tpm::SoftwareTpm;

/// Register one simulated device, as the tutorial's sample does.
///
/// Without a key, a certificate or a TPM, the device's key is derived from the tutorial's group
/// key.
#[derive(Debug, Args)]
pub(super) struct SimulatedDevice {
    /// The device's registration id, such as breakroom499-contoso-tstrsd-007; with --certificate,
    /// its common name unless given.
    #[arg(required_unless_present = "certificate")]
    registration_id: Option<String>,
    /// The key of the device's group, from which its own is derived.
    #[arg(long, value_name = "KEY", conflicts_with = "key")]
    // Read by the command, as a complaint of clap's would show the key.
    group_key: Option<SecretString>,
    /// The device's own key; with --certificate, the file of its private key.
    #[arg(long, value_name = "KEY|FILE")]
    key: Option<SecretString>,
    /// The device's certificate, and behind it those that lead to its root, in PEM; without --key,
    /// its private key, too.
    #[arg(long, value_name = "FILE", conflicts_with = "group_key")]
    certificate: Option<PathBuf>,
    /// The file of the device's TPM, which is one in software and proves nothing to a real service.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["key", "group_key", "certificate"])]
    tpm: Option<PathBuf>,
    /// Prints the configuration that enrolls the device with its TPM, for `dps`, and makes the TPM
    /// where there is none.
    #[arg(long, requires = "tpm")]
    enrollment: bool,
    /// What the device tells the webhook.
    #[arg(long, value_name = "JSON", value_parser = json)]
    payload: Option<Value>,
    /// How the device speaks to the service.
    #[arg(long, value_enum, default_value = "https")]
    transport: Transport,
    #[command(flatten)]
    service: ServiceArguments,
}

fn json(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str(text)
}

/// Runs the command.
///
/// # Errors
/// The key or the CA file can't be used.
pub(super) async fn run(arguments: SimulatedDevice) -> anyhow::Result<ExitCode> {
    if arguments.enrollment
        && let Some(file) = &arguments.tpm
    {
        let registration_id = arguments.registration_id.as_deref().unwrap_or_default();
        RegistrationId::parse(registration_id).with_context(|| format!("{registration_id:?}"))?;
        anstream::println!("{:#}", enrollment(registration_id, &tpm_of(file)?));
        return Ok(ExitCode::SUCCESS);
    }
    let (registration_id, credential) = arguments.identity()?;
    let device = Device {
        registration_id,
        credential,
        payload: arguments.payload,
    };
    let trust = arguments.service.trust()?;
    let target = arguments.service.target();
    anstream::println!("Provisioning API Version: {}", env!("CARGO_PKG_VERSION"));
    anstream::println!("\nRegistering Device\n");
    let registered = device
        .register(arguments.transport, &target, &trust, |status| {
            anstream::println!("Provisioning Status: {}", sdk_name(status));
        })
        .await;
    match registered {
        Ok(assigned) => {
            anstream::println!(
                "\nRegistration Information received from service: {}, deviceId: {}",
                escaped(&assigned.hub),
                escaped(&assigned.device_id)
            );
            if let Some(payload) = assigned.payload {
                anstream::println!(
                    "Payload received from service: {}",
                    escaped(&payload.to_string())
                );
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            anstream::println!(
                "\nFailure encountered on registration {}",
                error.device_result()
            );
            anstream::println!("{}: {}", device.registration_id, with_causes(&error));
            Ok(ExitCode::FAILURE)
        }
    }
}

impl SimulatedDevice {
    /// Who the device is, and what proves it.
    fn identity(&self) -> anyhow::Result<(String, Credential)> {
        if let Some(file) = &self.certificate {
            return self.certified(file);
        }
        // Clap has seen to it that there is one without a certificate.
        let registration_id = self.registration_id.clone().unwrap_or_default();
        if let Some(file) = &self.tpm {
            let tpm = read_tpm(file).with_context(|| {
                format!(
                    "cannot use the TPM {0}; `emulator device {registration_id} --tpm {0} --enrollment > dps.json` makes \
                     one, and the configuration that enrolls the device",
                    file.display()
                )
            })?;
            return Ok((registration_id, tpm.into()));
        }
        let derived = |group_key: SymmetricKey| group_key.derive(&registration_id);
        let parse = |key: &SecretString| SymmetricKey::parse(key.expose_secret());
        let key = match (&self.key, &self.group_key) {
            (Some(key), _) => parse(key).context("--key")?,
            (None, Some(key)) => derived(parse(key).context("--group-key")?),
            (None, None) => derived(SymmetricKey::parse(TUTORIAL_GROUP_KEY)?),
        };
        Ok((registration_id, key.into()))
    }

    /// The same for a device with a certificate.
    fn certified(&self, file: &Path) -> anyhow::Result<(String, Credential)> {
        let key_file = self.key.as_ref();
        let key_file = key_file.map_or(file, |key| Path::new(key.expose_secret()));
        let read = |file: &Path| {
            read_text(file).with_context(|| format!("cannot read {}", file.display()))
        };
        let certificate = ClientCertificate::from_pem(&read(file)?, &read(key_file)?.into())
            .with_context(|| {
                format!(
                    "cannot use {} with the private key in {}",
                    file.display(),
                    key_file.display()
                )
            })?;
        let registration_id = match &self.registration_id {
            Some(id) => id.clone(),
            None => Certificate::from_der(certificate.leaf())?
                .common_name()
                .context("the certificate has no common name; name a registration id")?
                .to_owned(),
        };
        Ok((registration_id, certificate.into()))
    }
}

fn read_tpm(file: &Path) -> anyhow::Result<SoftwareTpm> {
    let text: SecretString = read_text(file)?.into();
    Ok(SoftwareTpm::from_pem(&text)?)
}

/// The TPM in this file, which is made where there is none.
fn tpm_of(file: &Path) -> anyhow::Result<SoftwareTpm> {
    if file.exists() {
        return read_tpm(file).with_context(|| format!("cannot use the TPM {}", file.display()));
    }
    let tpm = SoftwareTpm::generate()?;
    write_secret(file, &tpm.to_pem()?)
        .with_context(|| format!("cannot write {}", file.display()))?;
    Ok(tpm)
}

/// A service with the tutorial's hubs that enrolls the device with its TPM.
fn enrollment(registration_id: &str, tpm: &SoftwareTpm) -> Value {
    json!({
        "linkedHubs": HUBS,
        "enrollments": [{
            "registrationId": registration_id,
            "attestation": {"type": "tpm", "tpm": {
                "endorsementKey": tpm.endorsement_key(),
                "storageRootKey": tpm.storage_root_key(),
            }},
            "allocationPolicy": "custom",
            "reprovisionPolicy": {"updateHubAssignment": true, "migrateDeviceData": true}
        }]
    })
}

fn sdk_name(status: Status) -> &'static str {
    match status {
        Status::Connected => "PROV_DEVICE_REG_STATUS_CONNECTED",
        Status::Assigning => "PROV_DEVICE_REG_STATUS_ASSIGNING",
    }
}
