//! Whether a device is who it says: its enrollment is found and its proof is checked.
//!
//! Source: <https://learn.microsoft.com/azure/iot-dps/concepts-service#attestation-mechanism>. An
//! individual enrollment goes before any group, also when it is disabled: that is how one device of
//! a group is shut out.

use std::sync::Arc;

use secrecy::ExposeSecret as _;

use crate::clock::Timestamp;
use crate::enrollment::enrollments::{Attestation, Enrollment, Enrollments};
use crate::enrollment::registration_id::RegistrationId;
use crate::keys::sas_token::SasToken;
use crate::keys::symmetric_key::SymmetricKey;
use crate::keys::wrapped_key::WrappedKey;
use crate::service::caller::{Caller, Transport};
use crate::service::tpm::Nonces;
use crate::service::x509;
use crate::webhook::allocation_request::DeviceAttestation;
use crate::wire::request_error::{Missing, RequestError};

/// A device that is who it says.
#[derive(Debug)]
pub(crate) struct Attested {
    /// Its registration id, in its own spelling.
    pub registration_id: RegistrationId,
    /// The enrollment that it comes through.
    pub enrollment: Arc<Enrollment>,
    /// Its proof, as a webhook gets it.
    pub proof: DeviceAttestation,
    /// Its key for the hub, wrapped for its TPM if it has one.
    pub hub_key: Option<WrappedKey>,
}

/// Finds the caller's enrollment and checks its proof.
///
/// # Errors
/// The caller isn't enrolled, or can't prove that it is.
pub(crate) fn attest(
    enrollments: &Enrollments,
    nonces: &Nonces,
    id_scope: &str,
    caller: &Caller,
    now: Timestamp,
) -> Result<Attested, RequestError> {
    if !caller.id_scope.eq_ignore_ascii_case(id_scope) {
        return Err(RequestError::NotFound(Missing::IdScope));
    }
    let registration_id = RegistrationId::parse(&caller.registration_id)
        .map_err(|error| RequestError::Malformed(error.to_string()))?;
    let (enrollment, proof) = if let Some(enrollment) = enrollments.of_device(&registration_id) {
        let proof = prove(enrollment, nonces, &registration_id, caller, now)?;
        (enrollment.clone(), proof)
    } else {
        group(enrollments, caller, now)?
    };
    Ok(Attested {
        registration_id,
        enrollment,
        proof,
        hub_key: None,
    })
}

/// Checks the proof that an individual enrollment asks for.
fn prove(
    enrollment: &Enrollment,
    nonces: &Nonces,
    id: &RegistrationId,
    caller: &Caller,
    now: Timestamp,
) -> Result<DeviceAttestation, RequestError> {
    match &enrollment.attestation {
        Attestation::SymmetricKey(keys) => {
            let token = valid_token(caller, now)?;
            if keys.iter().any(|key| token.is_signed_with(key)) {
                Ok(DeviceAttestation::SymmetricKey {})
            } else {
                Err(wrong_key())
            }
        }
        Attestation::X509(thumbprints) => {
            x509::individual(thumbprints, caller, now).map_err(RequestError::BadCertificate)
        }
        // Only groups have it.
        Attestation::SigningCertificates(_) => Err(RequestError::NotFound(Missing::Enrollment)),
        Attestation::Tpm(_) if caller.transport == Transport::Mqtt => Err(RequestError::Malformed(
            "a device with a TPM registers over HTTPS or AMQP; the service takes none over MQTT"
                .to_owned(),
        )),
        Attestation::Tpm(_) => nonces.prove(id, &valid_token(caller, now)?),
    }
}

/// Finds the caller's group by its proof: a token, or else a certificate.
fn group(
    enrollments: &Enrollments,
    caller: &Caller,
    now: Timestamp,
) -> Result<(Arc<Enrollment>, DeviceAttestation), RequestError> {
    let mut groups = enrollments.groups().peekable();
    if groups.peek().is_none() {
        return Err(RequestError::NotFound(Missing::Enrollment));
    }
    let has_keys = groups.any(|group| matches!(group.attestation, Attestation::SymmetricKey(_)));
    if caller.sas_token.is_none() && (caller.certificate.is_some() || !has_keys) {
        return x509::group(enrollments, caller, now).map_err(RequestError::BadCertificate);
    }
    let group = group_by_key(enrollments, caller, now)?;
    Ok((group, DeviceAttestation::SymmetricKey {}))
}

