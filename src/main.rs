//! The custom handler's process.

use std::process::ExitCode;

fn main() -> ExitCode {
    custom_handler::run(custom_allocation::functions::all())
}
