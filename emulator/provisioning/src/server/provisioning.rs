//! The provisioning service at work: the pure [`Service`] with a clock, a webhook client and
//! perhaps a state file.
//!
//! Transports hand requests in and get answers at once. Each registration then runs in a task of
//! its own, which asks, waits and saves as the service's steps say.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::causes::causes;
use crate::clock::{RequestContext, Timestamp};
use crate::enrollment::settings::Settings;
use crate::server::mqtt_clients::MqttClients;
use crate::server::state::{Saved, StateFile};
use crate::service::caller::Caller;
use crate::service::operation::Settlement;
use crate::service::provisioning_service::{OperationKey, Service, Step};
use crate::service::registration::Outcome;
use crate::webhook::client::WebhookClient;
use crate::wire::device_api::{Answer, DeviceRegistrationResult, RegistrationOperationStatus};
use crate::wire::request_error::RequestError;
use emulator_text::printable;
use uuid::Uuid;

/// A running service. Clones are handles to the same one.
#[derive(Clone, Debug)]
pub struct Provisioning(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    service: Mutex<Service>,
    webhook: WebhookClient,
    state: Option<StateFile>,
    mqtt_clients: MqttClients,
}

impl Provisioning {
    /// A service that forgets everything when it ends.
    #[must_use]
    pub fn in_memory(settings: Settings, webhook: WebhookClient) -> Self {
        Self::new(Service::new(settings), webhook, None)
    }

    /// A service that goes on from what the state file held.
    #[must_use]
    pub fn with_state(
        settings: Settings,
        webhook: WebhookClient,
        (file, saved): (StateFile, Saved),
    ) -> Self {
        let mut service = Service::new(settings);
        service.restore(saved.registrations, saved.devices);
        Self::new(service, webhook, Some(file))
    }

    fn new(mut service: Service, webhook: WebhookClient, state: Option<StateFile>) -> Self {
        service.set_secret(Uuid::new_v4());
        Self(Arc::new(Inner {
            service: Mutex::new(service),
            webhook,
            state,
            mqtt_clients: MqttClients::default(),
        }))
    }

    /// The service as it is now. It stands still until the guard is dropped.
    pub fn service(&self) -> MutexGuard<'_, Service> {
        // A panic elsewhere leaves whole values behind: every change is one insertion or removal.
        self.0
            .service
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The MQTT clients that are connected.
    pub(super) fn mqtt_clients(&self) -> &MqttClients {
        &self.0.mqtt_clients
    }

    /// Registers a device. Needs a tokio runtime, on which the registration runs on.
    ///
    /// # Errors
    /// The request is refused.
    pub fn register(
        &self,
        at: &RequestContext,
        caller: &Caller,
        body: &[u8],
    ) -> Result<Answer<RegistrationOperationStatus>, RequestError> {
        let registered = self.service().register(at, caller, body);
        let registered = registered.inspect_err(|refusal| log_request_error(caller, refusal))?;
        if let Some(key) = registered.started {
            tokio::spawn(self.clone().run(key));
        }
        Ok(registered.answer)
    }

    /// How far an operation has come.
    ///
    /// # Errors
    /// The request is refused.
    pub fn operation_status(
        &self,
        at: &RequestContext,
        caller: &Caller,
        operation_id: &str,
    ) -> Result<Answer<RegistrationOperationStatus>, RequestError> {
        let status = self.service().operation_status(at, caller, operation_id);
        status.inspect_err(|refusal| log_request_error(caller, refusal))
    }

    /// What is known of a device.
    ///
    /// # Errors
    /// The request is refused.
    pub fn look_up(
        &self,
        at: &RequestContext,
        caller: &Caller,
    ) -> Result<Answer<DeviceRegistrationResult>, RequestError> {
        let found = self.service().look_up(at, caller);
        found.inspect_err(|refusal| log_request_error(caller, refusal))
    }

    /// Takes a registration through its steps.
    async fn run(self, key: OperationKey) {
        loop {
            let now = RequestContext::now();
            let step = self.service().step(&key, &now);
            match step {
                Step::Ask(call) => {
                    let outcome = self.0.webhook.ask(&call).await;
                    let answered = Timestamp::now();
                    self.service().answered(&key, outcome, answered);
                }
                Step::Wait { until } => tokio::time::sleep(until.since(now.now)).await,
                Step::Save(settlement) => return self.save(&key, *settlement).await,
                Step::Stop => return,
            }
        }
    }

    async fn save(&self, key: &OperationKey, settlement: Settlement) {
        if let Some(state) = &self.0.state
            && let Err(error) = state.save(&settlement).await
        {
            log::error!(
                "{}: {}",
                settlement.registration.registration_id,
                causes(&error)
            );
            self.service().abandon(key);
            return;
        }
        log_outcome(&settlement);
        self.service().commit(settlement);
    }
}

fn log_outcome(settlement: &Settlement) {
    let device = &settlement.registration.registration_id;
    match &settlement.registration.outcome {
        Outcome::Assigned { assignment, .. } => {
            log::info!("{device}: assigned to {}", assignment.hub);
        }
        Outcome::Failed {
            error_code,
            message,
            ..
        } => log::info!("{device}: failed {error_code}: {}", printable(message)),
    }
}

/// Says on one line who was refused and why.
pub(crate) fn log_request_error(caller: &Caller, refusal: &RequestError) {
    let device = printable(&caller.registration_id);
    log::info!("{device}: refused, {}", printable(&refusal.reason()));
}
