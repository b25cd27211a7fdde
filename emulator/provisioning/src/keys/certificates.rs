//! The emulator's own certificate authority, and the server certificate that it issues.
//!
//! The authority is made once and kept, so that a device has to be told of it once; the server's
//! certificate is made at every start. The directory holds a private key, so it isn't for sharing,
//! and it tells git to leave it alone.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use secrecy::{ExposeSecret as _, SecretString};
use time::{Duration, OffsetDateTime};

use crate::keys::key_pair::{KeyAlgorithm, KeyPairError};

/// The names under which devices may reach the emulator: itself, and the service that it stands
/// for.
const SERVER_NAMES: [&str; 3] = [
    "localhost",
    "127.0.0.1",
    "global.azure-devices-provisioning.net",
];

const CERTIFICATE_FILE: &str = "ca.pem";
const KEY_FILE: &str = "ca-key.pem";

/// How long before its making a certificate begins to hold, for devices whose clocks are behind.
const LEEWAY: Duration = Duration::DAY;
const AUTHORITY_HOLDS: Duration = Duration::days(3_650);
const SERVER_HOLDS: Duration = Duration::days(365);

/// A certificate authority.
#[derive(Debug)]
pub struct CertificateAuthority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A server's certificate with its key.
#[derive(Debug)]
pub struct ServerCertificate {
    /// The certificate, in DER.
    pub certificate: CertificateDer<'static>,
    /// Its private key.
    pub key: PrivateKeyDer<'static>,
}

/// Why there is no certificate authority, or no certificate of it.
#[derive(Debug, thiserror::Error)]
pub enum CertificateAuthorityError {
    /// None can be made in this directory.
    #[error("cannot make certificates in {}", .0.display())]
    Make(PathBuf, #[source] Box<CertificateAuthorityError>),
    /// A file of it can't be read.
    #[error("cannot read {}", .0.display())]
    Read(PathBuf, #[source] std::io::Error),
    /// Its key's file holds something else.
    #[error("{} holds no private key; delete it for a new one", .0.display())]
    NoKey(PathBuf, #[source] rcgen::Error),
    /// A file of it can't be written.
    #[error(transparent)]
    Write(#[from] std::io::Error),
    /// There is no key pair.
    #[error(transparent)]
    KeyPair(#[from] KeyPairError),
    /// A certificate can't be issued, as for a name that isn't a host name.
    #[error(transparent)]
    Issue(#[from] rcgen::Error),
}

/// The file in `directory` that a device has to trust.
#[must_use]
pub fn certificate_file(directory: &Path) -> PathBuf {
    directory.join(CERTIFICATE_FILE)
}

impl CertificateAuthority {
    /// An authority that nobody keeps.
    ///
    /// # Errors
    /// No key can be made.
    pub fn ephemeral(algorithm: KeyAlgorithm) -> Result<Self, CertificateAuthorityError> {
        let key = algorithm.generate()?;
        let params = authority(OffsetDateTime::now_utc());
        Ok(Self {
            pem: params.self_signed(&key)?.pem(),
            issuer: Issuer::new(params, key),
        })
    }

    /// Opens the authority in `directory`, or makes one there. One that is there keeps its key, as
    /// devices trust it already.
    ///
    /// # Errors
    /// The directory's files can't be read or written, or hold something else.
    pub fn open(
        directory: &Path,
        algorithm: KeyAlgorithm,
    ) -> Result<Self, CertificateAuthorityError> {
        let file = certificate_file(directory);
        let key_file = directory.join(KEY_FILE);
        if !key_file.exists() {
            return Self::make(directory, algorithm).map_err(|error| {
                CertificateAuthorityError::Make(directory.to_owned(), Box::new(error))
            });
        }
        let read = |path: &Path| {
            fs::read_to_string(path)
                .map_err(|error| CertificateAuthorityError::Read(path.to_owned(), error))
        };
        let key = KeyPair::from_pem(&read(&key_file)?)
            .map_err(|error| CertificateAuthorityError::NoKey(key_file.clone(), error))?;
        if KeyAlgorithm::of(&key) != algorithm {
            log::warn!(
                "{} has a key of another algorithm than {algorithm:?}; clients that know {algorithm:?} alone refuse it. \
                 Delete the folder for a new one, which devices must then trust",
                file.display()
            );
        }
        Ok(Self {
            pem: read(&file)?,
            issuer: Issuer::new(authority(OffsetDateTime::now_utc()), key),
        })
    }

    /// Makes an authority and its files. The key comes last, as the sign that all is there.
    fn make(directory: &Path, algorithm: KeyAlgorithm) -> Result<Self, CertificateAuthorityError> {
        let made = Self::ephemeral(algorithm)?;
        fs::create_dir_all(directory)?;
        fs::write(directory.join(".gitignore"), "*\n")?;
        fs::write(certificate_file(directory), made.pem())?;
        let key = made.issuer.key().serialize_pem().into();
        write_secret(&directory.join(KEY_FILE), &key)?;
        Ok(made)
    }

    /// The certificate that a device has to trust, as its file holds it.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// Issues a certificate for the emulator's own names and these names and addresses.
    ///
    /// # Errors
    /// No key can be made, or a name is no host name.
    pub fn issue(
        &self,
        algorithm: KeyAlgorithm,
        names: &[String],
    ) -> Result<ServerCertificate, CertificateAuthorityError> {
        let own = SERVER_NAMES.iter().map(|&name| name.to_owned());
        let all: BTreeSet<String> = own.chain(names.iter().cloned()).collect();
        let mut params = CertificateParams::new(Vec::from_iter(all))?;
        let now = OffsetDateTime::now_utc();
        params.distinguished_name = named("localhost");
        (params.not_before, params.not_after) = (now - LEEWAY, now + SERVER_HOLDS);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let key = algorithm.generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(ServerCertificate {
            certificate: certificate.der().clone(),
            key: PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        })
    }
}

/// Writes a file that only its owner may read.
///
/// # Errors
/// The file cannot be written.
pub fn write_secret(path: &Path, text: &SecretString) -> std::io::Result<()> {
    use std::io::Write as _;

    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)?
        .write_all(text.expose_secret().as_bytes())
}

/// What the authority is, whenever it is asked: its name is what ties a certificate to it.
fn authority(now: OffsetDateTime) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = named("DPS emulator certificate authority");
    (params.not_before, params.not_after) = (now - LEEWAY, now + AUTHORITY_HOLDS);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn named(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}
