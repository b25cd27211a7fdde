//! What is right and risky, in whole sentences.

use super::Table;

pub(super) const NOTES: Table = &[
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":"dev-1"},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 43: rules[0].when.registrationId: the case of the registration id counts here, and the service ignores it: "ignoreCase": true"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"registrationId":{"startsWith":"a","ignoreCase":true}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"payload.model":"a"},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 23: rules[0]: the rule "r" assigns a hub on nothing but what the device says of itself: any device of the enrollment can claim it"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"payload.model":"a","registrationId":{"exists":true}},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":"{payload.hub}"}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 23: rules[0].hub: the device itself names its hub with payload.hub: any device of the enrollment can claim it",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"tpm":{"exists":true}},"hub":{"weights":{"contoso":1}}}],"otherwise":{"refuse":"No."}}"#,
        &[
            "line 1, column 84: rules[0].hub.weights.contoso: the host name has no dot: hubs are named in full",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"certificate.subject.CN":"a"},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 43: rules[0].when["certificate.subject.CN"]: certificate.subject.CN rests on one public witness: the service's documentation does not say what x509.clientCertificate holds"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"certificate":{"exists":true}},"hub":{},"payload":{"a":"{certificate}{certificate}"}},{"name":"s","hub":{},"payload":"{certificate?}"}]}"#,
        &[
            "line 1, column 43: rules[0].when.certificate: certificate rests on one public witness: the service's documentation does not say what x509.clientCertificate holds",
            "line 1, column 98: rules[0].payload.a: certificate rests on one public witness: the service's documentation does not say what x509.clientCertificate holds",
            "line 1, column 160: rules[1].payload: certificate rests on one public witness: the service's documentation does not say what x509.clientCertificate holds",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"certificate.subject.SAN":"a"},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 43: rules[0].when["certificate.subject.SAN"]: certificate.subject.SAN: a certificate has no such member"#,
            r#"line 1, column 43: rules[0].when["certificate.subject.SAN"]: certificate.subject.SAN rests on one public witness: the service's documentation does not say what x509.clientCertificate holds"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"enrollment.nickname":"a"},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 43: rules[0].when["enrollment.nickname"]: enrollment.nickname is not in the service's documentation"#,
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"x509.thumbprint":"a"},"hub":{}}],"otherwise":{"refuse":"No."}}"#,
        &[
            r#"line 1, column 43: rules[0].when["x509.thumbprint"]: x509.thumbprint is not in the service's documentation"#,
        ],
    ),
    (
        r#"{"version":1,"rows":{"a":{"key":"{registrationId}","table":{}}},"rules":[{"name":"r","when":{"rows.a":{"exists":true}},"hub":{}},{"name":"s","hub":{}}]}"#,
        &[
            r#"line 1, column 22: rows.a: the case of the registration id counts in the key, and the service ignores it: "ignoreCase": true"#,
        ],
    ),
    (
        r#"{"version":1,"rows":{"a":{"key":"{payload.t}","table":{}}},"rules":[{"name":"r","when":{"rows.a":{"exists":true}},"hub":"{rows.a.hub}"},{"name":"s","hub":{}}]}"#,
        &[
            r#"line 1, column 69: rules[0]: the rule "r" assigns a hub on nothing but what the device says of itself: any device of the enrollment can claim it"#,
            "line 1, column 69: rules[0].hub: the device itself names its hub with rows.a.hub: any device of the enrollment can claim it",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"enrollment.deviceId":{"contains":"dev"}},"hub":{}},{"name":"s","when":{"enrollment.deviceId":{"contains":"dev-1"}},"hub":{}},{"name":"t","hub":{}}]}"#,
        &[
            "line 1, column 95: rules[1]: the rule is never reached: rules[0] already matches whatever it matches",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"enrollment.deviceId":{"contains":"DEV","ignoreCase":true}},"hub":{}},{"name":"s","when":{"enrollment.deviceId":{"startsWith":"x-Dev-1","ignoreCase":true}},"hub":{}},{"name":"t","hub":{}}]}"#,
        &[
            "line 1, column 113: rules[1]: the rule is never reached: rules[0] already matches whatever it matches",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"enrollment.deviceId":{"contains":"DEV","ignoreCase":true}},"hub":{}},{"name":"s","when":{"enrollment.deviceId":{"equals":["a-dev","DEV"]}},"hub":{}},{"name":"t","hub":{}}]}"#,
        &[
            "line 1, column 113: rules[1]: the rule is never reached: rules[0] already matches whatever it matches",
        ],
    ),
    (
        r#"{"version":1,"rules":[{"name":"r","when":{"enrollment.deviceId":{"contains":"dev"}},"hub":{}},{"name":"s","when":{"enrollment.deviceId":{"contains":"dev-1","ignoreCase":true}},"hub":{}},{"name":"t","hub":{}}]}"#,
        &[],
    ),
];
