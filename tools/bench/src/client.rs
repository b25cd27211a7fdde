//! A client of a contender: whether it is ready, and one invocation.

use std::time::Duration;

use anyhow::Result;
use ureq::Agent;

/// Whether something answers `GET /` with success.
pub(crate) fn is_ready(port: u16) -> bool {
    agent()
        .get(format!("http://127.0.0.1:{port}/"))
        .call()
        .is_ok()
}

/// The answer to an envelope, as it came.
pub(crate) fn invoke(agent: &Agent, port: u16, envelope: &str) -> Result<Vec<u8>> {
    let mut response = agent
        .post(format!("http://127.0.0.1:{port}/HttpTrigger1"))
        .content_type("application/json; charset=utf-8")
        .send(envelope)?;
    Ok(response.body_mut().read_to_vec()?)
}

/// A client that keeps its connection.
pub(crate) fn agent() -> Agent {
    let config = Agent::config_builder().timeout_global(Some(Duration::from_secs(30)));
    config.build().into()
}
