//! An invocation by hand of each contender: whether all decide alike.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::client::{agent, invoke};
use crate::process::Running;

/// The fixture's envelope, in which a toaster registers for the first time.
pub(crate) const ENVELOPE: &str = "fixtures/host/http_dps_group.json";

/// The device of the fixture, and two of other kinds by which to tell a policy from a constant
/// answer.
const TOASTER: &str = "breakroom499-contoso-tstrsd-007";
const OTHERS: [&str; 2] = ["mainbuilding167-contoso-hpsd-088", "stranger"];

/// Makes sure that a contender answers as the handler does: the same outputs, and as many lines in
/// the log.
///
/// `any_device` says whether to try other devices too, which is of no use with a constant answer.
pub(crate) fn check_same(
    handler: &Running,
    contender: &Running,
    workspace: &Path,
    any_device: bool,
) -> Result<()> {
    let envelope = std::fs::read_to_string(workspace.join(ENVELOPE))?;
    let others = OTHERS.map(|device| envelope.replace(TOASTER, device));
    let envelopes = std::iter::once(&envelope).chain(others.iter().filter(|_| any_device));
    for envelope in envelopes {
        let [expected, found] = [handler, contender].map(|running| answer(running, envelope));
        let (expected, found) = (expected.context("the handler fails")?, found?);
        ensure!(
            expected["Outputs"] == found["Outputs"],
            "it answers {}, and the handler {}",
            found["Outputs"],
            expected["Outputs"]
        );
        let lines = |answer: &Value| answer["Logs"].as_array().map(Vec::len);
        ensure!(
            lines(&expected) == lines(&found),
            "its log has not as many lines as the handler's"
        );
    }
    Ok(())
}

fn answer(running: &Running, envelope: &str) -> Result<Value> {
    Ok(serde_json::from_slice(&invoke(
        &agent(),
        running.port,
        envelope,
    )?)?)
}
