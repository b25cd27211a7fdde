//! What MQTT 3.1.1 asks of a packet and the protocol library doesn't look at.
//!
//! The library lets wrong flags pass, and panics when it acknowledges the packet id 0; so packets
//! are looked at before it reads them. Source:
//! <https://docs.oasis-open.org/mqtt/mqtt/v3.1.1/os/mqtt-v3.1.1-os.html>, sections 2.2.2, 2.3.1 and
//! 3.1.2.3.

use std::sync::Arc;

use mqtt_protocol_core::mqtt::common::Cursor;
use mqtt_protocol_core::mqtt::connection::{
    PacketBuildResult, PacketBuilder, PacketData, RawPacket,
};
use mqtt_protocol_core::mqtt::packet::{FixedHeader, v3_1_1};
use mqtt_protocol_core::mqtt::result_code::MqttError;

/// How a packet begins that introduces a client.
const CONNECT: u8 = 0x10;

/// What stands first in a CONNECT: the protocol's name, behind its length, and its level.
const MQTT_3_1_1: &[u8] = b"\0\x04MQTT\x04";

/// How MQTT 3.1 calls itself.
const MQTT_3_1: &[u8] = b"\0\x06MQIsdp";

/// Where a CONNECT has its flags, behind its header, the protocol's name and its level.
const CONNECT_FLAGS: usize = 7;

/// The flag that no CONNECT has.
const RESERVED: u8 = 1;

/// Why the bytes of a connection aren't those of an MQTT 3.1.1 client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PacketError {
    /// The first packet isn't a CONNECT, which its first byte tells already. This is what it looks
    /// like.
    #[error("hung up, {0}")]
    NotConnect(&'static str),
    /// A CONNECT of another version of MQTT.
    #[error("refused with CONNACK 1, the device speaks {0} and the service MQTT 3.1.1 alone")]
    Version(&'static str),
    /// A packet breaks a rule.
    #[error("hung up, the device broke a rule of MQTT 3.1.1 ({0:?})")]
    Rule(MqttError),
}

/// Looks at the packets of one connection.
pub(crate) struct PacketCheck {
    builder: PacketBuilder,
    begun: bool,
}

impl PacketCheck {
    /// A look at packets of so many bytes at most.
    pub(crate) fn new(max_packet_bytes: u32) -> Self {
        Self {
            builder: PacketBuilder::with_maximum_packet_size(max_packet_bytes),
            begun: false,
        }
    }

    /// Takes bytes as the library does, up to the end of a packet or of all, and says whether a
    /// packet ended.
    ///
    /// # Errors
    /// The packet breaks a rule.
    pub(crate) fn ends_packet(&mut self, bytes: &mut Cursor<&[u8]>) -> Result<bool, PacketError> {
        if !self.begun {
            first_byte(bytes.get_ref())?;
            self.begun = true;
        }
        match self.builder.feed(bytes) {
            PacketBuildResult::Complete(packet) => {
                check_version(&packet)?;
                if is_well_formed(&packet) {
                    Ok(true)
                } else {
                    Err(PacketError::Rule(MqttError::MalformedPacket))
                }
            }
            PacketBuildResult::Incomplete => Ok(false),
            PacketBuildResult::Error(error) => Err(PacketError::Rule(error)),
        }
    }
}

/// Checks that a connection begins as MQTT does.
fn first_byte(bytes: &[u8]) -> Result<(), PacketError> {
    match bytes {
        [] | [CONNECT, ..] => Ok(()),
        [b'A', ..] if b"AMQP".starts_with(bytes) || bytes.starts_with(b"AMQP") => {
            Err(PacketError::NotConnect(
                "this is AMQP, which isn't emulated; let the device speak MQTT or HTTPS",
            ))
        }
        [first, ..] if first.is_ascii_uppercase() => Err(PacketError::NotConnect(
            "this looks like HTTP, which is served on the HTTPS port; this one is for MQTT",
        )),
        _ => Err(PacketError::NotConnect(
            "the first packet is not an MQTT CONNECT",
        )),
    }
}

fn check_version(packet: &RawPacket) -> Result<(), PacketError> {
    let PacketData::Normal(data) = &packet.data else {
        return Ok(());
    };
    if packet.packet_type() << 4 != CONNECT || data.starts_with(MQTT_3_1_1) {
        Ok(())
    } else if data.starts_with(MQTT_3_1) {
        Err(PacketError::Version("MQTT 3.1"))
    } else if data.starts_with(b"\0\x04MQTT\x05") {
        Err(PacketError::Version("MQTT 5"))
    } else if data.starts_with(b"\0\x04MQTT") {
        Err(PacketError::Version("an unknown version of MQTT"))
    } else {
        Err(PacketError::Rule(MqttError::MalformedPacket))
    }
}

fn is_well_formed(packet: &RawPacket) -> bool {
    match &packet.data {
        PacketData::Publish(data) => v3_1_1::Publish::parse(packet.flags(), Arc::clone(data))
            .is_ok_and(|(publish, _)| publish.packet_id() != Some(0)),
        PacketData::Normal(data) => {
            match FixedHeader::try_from(packet.packet_type() << 4 | packet.flags()) {
                Ok(FixedHeader::Connect) => data
                    .get(CONNECT_FLAGS)
                    .is_none_or(|flags| flags & RESERVED == 0),
                header => header.is_ok(),
            }
        }
    }
}
