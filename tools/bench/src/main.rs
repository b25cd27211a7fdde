//! The handler beside a floor and beside the same policy in other languages, under the same load,
//! on this machine.
//!
//! `cargo run --release -p bench` builds what it can, makes sure that all answer the same, measures
//! them in turn, prints the tables, and writes them into `docs/`. It measures the socket's side of
//! an invocation: the Functions host in front, the network and Azure add the same to every
//! contender and are not here.
//!
//! # Layout
//!
//! | module | what it holds |
//! |---|---|
//! | `contender` | what is measured, and how each is built |
//! | `process` | starting one, knowing when it is ready, what it uses, ending it |
//! | `client` | whether a contender is ready, and one invocation of it |
//! | `exchange` | an invocation by hand: whether all answer the same |
//! | `wrk` | the load |
//! | `instructions` | callgrind's count for an invocation |
//! | `measure` | the order of it all |
//! | `results` | the figures |
//! | `machine`, `report` | where they were taken, as tables |

mod client;
mod contender;
mod exchange;
mod instructions;
mod machine;
mod measure;
mod process;
mod report;
mod results;
mod wrk;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Parser;

/// Measures the handler beside a constant answer and beside the same policy on Go and Node.
#[derive(Parser)]
#[command(
    after_help = "Needs wrk; go, node and valgrind where they are to take part. \
    Leave the machine alone meanwhile: whatever else runs takes from one contender and not from the next."
)]
struct Options {
    /// How often each contender is loaded at each number of connections; the median counts
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// How long each load lasts, in seconds
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
    /// How often each contender is started to see how soon it is ready
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..))]
    starts: u32,
    /// The numbers of connections
    #[arg(long, value_delimiter = ',', default_value = "1,8,32,128", value_parser = clap::value_parser!(u32).range(1..))]
    connections: Vec<u32>,
    /// Print the tables and leave docs/ as it is
    #[arg(long)]
    print_only: bool,
}

#[expect(clippy::print_stderr, reason = "it is where complaints go")]
fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "it is what this program is for")]
fn run(options: &Options) -> Result<()> {
    ensure!(
        cfg!(target_os = "linux"),
        "the comparison reads /proc, which only Linux has: run it there"
    );
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    let workspace = workspace.context("this package is no longer in tools/bench")?;
    let results = measure::all(workspace, options)?;
    let report = report::markdown(&results, options);
    println!("{report}");
    if !options.print_only {
        report::write(&workspace.join("docs/BENCHMARKS.md"), &report)?;
    }
    Ok(())
}
