//! The host itself: started for an app, asked to invoke functions, stopped.

use std::fmt;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use axum::body::Bytes;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use uuid::Uuid;

use super::answer;
use super::app::{App, AppError};
use super::authorization;
use super::client::{Exchange, HandlerClient};
use super::console::HandlerLine;
use super::envelope::HttpInvocation;
use super::function::Function;
use super::http::{HttpRequest, HttpResponse, RawAnswer};
use super::identity::Identity;
use super::json::NetDateTime;
use super::options::HostOptions;
use super::record::{HostEvent, Record};
use super::route::RouteValues;
use super::supervisor::{Command, Phase, Status, Supervisor};
use super::violation::Violation;
use super::worker::HandlerExit;

/// The largest body that the host takes, in bytes.
pub const MAX_BODY: usize = 104_857_600;

/// A running host. Clones are the same host; when the last one is dropped, the handler is killed.
#[derive(Debug, Clone)]
pub struct FunctionsHost {
    app: Arc<App>,
    options: Arc<HostOptions>,
    port: u16,
    record: Arc<Record>,
    status: watch::Receiver<Status>,
    commands: mpsc::UnboundedSender<Command>,
    _supervisor: Arc<SupervisorTask>,
}

/// The supervisor ends with the host.
#[derive(Debug)]
struct SupervisorTask(JoinHandle<()>);

impl Drop for SupervisorTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// One request, and everything that became of it.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// The invocation id, which the handler gets as `X-Azure-Functions-InvocationId`.
    pub id: String,
    /// The request's method.
    pub method: String,
    /// The request's path, without the query, where a key may be.
    pub path: String,
    /// The function, when the request was for one.
    pub function: Option<String>,
    /// What the caller gets.
    pub response: HttpResponse,
    /// The answer's `Logs`.
    pub logs: Vec<String>,
    /// What the answer did wrong.
    pub violations: Vec<Violation>,
    /// The bytes of the envelope; empty when the handler wasn't called or the request was forwarded as it is.
    pub envelope: Vec<u8>,
    /// The handler's answer, when it gave one.
    pub answer: Option<RawAnswer>,
    /// From the request to the response.
    pub duration: Duration,
}

/// Why a host could not be started.
#[derive(Debug)]
pub enum StartError {
    /// The app can't be loaded.
    App(AppError),
    /// There is no free port for the handler.
    Port(std::io::Error),
    /// The handler's process can't be started.
    CannotStart(String),
    /// The handler was started, but never got ready.
    NeverReady {
        /// What it did wrong.
        violations: Vec<Violation>,
        /// What it printed.
        output: Vec<HandlerLine>,
    },
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::App(error) => error.fmt(f),
            Self::Port(error) => write!(
                f,
                "there is no free port on 127.0.0.1 for the handler: {error}"
            ),
            Self::CannotStart(detail) => f.write_str(detail),
            Self::NeverReady { violations, output } => {
                f.write_str("the handler never got ready")?;
                for violation in violations {
                    write!(f, "\n  {violation}")?;
                }
                if !output.is_empty() {
                    f.write_str("\nIt printed:")?;
                }
                output
                    .iter()
                    .try_for_each(|line| write!(f, "\n  {}", line.text))
            }
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::App(error) => Some(error),
            Self::Port(error) => Some(error),
            Self::CannotStart(_) | Self::NeverReady { .. } => None,
        }
    }
}

impl FunctionsHost {
    /// Loads the app, starts its handler and waits until that is ready.
    ///
    /// # Errors
    /// When the app can't be loaded, or the handler can't be started or never answers `GET /`.
    pub async fn start(options: HostOptions) -> Result<Self, StartError> {
        let app = App::load(&options.app_root, |name| std::env::var(name).ok())
            .map_err(StartError::App)?;
        let (app, options) = (Arc::new(app), Arc::new(options));
        let port = free_port().map_err(StartError::Port)?;
        let record = Arc::new(Record::new(options.events.clone()));
        if let Some(key) = &options.function_key {
            record.guard(key);
        }
        let (status_sender, mut status) = watch::channel(Status::default());
        let (commands, command_receiver) = mpsc::unbounded_channel();
        let supervisor = Supervisor {
            app: Arc::clone(&app),
            options: Arc::clone(&options),
            port,
            record: Arc::clone(&record),
            status: status_sender,
            commands: command_receiver,
        };
        let task = Arc::new(SupervisorTask(tokio::spawn(supervisor.run())));
        let settled = status
            .wait_for(|status| !matches!(status.phase, Phase::Starting))
            .await
            .map(|status| status.phase.clone());
        match settled {
            Ok(Phase::CannotStart(detail)) => return Err(StartError::CannotStart(detail)),
            Ok(Phase::Stopped) | Err(_) => {
                return Err(StartError::NeverReady {
                    violations: record.violations(),
                    output: record.lines(),
                });
            }
            Ok(Phase::Starting | Phase::Ready(_) | Phase::LeftDead(_)) => {}
        }
        Ok(Self {
            app,
            options,
            port,
            record,
            status,
            commands,
            _supervisor: task,
        })
    }

