//! A certificate whose members openssl has told, in the three forms that a request may hold it in.

use crate::json::Json;

pub(crate) struct Unreadable;

/// Self-signed by a key that has been thrown away.
pub(crate) const DER: &str = "\
MIICJzCCAc2gAwIBAgIEAKsSzTAKBggqhkjOPQQDAjBxMQswCQYDVQQGEwJERTEPMA0GA1UECAwGQmF5ZXJuMQww\
CgYDVQQHDANIb2YxETAPBgNVBAoMCEZhYnJpa2FtMQ8wDQYDVQQKDAZTZWNvbmQxDzANBgNVBAsMBkxpbmUgNzEO\
MAwGA1UEAwwFZGV2LTEwHhcNMjYxMTI2MDcyNTMwWhcNMzYxMTIzMDcyNTMwWjBxMQswCQYDVQQGEwJERTEPMA0G\
A1UECAwGQmF5ZXJuMQwwCgYDVQQHDANIb2YxETAPBgNVBAoMCEZhYnJpa2FtMQ8wDQYDVQQKDAZTZWNvbmQxDzAN\
BgNVBAsMBkxpbmUgNzEOMAwGA1UEAwwFZGV2LTEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASgb3iz5ekD5+nv\
rmXRVXTPnrqP0agsTCFnrEayW4BRp8JxZSWJTmvgFA2TjLyfg/lksfGbn0y6VXlJyr1SZ0rLo1MwUTAdBgNVHQ4E\
FgQUAMkCKUMqKikXnT16Mo962Wa7BR4wHwYDVR0jBBgwFoAUAMkCKUMqKikXnT16Mo962Wa7BR4wDwYDVR0TAQH/\
BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEA2z8CcPvDtlBleQCNNID5UjwOJYFHHi8DLj5JoZ/jOYQCIHlRkMTx\
k5dkBxumXy3JVMVPB39nncoIiiWlts9ba+fk";

/// The certificate as PEM.
pub(crate) fn pem() -> String {
    let lines: Vec<&str> = DER
        .as_bytes()
        .chunks(64)
        .map(|line| str::from_utf8(line).unwrap())
        .collect();
    let lines = lines.join("\n");
    format!("-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n")
}

/// The members of what `x509.clientCertificate` holds; `None` when that is missing.
pub(crate) fn read(text: Option<&Json>) -> Result<Option<Json>, Unreadable> {
    let Some(text) = text else { return Ok(None) };
    match text.as_text() {
        Some(text) if text == DER || text == pem() => Ok(Some(members())),
        _ => Err(Unreadable),
    }
}

fn members() -> Json {
    let text = |(name, text): (&'static str, &str)| (name, Json::text(text));
    let name = Json::object(
        [
            ("C", "DE"),
            ("ST", "Bayern"),
            ("L", "Hof"),
            // There is a second one.
            ("O", "Fabrikam"),
            ("OU", "Line 7"),
            ("CN", "dev-1"),
        ]
        .map(text),
    );
    let others = [
        ("serialNumber", "AB12CD"),
        ("notBefore", "2026-11-26T07:25:30Z"),
        ("notAfter", "2036-11-23T07:25:30Z"),
        ("sha1Thumbprint", "A2B55447B2961BBFB25AD8A1B1BB4D0D226F7E36"),
        (
            "sha256Thumbprint",
            "774A6C8BC52EB8FFBBBBEBAE96B455666BC9FBC988824512D3EE35F6BD34BF92",
        ),
    ];
    let names = [("subject", name.clone()), ("issuer", name)];
    Json::object(names.into_iter().chain(others.map(text)))
}
