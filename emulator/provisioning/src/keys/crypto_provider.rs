//! The provider of cryptography that TLS uses in this process.

use rustls::crypto;

/// Makes ring the process's provider of cryptography, unless it has one.
pub fn use_ring() {
    // An error says that there is one already.
    let _ = crypto::ring::default_provider().install_default();
}
