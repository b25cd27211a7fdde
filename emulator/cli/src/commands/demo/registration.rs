//! A device that registers, and what it must come to.

use std::process::ExitCode;

use crate::common::host_events;
use crate::common::output::{self, BAD, GOOD, HEADING, QUIET};
use crate::common::tutorial_service::TutorialService;
use crate::common::webhook_host::WebhookHost;
use emulator_text::with_causes;
use functions_host::HostEvent;
use provisioning::Provisioning;
use simulated_device::connection::Transport;
use simulated_device::registration::RegistrationError;

/// The registration of one device.
pub(super) struct Registration {
    pub(super) what: &'static str,
    pub(super) id: &'static str,
    pub(super) transport: Transport,
    /// What its hub's name contains; `None` when it must be refused.
    pub(super) hub: Option<&'static str>,
}

impl Registration {
    /// Registers the device, shows how it went, and says whether that is as expected.
    async fn run(&self, service: &TutorialService) -> anyhow::Result<bool> {
        let Self {
            what,
            id,
            transport,
            hub,
        } = self;
        anstream::println!("{HEADING}{what}{HEADING:#} {id} {QUIET}over {transport}{QUIET:#}");
        let registered = service.register(id, None, *transport).await?;
        match &registered {
            Ok(assigned) => {
                output::labelled("device", &format!("assigned to {}", assigned.hub), GOOD);
            }
            Err(error) => output::labelled("device", &with_causes(error), BAD),
        }
        Ok(match (registered, hub) {
            (Ok(assigned), Some(hub)) => assigned.hub.contains(hub),
            (Err(RegistrationError::Failed { error_code, .. }), None) => error_code == 400_207,
            _ => false,
        })
    }
}

/// Registers the devices one after the other, shows the hubs, and ends the host.
///
/// # Errors
/// The service can't be started.
pub(super) async fn run_all(
    registrations: &[Registration],
    mut host: WebhookHost,
) -> anyhow::Result<ExitCode> {
    let service = TutorialService::start(host.url()).await?;
    let mut as_expected = true;
    for registration in registrations {
        as_expected &= registration.run(&service).await?;
        show_logs(&mut host);
        anstream::println!();
    }
    show_hubs(&service.provisioning);
    host.stop().await;
    let kept = output::verdict(host.host().violations().len());
    Ok(if as_expected { kept } else { ExitCode::FAILURE })
}

/// Shows what the function logged, and what it or its process did wrong.
pub(super) fn show_logs(host: &mut WebhookHost) {
    while let Ok(event) = host.events().try_recv() {
        match event {
            HostEvent::Invoked(invocation) => {
                for line in &invocation.logs {
                    output::labelled("log", line, QUIET);
                }
            }
            HostEvent::Violation(_) => host_events::show(&event),
            HostEvent::Started { .. }
            | HostEvent::Ready
            | HostEvent::Ended(_)
            | HostEvent::Line(_)
            | HostEvent::Logged(_) => {}
        }
    }
}

/// Shows the devices of all hubs.
fn show_hubs(provisioning: &Provisioning) {
    for (hub, devices) in provisioning.service().hubs().iter() {
        anstream::println!("{HEADING}{hub}{HEADING:#}");
        for device in devices {
            let twin = &device.twin;
            let tags = serde_json::Value::Object(twin.tags.clone());
            let desired = serde_json::Value::Object(twin.desired.clone());
            output::labelled("device", &device.device_id, GOOD);
            output::labelled("tags", &tags.to_string(), QUIET);
            output::labelled("desired", &desired.to_string(), QUIET);
        }
        anstream::println!();
    }
}