/// Finds the group from whose key the caller's key is derived.
fn group_by_key(
    enrollments: &Enrollments,
    caller: &Caller,
    now: Timestamp,
) -> Result<Arc<Enrollment>, RequestError> {
    let token = valid_token(caller, now)?;
    let derived = |key: &SymmetricKey| token.is_signed_with(&key.derive(&caller.registration_id));
    enrollments
        .groups()
        .find(|group| match &group.attestation {
            Attestation::SymmetricKey(keys) => keys.iter().any(derived),
            Attestation::X509(_) | Attestation::SigningCertificates(_) | Attestation::Tpm(_) => {
                false
            }
        })
        .cloned()
        .ok_or_else(wrong_key)
}

/// The caller's token, if it is the caller's and still good; whose key signed it is left to see.
fn valid_token(caller: &Caller, now: Timestamp) -> Result<SasToken, RequestError> {
    let refused = |reason: &str| RequestError::BadSignature(reason.to_owned());
    let text = caller.sas_token.as_ref().ok_or_else(|| {
        refused(
            "there is no token; over MQTT it is the password, over HTTPS the header Authorization",
        )
    })?;
    let token =
        SasToken::parse(text.expose_secret()).map_err(|error| refused(&error.to_string()))?;
    if !token.is_for(&caller.id_scope, &caller.registration_id) {
        return Err(refused(&format!(
            "the token's sr names another device or ID scope; it must be {}/registrations/{}",
            caller.id_scope, caller.registration_id
        )));
    }
    if token.has_expired(now) {
        return Err(refused(
            "the token has expired; its se must be later than now, in seconds since 1970",
        ));
    }
    Ok(token)
}

