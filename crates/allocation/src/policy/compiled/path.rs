//! Paths: where a value of a request, of a certificate or of a row stands.

use std::fmt;

use crate::policy::json::text::Value;
use crate::policy::suggest::{Suggestion, suggestion};

/// What a path starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Root {
    RegistrationId,
    CurrentIotHubHostName,
    CurrentDeviceId,
    Payload,
    X509,
    SymmetricKey,
    Tpm,
    IndividualEnrollment,
    EnrollmentGroup,
    LinkedHubs,
    /// Whichever of the two enrollments is there.
    Enrollment,
    Certificate,
    /// The rows of this place in the file.
    Row(usize),
    /// The hub that has been chosen.
    IotHubHostName,
}

/// The first names of all paths but those of rows.
const ROOTS: [(&str, Root); 13] = [
    ("registrationId", Root::RegistrationId),
    ("currentIotHubHostName", Root::CurrentIotHubHostName),
    ("currentDeviceId", Root::CurrentDeviceId),
    ("payload", Root::Payload),
    ("x509", Root::X509),
    ("symmetricKey", Root::SymmetricKey),
    ("tpm", Root::Tpm),
    ("individualEnrollment", Root::IndividualEnrollment),
    ("enrollmentGroup", Root::EnrollmentGroup),
    ("linkedHubs", Root::LinkedHubs),
    ("enrollment", Root::Enrollment),
    ("certificate", Root::Certificate),
    ("iotHubHostName", Root::IotHubHostName),
];

/// The first name of the paths of rows.
const ROWS: &str = "rows";

/// A path, such as `payload.modelId`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Path {
    /// As it is written in the file.
    pub(crate) text: String,
    pub(crate) root: Root,
    /// The names behind the root, and behind the name of a row.
    pub(crate) names: Vec<String>,
}

/// The place of a path in the policy's list of paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct PathId(pub(crate) usize);

/// Where in the file a path stands, which decides what it may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// In conditions, in the choice of a hub, in the key of a row.
    Request,
    /// In a twin or a payload, when the hub has been chosen.
    Answer,
    /// In the proof that a row is the device's own.
    Verify,
}

/// Why a text is not a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PathError {
    EmptyName,
    ForbiddenCharacter(char),
    UnknownRoot { name: String, meant: Suggestion },
    RowsAlone,
    UnknownRow { name: String, meant: Suggestion },
    RowsInVerify,
    HubTooEarly,
}

impl Path {
    /// Reads a path. `rows` are the names of the file's rows.
    pub(crate) fn parse(text: &str, scope: Scope, rows: &[String]) -> Result<Self, PathError> {
        let mut names = names(text)?.into_iter();
        let first = names.next().unwrap_or_default();
        let root = if first == ROWS {
            if scope == Scope::Verify {
                return Err(PathError::RowsInVerify);
            }
            let name = names.next().ok_or(PathError::RowsAlone)?;
            if let Some(place) = rows.iter().position(|row| *row == name) {
                Root::Row(place)
            } else {
                let meant = suggestion(&name, rows.iter().map(String::as_str));
                return Err(PathError::UnknownRow { name, meant });
            }
        } else {
            match ROOTS.iter().find(|(name, _)| *name == first) {
                Some((_, Root::IotHubHostName)) if scope != Scope::Answer => {
                    return Err(PathError::HubTooEarly);
                }
                Some((_, root)) => *root,
                None => {
                    let roots = ROOTS.iter().map(|(name, _)| *name).chain([ROWS]);
                    return Err(PathError::UnknownRoot {
                        meant: suggestion(&first, roots),
                        name: first,
                    });
                }
            }
        };
        Ok(Self {
            text: text.to_owned(),
            root,
            names: names.collect(),
        })
    }

    /// Why the documents of the service don't have what this path names, if they don't.
    pub(crate) fn is_undocumented(&self) -> bool {
        const ENROLLMENT: [&str; 13] = [
            "attestation",
            "capabilities",
            "iotHubHostName",
            "initialTwin",
            "etag",
            "provisioningStatus",
            "reprovisionPolicy",
            "createdDateTimeUtc",
            "lastUpdatedDateTimeUtc",
            "allocationPolicy",
            "iotHubs",
            "customAllocationDefinition",
            "allocationPolicyDetails",
        ];
        const INDIVIDUAL: [&str; 3] = ["registrationId", "deviceId", "optionalDeviceInformation"];
        let mut names = self.names.iter().map(String::as_str);
        let Some(first) = names.next() else {
            return false;
        };
        let is_known = match self.root {
            Root::Payload | Root::Row(_) => true,
            Root::RegistrationId
            | Root::CurrentIotHubHostName
            | Root::CurrentDeviceId
            | Root::LinkedHubs
            | Root::SymmetricKey
            | Root::IotHubHostName => false,
            Root::X509 => first == "clientCertificate",
            Root::Tpm => matches!(first, "endorsementKey" | "storageRootKey"),
            Root::IndividualEnrollment => {
                ENROLLMENT.contains(&first) || INDIVIDUAL.contains(&first)
            }
            Root::EnrollmentGroup => first == "enrollmentGroupId" || ENROLLMENT.contains(&first),
            Root::Enrollment => {
                first == "enrollmentGroupId"
                    || ENROLLMENT.contains(&first)
                    || INDIVIDUAL.contains(&first)
            }
            Root::Certificate => match first {
                "subject" | "issuer" => {
                    matches!(
                        names.next(),
                        None | Some("CN" | "O" | "OU" | "C" | "ST" | "L")
                    ) && names.next().is_none()
                }
                "serialNumber" | "notBefore" | "notAfter" | "sha1Thumbprint"
                | "sha256Thumbprint" => names.next().is_none(),
                _ => false,
            },
        };
        !is_known
    }

