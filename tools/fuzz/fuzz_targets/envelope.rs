//! Any bytes as the host's envelope: no panic, and every answer is a valid one.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../src/function.rs"]
mod function;
#[path = "../src/invariants.rs"]
mod invariants;

fuzz_target!(|envelope: &[u8]| {
    match function::answer(envelope) {
        Ok(answer) => drop(invariants::valid_answer(&answer)),
        Err(error) => invariants::short_sentence(&error.to_string()),
    }
});
