//! The instance over HTTP.
//!
//! # Layout
//!
//! - `state`: what calls share, and the faults that they meet
//! - `routes`: one function for each operation of the data plane
//! - `pages`: lists and query results, page by page
//! - `http`: headers, bodies and error responses
//! - `fault`: fault injection

mod fault;
mod http;
mod pages;
mod routes;
mod state;

use tokio::net::TcpListener;

pub use fault::{Call, Effect, Fault};
pub use state::{Options, Service};

impl Service {
    /// Serves on `listener` until `stop` is ready, and then closes it and all connections that are
    /// idle.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(
        &self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> std::io::Result<()> {
        axum::serve(listener, routes::router(self))
            .with_graceful_shutdown(stop)
            .await
    }
}
