//! `emulator fleet`: registers many devices at once and sums up what became of them.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Args;
use futures_util::StreamExt as _;
use futures_util::stream;
use indicatif::{ProgressBar, ProgressStyle};
use secrecy::{ExposeSecret as _, SecretString};
use thiserror::Error;

use crate::common::output::{BAD, GOOD, HEADING, QUIET};
use crate::common::service::ServiceArguments;
use emulator_text::with_causes;
use provisioning::TUTORIAL_GROUP_KEY;
use simulated_device::connection::{Target, Transport, Trust};
use simulated_device::keys::symmetric_key::SymmetricKey;
use simulated_device::registration::{Assigned, Device, RegistrationError};

/// What stands for a device's number in a pattern.
const NUMBER: &str = "{n}";

/// Register many simulated devices, and sum up their hubs, failures and latencies.
#[derive(Debug, Args)]
pub(super) struct Fleet {
    /// How many devices.
    #[arg(long, default_value_t = 100)]
    count: usize,
    /// How many register at the same time.
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: u16,
    /// Registration ids, with {n} for the device's number; devices take them in turn.
    #[arg(long, value_name = "PATTERN", value_parser = pattern, default_values = ["fleet{n}-contoso-tstrsd-007", "fleet{n}-contoso-hpsd-088"])]
    registration_id: Vec<String>,
    /// The key of the devices' group; without it, the tutorial's.
    #[arg(long, value_name = "KEY", default_value = TUTORIAL_GROUP_KEY, hide_default_value = true)]
    // Read by the command, as a complaint of clap's would show the key.
    group_key: SecretString,
    /// How the devices speak to the service.
    #[arg(long, value_enum, default_value = "https")]
    transport: Transport,
    #[command(flatten)]
    service: ServiceArguments,
}

/// Why a pattern can't name the devices.
#[derive(Debug, Error, PartialEq, Eq)]
enum PatternError {
    #[error("it must contain {NUMBER}, so that the ids differ")]
    WithoutNumber,
}

fn pattern(text: &str) -> Result<String, PatternError> {
    if text.contains(NUMBER) {
        Ok(text.to_owned())
    } else {
        Err(PatternError::WithoutNumber)
    }
}

/// What became of the devices so far.
#[derive(Default)]
struct Summary {
    hubs: BTreeMap<String, usize>,
    failures: BTreeMap<String, usize>,
    latencies: Vec<Duration>,
}

/// Runs the command. Exit status 0 when every device has a hub.
///
/// # Errors
/// The key or the CA file can't be used.
pub(super) async fn run(arguments: Fleet) -> anyhow::Result<ExitCode> {
    let group_key =
        SymmetricKey::parse(arguments.group_key.expose_secret()).context("--group-key")?;
    let trust = arguments.service.trust()?;
    let target = arguments.service.target();
    let bar = ProgressBar::new(arguments.count.try_into()?);
    bar.set_style(ProgressStyle::with_template(
        "{bar:40} {pos}/{len} devices, {per_sec}, {eta} left",
    )?);
    let registrations = arguments
        .devices(&group_key)
        .map(|device| register(device, arguments.transport, &target, &trust));
    let mut registered = stream::iter(registrations).buffer_unordered(arguments.concurrency.into());
    let mut summary = Summary::default();
    while let Some((result, latency)) = registered.next().await {
        summary.add(result, latency);
        bar.inc(1);
    }
    bar.finish_and_clear();
    summary.print();
    Ok(if summary.failures.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

impl Fleet {
    fn devices(&self, group_key: &SymmetricKey) -> impl Iterator<Item = Device> {
        let patterns = self.registration_id.iter().cycle();
        patterns.zip(1..=self.count).map(|(pattern, number)| {
            let registration_id = pattern.replace(NUMBER, &number.to_string());
            Device {
                credential: group_key.derive(&registration_id).into(),
                registration_id,
                payload: None,
            }
        })
    }
}

async fn register(
    device: Device,
    transport: Transport,
    target: &Target,
    trust: &Trust,
) -> (Result<Assigned, RegistrationError>, Duration) {
    let start = Instant::now();
    let result = device.register(transport, target, trust, |_| {}).await;
    (result, start.elapsed())
}

impl Summary {
    fn add(&mut self, result: Result<Assigned, RegistrationError>, latency: Duration) {
        self.latencies.push(latency);
        let (counts, name) = match result {
            Ok(assigned) => (&mut self.hubs, assigned.hub),
            Err(error) => (&mut self.failures, with_causes(&error)),
        };
        *counts.entry(name).or_default() += 1;
    }

    /// The latency that `percent` of the devices stayed within.
    fn percentile(&self, percent: usize) -> Duration {
        let index = (self.latencies.len() * percent).div_ceil(100);
        let latency = self.latencies.get(index.saturating_sub(1));
        latency.copied().unwrap_or_default()
    }

    fn print(&mut self) {
        for (hub, count) in &self.hubs {
            anstream::println!("{GOOD}{count:>8}{GOOD:#}  {HEADING}{hub}{HEADING:#}");
        }
        for (failure, count) in &self.failures {
            anstream::println!("{BAD}{count:>8}{BAD:#}  {failure}");
        }
        self.latencies.sort_unstable();
        let [half, most, all] = [50, 95, 100].map(|percent| self.percentile(percent).as_secs_f64());
        anstream::println!(
            "{QUIET}from the first request to the hub: half within {half:.2} s, 95 of 100 within {most:.2} s, all within {all:.2} s{QUIET:#}"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_latency_that_so_many_stayed_within() {
        let mut summary = Summary::default();
        assert_eq!(summary.percentile(50), Duration::ZERO);
        summary.latencies = (1..=10).map(Duration::from_secs).collect();
        for (percent, seconds) in [(50, 5), (95, 10), (100, 10)] {
            assert_eq!(summary.percentile(percent), Duration::from_secs(seconds));
        }
    }

    #[test]
    fn a_pattern_must_number_the_devices() {
        assert_eq!(pattern("a{n}"), Ok("a{n}".to_owned()));
        assert_eq!(
            pattern("a").unwrap_err().to_string(),
            "it must contain {n}, so that the ids differ"
        );
    }
}
