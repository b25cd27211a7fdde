//! A session, byte by byte: what SDKs and others send, and what they get.

use provisioning::{
    Config, DeviceCertificate, Period, Provisioning, Session, TrialDevice, WebhookClient,
};
use serde_json::json;
use tokio::time::Instant;

use crate::TOASTER;
use crate::support;
use crate::support::TOASTERS;
use crate::support::packets::{
    ANSWERS, PEER, REGISTER, connect, packet, publish, published, subscribe, text, token, user_name,
};

/// The tutorial's service with a webhook that can't be reached.
fn provisioning() -> Provisioning {
    let mut config = Config::tutorial();
    config.set_webhook("http://127.0.0.1:9/", provisioning::Replace::All);
    let settings = config.settings().unwrap();
    Provisioning::in_memory(settings, WebhookClient::new().unwrap())
}

/// A session that nothing connects.
fn session() -> Session {
    Session::new(provisioning(), PEER, None)
}

/// A session in which a device has connected and subscribed.
fn subscribed(qos: u8) -> Session {
    let mut session = session();
    let accepted = session.receive(&connect(TOASTER, &user_name(TOASTER), &token(TOASTER)));
    assert_eq!(accepted.send, [0x20, 2, 0, 0]);
    assert!(!accepted.close);
    let granted = session.receive(&subscribe(ANSWERS, qos));
    assert_eq!(granted.send, [0x90, 3, 0, 1, qos.min(1)]);
    session
}