    /// The value behind the root's JSON.
    pub(crate) fn value_in<'a>(&self, json: &'a str) -> Value<'a> {
        Value::at(json, &self.names)
    }
}

/// The names of a path, which are parted by dots.
pub(crate) fn names(text: &str) -> Result<Vec<String>, PathError> {
    let forbidden = |c: char| matches!(c, '{' | '}' | '?') || c.is_control();
    if let Some(character) = text.chars().find(|c| forbidden(*c)) {
        return Err(PathError::ForbiddenCharacter(character));
    }
    let names: Vec<String> = text.split('.').map(str::to_owned).collect();
    if names.iter().any(String::is_empty) {
        return Err(PathError::EmptyName);
    }
    Ok(names)
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyName => f.write_str("a path needs a name before and after each dot"),
            Self::ForbiddenCharacter(character) => {
                write!(f, "a path can't contain {character:?}")
            }
            Self::UnknownRoot { name, meant } => {
                write!(f, "no path starts with {name:?}{meant}")?;
                if meant.is_none() {
                    f.write_str("; paths start with ")?;
                    for (name, _) in ROOTS {
                        write!(f, "{name}, ")?;
                    }
                    f.write_str("or rows")?;
                }
                Ok(())
            }
            Self::RowsAlone => f.write_str("rows needs a name after it: rows.NAME"),
            Self::UnknownRow { name, meant } => {
                write!(f, "the file has no rows named {name:?}{meant}")
            }
            Self::RowsInVerify => f.write_str("verify can't use rows"),
            Self::HubTooEarly => f.write_str(
                "iotHubHostName is known only in initialTwin and payload, once the hub has been chosen",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_starts_with_a_known_name_and_goes_anywhere() {
        let rows = ["device".to_owned()];
        for (text, root, names) in [
            ("registrationId", Root::RegistrationId, &[][..]),
            ("payload.a b.ü", Root::Payload, &["a b", "ü"]),
            ("rows.device", Root::Row(0), &[]),
            ("rows.device.hub", Root::Row(0), &["hub"]),
            (
                "certificate.subject.O",
                Root::Certificate,
                &["subject", "O"],
            ),
        ] {
            let path = Path::parse(text, Scope::Request, &rows).unwrap();
            assert_eq!((path.root, path.text.as_str()), (root, text));
            assert_eq!(path.names, names);
        }
        let hub = Path::parse("iotHubHostName", Scope::Answer, &rows).unwrap();
        assert_eq!(hub.root, Root::IotHubHostName);
    }

    #[test]
    fn what_is_wrong_with_a_path_is_told() {
        let rows = ["device".to_owned()];
        for (text, scope, expected) in [
            (
                "",
                Scope::Request,
                "a path needs a name before and after each dot",
            ),
            (
                "payload.",
                Scope::Request,
                "a path needs a name before and after each dot",
            ),
            (
                "payload..a",
                Scope::Request,
                "a path needs a name before and after each dot",
            ),
            ("payload.{a}", Scope::Request, "a path can't contain '{'"),
            ("payload.a?", Scope::Request, "a path can't contain '?'"),
            ("payload.a\n", Scope::Request, r"a path can't contain '\n'"),
            (
                "Payload.a",
                Scope::Request,
                "no path starts with \"Payload\": did you mean \"payload\"?",
            ),
            (
                "registrationid",
                Scope::Request,
                "no path starts with \"registrationid\": did you mean \"registrationId\"?",
            ),
            (
                "device.id",
                Scope::Request,
                "no path starts with \"device\"; paths start with registrationId, currentIotHubHostName, currentDeviceId, payload, x509, symmetricKey, tpm, individualEnrollment, enrollmentGroup, linkedHubs, enrollment, certificate, iotHubHostName, or rows",
            ),
            (
                "rows",
                Scope::Request,
                "rows needs a name after it: rows.NAME",
            ),
            (
                "rows.devices.a",
                Scope::Request,
                "the file has no rows named \"devices\": did you mean \"device\"?",
            ),
            ("rows.device", Scope::Verify, "verify can't use rows"),
            (
                "iotHubHostName",
                Scope::Request,
                "iotHubHostName is known only in initialTwin and payload, once the hub has been chosen",
            ),
        ] {
            let error = Path::parse(text, scope, &rows).unwrap_err();
            assert_eq!(error.to_string(), expected, "{text}");
        }
    }

    #[test]
    fn names_that_the_service_does_not_document_are_known() {
        for (text, expected) in [
            ("payload.anything", false),
            ("enrollment", false),
            ("enrollmentGroup.enrollmentGroupId", false),
            ("enrollment.reprovisionPolicy.updateHubAssignment", false),
            ("individualEnrollment.deviceId", false),
            ("enrollmentGroup.deviceId", true),
            ("x509.clientCertificate", false),
            ("x509.thumbprint", true),
            ("tpm.endorsementKey", false),
            ("registrationId.a", true),
            ("certificate.subject.CN", false),
            ("certificate.subject.cn", true),
            ("certificate.subject.CN.a", true),
            ("certificate.notAfter", false),
            ("certificate.thumbprint", true),
        ] {
            let path = Path::parse(text, Scope::Request, &[]).unwrap();
            assert_eq!(path.is_undocumented(), expected, "{text}");
        }
    }
}
