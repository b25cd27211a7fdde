//! The server's certificate, as clients of one kind meet it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::sync::Arc;

use provisioning::{Config, KeyAlgorithm, Provisioning, Replace, WebhookClient};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CipherSuite, ClientConfig, RootCertStore};
use support::TestService;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

const RSA: CipherSuite = CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384;
const ECDSA: CipherSuite = CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384;

async fn service(algorithm: KeyAlgorithm, names: &[String]) -> TestService {
    let mut config = Config::tutorial();
    config.set_webhook("http://127.0.0.1:9/", Replace::All);
    let settings = config.settings().unwrap();
    let provisioning = Provisioning::in_memory(settings, WebhookClient::new().unwrap());
    TestService::serve_with(provisioning, algorithm, names).await
}

/// Whether a client that knows this cipher suite alone gets through the handshake under this name.
async fn connects(service: &TestService, suite: CipherSuite, name: &str) -> bool {
    let provider = ring::default_provider();
    let known = provider.cipher_suites.iter().copied();
    let provider = CryptoProvider {
        cipher_suites: known.filter(|known| known.suite() == suite).collect(),
        ..provider
    };
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_slice(service.authority.pem().as_bytes()).unwrap();
    roots.add(authority).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let tcp = TcpStream::connect(service.endpoints.mqtt).await.unwrap();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, tcp)
        .await
        .is_ok()
}

#[tokio::test]
async fn a_client_that_knows_one_algorithm_alone_needs_a_certificate_of_that() {
    let service_rsa = service(KeyAlgorithm::default(), &[]).await;
    assert!(connects(&service_rsa, RSA, "localhost").await);
    assert!(!connects(&service_rsa, ECDSA, "localhost").await);
    let service_ecdsa = service(KeyAlgorithm::Ecdsa, &[]).await;
    assert!(connects(&service_ecdsa, ECDSA, "localhost").await);
    assert!(!connects(&service_ecdsa, RSA, "localhost").await);
}

#[tokio::test]
async fn the_certificate_holds_the_names_and_addresses_that_were_asked_for() {
    let names = ["workbench.example", "192.168.7.20"].map(str::to_owned);
    let service = service(KeyAlgorithm::Ecdsa, &names).await;
    for name in [
        "localhost",
        "127.0.0.1",
        "workbench.example",
        "192.168.7.20",
    ] {
        assert!(connects(&service, ECDSA, name).await, "{name}");
    }
    assert!(!connects(&service, ECDSA, "192.168.7.21").await);
}
