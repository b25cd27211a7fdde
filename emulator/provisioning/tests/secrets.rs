//! No `Debug` and no `Display` of anything public shows a secret that it holds.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use provisioning::{
    Caller, CertificateAuthority, Config, KeyAlgorithm, Period, Provisioning, Replace,
    RequestContext, RequestError, SasToken, Seed, Service, Step, SymmetricKey, Timestamp,
    Transport, TrialAuthority, TrialDevice, WebhookClient, WebhookOutcome, WebhookUrl,
};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use simulated_device::tpm::SoftwareTpm;
use uuid::Uuid;

const SCOPE: &str = "0ne00LOCAL1";
const HUB: &str = "hub.azure-devices.net";
const PRESS: &str = "press-07";
const TOASTER: &str = "toaster";
const FUNCTION_KEY: &str = "fUnct10n-k3y";
const WEBHOOK: &str = "https://app.azurewebsites.net/api/HttpTrigger1?code=fUnct10n-k3y";
/// Base64 of `sYm-primary`.
const GROUP_KEY: &str = "c1ltLXByaW1hcnk=";

/// What was printed, and what must not be in it.
#[derive(Default)]
struct Shown {
    texts: Vec<String>,
    secrets: Vec<String>,
}

impl Shown {
    fn debug(&mut self, value: &impl std::fmt::Debug) {
        self.texts.push(format!("{value:?}"));
        self.texts.push(format!("{value:#?}"));
    }

    fn secret(&mut self, secret: impl Into<String>) {
        self.secrets.push(secret.into());
    }

    /// A secret of bytes, which a derived `Debug` would print as numbers.
    fn secret_bytes(&mut self, bytes: &[u8]) {
        let bytes = &bytes[..bytes.len().min(12)];
        self.secret(format!("{bytes:?}").trim_matches(['[', ']']));
    }

    /// A private key in PEM, of which each line is one.
    fn secret_pem(&mut self, pem: &str) {
        let lines = pem.lines().filter(|line| !line.starts_with("-----"));
        self.secrets.extend(lines.map(str::to_owned));
    }

    #[track_caller]
    fn check(&self) {
        assert!(self.secrets.iter().all(|secret| secret.len() > 7));
        for text in &self.texts {
            for secret in &self.secrets {
                assert!(!text.contains(secret), "{secret} is in {text}");
            }
        }
    }
}

fn config(tpm: &SoftwareTpm) -> Config {
    let config = json!({
        "linkedHubs": [HUB],
        "enrollmentGroups": [{
            "enrollmentGroupId": "g",
            "allocationPolicy": "custom",
            "customAllocationDefinition": {"webhookUrl": WEBHOOK, "apiVersion": "2021-10-01"},
            "attestation": {"type": "symmetricKey", "symmetricKey": {"primaryKey": GROUP_KEY, "secondaryKey": GROUP_KEY}},
        }],
        "enrollments": [{
            "registrationId": PRESS,
            "allocationPolicy": "hashed",
            "attestation": {"type": "tpm", "tpm": {"endorsementKey": tpm.endorsement_key()}},
        }],
    });
    Config::parse(&config.to_string()).unwrap()
}

fn context(number: u128) -> RequestContext {
    RequestContext {
        now: Timestamp::from_unix(1_800_000_000).unwrap(),
        id: Uuid::from_u128(number),
    }
}

/// A caller, whose token is a secret from here on.
fn caller(shown: &mut Shown, id: &str, key: Option<&SymmetricKey>) -> Caller {
    let expiry = Timestamp::from_unix(1_800_003_600).unwrap();
    let token = key.map(|key| SasToken::issue(key, SCOPE, id, expiry));
    if let Some(token) = &token {
        let signature = token.split("sig=").nth(1).unwrap();
        shown.secret(signature.split('&').next().unwrap());
    }
    Caller {
        id_scope: SCOPE.to_owned(),
        registration_id: id.to_owned(),
        sas_token: token.map(Into::into),
        certificate: None,
        transport: Transport::Https,
    }
}

/// Takes a device with a key derived from its group's through its registration.
fn symmetric_key(shown: &mut Shown, service: &mut Service) {
    let key = SymmetricKey::parse(GROUP_KEY).unwrap().derive(TOASTER);
    shown.secret(key.to_base64());
    shown.debug(&key);
    let caller = caller(shown, TOASTER, Some(&key));
    shown.debug(&caller);
    let registered = service.register(&context(1), &caller, b"{}").unwrap();
    shown.debug(&registered);
    shown.debug(service);
    let operation = registered.started.unwrap();
    let step = service.step(&operation, &context(2));
    shown.debug(&step);
    let Step::Ask(call) = step else {
        panic!("not asked");
    };
    shown.texts.push(call.url.to_string());
    let outcome = WebhookOutcome::judge(503, b"", call.request.linked_hubs());
    service.answered(&operation, outcome, context(3).now);
    shown.debug(service);
}

