//! MQTT packets as devices send them, byte by byte.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use serde_json::Value;

use super::device_key;

/// Where a device connects from.
pub(crate) const PEER: SocketAddr =
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)), 50_001);

/// One packet, with a remaining length below 16,384.
pub(crate) fn packet(first: u8, rest: &[u8]) -> Vec<u8> {
    let length = u16::try_from(rest.len()).unwrap();
    let mut bytes = vec![first];
    if length < 128 {
        bytes.push(u8::try_from(length).unwrap());
    } else {
        bytes.push(u8::try_from(length & 127).unwrap() | 128);
        bytes.push(u8::try_from(length >> 7).unwrap());
    }
    bytes.extend(rest);
    bytes
}

pub(crate) fn text(text: &str) -> Vec<u8> {
    let mut bytes = u16::try_from(text.len()).unwrap().to_be_bytes().to_vec();
    bytes.extend(text.as_bytes());
    bytes
}

/// A CONNECT as the Python SDK sends it: level 4, flags 0xC0, keep-alive 60.
pub(crate) fn connect(client_id: &str, user_name: &str, password: &str) -> Vec<u8> {
    let mut rest = [text("MQTT"), vec![4, 0xC0, 0, 60]].concat();
    rest.extend(text(client_id));
    rest.extend(text(user_name));
    rest.extend(text(password));
    packet(0x10, &rest)
}

pub(crate) fn subscribe(filter: &str, qos: u8) -> Vec<u8> {
    packet(0x82, &[vec![0, 1], text(filter), vec![qos]].concat())
}

/// A PUBLISH that wants a PUBACK, with packet id 2.
pub(crate) fn publish(topic: &str, body: &str) -> Vec<u8> {
    packet(
        0x32,
        &[text(topic), vec![0, 2], body.as_bytes().to_vec()].concat(),
    )
}

pub(crate) fn token(registration_id: &str) -> String {
    super::token(&device_key(registration_id), registration_id)
}

pub(crate) fn user_name(registration_id: &str) -> String {
    format!(
        "0ne00LOCAL1/registrations/{registration_id}/api-version=2019-03-31&ClientVersion=azure-iot-device%2F2.14.0"
    )
}

pub(crate) const ANSWERS: &str = "$dps/registrations/res/#";
pub(crate) const REGISTER: &str = "$dps/registrations/PUT/iotdps-register/?$rid=r-1";

/// The topic and the body of a PUBLISH, after what comes before it.
#[track_caller]
pub(crate) fn published(bytes: &[u8], before: &[u8], first: u8) -> (String, Value) {
    let bytes = bytes.strip_prefix(before).unwrap();
    assert_eq!(bytes[0], first);
    let start = if bytes[1] & 128 == 0 { 2 } else { 3 };
    let length = usize::from(u16::from_be_bytes([bytes[start], bytes[start + 1]]));
    let (topic, rest) = bytes[start + 2..].split_at(length);
    let packet_id = if first == 0x30 { 0 } else { 2 };
    (
        String::from_utf8(topic.to_vec()).unwrap(),
        serde_json::from_slice(&rest[packet_id..]).unwrap(),
    )
}
