//! Where and when the figures were taken.

use std::fs;
use std::process::Command;
use std::thread::available_parallelism;

use anyhow::{Context, Result};
use time::OffsetDateTime;

use crate::contender::says;

/// This machine, today.
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) kernel: String,
    pub(crate) date: String,
    pub(crate) wrk: String,
}

impl Machine {
    /// Looks. Fails when wrk is missing, without which there is nothing to do.
    pub(crate) fn this() -> Result<Self> {
        let processors =
            fs::read_to_string("/proc/cpuinfo").context("cannot read /proc/cpuinfo")?;
        let processor = processors
            .lines()
            .find_map(|line| line.strip_prefix("model name"));
        let processor = processor.map_or("an unnamed processor", |name| {
            name.trim_matches([' ', '\t', ':'])
        });
        let wrk = says(Command::new("wrk").arg("--version"))?;
        Ok(Self {
            processor: processor.to_owned(),
            cores: available_parallelism()?.get(),
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease")?
                .trim()
                .to_owned(),
            date: OffsetDateTime::now_utc().date().to_string(),
            // "wrk 4.1.0 [epoll] Copyright …"
            wrk: wrk.split('[').next().unwrap_or_default().trim().to_owned(),
        })
    }
}
