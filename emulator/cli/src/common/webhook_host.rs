//! The emulated Functions host as a webhook on a free port, for the commands that run a
//! provisioning service in front of it.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context as _, bail};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;

use crate::common::functions_app::{self, FunctionsApp};
use functions_host::{Function, FunctionsHost, HostEvent, HostOptions};

/// A Functions host that serves.
#[derive(Debug)]
pub(crate) struct WebhookHost {
    host: FunctionsHost,
    events: UnboundedReceiver<HostEvent>,
    /// With the function key, if there is one.
    url: SecretString,
    serving: JoinHandle<std::io::Result<()>>,
}

impl WebhookHost {
    /// Starts the handler and serves the app's only function that takes a POST, or the one of this
    /// name.
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
            url: format!("http://{address}/{path}{query}").into(),
            serving: tokio::spawn(async move { serving.serve(listener).await }),
            host,
            events,
        })
    }

    /// Where the webhook is.
    pub(crate) fn url(&self) -> &SecretString {
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

/// The path of the function to call.
pub(crate) fn webhook(host: &FunctionsHost, name: Option<&str>) -> anyhow::Result<String> {
    let takes_post = |function: &&Function| {
        let methods = function.methods();
        !function.is_disabled()
            && (methods.is_empty() || methods.iter().any(|method| method == "POST"))
    };
    let with_route = host
        .functions()
        .iter()
        .filter(|function| function.route().is_some());
    let candidates: Vec<&Function> = match name {
        Some(name) => with_route
            .filter(|function| function.name.eq_ignore_ascii_case(name))
            .collect(),
        None => with_route.filter(takes_post).collect(),
    };
    let names = || {
        candidates
            .iter()
            .map(|function| function.name.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    match (candidates.as_slice(), name) {
        ([function], _) => Ok(function.route().unwrap_or_default().to_owned()),
        ([], Some(name)) => bail!("the app has no function {name} with an HTTP trigger"),
        ([], None) => bail!("the app has no function whose HTTP trigger takes a POST"),
        (_, _) => bail!(
            "the app has several functions that take a POST ({}); name one with --function",
            names()
        ),
    }
}
