//! The file as a policy, which explains itself where the log asks for it.

use log::Level;

use crate::policy::compiled::file::File;
use crate::{Decision, Policy, Request};

impl Policy for File {
    /// Where the log's level is debug, the decision tells how it was reached.
    fn decide(&self, request: &Request<'_>) -> Decision {
        if log::log_enabled!(Level::Debug) {
            let (decision, lines) = self.explain(request);
            decision.explain(lines)
        } else {
            self.decision(request)
        }
    }
}
