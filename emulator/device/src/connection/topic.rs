//! The topics of the device API over MQTT, as a device writes and reads them.
//!
//! Source: <https://learn.microsoft.com/azure/iot-dps/iot-dps-mqtt-support>.

/// What a device subscribes to before it asks.
pub(super) const ANSWERS: &str = "$dps/registrations/res/#";

/// The topic with which a device registers.
pub(super) fn register(request_id: u32) -> String {
    format!("$dps/registrations/PUT/iotdps-register/?$rid={request_id}")
}

/// The topic with which it asks how far an operation has come.
pub(super) fn operation_status(request_id: u32, operation_id: &str) -> String {
    format!(
        "$dps/registrations/GET/iotdps-get-operationstatus/?$rid={request_id}&operationId={operation_id}"
    )
}

/// What the topic of an answer says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct AnswerTopic<'a> {
    pub(super) status: u16,
    pub(super) request_id: &'a str,
    pub(super) retry_after: Option<u64>,
}

impl<'a> AnswerTopic<'a> {
    /// Reads `$dps/registrations/res/{status}/?$rid={id}&retry-after={seconds}`.
    pub(super) fn parse(topic: &'a str) -> Option<Self> {
        let (status, properties) = topic
            .strip_prefix("$dps/registrations/res/")?
            .split_once("/?")?;
        let property = |name: &str| {
            properties
                .split('&')
                .filter_map(|property| property.split_once('='))
                .find_map(|(key, value)| (key == name).then_some(value))
        };
        Some(Self {
            status: status.parse().ok()?,
            request_id: property("$rid")?,
            retry_after: property("retry-after").and_then(|seconds| seconds.parse().ok()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_have_the_topics_of_the_documentation() {
        assert_eq!(
            register(1),
            "$dps/registrations/PUT/iotdps-register/?$rid=1"
        );
        assert_eq!(
            operation_status(2, "5.316aac5bdc130deb.b1e02da8"),
            "$dps/registrations/GET/iotdps-get-operationstatus/?$rid=2&operationId=5.316aac5bdc130deb.b1e02da8"
        );
    }

    #[test]
    fn answers_are_read_with_and_without_a_time_to_wait() {
        for (topic, status, request_id, retry_after) in [
            (
                "$dps/registrations/res/202/?$rid=1&retry-after=3",
                202,
                "1",
                Some(3),
            ),
            (
                "$dps/registrations/res/202/?retry-after=3&$rid=1",
                202,
                "1",
                Some(3),
            ),
            ("$dps/registrations/res/200/?$rid=7", 200, "7", None),
            (
                "$dps/registrations/res/401/?$rid=&retry-after=soon",
                401,
                "",
                None,
            ),
        ] {
            let expected = AnswerTopic {
                status,
                request_id,
                retry_after,
            };
            assert_eq!(AnswerTopic::parse(topic), Some(expected), "{topic}");
        }
    }

    #[test]
    fn other_topics_are_not_answers() {
        for topic in [
            "$dps/registrations/res/200/",
            "$dps/registrations/res/ok/?$rid=1",
            "$dps/registrations/res/200/?retry-after=3",
            "$iothub/twin/res/200/?$rid=1",
        ] {
            assert_eq!(AnswerTopic::parse(topic), None, "{topic}");
        }
    }
}