    /// Invokes the function that the request is for.
    pub async fn invoke(&self, mut request: HttpRequest) -> Invocation {
        let started = Instant::now();
        request.complete();
        let mut invocation = Invocation {
            id: Uuid::new_v4().to_string(),
            method: request.method.clone(),
            path: request.path().to_owned(),
            function: None,
            response: HttpResponse::empty(404),
            logs: Vec::new(),
            violations: Vec::new(),
            envelope: Vec::new(),
            answer: None,
            duration: Duration::ZERO,
        };
        self.run(&request, &mut invocation).await;
        if invocation.logs.iter().any(|line| self.record.has_key(line)) {
            invocation.violations.push(Violation::KeyInLog {
                place: "the answer's Logs",
            });
        }
        invocation.duration = started.elapsed();
        for violation in &invocation.violations {
            self.record.violation(violation.clone());
        }
        self.record
            .tell(HostEvent::Invoked(Box::new(invocation.clone())));
        invocation
    }

    /// The host's own checks, and then the function.
    async fn run(&self, request: &HttpRequest, invocation: &mut Invocation) {
        let Some((function, route_values)) = self.app.find(&request.method, request.path()) else {
            return;
        };
        let Some(trigger) = &function.trigger else {
            return;
        };
        invocation.function = Some(function.name.clone());
        self.guard_keys(request);
        let identity = authorization::authorize(
            trigger.auth_level,
            self.options.function_key.as_deref(),
            request,
        );
        let Some(identity) = identity else {
            invocation.response = HttpResponse::empty(401);
            return;
        };
        if request.body.len() > MAX_BODY {
            invocation.response = HttpResponse::empty(413);
            return;
        }
        let Some((client, generation)) = self.ready_handler().await else {
            invocation.response = HttpResponse::empty(503);
            return;
        };
        invocation.response = HttpResponse::empty(500);
        let work = async {
            if self.app.settings.forwards_http_requests && function.is_plain_http() {
                forward(&client, request, invocation).await;
            } else {
                self.send_envelope(
                    &client,
                    function,
                    &route_values,
                    request,
                    identity,
                    invocation,
                )
                .await;
            }
        };
        match self.app.settings.function_timeout {
            None => work.await,
            Some(limit) => {
                if timeout(limit, work).await.is_err() {
                    invocation
                        .violations
                        .push(Violation::FunctionTimeout { limit });
                    // The supervisor is gone only when the host has stopped, and then there is nothing to restart.
                    let _ = self.commands.send(Command::FunctionTimedOut { generation });
                }
            }
        }
    }

    async fn send_envelope(
        &self,
        client: &HandlerClient,
        function: &Function,
        route_values: &RouteValues,
        request: &HttpRequest,
        identity: Identity,
        invocation: &mut Invocation,
    ) {
        let Some(trigger) = &function.trigger else {
            return;
        };
        let envelope = HttpInvocation {
            function_name: &function.name,
            trigger_name: &trigger.name,
            request,
            route_values,
            identity: &identity,
            utc_now: NetDateTime::utc(SystemTime::now()),
            rand_guid: Uuid::new_v4().to_string(),
            max_retry_count: function
                .max_retry_count
                .or(self.app.settings.max_retry_count),
        }
        .to_envelope();
        invocation.envelope = envelope.into_bytes();
        let envelope = Bytes::from(invocation.envelope.clone());
        match client
            .invoke(
                &function.name,
                &invocation.id,
                envelope,
                self.options.transfer,
            )
            .await
        {
            Ok(Exchange { answer, redirects }) => {
                let translation = answer::translate(&answer, function);
                invocation.answer = Some(answer);
                invocation.response = translation.response;
                invocation.logs = translation.logs;
                invocation.violations.extend(redirects);
                invocation.violations.extend(translation.violations);
            }
            Err(error) => invocation.violations.push(Violation::NoAnswer {
                detail: error.detail,
            }),
        }
    }

