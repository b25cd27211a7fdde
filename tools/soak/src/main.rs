//! Bounded load and faults against the real handler, with every answer checked.
//!
//! It starts the handler's release binary by itself, talks to it over raw sockets as no polite
//! client would, and ends with a non-zero status at the first answer that is wrong. It measures no
//! speed; that is what the benchmarks are for.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what it saw is what it is for"
)]

mod cases;
mod connection;
mod faults;
mod handler;
mod load;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Parser;

use handler::Handler;

/// How much higher the peak of the resident memory may be at the end. It depends on which large
/// requests happen to meet, and comes to rest only after some millions of invocations; a leak of 13
/// bytes in each of half a million would be more.
const MEMORY_NOISE_KIB: u64 = 6 << 10;

/// Load and faults against the handler, on 127.0.0.1, in less than five minutes.
#[derive(Parser)]
struct Options {
    /// How many invocations the load has
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(2..))]
    invocations: u64,
    /// How many connections it uses at once
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=1024))]
    connections: u64,
    /// How often the process is killed, and how often it is ended by SIGTERM, under load
    #[arg(long, default_value_t = 20)]
    rounds: u32,
    /// How many seconds the slow senders take; the handler waits ten for a body
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..10))]
    slow_seconds: u64,
    /// The handler; built through cargo when not given
    #[arg(long)]
    handler: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Result<()> {
    let program = match &options.handler {
        Some(program) => program.clone(),
        None => handler::build().await?,
    };

    let handler = Handler::start(&program).await?;
    // The first half, faults included, fills buffers and the allocator's pools; from then on
    // nothing may grow.
    let first = options.invocations / 2;
    stress(&handler, options, first).await?;
    let warm = handler.settled_usage(0).await?;
    stress(&handler, options, options.invocations - first).await?;
    let end = handler.settled_usage(warm.open_files).await?;
    println!(
        "{} invocations on {} connections, all answered rightly",
        options.invocations, options.connections
    );
    println!(
        "meanwhile, twice: {} requests cut off, {} slow senders, {} pipelines, {} idle connections",
        faults::CUT,
        faults::SLOW,
        faults::PIPELINES,
        faults::IDLE
    );
    println!(
        "memory: {} KiB halfway, at its peak {} KiB until then; {} KiB at the end, at its peak {} KiB",
        warm.resident_kib, warm.peak_kib, end.resident_kib, end.peak_kib
    );
    println!(
        "open files: {} halfway, {} at the end",
        warm.open_files, end.open_files
    );
    ensure!(end.open_files <= warm.open_files, "open files have grown");
    ensure!(
        end.peak_kib <= warm.peak_kib + MEMORY_NOISE_KIB,
        "memory has grown"
    );
    handler.terminate().await?;

    let answers = load::killed(&program, options.connections, options.rounds).await?;
    println!(
        "{} kills under load: {answers} answers, none wrong",
        options.rounds
    );
    let answers = load::terminated(&program, options.connections, options.rounds).await?;
    println!(
        "{} times SIGTERM under load: {answers} requests accepted, every one answered",
        options.rounds
    );
    Ok(())
}

/// Load and every fault at once.
async fn stress(handler: &Handler, options: &Options, invocations: u64) -> Result<()> {
    let load = load::run(handler.port, options.connections, invocations);
    let faults = faults::run(handler.port, options.slow_seconds);
    tokio::try_join!(load, faults)?;
    Ok(())
}
