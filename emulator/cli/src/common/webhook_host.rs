//! The emulated Functions host as a webhook on a free port, for the commands that run a provisioning service in front of it.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Context as _;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;

use crate::commands::allocate::webhook;
use crate::common::functions_app::{self, FunctionsApp};
use functions_host::{FunctionsHost, HostEvent, HostOptions};

/// A Functions host that serves.
#[derive(Debug)]
pub(crate) struct WebhookHost {
    host: FunctionsHost,
    events: UnboundedReceiver<HostEvent>,
    url: String,
    serving: JoinHandle<std::io::Result<()>>,
}

impl WebhookHost {
    /// Starts the handler and serves the app's only function that takes a POST, or the one of this name.
    pub(crate) async fn start(app: &FunctionsApp, function: Option<&str>) -> anyhow::Result<Self> {
        Self::start_with(app.options()?, app.function_key(), function).await
    }

    /// The same with options that are there already.
    pub(crate) async fn start_with(
        options: HostOptions,
        function_key: Option<&str>,
        function: Option<&str>,
    ) -> anyhow::Result<Self> {
        let (sender, events) = unbounded_channel();
        let host = functions_app::start(options.events(sender)).await?;
        let path = webhook(&host, function)?;
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
            .await
            .context("there is no free port for the Functions host")?;
        let address = listener.local_addr()?;
        let query = function_key.map_or_else(String::new, |key| {
            format!("?code={}", utf8_percent_encode(key, NON_ALPHANUMERIC))
        });
        let serving = host.clone();
        Ok(Self {
            url: format!("http://{address}/{path}{query}"),
            serving: tokio::spawn(async move { serving.serve(listener).await }),
            host,
            events,
        })
    }

    /// Where the webhook is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// What happens in the host.
    pub(crate) fn events(&mut self) -> &mut UnboundedReceiver<HostEvent> {
        &mut self.events
    }

    /// The host itself.
    pub(crate) fn host(&self) -> &FunctionsHost {
        &self.host
    }

    /// Ends the handler and the host.
    pub(crate) async fn stop(&self) {
        self.host.stop().await;
        self.serving.abort();
    }
}
