//! One device's MQTT 3.1.1 session: bytes in, bytes out.
//!
//! It is the same over TLS and over a WebSocket. As the real service does, it accepts a connection
//! whose token is wrong, and tells the device when it registers. Sessions aren't kept, and
//! exactly-once delivery isn't granted. Source:
//! <https://learn.microsoft.com/azure/iot-dps/iot-dps-mqtt-support>.

use std::net::SocketAddr;
use std::time::Duration;

use mqtt_protocol_core::mqtt::common::Cursor;
use mqtt_protocol_core::mqtt::connection::event::TimerKind;
use mqtt_protocol_core::mqtt::connection::{ConnectionOptions, Event};
use mqtt_protocol_core::mqtt::packet::{GenericPacketTrait as _, Packet, Qos, v3_1_1};
use mqtt_protocol_core::mqtt::result_code::{ConnectReturnCode, MqttError, SubackReturnCode};
use mqtt_protocol_core::mqtt::{Connection, Version, role};
use serde::Serialize;
use tokio::time::Instant;

use crate::clock::RequestContext;
use crate::keys::thumbprint::DeviceCertificate;
use crate::server::mqtt_clients::ConnectedClient;
use crate::server::provisioning::{Provisioning, log_request_error};
use crate::service::caller::{Caller, Transport};
use crate::wire::device_api::check_api_version;
use crate::wire::mqtt_packet::{PacketCheck, PacketError};
use crate::wire::request_error::RequestError;
use crate::wire::topic::{ANSWERS, Ask, Question, REGISTER, answer};
use emulator_text::printable;

/// The biggest packet that is read; more than a message may have, so that the device can be told.
const MAX_PACKET_BYTES: u32 = 4 * 96 * 1024;

/// How long a device may take to introduce itself.
const INTRODUCTION: Duration = Duration::from_secs(10);

/// How long a device may stay silent that names no time of its own.
const SILENCE: Duration = Duration::from_mins(10);

/// What a client of another version of MQTT is answered: a CONNACK that refuses the protocol.
const UNACCEPTABLE_PROTOCOL: [u8; 4] = [0x20, 2, 0, 1];

/// A session.
pub struct Session {
    check: PacketCheck,
    connection: Connection<role::Server>,
    provisioning: Provisioning,
    peer: SocketAddr,
    certificate: Option<DeviceCertificate>,
    device: Option<Device>,
    client: Option<ConnectedClient>,
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
#[derive(Debug, thiserror::Error)]
enum SessionError {
    #[error("{0}")]
    Packet(PacketError),
    #[error("hung up, {} is not a topic of the device API; a device registers with {REGISTER}?$rid={{requestId}}", printable(.0))]
    Topic(String),
}

impl From<MqttError> for SessionError {
    fn from(error: MqttError) -> Self {
        Self::Packet(PacketError::Rule(error))
    }
}

impl From<PacketError> for SessionError {
    fn from(packet: PacketError) -> Self {
        Self::Packet(packet)
    }
}

impl Session {
    /// A session on a new connection from `peer`, over which the device may have presented a
    /// certificate.
    #[must_use]
    pub fn new(
        provisioning: Provisioning,
        peer: SocketAddr,
        certificate: Option<DeviceCertificate>,
    ) -> Self {
        let options = ConnectionOptions::new().maximum_packet_size_recv(MAX_PACKET_BYTES);
        let mut connection = Connection::with_options(Version::V3_1_1, options);
        connection.set_auto_pub_response(true);
        connection.set_auto_ping_response(true);
        Self {
            check: PacketCheck::new(MAX_PACKET_BYTES),
            connection,
            provisioning,
            peer,
            certificate,
            device: None,
            client: None,
            granted: None,
            heard: Instant::now(),
            silence: INTRODUCTION,
        }
    }

    /// When the device has been silent for too long. Only whole packets count.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.heard + self.silence
    }

