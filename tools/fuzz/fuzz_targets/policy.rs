//! Any bytes as a policy file: a policy, or an error of one line; and the same bytes as cases,
//! which are told alike.
//!
//! That whatever the reader takes, the schema takes, is tested in `crates/allocation/tests/naive`:
//! its validator takes longer to build for the fuzzer than all else together.
#![no_main]

use allocation::policy::{Case, File};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    match File::parse(bytes) {
        Ok(file) => {
            assert!(file.rule_count() > 0);
            assert_eq!(file.checksum().len(), 12);
        }
        Err(error) => {
            for problem in error.problems() {
                let sentence = problem.to_string();
                assert!(!problem.message.is_empty());
                assert!(!sentence.contains(char::is_control), "{sentence:?}");
            }
        }
    }
    if let Err(error) = Case::parse_all(bytes) {
        assert!(!error.to_string().contains(char::is_control), "{error}");
    }
});