    /// Whatever the caller presents as a key must not turn up in a log, whether it is right or not.
    fn guard_keys(&self, request: &HttpRequest) {
        if let Some(key) = authorization::presented_key(request) {
            self.record.guard(&key);
            let escaped: String = form_urlencoded::byte_serialize(key.as_bytes()).collect();
            self.record.guard(&escaped);
        }
    }

    /// Waits for the handler; `None` when the host has stopped or the wait is too long.
    async fn ready_handler(&self) -> Option<(HandlerClient, u64)> {
        let mut status = self.status.clone();
        let settled = status.wait_for(|status| !matches!(status.phase, Phase::Starting));
        let status = timeout(self.options.dispatch_timeout, settled)
            .await
            .ok()?
            .ok()?;
        match &status.phase {
            Phase::Ready(client) | Phase::LeftDead(client) => {
                Some((client.clone(), status.generation))
            }
            Phase::Starting | Phase::Stopped | Phase::CannotStart(_) => None,
        }
    }

    /// Ends the handler as [`HostOptions::shutdown`] says, and says how it ended. Without one running: how the last one did.
    pub async fn stop(&self) -> Option<HandlerExit> {
        // When nobody takes the command, the host has stopped before.
        let _ = self.commands.send(Command::Stop);
        let mut status = self.status.clone();
        let stopped = status
            .wait_for(|status| matches!(status.phase, Phase::Stopped | Phase::CannotStart(_)))
            .await;
        stopped.ok().and_then(|status| status.exit.clone())
    }

    /// All violations so far: of answers, of the process and in its lines.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        self.record.violations()
    }

    /// The lines that handler processes have printed so far, up to the latest 100,000.
    #[must_use]
    pub fn output(&self) -> Vec<HandlerLine> {
        self.record.lines()
    }

    /// Waits until a condition on the host holds; it is looked at again whenever something happens.
    pub async fn wait_until(&self, condition: impl Fn(&Self) -> bool) {
        let (mut changes, mut status) = (self.record.changes(), self.status.clone());
        while !condition(self) {
            tokio::select! {
                Ok(()) = changes.changed() => {}
                Ok(()) = status.changed() => {}
                else => return,
            }
        }
    }

    /// The process id of the handler that runs now.
    #[must_use]
    pub fn handler_pid(&self) -> Option<u32> {
        self.status.borrow().pid
    }

    /// How often a handler was started so far.
    #[must_use]
    pub fn starts(&self) -> u64 {
        self.status.borrow().generation
    }

    /// Whether the host has given up, or was stopped.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        matches!(
            self.status.borrow().phase,
            Phase::Stopped | Phase::CannotStart(_)
        )
    }

    /// The port that the handler listens on; the same after a restart.
    #[must_use]
    pub fn handler_port(&self) -> u16 {
        self.port
    }

    /// The handler's own address, `http://127.0.0.1:PORT`, for those who want to go around the host.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The app's functions, in the order in which their routes are tried.
    #[must_use]
    pub fn functions(&self) -> &[Function] {
        &self.app.functions
    }
}

/// Forwarding mode: the response is the handler's own.
async fn forward(client: &HandlerClient, request: &HttpRequest, invocation: &mut Invocation) {
    match client.forward(request, &invocation.id).await {
        Ok(answer) => {
            let of_the_connection = ["content-length", "transfer-encoding", "connection"];
            let headers = answer
                .headers
                .iter()
                .filter(|(name, _)| !of_the_connection.contains(&name.as_str()));
            invocation.response = HttpResponse {
                status: answer.status,
                headers: headers.cloned().collect(),
                body: answer.body.clone(),
            };
            invocation.answer = Some(answer);
        }
        Err(error) => invocation.violations.push(Violation::NoAnswer {
            detail: error.detail,
        }),
    }
}

/// A port that was free a moment ago, found as the host finds it.
fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