fn wrong_key() -> RequestError {
    RequestError::BadSignature(
        "the token isn't signed with a key of the enrollment; a device of a group signs with the key that is derived \
         from the group's for its registration id in its own spelling"
            .to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::enrollment::authorities::Authorities;

    const SCOPE: &str = "0ne00LOCAL1";
    const GROUP_KEY: &str = "Z3JvdXAga2V5IGZvciB0ZXN0cw==";
    const SECOND_GROUP_KEY: &str = "c2Vjb25kIGdyb3VwIGtleQ==";
    const DEVICE_KEY: &str = "ZGV2aWNlIGtleSBmb3IgdGVzdHM=";

    fn now() -> Timestamp {
        Timestamp::from_unix(1_000_000).unwrap()
    }

    fn keys(primary: &str, secondary: &str) -> Value {
        json!({"type": "symmetricKey", "symmetricKey": {"primaryKey": primary, "secondaryKey": secondary}})
    }

    fn individual(registration_id: &str, attestation: &Value) -> Enrollment {
        let shape = json!({"registrationId": registration_id, "attestation": attestation});
        Enrollment::individual(serde_json::from_value(shape).unwrap()).unwrap()
    }

    fn group() -> Enrollment {
        let shape =
            json!({"enrollmentGroupId": "g", "attestation": keys(GROUP_KEY, SECOND_GROUP_KEY)});
        Enrollment::group(
            serde_json::from_value(shape).unwrap(),
            &Authorities::default(),
        )
        .unwrap()
    }

    fn enrollments() -> Enrollments {
        Enrollments::from_iter([group(), individual("Alone", &keys(DEVICE_KEY, GROUP_KEY))])
    }

    /// A caller with a token that is good for a minute, signed with `key`.
    fn caller(registration_id: &str, key: &SymmetricKey) -> Caller {
        let expiry = Timestamp::from_unix(now().unix() + 60).unwrap();
        Caller {
            id_scope: SCOPE.to_owned(),
            registration_id: registration_id.to_owned(),
            sas_token: Some(SasToken::issue(key, SCOPE, registration_id, expiry).into()),
            certificate: None,
            transport: Transport::Https,
        }
    }

    fn key(text: &str) -> SymmetricKey {
        SymmetricKey::parse(text).unwrap()
    }

    /// The enrollment's name, or the refusal.
    fn outcome(caller: &Caller) -> Result<String, RequestError> {
        attest(&enrollments(), &Nonces::default(), SCOPE, caller, now())
            .map(|found| found.enrollment.to_string())
    }

    #[track_caller]
    fn check_bad_signature(caller: &Caller, reason: &str) {
        match outcome(caller) {
            Err(RequestError::BadSignature(actual)) => assert!(actual.contains(reason), "{actual}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_device_of_a_group_signs_with_a_derived_key_of_either_group_key() {
        for group_key in [GROUP_KEY, SECOND_GROUP_KEY] {
            let caller = caller("toaster", &key(group_key).derive("toaster"));
            assert_eq!(outcome(&caller), Ok("group g".to_owned()));
        }
        let other = caller("toaster", &key(GROUP_KEY).derive("heatpump"));
        check_bad_signature(
            &other,
            "the token isn't signed with a key of the enrollment",
        );
        let group_key_itself = caller("toaster", &key(GROUP_KEY));
        check_bad_signature(&group_key_itself, "derived from the group's");
    }

    #[test]
    fn an_individual_enrollment_goes_before_the_group() {
        assert_eq!(
            outcome(&caller("alone", &key(DEVICE_KEY))),
            Ok("device Alone".to_owned())
        );
        assert_eq!(
            outcome(&caller("alone", &key(GROUP_KEY))),
            Ok("device Alone".to_owned())
        );
        let with_derived_key = caller("alone", &key(GROUP_KEY).derive("alone"));
        check_bad_signature(
            &with_derived_key,
            "the token isn't signed with a key of the enrollment",
        );
    }

    #[test]
    fn a_token_must_be_there_be_the_device_s_and_not_have_run_out() {
        let good = caller("alone", &key(DEVICE_KEY));
        let mut without = good.clone();
        without.sas_token = None;
        check_bad_signature(
            &without,
            "there is no token; over MQTT it is the password, over HTTPS the header Authorization",
        );
        let mut stranger = good.clone();
        stranger.sas_token = caller("other", &key(DEVICE_KEY)).sas_token;
        check_bad_signature(
            &stranger,
            "another device or ID scope; it must be 0ne00LOCAL1/registrations/alone",
        );
        let mut malformed = good.clone();
        malformed.sas_token = Some("Bearer".into());
        check_bad_signature(&malformed, "doesn't open with");
        let late = Timestamp::from_unix(now().unix() + 60).unwrap();
        assert_eq!(
            attest(&enrollments(), &Nonces::default(), SCOPE, &good, late).unwrap_err(),
            RequestError::BadSignature(
                "the token has expired; its se must be later than now, in seconds since 1970"
                    .to_owned()
            )
        );
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        let mut elsewhere = caller("alone", &key(DEVICE_KEY));
        elsewhere.id_scope = "0ne00OTHER".to_owned();
        assert_eq!(
            outcome(&elsewhere),
            Err(RequestError::NotFound(Missing::IdScope))
        );
        let nobody = Enrollments::from_iter([individual("alone", &keys(DEVICE_KEY, DEVICE_KEY))]);
        let stranger = caller("stranger", &key(DEVICE_KEY));
        assert_eq!(
            attest(&nobody, &Nonces::default(), SCOPE, &stranger, now()).unwrap_err(),
            RequestError::NotFound(Missing::Enrollment)
        );
    }

    #[test]
    fn a_malformed_id_is_told_so() {
        assert_eq!(
            outcome(&caller("a b", &key(DEVICE_KEY)))
                .unwrap_err()
                .to_string(),
            "Invalid argument: the registration id holds ' ', and only letters, digits, '-', '.', '_' and ':' are allowed"
        );
    }
}
