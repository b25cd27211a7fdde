//! The arguments with which simulated devices find the service.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;

use emulator_text::read_text;
use provisioning::ID_SCOPE;
use simulated_device::connection::{Target, Trust};

/// Where the emulator keeps its certificates, unless it is told otherwise.
pub(crate) const CERTIFICATES: &str = ".emulator";

/// Where the service is.
#[derive(Debug, Args)]
#[command(next_help_heading = "Service")]
pub(crate) struct ServiceArguments {
    /// The host name of the service.
    #[arg(long, default_value = "localhost")]
    host: String,
    /// The port of its HTTPS and WebSocket endpoint.
    #[arg(long, default_value_t = 8443)]
    https_port: u16,
    /// The port of its MQTT endpoint.
    #[arg(long, default_value_t = 8883)]
    mqtt_port: u16,
    /// Its ID scope.
    #[arg(long, default_value = ID_SCOPE)]
    id_scope: String,
    /// The CA file that `emulator dps` printed.
    #[arg(long, value_name = "FILE", default_value = concat!(".emulator", "/ca.pem"))]
    ca_file: PathBuf,
}

impl ServiceArguments {
    /// The service, as devices are told of it.
    #[must_use]
    pub(crate) fn target(&self) -> Target {
        Target {
            host: self.host.clone(),
            https_port: self.https_port,
            mqtt_port: self.mqtt_port,
            id_scope: self.id_scope.clone(),
        }
    }

    /// Whom devices trust.
    ///
    /// # Errors
    /// The CA file can't be read.
    pub(crate) fn trust(&self) -> anyhow::Result<Trust> {
        let file = self.ca_file.display();
        let pem = read_text(&self.ca_file).with_context(|| {
            format!("cannot read the CA file {file}; `emulator dps` makes it when it starts, and prints its path")
        })?;
        Trust::only(&pem).with_context(|| format!("cannot use the CA file {file}"))
    }
}
