//! One device's MQTT 3.1.1 session: bytes in, bytes out.
//!
//! It is the same over TLS and over a WebSocket. As the real service does, it accepts a connection whose token is wrong, and
//! tells the device when it registers. Sessions aren't kept, and exactly-once delivery isn't granted.
//! Source: <https://learn.microsoft.com/azure/iot-dps/iot-dps-mqtt-support>.

use std::time::Duration;

use mqtt_protocol_core::mqtt::common::Cursor;
use mqtt_protocol_core::mqtt::connection::event::TimerKind;
use mqtt_protocol_core::mqtt::connection::{ConnectionOptions, Event};
use mqtt_protocol_core::mqtt::packet::{GenericPacketTrait as _, Packet, Qos, v3_1_1};
use mqtt_protocol_core::mqtt::result_code::{ConnectReturnCode, MqttError, SubackReturnCode};
use mqtt_protocol_core::mqtt::{Connection, Version, role};
use serde::Serialize;
use tokio::time::Instant;

use crate::keys::thumbprint::DeviceCertificate;
use crate::server::provisioning::Provisioning;
use crate::service::attestation::Caller;
use crate::service::moment::Moment;
use crate::wire::device_api::check_api_version;
use crate::wire::mqtt_packet::PacketCheck;
use crate::wire::refusal::{Refusal, Transport};
use crate::wire::topic::{ANSWERS, Ask, Question, answer};
use emulator_text::printable;

/// The biggest packet that is read; more than a message may have, so that the device can be told.
const MAX_PACKET_BYTES: u32 = 4 * 96 * 1024;

/// How long a device may take to introduce itself, and stay silent when it names no time of its own.
const SILENCE: Duration = Duration::from_mins(10);

/// A session.
pub struct Session {
    check: PacketCheck,
    connection: Connection<role::Server>,
    provisioning: Provisioning,
    certificate: Option<DeviceCertificate>,
    device: Option<Device>,
    granted: Option<Qos>,
    heard: Instant,
    silence: Duration,
}

/// Who connected.
#[derive(Debug)]
struct Device {
    caller: Caller,
    api_version: Option<String>,
}

/// What the session wants of its connection.
#[derive(Debug, Default)]
pub struct Reaction {
    /// What to send.
    pub send: Vec<u8>,
    /// Whether to hang up after that.
    pub close: bool,
}

/// Why a session ends before its device wants it to.
#[derive(Debug)]
enum Broken {
    Protocol(MqttError),
    Topic(String),
}

impl From<MqttError> for Broken {
    fn from(error: MqttError) -> Self {
        Self::Protocol(error)
    }
}

impl Session {
    /// A session on a new connection, over which the device may have presented a certificate.
    #[must_use]
    pub fn new(provisioning: Provisioning, certificate: Option<DeviceCertificate>) -> Self {
        let options = ConnectionOptions::new().maximum_packet_size_recv(MAX_PACKET_BYTES);
        let mut connection = Connection::with_options(Version::V3_1_1, options);
        connection.set_auto_pub_response(true);
        connection.set_auto_ping_response(true);
        Self {
            check: PacketCheck::new(MAX_PACKET_BYTES),
            connection,
            provisioning,
            certificate,
            device: None,
            granted: None,
            heard: Instant::now(),
            silence: SILENCE,
        }
    }

