//! What decides.

use std::future::{Future, ready};

use crate::{Decision, Request};

/// A policy: a request becomes a decision, at once and without asking anybody. The same request
/// should always get the same decision, as the service may ask again.
///
/// Any function of the request is one.
pub trait Policy: Send + Sync + 'static {
    /// Decides on a request.
    fn decide(&self, request: &Request<'_>) -> Decision;
}

impl<F: Fn(&Request<'_>) -> Decision + Send + Sync + 'static> Policy for F {
    fn decide(&self, request: &Request<'_>) -> Decision {
        self(request)
    }
}

/// A policy that has to wait, such as one that asks another service. Every [`Policy`] is one that
/// never waits.
pub trait AsyncPolicy: Send + Sync + 'static {
    /// Whether it ever waits. Of one that doesn't nothing needs to be kept meanwhile.
    const WAITS: bool = true;

    /// Decides on a request.
    fn decide(&self, request: &Request<'_>) -> impl Future<Output = Decision>;
}

impl<P: Policy> AsyncPolicy for P {
    const WAITS: bool = false;

    fn decide(&self, request: &Request<'_>) -> impl Future<Output = Decision> {
        ready(Policy::decide(self, request))
    }
}
