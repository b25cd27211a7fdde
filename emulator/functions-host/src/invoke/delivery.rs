//! Delivering batches of an Event Hub to a function, as the trigger does: one after the other, with
//! the retry policy's attempts, and with the checkpoint moving on whatever happened.
//!
//! Source: <https://learn.microsoft.com/azure/azure-functions/functions-reliable-event-processing>.

use std::time::{Duration, SystemTime};

use axum::body::Bytes;
use thiserror::Error;
use tokio::time::sleep;
use uuid::Uuid;

use crate::answer::invocation_error::InvocationError;
use crate::answer::violation::Violation;
use crate::app::function::{Cardinality, Function};
use crate::envelope::event_hub_trigger::EventHubInvocation;
use crate::envelope::http_trigger::retry_context;
use crate::host::FunctionsHost;
use crate::invoke::attempt::Message;
use crate::invoke::event_hub::EventHubBatch;
use crate::invoke::http::RawAnswer;
use crate::newtonsoft::{JObject, NetDateTime};

/// What became of a batch. The checkpoint is behind it in any case.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The function.
    pub function: String,
    /// The invocations, in their order.
    pub attempts: Vec<Attempt>,
    /// The sequence numbers of the events that no invocation has succeeded with: they are lost.
    pub lost: Vec<i64>,
}

impl Delivery {
    /// The log lines of all attempts.
    #[must_use]
    pub fn logs(&self) -> Vec<&str> {
        let attempts = self.attempts.iter();
        attempts
            .flat_map(|attempt| &attempt.logs)
            .map(String::as_str)
            .collect()
    }
}

/// One invocation.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The invocation id, another one for each attempt.
    pub id: String,
    /// Whether the function succeeded.
    pub succeeded: bool,
    /// Why the host failed it, where it was not the handler's answer.
    pub failure: Option<String>,
    /// The answer's `Logs`; the host drops those of a failed invocation.
    pub logs: Vec<String>,
    /// What the answer did wrong. A status other than 2xx is not wrong here, but how a function
    /// fails.
    pub violations: Vec<Violation>,
    /// The bytes of the envelope.
    pub envelope: Vec<u8>,
    /// The handler's answer, when it gave one.
    pub answer: Option<RawAnswer>,
    /// How long it took.
    pub duration: Duration,
    /// What the next attempt is told.
    cause: Option<InvocationError>,
}

/// Why a batch can't be delivered.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DeliveryError {
    /// There is no such function.
    #[error("the app has no function {function}")]
    NoFunction {
        /// The name that was asked for.
        function: String,
    },
    /// It has another trigger.
    #[error("the function {function} has no Event Hub trigger")]
    NoEventHubTrigger {
        /// The function.
        function: String,
    },
}

impl FunctionsHost {
    /// Delivers a batch to the function of that name, attempt after attempt as its retry policy
    /// says. With the cardinality *one* each event is a batch of its own.
    ///
    /// # Errors
    /// When there is no such function, or it has another trigger.
    pub async fn deliver(
        &self,
        function: &str,
        batch: &EventHubBatch,
    ) -> Result<Delivery, DeliveryError> {
        let name = function.to_owned();
        let known = self.app.functions.iter().find(|known| known.name == name);
        let function = known.ok_or(DeliveryError::NoFunction { function: name })?;
        let Some(trigger) = &function.event_hub_trigger else {
            return Err(DeliveryError::NoEventHubTrigger {
                function: function.name.clone(),
            });
        };
        let mut delivery = Delivery {
            function: function.name.clone(),
            attempts: Vec::new(),
            lost: Vec::new(),
        };
        match trigger.cardinality {
            Cardinality::Many => self.deliver_together(function, batch, &mut delivery).await,
            Cardinality::One => {
                for (event, number, offset) in batch.placed() {
                    let alone = EventHubBatch {
                        events: vec![event.clone()],
                        ..batch.clone()
                    };
                    let alone = alone.at(&batch.partition_id, number, offset);
                    self.deliver_together(function, &alone, &mut delivery).await;
                }
            }
        }
        Ok(delivery)
    }

    async fn deliver_together(
        &self,
        function: &Function,
        batch: &EventHubBatch,
        delivery: &mut Delivery,
    ) {
        let policy = function.retry.or(self.app.settings.retry);
        let mut failed = 0;
        let mut exception: Option<JObject> = None;
        loop {
            let id = Uuid::new_v4().to_string();
            let retry = policy
                .map(|policy| retry_context(failed, policy.max_retry_count, exception.take()));
            let attempt = self.deliver_once(function, batch, &id, retry).await;
            for violation in &attempt.violations {
                self.record.violation(violation.clone());
            }
            let (succeeded, cause) = (attempt.succeeded, attempt.cause.clone());
            delivery.attempts.push(attempt);
            if succeeded {
                return;
            }
            exception = cause.map(|cause| cause.to_exception(&id, &function.name));
            failed += 1;
            match policy.and_then(|policy| policy.pause(failed)) {
                Some(pause) if self.options.retry_pauses => sleep(pause).await,
                Some(_) => {}
                None => {
                    delivery
                        .lost
                        .extend(batch.placed().map(|(_, number, _)| number));
                    return;
                }
            }
        }
    }

    async fn deliver_once(
        &self,
        function: &Function,
        batch: &EventHubBatch,
        id: &str,
        retry: Option<JObject>,
    ) -> Attempt {
        let mut attempt = Attempt {
            id: id.to_owned(),
            succeeded: false,
            failure: None,
            logs: Vec::new(),
            violations: Vec::new(),
            envelope: Vec::new(),
            answer: None,
            duration: Duration::ZERO,
            cause: None,
        };
        let Some(trigger) = &function.event_hub_trigger else {
            return attempt;
        };
        let envelope = EventHubInvocation {
            function_name: &function.name,
            trigger,
            batch,
            utc_now: NetDateTime::utc(SystemTime::now()),
            rand_guid: Uuid::new_v4().to_string(),
            retry,
        }
        .to_envelope();
        match envelope {
            Ok(envelope) => attempt.envelope = envelope.into_bytes(),
            Err(unbindable) => {
                let chain = unbindable.chain();
                let cause = InvocationError::Binding { chain }.sentence();
                self.tell_of_a_failure(function, id, Duration::ZERO, &cause);
                attempt.failure = Some(unbindable.sentence);
                return attempt;
            }
        }
        let message = Message::Envelope(Bytes::from(attempt.envelope.clone()), None);
        let outcome = self.attempt(function, id, message).await;
        attempt.succeeded = outcome.succeeded();
        if outcome.finds_no_handler {
            attempt.failure = Some("the handler is not running".to_owned());
        }
        attempt.cause = outcome.failure;
        attempt.logs = outcome.logs;
        attempt.answer = outcome.answer;
        attempt.duration = outcome.duration;
        // A status other than 2xx is how a function fails here.
        let mut violations = outcome.violations;
        violations.retain(|violation| !matches!(violation, Violation::NonSuccessStatus { .. }));
        attempt.violations = violations;
        attempt
    }
}
