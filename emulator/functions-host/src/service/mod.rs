//! The host as a service that goes on: it starts the app, starts it anew when its files change or
//! it can't be started, answers meanwhile, and ends in an orderly way.
//!
//! A [`FunctionsHost`] is one start of an app; this is what the real host's process is around it.
//! Source: `WebJobsScriptHostService` of
//! <https://github.com/Azure/azure-functions-host>.
//!
//! # Layout
//! - `files`: the app's files that are watched. `state`: the state of the host.
//! - `own_pages`: what the host answers by itself. `status`: what `/admin/host/status` tells.

mod files;
mod own_pages;
pub(crate) mod state;
mod status;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::host::FunctionsHost;
use crate::invoke::authorization::Keys;
use crate::invoke::dispatch::MAX_BODY;
use crate::invoke::http::{HttpRequest, HttpResponse};
use crate::invoke::record::Record;
use crate::log::record::{LogRecord, STARTUP};
use crate::options::HostOptions;
use crate::server::{Site, serve_site};
use crate::start_error::StartError;
use files::{Change, Files};
use state::HostState;

/// How long invocations in flight may take once the host is to stop.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(30);
/// The first pause before an app that can't be started is tried again; each further one is twice as
/// long.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause.
const LAST_PAUSE: Duration = Duration::from_mins(2);
/// The event of a start that has failed.
const STARTUP_ERROR: u32 = 515;
/// What every caller gets while the app can't be started.
const NOT_RUNNING: &str = "Function host is not running.";

/// A host that goes on. Clones are the same one; when the last is dropped, the handler is killed.
#[derive(Clone, Debug)]
pub struct HostService {
    state: watch::Receiver<HostState>,
    commands: watch::Sender<bool>,
    /// The time for invocations in flight is over.
    cut: Arc<watch::Sender<bool>>,
    keys: Arc<Keys>,
    keeper: Arc<Keeper>,
}

/// The keeper ends with the service.
#[derive(Debug)]
struct Keeper(JoinHandle<()>);

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl HostService {
    /// Starts an app and waits until it runs or can't be started.
    pub async fn start(options: HostOptions) -> Self {
        let (state_sender, state) = watch::channel(HostState::Starting);
        let (commands, stop) = watch::channel(false);
        let (function_key, master_key) = (options.function_key.clone(), options.master_key.clone());
        let keys = Arc::new(Keys::new(function_key, master_key));
        let work = Work {
            record: Record::new(options.events.clone()),
            options,
            state: state_sender,
            stop,
        };
        let keeper = Arc::new(Keeper(tokio::spawn(work.run())));
        let service = Self {
            state,
            commands,
            cut: Arc::new(watch::Sender::new(false)),
            keys,
            keeper,
        };
        service.settled().await;
        service
    }

    /// The state now.
    #[must_use]
    pub fn state(&self) -> HostState {
        self.state.borrow().clone()
    }

    /// Serves on a listener until the host stops by itself or `interrupted` is done. Then nobody
    /// can connect any more, and invocations in flight have 30 seconds before the handler is
    /// killed.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(
        &self,
        listener: TcpListener,
        interrupted: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let stopping = watch::Sender::new(false);
        let mut stops = stopping.subscribe();
        let stop = {
            let mut state = self.state.clone();
            let commands = self.commands.clone();
            async move {
                tokio::select! {
                    () = interrupted => {}
                    _ = state.wait_for(|state| matches!(state, HostState::Stopping(_) | HostState::Stopped)) => {}
                }
                stopping.send_replace(true);
                commands.send_replace(true);
            }
        };
        let too_late = async {
            // The sender is gone only when it has sent.
            let _ = stops.wait_for(|stops| *stops).await;
            sleep(DRAIN_TIMEOUT).await;
        };
        let served = tokio::select! {
            served = serve_site(self.clone(), listener, stop) => served,
            () = too_late => Ok(()),
        };
        // Whoever still waits learns nothing but that the connection is gone.
        self.cut.send_replace(true);
        self.stop().await;
        served
    }

    /// Kills the handler and ends.
    pub async fn stop(&self) {
        let state = self.state();
        self.keeper.0.abort();
        if let HostState::Running(host) | HostState::Stopping(Some(host)) = state {
            host.stop().await;
        }
    }

    /// Waits until the app runs or can't be started.
    async fn settled(&self) -> HostState {
        let mut state = self.state.clone();
        let settled = state.wait_for(|state| !matches!(state, HostState::Starting));
        settled
            .await
            .map_or(HostState::Stopped, |state| state.clone())
    }
}

impl Site for HostService {
    async fn respond(&self, request: HttpRequest) -> HttpResponse {
        let mut cut = self.cut.subscribe();
        let is_cut = async {
            // The service holds the sender.
            let _ = cut.wait_for(|is_cut| *is_cut).await;
        };
        tokio::select! {
            biased;
            () = is_cut => std::future::pending().await,
            response = self.answer(request) => response,
        }
    }