#[tokio::test]
async fn the_packets_of_the_python_sdk_are_answered() {
    let mut session = subscribed(1);
    let body = format!(r#"{{"payload": null, "registrationId": "{TOASTER}"}}"#);
    let reaction = session.receive(&publish(REGISTER, &body));
    let (topic, accepted) = published(&reaction.send, &[0x40, 2, 0, 2], 0x32);
    assert_eq!(topic, "$dps/registrations/res/202/?$rid=r-1&retry-after=3");
    let operation_id = accepted["operationId"].as_str().unwrap();
    assert_eq!(
        accepted,
        json!({"operationId": operation_id, "status": "assigning"})
    );

    let polling = format!(
        "$dps/registrations/GET/iotdps-get-operationstatus/?$rid=r-2&operationId={operation_id}"
    );
    let reaction = session.receive(&publish(&polling, " "));
    let (topic, status) = published(&reaction.send, &[0x40, 2, 0, 2], 0x32);
    assert_eq!(topic, "$dps/registrations/res/202/?$rid=r-2&retry-after=3");
    assert_eq!(
        status["registrationState"],
        json!({"registrationId": TOASTER, "status": "assigning"})
    );

    assert_eq!(
        session.receive(&[0xC0, 0]).send,
        [0xD0, 0],
        "a ping is answered"
    );
    assert!(
        session.receive(&[0xE0, 0]).close,
        "a goodbye ends the session"
    );
}

#[tokio::test]
async fn an_answer_has_no_higher_qos_than_the_subscription() {
    let mut session = subscribed(0);
    let reaction = session.receive(&publish(REGISTER, "{}"));
    let (topic, _) = published(&reaction.send, &[0x40, 2, 0, 2], 0x30);
    assert_eq!(topic, "$dps/registrations/res/202/?$rid=r-1&retry-after=3");
    let reaction = subscribed(2).receive(&publish(REGISTER, "{}"));
    published(&reaction.send, &[0x40, 2, 0, 2], 0x32);
}

#[tokio::test]
async fn packets_may_come_in_pieces_and_together() {
    let mut session = session();
    let bytes = [
        connect(TOASTER, &user_name(TOASTER), &token(TOASTER)),
        subscribe(ANSWERS, 1),
    ]
    .concat();
    let (first, rest) = bytes.split_at(20);
    assert!(session.receive(first).send.is_empty());
    let reaction = session.receive(rest);
    assert_eq!(reaction.send, [0x20, 2, 0, 0, 0x90, 3, 0, 1, 1]);
}

#[tokio::test]
async fn a_bad_token_connects_and_is_refused_at_registration() {
    let mut session = session();
    let accepted = session.receive(&connect(TOASTER, &user_name(TOASTER), "nonsense"));
    assert_eq!(accepted.send, [0x20, 2, 0, 0]);
    session.receive(&subscribe(ANSWERS, 1));
    let reaction = session.receive(&publish(REGISTER, "{}"));
    let (topic, body) = published(&reaction.send, &[0x40, 2, 0, 2], 0x32);
    assert_eq!(topic, "$dps/registrations/res/401/?$rid=r-1");
    assert_eq!(
        (&body["errorCode"], &body["message"]),
        (&json!(401_002), &json!("Unauthorized"))
    );
}

#[tokio::test]
async fn an_api_version_that_is_not_emulated_is_refused_at_registration() {
    for version in ["2017-01-01", "2020xxxxxx"] {
        let mut session = session();
        let user_name = format!("0ne00LOCAL1/registrations/{TOASTER}/api-version={version}");
        session.receive(&connect(TOASTER, &user_name, &token(TOASTER)));
        session.receive(&subscribe(ANSWERS, 1));
        let reaction = session.receive(&publish(REGISTER, "{}"));
        let (topic, body) = published(&reaction.send, &[0x40, 2, 0, 2], 0x32);
        assert_eq!(topic, "$dps/registrations/res/400/?$rid=r-1", "{version}");
        assert_eq!(body["errorCode"], 400_004, "{version}");
    }
}

#[tokio::test]
async fn a_device_that_breaks_the_rules_is_hung_up_on() {
    let good = || connect(TOASTER, &user_name(TOASTER), &token(TOASTER));
    let good_with = |place: usize, byte: u8| {
        let mut bytes = good();
        bytes[place] = byte;
        bytes
    };
    for (why, bytes, answer) in [
        (
            "the user name names no registration",
            connect(TOASTER, "hub/toaster", ""),
            vec![0x20, 2, 0, 4],
        ),
        (
            "the client id is another's",
            connect("other", &user_name(TOASTER), ""),
            vec![0x20, 2, 0, 2],
        ),
        ("there was no CONNECT", subscribe(ANSWERS, 1), vec![]),
        (
            "a message comes before CONNECT",
            publish(REGISTER, "{}"),
            vec![],
        ),
        (
            "a message without a packet id comes before CONNECT",
            packet(0x30, &text(REGISTER)),
            vec![],
        ),
        ("a ping comes before CONNECT", vec![0xC0, 0], vec![]),
        (
            "CONNECT's reserved flag is set",
            good_with(10, 0xC1),
            vec![],
        ),
        ("CONNECT's header has flags", good_with(0, 0x11), vec![]),
        (
            "SUBSCRIBE's header has other flags than its own",
            [
                good(),
                packet(0x80, &[vec![0, 1], text(ANSWERS), vec![1]].concat()),
            ]
            .concat(),
            vec![0x20, 2, 0, 0],
        ),
        (
            "the packet id is zero, at which the library panics",
            [good(), packet(0x32, &[text(REGISTER), vec![0, 0]].concat())].concat(),
            vec![0x20, 2, 0, 0],
        ),
        (
            "the packet id is zero with QoS 2",
            [good(), packet(0x34, &[text(REGISTER), vec![0, 0]].concat())].concat(),
            vec![0x20, 2, 0, 0],
        ),
        (
            "it connects twice",
            [good(), good()].concat(),
            vec![0x20, 2, 0, 0],
        ),
        (
            "the topic is a hub's",
            [good(), publish("devices/toaster/messages/events/", "{}")].concat(),
            vec![0x20, 2, 0, 0, 0x40, 2, 0, 2],
        ),
        (
            "the packet is too big",
            [good(), vec![0x32, 0xFF, 0xFF, 0xFF, 0x7F]].concat(),
            vec![0x20, 2, 0, 0],
        ),
        (
            "it speaks MQTT 3.1",
            packet(
                0x10,
                &[text("MQIsdp"), vec![3, 2, 0, 60], text(TOASTER)].concat(),
            ),
            vec![0x20, 2, 0, 1],
        ),
        (
            "it speaks MQTT 5",
            packet(
                0x10,
                &[text("MQTT"), vec![5, 2, 0, 60, 0], text(TOASTER)].concat(),
            ),
            vec![0x20, 2, 0, 1],
        ),
        (
            "it speaks a protocol that nobody knows",
            packet(
                0x10,
                &[text("MOTT"), vec![4, 2, 0, 60], text(TOASTER)].concat(),
            ),
            vec![],
        ),
        ("it is AMQP", b"AMQP\x03\x01\0\0".to_vec(), vec![]),
        ("its first byte isn't MQTT's", b"G".to_vec(), vec![]),
        (
            "it isn't MQTT",
            b"GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n"
                .to_vec(),
            vec![],
        ),
    ] {
        let reaction = session().receive(&bytes);
        assert!(reaction.close, "{why}");
        assert_eq!(reaction.send, answer, "{why}");
    }
}

#[tokio::test]
async fn another_subscription_is_refused_and_without_one_there_is_no_answer() {
    let mut session = session();
    session.receive(&connect(TOASTER, &user_name(TOASTER), &token(TOASTER)));
    let refused = session.receive(&subscribe("devices/#", 1));
    assert_eq!(refused.send, [0x90, 3, 0, 1, 0x80]);
    let reaction = session.receive(&publish(REGISTER, "{}"));
    assert_eq!(reaction.send, [0x40, 2, 0, 2]);
}

#[tokio::test]
async fn unsubscribing_from_another_topic_stops_no_answers() {
    let mut session = subscribed(1);
    let unsubscribe = |filter: &str| packet(0xA2, &[vec![0, 3], text(filter)].concat());
    assert_eq!(session.receive(&unsubscribe("other")).send, [0xB0, 2, 0, 3]);
    let reaction = session.receive(&publish(REGISTER, "{}"));
    published(&reaction.send, &[0x40, 2, 0, 2], 0x32);
    assert_eq!(session.receive(&unsubscribe(ANSWERS)).send, [0xB0, 2, 0, 3]);
    let reaction = session.receive(&publish(REGISTER, "{}"));
    assert_eq!(reaction.send, [0x40, 2, 0, 2]);
}

#[tokio::test]
async fn the_keep_alive_of_the_device_bounds_its_silence() {
    let silence = std::time::Duration::from_secs(90);
    let before = Instant::now();
    let session = subscribed(1);
    let after = Instant::now();
    assert!((before + silence..=after + silence).contains(&session.deadline()));
}

#[tokio::test]
async fn a_device_has_seconds_to_introduce_itself() {
    let seconds = std::time::Duration::from_secs(10);
    let before = Instant::now();
    let session = session();
    assert!((before + seconds..=Instant::now() + seconds).contains(&session.deadline()));
}

#[tokio::test]
async fn a_topic_without_the_dollar_is_answered_as_the_service_answers_it() {
    let mut session = subscribed(0);
    let topic = "$dps/registrations/PUT/iotdps-register/?rid=1";
    let body = r#"{"payload" : {"modelId" : "dtmi:com:Microchip:SAM_IoT_WM;2"}}"#;
    let reaction = session.receive(&publish(topic, body));
    let (topic, _) = published(&reaction.send, &[0x40, 2, 0, 2], 0x30);
    assert_eq!(topic, "$dps/registrations/res/202/?$rid=&retry-after=3");
}

#[tokio::test]
async fn a_topic_that_lacks_something_is_a_bad_request() {
    for (asked, answered) in [
        ("GET/iotdps-get-operationstatus/?$rid=7", "7"),
        ("GET/iotdps-get-operationstatus/", ""),
        ("PUT/iotdps-register/", ""),
    ] {
        let mut session = subscribed(0);
        let reaction = session.receive(&publish(&format!("$dps/registrations/{asked}"), "{}"));
        assert!(!reaction.close, "{asked}");
        let (topic, body) = published(&reaction.send, &[0x40, 2, 0, 2], 0x30);
        assert_eq!(
            topic,
            format!("$dps/registrations/res/400/?$rid={answered}")
        );
        assert_eq!(body["errorCode"], json!(400_004), "{asked}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_registration_is_a_deserialization_error() {
    for name in [
        "registration-modelid-top-level.json",
        "registration-nested-quotes.txt",
    ] {
        let mut session = subscribed(0);
        let reaction = session.receive(&publish(REGISTER, &support::field(name)));
        let (topic, body) = published(&reaction.send, &[0x40, 2, 0, 2], 0x30);
        assert_eq!(topic, "$dps/registrations/res/400/?$rid=r-1", "{name}");
        assert_eq!(
            (&body["errorCode"], &body["message"]),
            (&json!(400_012), &json!("Deserialization error.")),
            "{name}"
        );
    }
}

#[tokio::test]
async fn only_a_whole_packet_ends_the_silence() {
    let mut session = subscribed(1);
    let deadline = session.deadline();
    session.receive(&[0xC0]);
    assert_eq!(session.deadline(), deadline);
    assert_eq!(session.receive(&[0]).send, [0xD0, 0]);
    assert!(session.deadline() > deadline);
}

#[tokio::test]
async fn a_certificate_takes_the_place_of_the_password() {
    let made = || TrialDevice::self_signed("x509-dev-1", Period::of_days(1)).unwrap();
    let (enrolled, another) = (made(), made());
    let certificate = enrolled.pem();
    let config = json!({"linkedHubs": [TOASTERS], "enrollments": [{
        "registrationId": "x509-dev-1",
        "attestation": {"type": "x509", "x509": {"clientCertificates": {"primary": {"certificate": certificate}}}},
    }]});
    let settings = Config::parse(&config.to_string())
        .unwrap()
        .settings()
        .unwrap();
    let provisioning = Provisioning::in_memory(settings, WebhookClient::new().unwrap());
    for (presented, status) in [(enrolled, 202), (another, 401)] {
        let certificate = DeviceCertificate::from_der(presented.der());
        let mut session = Session::new(provisioning.clone(), PEER, Some(certificate));
        let mut without_password = [text("MQTT"), vec![4, 0x80, 0, 60]].concat();
        without_password.extend(text("x509-dev-1"));
        without_password.extend(text(&user_name("x509-dev-1")));
        let accepted = session.receive(&packet(0x10, &without_password));
        assert_eq!(accepted.send, [0x20, 2, 0, 0]);
        session.receive(&subscribe(ANSWERS, 1));
        let reaction = session.receive(&publish(REGISTER, "{}"));
        let (topic, _) = published(&reaction.send, &[0x40, 2, 0, 2], 0x32);
        let expected = format!("$dps/registrations/res/{status}/?$rid=r-1");
        assert!(topic.starts_with(&expected), "{topic}");
    }
}

/// Numbers that look random and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

#[tokio::test]
async fn mangled_packets_bring_no_session_down() {
    let conversation = [
        connect(TOASTER, &user_name(TOASTER), &token(TOASTER)),
        subscribe(ANSWERS, 1),
        publish(REGISTER, "{}"),
        packet(0x34, &[text(REGISTER), vec![0, 3]].concat()),
        packet(0x62, &[0, 3]),
        packet(0xA2, &[vec![0, 4], text("other")].concat()),
        vec![0xC0, 0],
    ]
    .concat();
    let provisioning = provisioning();
    let mut numbers = Numbers(7);
    for _ in 0..5_000 {
        let mut mangled = conversation.clone();
        for _ in 0..=numbers.below(4) {
            let place = numbers.below(mangled.len());
            // Zeros are the values of which some have to be refused.
            let byte = numbers.below(2) * numbers.below(256);
            mangled[place] = u8::try_from(byte).unwrap();
        }
        mangled.truncate(mangled.len() - numbers.below(2) * numbers.below(mangled.len()));
        let mut session = Session::new(provisioning.clone(), PEER, None);
        let (first, rest) = mangled.split_at(numbers.below(mangled.len()));
        if !session.receive(first).close {
            session.receive(rest);
        }
    }
}

/// A CONNECT with these flags and this keep-alive; `will` stands where a will's topic and text do.
fn connect_with(flags: u8, keep_alive: u8, will: &[u8]) -> Vec<u8> {
    let head = [text("MQTT"), vec![4, flags, 0, keep_alive], text(TOASTER)].concat();
    let names = [text(&user_name(TOASTER)), text(&token(TOASTER))].concat();
    packet(0x10, &[head, will.to_vec(), names].concat())
}

#[tokio::test]
async fn a_will_and_either_kind_of_session_are_taken_and_none_is_kept() {
    let will = [text("devices/will"), text("gone")].concat();
    for (flags, will) in [(0xC0, &[][..]), (0xC2, &[]), (0xC6, &will), (0xE4, &will)] {
        let mut session = session();
        let accepted = session.receive(&connect_with(flags, 60, will));
        assert_eq!(accepted.send, [0x20, 2, 0, 0], "{flags:x}");
        let granted = session.receive(&subscribe(ANSWERS, 1));
        assert_eq!(granted.send, [0x90, 3, 0, 1, 1], "{flags:x}");
    }
}

#[tokio::test]
async fn without_a_keep_alive_a_device_may_be_silent_for_ten_minutes() {
    let minutes = std::time::Duration::from_mins(10);
    let before = Instant::now();
    let mut session = session();
    session.receive(&connect_with(0xC2, 0, &[]));
    assert!((before + minutes..=Instant::now() + minutes).contains(&session.deadline()));
}

#[tokio::test]
async fn a_message_is_answered_whatever_its_quality_of_service_and_its_retain_flag() {
    for (first, packet_id, acknowledged) in [
        (0x30, &[][..], &[][..]),
        (0x31, &[], &[]),
        (0x33, &[0, 3], &[0x40, 2, 0, 3]),
        (0x3A, &[0, 3], &[0x40, 2, 0, 3]),
        (0x34, &[0, 3], &[0x50, 2, 0, 3]),
    ] {
        let mut session = subscribed(1);
        let message = packet(first, &[&text(REGISTER)[..], packet_id, b"{}"].concat());
        let reaction = session.receive(&message);
        let (topic, _) = published(&reaction.send, acknowledged, 0x32);
        assert_eq!(
            topic, "$dps/registrations/res/202/?$rid=r-1&retry-after=3",
            "{first:x}"
        );
    }
}

#[tokio::test]
async fn each_filter_of_a_subscription_is_judged_alone() {
    let mut session = session();
    session.receive(&connect_with(0xC2, 60, &[]));
    let filters = [
        "#",
        "$dps/#",
        "$dps/registrations/res/+/?$rid=1",
        ANSWERS,
        "$iothub/twin/res/#",
    ];
    let wanted: Vec<u8> = filters
        .iter()
        .flat_map(|filter| [text(filter), vec![1]].concat())
        .collect();
    let granted = session.receive(&packet(0x82, &[vec![0, 9], wanted].concat()));
    let expected = [0x90, 7, 0, 9, 0x80, 0x80, 0x80, 1, 0x80];
    assert_eq!(granted.send, expected);
}

#[tokio::test]
async fn a_subscription_without_an_id_or_a_filter_ends_the_session() {
    for rest in [[vec![0, 0], text(ANSWERS), vec![1]].concat(), vec![0, 1]] {
        let mut session = session();
        session.receive(&connect_with(0xC2, 60, &[]));
        let reaction = session.receive(&packet(0x82, &rest));
        assert!(reaction.close, "{rest:?}");
        assert!(reaction.send.is_empty(), "{rest:?}");
    }
}
