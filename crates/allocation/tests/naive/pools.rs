//! What policies and requests are made of: few values, so that they often meet.

/// Texts of requests and, with their braces doubled, of policies.
pub(crate) const TEXTS: [&str; 18] = [
    "a",
    "A",
    "ab",
    "Ab",
    "abc",
    "b",
    "dev-1",
    "DEV-1",
    "ü",
    "Ü",
    "1.2",
    "1.02.0",
    "12",
    "1..2",
    "true",
    "{payload.model}",
    "a\"b\\c\n\u{7f}",
    "",
];

pub(crate) const VERSIONS: [&str; 6] = [
    "1.2",
    "0",
    "1",
    "01.2.00",
    "12",
    "99999999999999999999999.1",
];

/// Numbers that doubles hold.
pub(crate) const NUMBERS: [&str; 22] = [
    "0",
    "-0",
    "1",
    "5",
    "0.0",
    "-0.0e0",
    "1.0",
    "12",
    "1E0",
    "-5",
    "0.1",
    "1e-400",
    "9007199254740992",
    "9007199254740993",
    "9007199254740993.0",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775808",
    "-9223372036854775809",
    "4503599627370495",
    "4503599627370496",
    "-4503599627370497",
];

pub(crate) const HUBS: [&str; 7] = [
    "weu-1.example.net",
    "weu-2.example.net",
    "WEU-1.example.net",
    "old.example.net",
    "neu-1.example.net",
    "Old.Example.net",
    "ü.example.net",
];

/// Paths of the request.
pub(crate) const PATHS: [&str; 20] = [
    "registrationId",
    "payload.model",
    "payload.n",
    "payload.flag",
    "payload.deep.x",
    "currentIotHubHostName",
    "currentDeviceId",
    "payload.deep.deeper.y",
    "payload.m",
    "payload.list",
    "payload.list.0",
    "payload",
    "enrollment.reprovisionPolicy.updateHubAssignment",
    "enrollmentGroup.enrollmentGroupId",
    "individualEnrollment.registrationId",
    "linkedHubs",
    "registrationId.x",
    "x509",
    "symmetricKey",
    "tpm.endorsementKey",
];

pub(crate) const CERTIFICATE_PATHS: [&str; 8] = [
    "certificate.subject.O",
    "certificate.issuer.CN",
    "certificate.serialNumber",
    "certificate.notAfter",
    "certificate.subject.OU",
    "certificate.sha1Thumbprint",
    "certificate.notBefore",
    "certificate.sha256Thumbprint",
];

/// What a table's rows and the rows of a binding have.
pub(crate) const ROW_MEMBERS: [&str; 5] = ["hub", "x", "n", "nested.y", "gone"];