    /// Waits until the session must end without the device asking for it, and logs the reason.
    pub(super) async fn ends(&self) {
        let replaced = async {
            match &self.client {
                Some(client) => client.replaced().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = replaced => log::info!(
                "{}: hung up, the device has connected again, and may have one connection",
                self.name()
            ),
            () = tokio::time::sleep_until(self.deadline()) => self.log_silence(),
        }
    }

    /// Says that the connection ends because the device was silent for too long.
    pub fn log_silence(&self) {
        let seconds = self.silence.as_secs();
        if self.device.is_none() {
            log::info!(
                "{}: hung up, no MQTT CONNECT came within {seconds} seconds",
                self.peer
            );
        } else {
            log::info!("{}: hung up, silent for {seconds} seconds", self.name());
        }
    }

    /// Takes what the device sent.
    pub fn receive(&mut self, bytes: &[u8]) -> Reaction {
        let mut reaction = Reaction::default();
        let (mut checked, mut read) = (Cursor::new(bytes), Cursor::new(bytes));
        let length = bytes.len() as u64;
        while !reaction.close && read.position() < length {
            if let Err(broken) = self.read(&mut checked, &mut read, &mut reaction) {
                log::info!("{}: {broken}", self.name());
                if let SessionError::Packet(PacketError::Version(_)) = broken {
                    reaction.send.extend(UNACCEPTABLE_PROTOCOL);
                }
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
    ) -> Result<(), SessionError> {
        if self.check.ends_packet(checked)? {
            self.heard = Instant::now();
        }
        let events = self.connection.recv(read);
        self.handle(events, reaction)
    }

    /// Who connected, for the log: the address until the device has said its name.
    fn name(&self) -> String {
        let device = self.device.as_ref();
        device.map_or_else(
            || self.peer.to_string(),
            |device| printable(&device.caller.registration_id),
        )
    }

    fn handle(&mut self, events: Vec<Event>, reaction: &mut Reaction) -> Result<(), SessionError> {
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

    fn take(&mut self, packet: Packet, reaction: &mut Reaction) -> Result<(), SessionError> {
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
                    Question::parse(topic).ok_or_else(|| SessionError::Topic(topic.to_owned()))?;
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
    ) -> Result<(), SessionError> {
        if connect.keep_alive() == 0 {
            self.silence = SILENCE;
        }
        let device = connect.user_name().and_then(Device::from_user_name);
        let return_code = match &device {
            None => {
                let reason = bad_user_name(connect.user_name());
                log::info!(
                    "{}: refused with CONNACK 4, {}",
                    self.peer,
                    printable(&reason)
                );
                ConnectReturnCode::BadUserNameOrPassword
            }
            Some(device) if !device.is_called(connect.client_id()) => {
                let id = &device.caller.registration_id;
                log::info!(
                    "{}: refused with CONNACK 2, the client id is {}, and must be the registration id",
                    printable(id),
                    printable(&format!("{:?}", connect.client_id()))
                );
                ConnectReturnCode::IdentifierRejected
            }
            Some(_) => ConnectReturnCode::Accepted,
        };
        self.device = device.map(|mut device| {
            let token = connect
                .password()
                .and_then(|password| std::str::from_utf8(password).ok());
            device.caller.sas_token = token.map(Into::into);
            device.caller.certificate = self.certificate.take();
            device
        });
        if let (true, Some(Device { caller, .. })) = (return_code.is_success(), &self.device) {
            let id = format!("{}/{}", caller.id_scope, caller.registration_id);
            let clients = self.provisioning.mqtt_clients();
            self.client = Some(clients.connect(id.to_ascii_lowercase()));
        }
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
    ) -> Result<(), SessionError> {
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
                (other, _) => {
                    log::info!(
                        "{}: refused with SUBACK 128, {} is not {ANSWERS}, the only filter there is",
                        self.name(),
                        printable(other)
                    );
                    SubackReturnCode::Failure
                }
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
        let at = RequestContext::now();
        let result = self
            .device
            .as_ref()
            .ok_or_else(|| RequestError::BadSignature("the device didn't connect".to_owned()))
            .and_then(
                |Device {
                     caller,
                     api_version,
                 }| {
                    check_api_version(api_version.as_deref())
                        .inspect_err(|refusal| log_request_error(caller, refusal))?;
                    match &question.ask {
                        Ask::Register => self.provisioning.register(&at, caller, body),
                        Ask::OperationStatus(id) => {
                            self.provisioning.operation_status(&at, caller, id)
                        }
                        Ask::Incomplete(missing) => {
                            let refusal = RequestError::Malformed((*missing).to_owned());
                            log_request_error(caller, &refusal);
                            Err(refusal)
                        }
                    }
                },
            );
        let rid = &question.request_id;
        if rid.is_empty() && !matches!(question.ask, Ask::Incomplete(_)) {
            log::info!(
                "{}: the topic has no $rid, so that the answer's is empty, as the service answers it",
                self.name()
            );
        }
        match result {
            Ok(reply) => (
                answer(rid, reply.status(), reply.retry_after),
                json(&reply.body),
            ),
            Err(refusal) => (
                answer(rid, refusal.status(), refusal.retry_after()),
                json(&refusal.body(&at)),
            ),
        }
    }

    /// Sends a message to the device, if it wants any.
    fn publish(
        &mut self,
        topic: &str,
        body: Vec<u8>,
        reaction: &mut Reaction,
    ) -> Result<(), SessionError> {
        let Some(qos) = self.granted else {
            log::info!(
                "{}: the answer isn't sent, the device must subscribe to {ANSWERS} first",
                self.name()
            );
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

    fn send(&mut self, packet: Packet, reaction: &mut Reaction) -> Result<(), SessionError> {
        let events = self.connection.send(packet);
        self.handle(events, reaction)
    }
}

impl Device {
    /// Reads
    /// `{idScope}/registrations/{registrationId}/api-version={version}&ClientVersion={client}`.
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
                transport: Transport::Mqtt,
            },
            api_version: api_version.map(str::to_owned),
        })
    }

    fn is_called(&self, client_id: &str) -> bool {
        self.caller.registration_id.eq_ignore_ascii_case(client_id)
    }
}

/// Why a user name is refused, with what it must be.
fn bad_user_name(user_name: Option<&str>) -> String {
    const WANTED: &str = "{idScope}/registrations/{registrationId}/api-version=2019-03-31";
    match user_name {
        None => format!("there is no user name, which must be {WANTED}"),
        Some(hub) if hub.contains("/?api-version=") || hub.ends_with("/?") => format!(
            "the user name is {hub:?}, with which a device connects to its IoT hub; hubs aren't emulated"
        ),
        Some(other) => format!("the user name is {other:?}, and must be {WANTED}"),
    }
}

fn json<T: Serialize>(body: &T) -> Vec<u8> {
    serde_json::to_vec(body).unwrap_or_default()
}
