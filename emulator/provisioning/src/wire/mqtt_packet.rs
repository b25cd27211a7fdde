//! What MQTT 3.1.1 asks of a packet and the protocol library doesn't look at.
//!
//! The library lets wrong flags pass, and panics when it acknowledges the packet id 0; so packets are looked at before it reads
//! them. Source: <https://docs.oasis-open.org/mqtt/mqtt/v3.1.1/os/mqtt-v3.1.1-os.html>, sections 2.2.2, 2.3.1 and 3.1.2.3.

use std::sync::Arc;

use mqtt_protocol_core::mqtt::common::Cursor;
use mqtt_protocol_core::mqtt::connection::{
    PacketBuildResult, PacketBuilder, PacketData, RawPacket,
};
use mqtt_protocol_core::mqtt::packet::{FixedHeader, v3_1_1};
use mqtt_protocol_core::mqtt::result_code::MqttError;

/// Where a CONNECT has its flags, behind its header, the protocol's name and its level.
const CONNECT_FLAGS: usize = 7;

/// The flag that no CONNECT has.
const RESERVED: u8 = 1;

/// Looks at the packets of one connection.
pub(crate) struct PacketCheck(PacketBuilder);

impl PacketCheck {
    /// A look at packets of so many bytes at most.
    pub(crate) fn new(max_packet_bytes: u32) -> Self {
        Self(PacketBuilder::with_maximum_packet_size(max_packet_bytes))
    }

    /// Takes bytes as the library does, up to the end of a packet or of all, and says whether a packet ended.
    ///
    /// # Errors
    /// The packet breaks a rule.
    pub(crate) fn ends_packet(&mut self, bytes: &mut Cursor<&[u8]>) -> Result<bool, MqttError> {
        match self.0.feed(bytes) {
            PacketBuildResult::Complete(packet) if is_well_formed(&packet) => Ok(true),
            PacketBuildResult::Complete(_) => Err(MqttError::MalformedPacket),
            PacketBuildResult::Incomplete => Ok(false),
            PacketBuildResult::Error(error) => Err(error),
        }
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
