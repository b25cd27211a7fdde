//! What calls share: the instance, the options, the faults that wait, and a count of the calls.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use secrecy::{ExposeSecret as _, SecretString};

use super::fault::{Call, Effect, Fault};
use crate::error::InstanceError;
use crate::instance::Instance;

/// How the service behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// The token that every call must bring; `None` takes any call.
    pub bearer_token: Option<SecretString>,
    /// How many items a page has.
    pub page_size: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            bearer_token: None,
            page_size: 100,
        }
    }
}

/// An instance that is served. Clones share it.
#[derive(Clone, Debug)]
pub struct Service(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    options: Options,
    instance: Mutex<Instance>,
    faults: Mutex<Vec<Fault>>,
    calls: Mutex<BTreeMap<Call, u64>>,
}

impl Service {
    /// A service of `instance`.
    #[must_use]
    pub fn new(instance: Instance, options: Options) -> Self {
        Self(Arc::new(Shared {
            options,
            instance: Mutex::new(instance),
            faults: Mutex::default(),
            calls: Mutex::default(),
        }))
    }

    /// The instance itself, to look into and to change from outside.
    pub fn instance(&self) -> MutexGuard<'_, Instance> {
        locked(&self.0.instance)
    }

    /// Adds a fault.
    pub fn inject(&self, fault: Fault) {
        locked(&self.0.faults).push(fault);
    }

    /// How often each operation has been called.
    #[must_use]
    pub fn calls(&self) -> BTreeMap<Call, u64> {
        locked(&self.0.calls).clone()
    }

    pub(super) fn page_size(&self) -> usize {
        self.0.options.page_size
    }

    /// Whether a call with this header `Authorization` is let in.
    pub(super) fn admits(&self, authorization: Option<&[u8]>) -> bool {
        self.0.options.bearer_token.as_ref().is_none_or(|token| {
            let expected = format!("Bearer {}", token.expose_secret());
            authorization == Some(expected.as_bytes())
        })
    }

    /// Counts the call and lets the first fault that it meets strike.
    pub(super) async fn strike(&self, call: Call, twin: Option<&str>) -> Result<(), InstanceError> {
        *locked(&self.0.calls).entry(call).or_default() += 1;
        match self.effect_on(call, twin) {
            None => Ok(()),
            Some(Effect::Meanwhile(change)) => {
                change(&mut self.instance());
                Ok(())
            }
            Some(Effect::Silence) => std::future::pending().await,
            Some(Effect::Status {
                status,
                retry_after,
            }) => Err(InstanceError {
                retry_after,
                ..InstanceError::new(status, "InjectedFault", "This failure was asked for.")
            }),
        }
    }

    fn effect_on(&self, call: Call, twin: Option<&str>) -> Option<Effect> {
        let mut faults = locked(&self.0.faults);
        let fault = faults.iter_mut().find(|fault| fault.strikes(call, twin))?;
        fault.times -= 1;
        Some(fault.effect)
    }
}

/// Each lock is held for one whole change, so a panic elsewhere leaves consistent values behind.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
