//! Serving an app on a listener, until a signal says stop.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::rt::net::TcpSocket;
use actix_web::web::ServiceConfig;
use actix_web::{App, HttpServer};
use anyhow::{Context, Result};

use crate::port::PORT_VARIABLE;

/// How long a connection may be idle, before its first request and after any. It must be longer
/// than 75 seconds: the host closes what has been idle for 60 to 75, and a handler that closes
/// first loses the invocation that is sent at that moment (5 of 60 with the host 4.1037), as the
/// host doesn't send a chunked request again. actix-web's own 5 seconds for a first request would
/// do it, too.
const IDLE_TIMEOUT: Duration = Duration::from_mins(2);

/// How many connections each worker has at the most. The host keeps one for each invocation under
/// way; further ones wait.
const MAX_CONNECTIONS: usize = 1024;

/// How many connections the system holds until a worker takes them. Where it is full, whoever calls
/// tries again after a second.
const BACKLOG: u32 = 1024;

/// How long requests in flight may take after a signal. An invocation takes microseconds; whoever
/// is slower has gone.
const SHUTDOWN_TIMEOUT_SECONDS: u64 = 5;

/// Listens on `port` of 127.0.0.1.
///
/// # Errors
/// When the port is taken.
pub fn listen(port: u16) -> Result<TcpListener> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let listen = || {
        let socket = TcpSocket::new_v4()?;
        // The host gives a process that it starts again the port of the last one, whose connections
        // the system remembers.
        #[cfg(unix)]
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)?.into_std()
    };
    listen().with_context(|| {
        format!("cannot listen on {address} (another port is named in {PORT_VARIABLE})")
    })
}

/// Serves `routes` on `listener` until the process gets SIGTERM or SIGINT, and finishes what is in
/// flight.
///
/// # Errors
/// When signals can't be listened to, or the listener can't be used.
pub async fn serve<R>(listener: TcpListener, routes: R) -> Result<()>
where
    R: Fn(&mut ServiceConfig) + Clone + Send + 'static,
{
    let stop = stop_signal()?;
    let address = listener
        .local_addr()
        .context("the listener has no address")?;
    let server = HttpServer::new(move || App::new().configure(routes.clone()))
        .keep_alive(IDLE_TIMEOUT)
        .client_request_timeout(IDLE_TIMEOUT)
        .max_connections(MAX_CONNECTIONS)
        .shutdown_timeout(SHUTDOWN_TIMEOUT_SECONDS)
        .shutdown_signal(stop)
        .listen(listener)
        .with_context(|| format!("cannot listen on {address}"))?;
    log::info!("listening on {address}");
    server.run().await.context("the server failed")
}

/// Ready when the process is asked to stop.
#[cfg(unix)]
fn stop_signal() -> Result<impl Future<Output = ()>> {
    use actix_web::rt::signal::unix::{SignalKind, signal};
    use std::future::poll_fn;
    use std::task::Poll;

    let mut terminate = signal(SignalKind::terminate()).context("cannot listen to SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen to SIGINT")?;
    Ok(async move {
        poll_fn(|context| {
            if terminate.poll_recv(context).is_ready() || interrupt.poll_recv(context).is_ready() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    })
}

/// Ready when the process is asked to stop.
#[cfg(not(unix))]
fn stop_signal() -> Result<impl Future<Output = ()>> {
    Ok(async {
        // Without Ctrl-C the host ends the process, as it does anyway.
        if actix_web::rt::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
