//! Buffers with their length in front, which is how a TPM writes each `TPM2B_…`.

use super::error::TpmError;

/// The bytes with their length in front. What a device writes is far from the longest that fits.
pub(super) fn sized(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    let mut buffer = length.to_be_bytes().to_vec();
    buffer.extend_from_slice(bytes);
    buffer
}

/// Reads one buffer after the other.
pub(super) struct Buffers<'a>(&'a [u8]);

impl<'a> Buffers<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next buffer.
    pub(super) fn sized(&mut self) -> Result<&'a [u8], TpmError> {
        let (length, rest) = self.0.split_first_chunk().ok_or(TpmError::TooShort)?;
        self.0 = rest;
        self.plain(usize::from(u16::from_be_bytes(*length)))
    }

    /// The next bytes, which have no length in front.
    pub(super) fn plain(&mut self, length: usize) -> Result<&'a [u8], TpmError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(TpmError::TooShort)?;
        self.0 = rest;
        Ok(taken)
    }

    /// What was not read yet.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.0
    }
}
