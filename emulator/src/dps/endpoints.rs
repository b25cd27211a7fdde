//! The service's addresses: what listens, and serves until it is dropped.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::certificates::CertificateAuthority;
use super::provisioning::Provisioning;
use super::{https, tls};

/// Where devices reach the service. Nothing is served any more when it is dropped.
#[derive(Debug)]
pub struct Endpoints {
    /// The REST API.
    pub https: SocketAddr,
    serving: JoinSet<io::Result<()>>,
}

impl Endpoints {
    /// Serves a provisioning service on a listener, with a certificate of the authority.
    ///
    /// # Errors
    /// The listener has no address, or no certificate can be issued.
    pub fn serve(
        provisioning: &Provisioning,
        authority: &CertificateAuthority,
        https: TcpListener,
    ) -> anyhow::Result<Self> {
        let config = Arc::new(tls::server_config(authority.issue()?)?);
        let address = https.local_addr().context("the listener has no address")?;
        let mut serving = JoinSet::new();
        serving.spawn(https::serve(
            tls::accept(https, Arc::clone(&config)),
            address,
            provisioning.clone(),
        ));
        Ok(Self {
            https: address,
            serving,
        })
    }

    /// Waits until an endpoint can't go on, which is never in normal work.
    ///
    /// # Errors
    /// Why it can't go on.
    pub async fn failed(&mut self) -> anyhow::Result<()> {
        match self.serving.join_next().await {
            Some(ended) => Ok(ended??),
            None => Ok(()),
        }
    }
}