/// Takes a device with a TPM through its registration.
fn tpm(shown: &mut Shown, service: &mut Service, tpm: &SoftwareTpm) {
    let keys =
        json!({"endorsementKey": tpm.endorsement_key(), "storageRootKey": tpm.storage_root_key()});
    let body = json!({"registrationId": PRESS, "tpm": keys}).to_string();
    let unproved = caller(shown, PRESS, None);
    let challenged = service
        .register(&context(11), &unproved, body.as_bytes())
        .unwrap_err();
    shown.debug(&challenged);
    shown.texts.push(challenged.to_string());
    let RequestError::Challenge(challenge) = &challenged else {
        panic!("not challenged");
    };
    let challenge: Value = serde_json::to_value(challenge).unwrap();
    let nonce = challenge["authenticationKey"].as_str().unwrap();
    shown.secret(nonce);
    let key = tpm.activate(nonce).unwrap().to_base64();
    let key = SymmetricKey::parse(key.expose_secret()).unwrap();
    shown.secret(key.to_base64());
    let caller = caller(shown, PRESS, Some(&key));
    let registered = service
        .register(&context(12), &caller, body.as_bytes())
        .unwrap();
    shown.debug(service);
    let Step::Save(settlement) = service.step(&registered.started.unwrap(), &context(13)) else {
        panic!("not decided");
    };
    shown.debug(&settlement);
    service.commit(*settlement);
    let status = service
        .operation_status(&context(14), &caller, &registered.answer.body.operation_id)
        .unwrap();
    let sent = serde_json::to_value(&status.body).unwrap();
    let hub_key = &sent["registrationState"]["tpm"]["authenticationKey"];
    shown.secret(hub_key.as_str().unwrap());
    shown.debug(&status);
    shown.debug(service);
}

fn certificates(shown: &mut Shown) {
    let authority = CertificateAuthority::ephemeral(KeyAlgorithm::Ecdsa).unwrap();
    let server = authority.issue(KeyAlgorithm::Ecdsa, &[]).unwrap();
    shown.secret_bytes(&server.key.secret_der()[36..]);
    shown.debug(&(authority, server));
    let root = TrialAuthority::root("Root", Period::of_days(1)).unwrap();
    let device = TrialDevice::self_signed(TOASTER, Period::of_days(1)).unwrap();
    shown.secret_pem(root.key_pem().expose_secret());
    shown.secret_pem(device.key_pem().expose_secret());
    shown.debug(&(root, device));
}

#[test]
fn what_holds_a_secret_does_not_show_it() {
    let mut shown = Shown::default();
    shown.secret(FUNCTION_KEY);
    shown.secret(GROUP_KEY);
    shown.secret_bytes(b"sYm-primary");
    let software = SoftwareTpm::generate().unwrap();
    shown.secret(software.endorsement_key());

    let mut config = config(&software);
    shown.debug(&config);
    config.set_webhook(WEBHOOK, Replace::All);
    shown.debug(&config);
    let mut broken = config.clone();
    broken.set_webhook(&format!("no url?code={FUNCTION_KEY}"), Replace::All);
    let refused = broken.settings().unwrap_err();
    shown.debug(&refused);
    shown.texts.push(format!("{refused:#}"));
    shown.debug(&Config::tutorial());
    shown.secret(provisioning::TUTORIAL_GROUP_KEY);
    let url = WebhookUrl::from(WEBHOOK);
    shown.debug(&url);
    shown.texts.push(url.to_string());
    let seed = Seed::new(Uuid::from_u128(1), Uuid::from_u128(2));
    shown.secret_bytes(&seed.key());
    shown.debug(&seed);

    let settings = config.settings().unwrap();
    shown.debug(&settings);
    let mut service = Service::new(settings.clone());
    service.set_secret(Uuid::from_u128(0x5EC2_E700));
    symmetric_key(&mut shown, &mut service);
    tpm(&mut shown, &mut service, &software);
    let client = WebhookClient::new().unwrap();
    shown.debug(&Provisioning::in_memory(settings, client));
    certificates(&mut shown);
    shown.check();
}