    fn wants_body(&self, request: &HttpRequest) -> bool {
        match self.state() {
            HostState::Running(host) => {
                own_pages::wants_body_of(request) || host.wants_body_of(request)
            }
            HostState::Error(_) => false,
            HostState::Starting | HostState::Stopping(_) | HostState::Stopped => true,
        }
    }

    fn max_body(&self) -> u64 {
        match self.state() {
            HostState::Running(host) => host.max_body_length(),
            _ => MAX_BODY,
        }
    }
}

impl HostService {
    async fn answer(&self, request: HttpRequest) -> HttpResponse {
        if request.path().eq_ignore_ascii_case(status::PATH) {
            return match self.keys.administers(&request) {
                Ok(()) => status::respond(&self.state()),
                Err(status) => own_pages::refused(status),
            };
        }
        loop {
            let host = match self.settled().await {
                HostState::Running(host) | HostState::Stopping(Some(host)) => host,
                HostState::Error(_) => return not_running(),
                HostState::Starting | HostState::Stopping(None) | HostState::Stopped => {
                    return std::future::pending().await;
                }
            };
            if let Some(response) = own_pages::respond(&host, &request) {
                return response;
            }
            let invocation = host.invoke_as_it_is(request.clone()).await;
            if !invocation.finds_no_handler {
                return invocation.response;
            }
            // Either another start of the app takes this request, or nobody does: then the
            // connection ends with the host.
            let mut state = self.state.clone();
            let moved_on = state.wait_for(|state| match state {
                HostState::Running(other) => !other.is_same(&host),
                HostState::Starting | HostState::Error(_) => true,
                HostState::Stopping(_) | HostState::Stopped => false,
            });
            if moved_on.await.is_err() {
                return std::future::pending().await;
            }
        }
    }
}

fn not_running() -> HttpResponse {
    HttpResponse {
        body: NOT_RUNNING.as_bytes().to_vec(),
        ..HttpResponse::empty(503)
    }
}

/// What keeps the app running.
struct Work {
    options: HostOptions,
    record: Record,
    state: watch::Sender<HostState>,
    stop: watch::Receiver<bool>,
}

/// Why an app doesn't run on as it is.
enum Turn {
    Changed(Change),
    Stops,
}

impl Work {
    async fn run(mut self) {
        let mut pause = FIRST_PAUSE;
        loop {
            let mut files = Files::look(&self.options.app_root);
            let turn = match FunctionsHost::launch(self.options.clone()) {
                Ok(host) => {
                    pause = FIRST_PAUSE;
                    let is_watched = host.watches_files();
                    self.state.send_replace(HostState::Running(host.clone()));
                    let turn = tokio::select! {
                        change = files.changed(), if is_watched => Turn::Changed(change),
                        () = host.gives_up() => Turn::Stops,
                        _ = self.stop.wait_for(|stop| *stop) => Turn::Stops,
                    };
                    if let Turn::Changed(change) = &turn
                        && !change.takes_the_app_offline()
                    {
                        self.tell_of(change);
                        self.state.send_replace(HostState::Starting);
                        host.stop().await;
                    }
                    turn
                }
                Err(error) => {
                    self.tell_of_error(&error);
                    self.state.send_replace(HostState::Error(error.to_string()));
                    let waited = pause;
                    pause = LAST_PAUSE.min(pause * 2);
                    tokio::select! {
                        () = sleep(waited) => continue,
                        change = files.changed() => Turn::Changed(change),
                        _ = self.stop.wait_for(|stop| *stop) => Turn::Stops,
                    }
                }
            };
            let stops = match turn {
                Turn::Stops => true,
                Turn::Changed(change) => change.takes_the_app_offline(),
            };
            if stops {
                self.state.send_modify(|state| {
                    let host = match state {
                        HostState::Running(host) => Some(host.clone()),
                        _ => None,
                    };
                    *state = HostState::Stopping(host);
                });
                return;
            }
        }
    }

    fn tell_of(&self, change: &Change) {
        let text = format!(
            "File change of type '{}' detected for '{}'",
            change.kind(),
            change.path().display()
        );
        self.record.log(LogRecord::information(STARTUP, text));
        let text = "Host configuration has changed. Signaling restart";
        self.record.log(LogRecord::information(STARTUP, text));
    }

    fn tell_of_error(&self, error: &StartError) {
        let operation = uuid::Uuid::new_v4();
        let text = format!("A host error has occurred during startup operation '{operation}'.");
        let record = LogRecord::error(STARTUP, text).event(STARTUP_ERROR);
        self.record.log(record.exception(error.exception()));
    }
}