    /// When the device has been silent for too long. Only whole packets count.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.heard + self.silence
    }

    /// Takes what the device sent.
    pub fn receive(&mut self, bytes: &[u8]) -> Reaction {
        let mut reaction = Reaction::default();
        let (mut checked, mut read) = (Cursor::new(bytes), Cursor::new(bytes));
        let length = bytes.len() as u64;
        while !reaction.close && read.position() < length {
            if let Err(broken) = self.read(&mut checked, &mut read, &mut reaction) {
                self.log(&broken);
                reaction.close = true;
            }
        }
        reaction
    }

    /// Reads up to the end of a packet, which is checked first.
    fn read(
        &mut self,
        checked: &mut Cursor<&[u8]>,
        read: &mut Cursor<&[u8]>,
        reaction: &mut Reaction,
    ) -> Result<(), Broken> {
        if self.check.ends_packet(checked)? {
            self.heard = Instant::now();
        }
        let events = self.connection.recv(read);
        self.handle(events, reaction)
    }

    fn log(&self, broken: &Broken) {
        let device = self
            .device
            .as_ref()
            .map_or("somebody", |device| &device.caller.registration_id);
        let device = printable(device);
        match broken {
            Broken::Protocol(error) => log::info!("{device}: hung up, {error:?}"),
            Broken::Topic(topic) => {
                log::info!(
                    "{device}: hung up, {} is no topic of the device API",
                    printable(topic)
                );
            }
        }
    }

    fn handle(&mut self, events: Vec<Event>, reaction: &mut Reaction) -> Result<(), Broken> {
        for event in events {
            match event {
                Event::NotifyPacketReceived(packet) => self.take(packet, reaction)?,
                Event::RequestSendPacket { packet, .. } => {
                    reaction.send.extend(packet.to_continuous_buffer());
                }
                Event::RequestTimerReset {
                    kind: TimerKind::PingreqRecv,
                    duration_ms,
                } => self.silence = Duration::from_millis(duration_ms),
                Event::NotifyError(error) => return Err(error.into()),
                Event::RequestClose => reaction.close = true,
                Event::RequestTimerReset { .. }
                | Event::RequestTimerCancel(_)
                | Event::NotifyPacketIdReleased(_) => {}
            }
        }
        Ok(())
    }

    fn take(&mut self, packet: Packet, reaction: &mut Reaction) -> Result<(), Broken> {
        match packet {
            Packet::V3_1_1Connect(connect) => self.connect(&connect, reaction),
            _ if self.device.is_none() => Err(MqttError::ProtocolError.into()),
            Packet::V3_1_1Subscribe(subscribe) => self.subscribe(&subscribe, reaction),
            Packet::V3_1_1Unsubscribe(unsubscribe) => {
                let mut filters = unsubscribe.entries().iter();
                if filters.any(|filter| filter.as_str() == ANSWERS) {
                    self.granted = None;
                }
                let unsuback = v3_1_1::Unsuback::builder()
                    .packet_id(unsubscribe.packet_id())
                    .build()?;
                self.send(unsuback.into(), reaction)
            }
            Packet::V3_1_1Publish(publish) => {
                let topic = publish.topic_name();
                let question =
                    Question::parse(topic).ok_or_else(|| Broken::Topic(topic.to_owned()))?;
                let (topic, body) = self.ask(&question, publish.payload().as_slice());
                self.publish(&topic, body, reaction)
            }
            Packet::V3_1_1Disconnect(_) => {
                reaction.close = true;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn connect(
        &mut self,
        connect: &v3_1_1::Connect,
        reaction: &mut Reaction,
    ) -> Result<(), Broken> {
        let device = connect.user_name().and_then(Device::from_user_name);
        let return_code = match &device {
            None => ConnectReturnCode::BadUserNameOrPassword,
            Some(device) if !device.is_called(connect.client_id()) => {
                ConnectReturnCode::IdentifierRejected
            }
            Some(_) => ConnectReturnCode::Accepted,
        };
        self.device = device.map(|mut device| {
            let token = connect
                .password()
                .and_then(|password| std::str::from_utf8(password).ok());
            device.caller.sas_token = token.map(str::to_owned);
            device.caller.certificate = self.certificate.take();
            device
        });
        let connack = v3_1_1::Connack::builder()
            .session_present(false)
            .return_code(return_code)
            .build()?;
        self.send(connack.into(), reaction)?;
        reaction.close |= !return_code.is_success();
        Ok(())
    }

    fn subscribe(
        &mut self,
        subscribe: &v3_1_1::Subscribe,
        reaction: &mut Reaction,
    ) -> Result<(), Broken> {
        let mut return_codes = Vec::new();
        for entry in subscribe.entries() {
            return_codes.push(match (entry.topic_filter(), entry.sub_opts().qos()) {
                (ANSWERS, Qos::AtMostOnce) => {
                    self.granted = Some(Qos::AtMostOnce);
                    SubackReturnCode::SuccessMaximumQos0
                }
                (ANSWERS, Qos::AtLeastOnce | Qos::ExactlyOnce) => {
                    self.granted = Some(Qos::AtLeastOnce);
                    SubackReturnCode::SuccessMaximumQos1
                }
                _ => SubackReturnCode::Failure,
            });
        }
        let suback = v3_1_1::Suback::builder()
            .packet_id(subscribe.packet_id())
            .return_codes(return_codes)
            .build()?;
        self.send(suback.into(), reaction)
    }

    /// The answer to a question: its topic and its body.
    fn ask(&self, question: &Question, body: &[u8]) -> (String, Vec<u8>) {
        let at = Moment::of_system();
        let result = self
            .device
            .as_ref()
            .ok_or_else(|| Refusal::BadSignature("the device didn't connect".to_owned()))
            .and_then(
                |Device {
                     caller,
                     api_version,
                 }| {
                    check_api_version(api_version.as_deref())?;
                    match &question.ask {
                        Ask::Register => self.provisioning.register(&at, caller, body),
                        Ask::OperationStatus(id) => {
                            self.provisioning.operation_status(&at, caller, id)
                        }
                    }
                },
            );
        let rid = &question.request_id;
        match result {
            Ok(reply) => (
                answer(rid, reply.status(), reply.retry_after),
                json(&reply.body),
            ),
            Err(refusal) => (
                answer(rid, refusal.status(), refusal.retry_after()),
                json(&refusal.body(Transport::Mqtt, &at)),
            ),
        }
    }

    /// Sends a message to the device, if it wants any.
    fn publish(
        &mut self,
        topic: &str,
        body: Vec<u8>,
        reaction: &mut Reaction,
    ) -> Result<(), Broken> {
        let Some(qos) = self.granted else {
            return Ok(());
        };
        let mut publish = v3_1_1::Publish::builder()
            .topic_name(topic)?
            .qos(qos)
            .payload(body);
        if qos != Qos::AtMostOnce {
            publish = publish.packet_id(self.connection.acquire_packet_id()?);
        }
        self.send(publish.build()?.into(), reaction)
    }

    fn send(&mut self, packet: Packet, reaction: &mut Reaction) -> Result<(), Broken> {
        let events = self.connection.send(packet);
        self.handle(events, reaction)
    }
}

impl Device {
    /// Reads `{idScope}/registrations/{registrationId}/api-version={version}&ClientVersion={client}`.
    fn from_user_name(user_name: &str) -> Option<Self> {
        let mut parts = user_name.splitn(4, '/');
        let id_scope = parts.next()?;
        let registrations = parts.next()?;
        let registration_id = parts.next()?;
        if registrations != "registrations" {
            return None;
        }
        let versions = parts.next().unwrap_or_default();
        let api_version = versions
            .split('&')
            .find_map(|field| field.strip_prefix("api-version="));
        Some(Self {
            caller: Caller {
                id_scope: id_scope.to_owned(),
                registration_id: registration_id.to_owned(),
                sas_token: None,
                certificate: None,
            },
            api_version: api_version.map(str::to_owned),
        })
    }

    fn is_called(&self, client_id: &str) -> bool {
        self.caller.registration_id.eq_ignore_ascii_case(client_id)
    }
}

fn json<T: Serialize>(body: &T) -> Vec<u8> {
    serde_json::to_vec(body).unwrap_or_default()
}
