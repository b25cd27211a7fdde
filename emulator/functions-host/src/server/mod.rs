//! The host's web server: functions over HTTP, as the real host's Kestrel offers them.
//!
//! HTTP/1.1 without TLS, written here rather than taken from a library because the library would be
//! stricter and tidier than Kestrel: header names keep the sender's case, statuses outside of 100
//! to 999 and headers that break the framing are written as they are, and what Kestrel refuses is
//! refused with the same status.
//!
//! Source: <https://learn.microsoft.com/aspnet/core/fundamentals/servers/kestrel/options>, and the
//! behaviour of `Microsoft.AspNetCore.Server.Kestrel.Core`
//! (<https://github.com/dotnet/aspnetcore>).
//!
//! # Layout
//! - `head`: a request's line and headers. `target`: its path. `body`: its body.
//! - `response`: what a response looks like on the wire. `reasons`: the texts behind the statuses.
//! - `connection`: one connection, request after request.

mod body;
mod connection;
mod head;
mod reasons;
mod response;
pub(crate) mod target;

use std::io;

use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::host::FunctionsHost;
use crate::invoke::http::{HttpRequest, HttpResponse};

/// Who answers the requests.
pub(crate) trait Site: Clone + Send + Sync + 'static {
    /// Answers a request, which has its body when it is wanted.
    fn respond(&self, request: HttpRequest) -> impl Future<Output = HttpResponse> + Send;

    /// Whether the body of a request is to be read, going by the rest of it.
    fn wants_body(&self, request: &HttpRequest) -> bool;

    /// How long a body may be.
    fn max_body(&self) -> u64;
}

impl Site for FunctionsHost {
    async fn respond(&self, request: HttpRequest) -> HttpResponse {
        self.invoke_as_it_is(request).await.response
    }

    fn wants_body(&self, request: &HttpRequest) -> bool {
        self.wants_body_of(request)
    }

    fn max_body(&self) -> u64 {
        self.max_body_length()
    }
}

impl FunctionsHost {
    /// Serves the functions on a listener until the task is dropped.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(&self, listener: TcpListener) -> io::Result<()> {
        serve_site(self.clone(), listener, std::future::pending()).await
    }
}

/// Serves a site on a listener until `stop` is done. Then nobody can connect any more, idle
/// connections are closed, and the requests under way get their responses before this returns.
///
/// # Errors
/// When the listener fails.
pub(crate) async fn serve_site<S: Site>(
    site: S,
    listener: TcpListener,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let stopping = watch::Sender::new(false);
    tokio::pin!(stop);
    loop {
        let (socket, _) = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) if is_of_one_connection(&error) => continue,
                Err(error) => return Err(error),
            },
        };
        tokio::spawn(connection::serve(
            socket,
            site.clone(),
            stopping.subscribe(),
        ));
    }
    drop(listener);
    stopping.send_replace(true);
    stopping.closed().await;
    Ok(())
}

/// Whether the next connection may do better.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}
