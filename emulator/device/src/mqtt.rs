//! The device's side of the device API over MQTT 3.1.1.

use std::collections::VecDeque;
use std::fmt;

use anyhow::{Context as _, bail, ensure};
use mqtt_protocol_core::mqtt::common::Cursor;
use mqtt_protocol_core::mqtt::connection::Event;
use mqtt_protocol_core::mqtt::packet::{
    GenericPacketTrait as _, Packet, Qos, SubEntry, SubOpts, v3_1_1,
};
use mqtt_protocol_core::mqtt::result_code::SubackReturnCode;
use mqtt_protocol_core::mqtt::{Connection, Version, role};

use super::connection::{ANSWER_TIMEOUT, API_VERSION, Identity, Reply};
use super::link::Link;
use emulator_text::printable;
use provisioning::wire::topic::{ANSWERS, Ask, Question};

/// A connection over which a device asks.
pub struct MqttConnection {
    link: Link,
    protocol: Connection<role::Client>,
    received: VecDeque<Packet>,
    requests: u32,
}

impl fmt::Debug for MqttConnection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("MqttConnection")
            .finish_non_exhaustive()
    }
}

impl MqttConnection {
    /// Introduces the device and subscribes to its answers.
    pub(super) async fn open(
        link: Link,
        id_scope: &str,
        identity: Identity,
    ) -> anyhow::Result<Self> {
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
                Some(token) => connect.password(token.as_str()),
                None => Ok(connect),
            })
            .and_then(|connect| connect.clean_session(true).build())
            .map_err(anyhow::Error::msg)?;
        connection.send(connect.into()).await?;
        connection.accepted().await?;
        connection.subscribe().await?;
        Ok(connection)
    }

    /// Asks, and waits for the answer.
    pub(super) async fn ask(&mut self, ask: Ask, body: &str) -> anyhow::Result<Reply> {
        self.requests += 1;
        let request_id = self.requests.to_string();
        let question = Question { request_id, ask };
        let packet_id = self.packet_id()?;
        let publish = v3_1_1::Publish::builder()
            .topic_name(question.to_string())
            .and_then(|publish| {
                publish
                    .qos(Qos::AtLeastOnce)
                    .packet_id(packet_id)
                    .payload(body.as_bytes())
                    .build()
            })
            .map_err(anyhow::Error::msg)?;
        self.send(publish.into()).await?;
        loop {
            if let Packet::V3_1_1Publish(publish) = self.next().await? {
                let (status, rid, retry_after) =
                    read_topic(publish.topic_name()).with_context(|| {
                        format!(
                            "no answer has the topic {}",
                            printable(publish.topic_name())
                        )
                    })?;
                if rid == question.request_id {
                    return Ok(Reply {
                        status,
                        retry_after,
                        body: serde_json::from_slice(publish.payload().as_slice())
                            .context("the answer isn't JSON")?,
                    });
                }
            }
        }
    }

    async fn accepted(&mut self) -> anyhow::Result<()> {
        loop {
            if let Packet::V3_1_1Connack(connack) = self.next().await? {
                let code = connack.return_code();
                ensure!(
                    code.is_success(),
                    "the service refused the connection: {code:?}"
                );
                return Ok(());
            }
        }
    }

    async fn subscribe(&mut self) -> anyhow::Result<()> {
        let options = SubOpts::new().set_qos(Qos::AtLeastOnce);
        let packet_id = self.packet_id()?;
        let subscribe = SubEntry::new(ANSWERS, options)
            .and_then(|entry| {
                v3_1_1::Subscribe::builder()
                    .packet_id(packet_id)
                    .entries(vec![entry])
                    .build()
            })
            .map_err(anyhow::Error::msg)?;
        self.send(subscribe.into()).await?;
        loop {
            if let Packet::V3_1_1Suback(suback) = self.next().await? {
                let granted = suback
                    .return_codes()
                    .iter()
                    .all(SubackReturnCode::is_success);
                ensure!(granted, "the service refused the subscription");
                return Ok(());
            }
        }
    }

    fn packet_id(&mut self) -> anyhow::Result<u16> {
        self.protocol
            .acquire_packet_id()
            .map_err(anyhow::Error::msg)
    }

    async fn send(&mut self, packet: Packet) -> anyhow::Result<()> {
        let events = self.protocol.send(packet);
        self.handle(events).await
    }

    /// The next packet from the service.
    async fn next(&mut self) -> anyhow::Result<Packet> {
        loop {
            if let Some(packet) = self.received.pop_front() {
                return Ok(packet);
            }
            let bytes = tokio::time::timeout(ANSWER_TIMEOUT, self.link.receive())
                .await
                .context("the service gave no answer")??;
            let mut cursor = Cursor::new(&bytes[..]);
            while cursor.position() < bytes.len() as u64 {
                let events = self.protocol.recv(&mut cursor);
                self.handle(events).await?;
            }
        }
    }

    async fn handle(&mut self, events: Vec<Event>) -> anyhow::Result<()> {
        for event in events {
            match event {
                Event::NotifyPacketReceived(packet) => self.received.push_back(packet),
                Event::RequestSendPacket { packet, .. } => {
                    self.link.send(packet.to_continuous_buffer()).await?;
                }
                Event::NotifyError(error) => bail!("MQTT went wrong: {error:?}"),
                Event::RequestClose
                | Event::RequestTimerReset { .. }
                | Event::RequestTimerCancel(_)
                | Event::NotifyPacketIdReleased(_) => {}
            }
        }
        Ok(())
    }
}

/// Status, request id and time to wait, of `$dps/registrations/res/{status}/?$rid={id}&retry-after={seconds}`.
fn read_topic(topic: &str) -> Option<(u16, &str, Option<u64>)> {
    let (path, query) = topic.split_once("/?")?;
    let status = path.strip_prefix("$dps/registrations/res/")?.parse().ok()?;
    let field = |name: &str| {
        query
            .split('&')
            .filter_map(|field| field.split_once('='))
            .find_map(|(key, value)| (key == name).then_some(value))
    };
    let retry_after = field("retry-after").and_then(|seconds| seconds.parse().ok());
    Some((status, field("$rid")?, retry_after))
}
