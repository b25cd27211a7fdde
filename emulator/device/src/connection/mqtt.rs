//! The device's side of the device API over MQTT 3.1.1.

use std::collections::VecDeque;
use std::fmt;

use mqtt_protocol_core::mqtt::common::Cursor;
use mqtt_protocol_core::mqtt::connection::Event;
use mqtt_protocol_core::mqtt::packet::{
    GenericPacketTrait as _, Packet, Qos, SubEntry, SubOpts, v3_1_1,
};
use mqtt_protocol_core::mqtt::result_code::SubackReturnCode;
use mqtt_protocol_core::mqtt::{Connection, Version, role};
use secrecy::ExposeSecret as _;

use super::error::ConnectionError;
use super::exchange::{ANSWER_TIMEOUT, API_VERSION, Identity, Reply};
use super::link::Link;
use super::topic::{self, AnswerTopic};

/// A device polls with a blank, as the Python and Node SDKs do.
const POLL_BODY: &str = " ";

/// A connection over which a device asks.
pub(crate) struct MqttConnection {
    link: Link,
    protocol: Connection<role::Client>,
    received: VecDeque<Packet>,
    requests: u32,
}

impl fmt::Debug for MqttConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MqttConnection").finish_non_exhaustive()
    }
}

impl MqttConnection {
    /// Introduces the device and subscribes to its answers.
    pub(super) async fn open(
        link: Link,
        id_scope: &str,
        identity: &Identity,
    ) -> Result<Self, ConnectionError> {
        let mut protocol = Connection::new(Version::V3_1_1);
        protocol.set_auto_pub_response(true);
        let mut connection = Self {
            link,
            protocol,
            received: VecDeque::new(),
            requests: 0,
        };
        let id = &identity.registration_id;
        let user_name = format!("{id_scope}/registrations/{id}/api-version={API_VERSION}");
        let connect = v3_1_1::Connect::builder()
            .client_id(id)
            .and_then(|connect| connect.user_name(user_name))
            .and_then(|connect| match &identity.sas_token {
                Some(token) => connect.password(token.expose_secret()),
                None => Ok(connect),
            })
            .and_then(|connect| connect.clean_session(true).build())
            .map_err(ConnectionError::Packet)?;
        connection.send(connect.into()).await?;
        connection.accepted().await?;
        connection.subscribe().await?;
        Ok(connection)
    }

    /// Registers, and waits for the answer.
    pub(super) async fn register(&mut self, body: &str) -> Result<Reply, ConnectionError> {
        let request_id = self.request_id();
        self.ask(request_id, topic::register(request_id), body)
            .await
    }

    /// Asks how far an operation has come, and waits for the answer.
    pub(super) async fn operation_status(
        &mut self,
        operation_id: &str,
    ) -> Result<Reply, ConnectionError> {
        let request_id = self.request_id();
        let topic = topic::operation_status(request_id, operation_id);
        self.ask(request_id, topic, POLL_BODY).await
    }

    fn request_id(&mut self) -> u32 {
        self.requests += 1;
        self.requests
    }

    async fn ask(
        &mut self,
        request_id: u32,
        topic: String,
        body: &str,
    ) -> Result<Reply, ConnectionError> {
        let packet_id = self.packet_id()?;
        let publish = v3_1_1::Publish::builder()
            .topic_name(topic)
            .and_then(|publish| {
                publish
                    .qos(Qos::AtLeastOnce)
                    .packet_id(packet_id)
                    .payload(body.as_bytes())
                    .build()
            })
            .map_err(ConnectionError::Packet)?;
        self.send(publish.into()).await?;
        let request_id = request_id.to_string();
        loop {
            let Packet::V3_1_1Publish(publish) = self.next().await? else {
                continue;
            };
            let topic = publish.topic_name();
            let answer = AnswerTopic::parse(topic)
                .ok_or_else(|| ConnectionError::Topic(topic.to_owned()))?;
            if answer.request_id == request_id {
                return Ok(Reply {
                    status: answer.status,
                    retry_after: answer.retry_after,
                    body: serde_json::from_slice(publish.payload().as_slice())
                        .map_err(ConnectionError::NotJson)?,
                });
            }
        }
    }

    async fn accepted(&mut self) -> Result<(), ConnectionError> {
        loop {
            if let Packet::V3_1_1Connack(connack) = self.next().await? {
                let code = connack.return_code();
                return if code.is_success() {
                    Ok(())
                } else {
                    Err(ConnectionError::Refused(code))
                };
            }
        }
    }

    async fn subscribe(&mut self) -> Result<(), ConnectionError> {
        let options = SubOpts::new().set_qos(Qos::AtLeastOnce);
        let packet_id = self.packet_id()?;
        let subscribe = SubEntry::new(topic::ANSWERS, options)
            .and_then(|entry| {
                v3_1_1::Subscribe::builder()
                    .packet_id(packet_id)
                    .entries(vec![entry])
                    .build()
            })
            .map_err(ConnectionError::Packet)?;
        self.send(subscribe.into()).await?;
        loop {
            if let Packet::V3_1_1Suback(suback) = self.next().await? {
                let granted = suback
                    .return_codes()
                    .iter()
                    .all(SubackReturnCode::is_success);
                return if granted {
                    Ok(())
                } else {
                    Err(ConnectionError::SubscriptionRefused)
                };
            }
        }
    }

    fn packet_id(&mut self) -> Result<u16, ConnectionError> {
        self.protocol
            .acquire_packet_id()
            .map_err(ConnectionError::Packet)
    }

    async fn send(&mut self, packet: Packet) -> Result<(), ConnectionError> {
        let events = self.protocol.send(packet);
        self.handle(events).await
    }

    /// The next packet from the service.
    async fn next(&mut self) -> Result<Packet, ConnectionError> {
        loop {
            if let Some(packet) = self.received.pop_front() {
                return Ok(packet);
            }
            let bytes = tokio::time::timeout(ANSWER_TIMEOUT, self.link.receive())
                .await
                .map_err(|_| ConnectionError::NoAnswer)??;
            let mut cursor = Cursor::new(&bytes[..]);
            while cursor.position() < bytes.len() as u64 {
                let events = self.protocol.recv(&mut cursor);
                self.handle(events).await?;
            }
        }
    }

    async fn handle(&mut self, events: Vec<Event>) -> Result<(), ConnectionError> {
        for event in events {
            match event {
                Event::NotifyPacketReceived(packet) => self.received.push_back(packet),
                Event::RequestSendPacket { packet, .. } => {
                    self.link.send(packet.to_continuous_buffer()).await?;
                }
                Event::NotifyError(error) => return Err(ConnectionError::Mqtt(error)),
                Event::RequestClose
                | Event::RequestTimerReset { .. }
                | Event::RequestTimerCancel(_)
                | Event::NotifyPacketIdReleased(_) => {}
            }
        }
        Ok(())
    }
}
