//! The reader: the text of an `allocation.json` becomes a [`File`], or a list of problems.
//!
//! It tells all that is wrong, each problem with the member's path and its place, as an editor
//! would. A name that is unknown or there twice is a problem, too: what is misspelt would else
//! match everything.

mod canonical;
mod conditions;
mod effect;
mod notes;
mod problem;
mod reader;
mod rows;
mod rules;
mod trail;
mod twin;

pub use problem::{FileError, Problem};
pub use reader::MAX_FILE;
pub(super) use reader::{Reader, member, text_of};
pub(super) use trail::Trail;

use super::compiled::file::File;
use super::json::tree;

impl File {
    /// Reads a policy file.
    ///
    /// # Errors
    /// With all that is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Self, FileError> {
        Ok(read(bytes, false)?.0)
    }

    /// Reads a policy file, and notes what is right and risky.
    ///
    /// # Errors
    /// With all that is wrong with it.
    pub fn parse_with_notes(bytes: &[u8]) -> Result<(Self, Vec<Problem>), FileError> {
        read(bytes, true)
    }
}

fn read(bytes: &[u8], with_notes: bool) -> Result<(File, Vec<Problem>), FileError> {
    let text = text_of(bytes).map_err(FileError::whole)?;
    let tree = tree::parse(text).map_err(|error| FileError::at(text, error.at, error.why))?;
    let mut reader = Reader::new(text, with_notes);
    reader.find_repeated(&tree, &Trail::START);
    let file = reader.policy(&tree);
    match (file, FileError::of(reader.problems)) {
        (Some(mut file), None) => {
            file.checksum = checksum(bytes);
            Ok((file, reader.notes.unwrap_or_default()))
        }
        (_, Some(error)) => Err(error),
        // Nothing is left out without a problem that says so.
        (None, None) => Err(FileError::whole("it can't be read".to_owned())),
    }
}

/// The first 12 hexadecimal digits of the SHA-256.
fn checksum(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    use std::fmt::Write as _;
    let digest = Sha256::digest(bytes);
    digest.iter().take(6).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
