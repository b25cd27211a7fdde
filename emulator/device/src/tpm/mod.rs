//! A TPM in software, as far as a device needs one to register.
//!
//! It has an endorsement key and a storage root key, and unwraps the keys that the service sends.
//! What it keeps secret is in a file, so it secures nothing.
//! Source: <https://trustedcomputinggroup.org/resource/tpm-library-specification/>.

mod activation;
mod buffer;
mod error;
mod public_area;
mod software_tpm;

pub use error::TpmError;
pub use software_tpm::SoftwareTpm;
