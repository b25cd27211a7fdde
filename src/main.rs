//! The custom handler: without arguments the process that the Functions host starts, with them the
//! tools of who writes the policy.

use std::process::ExitCode;

use custom_allocation::commands::{self, Command};
use custom_allocation::{PolicyFile, run_with};

fn main() -> ExitCode {
    match commands::parse(std::env::args_os()) {
        Ok(Command::Serve) => run_with(PolicyFile::from_env),
        command => commands::execute(command),
    }
}
