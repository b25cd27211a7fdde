//! The topics of the device API over MQTT.
//!
//! Source: <https://learn.microsoft.com/azure/iot-dps/iot-dps-mqtt-support>. The request's id goes
//! first in an answer's query: the Python SDK splits the topic at `$` and would lose what stands
//! before. A question without `$rid` is answered with an empty one, as captured of a board that
//! asks with `?rid=1`: <https://github.com/MicrochipTech/PIC32MZW1_AnyCloud> prints
//! `$dps/registrations/res/202/?$rid=&retry-after=3`.

use std::fmt;

/// The filter that a device subscribes to for its answers.
pub const ANSWERS: &str = "$dps/registrations/res/#";

const REGISTER: &str = "$dps/registrations/PUT/iotdps-register/";
const OPERATION_STATUS: &str = "$dps/registrations/GET/iotdps-get-operationstatus/";

/// What a device asks by its topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The id that the answer has to carry; empty when the topic has none, as one with `rid` in
    /// place of `$rid`.
    pub request_id: String,
    /// What is asked.
    pub ask: Ask,
}

/// What may be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// To register.
    Register,
    /// How far this operation has come.
    OperationStatus(String),
}

impl Question {
    /// Reads a topic; `None` when it isn't one of the device API.
    #[must_use]
    pub fn parse(topic: &str) -> Option<Self> {
        let (path, query) = topic.split_once('?')?;
        let field = |name: &str| {
            query
                .split('&')
                .filter_map(|field| field.split_once('='))
                .find_map(|(key, value)| (key == name).then(|| value.to_owned()))
        };
        let ask = match path {
            REGISTER => Ask::Register,
            OPERATION_STATUS => Ask::OperationStatus(field("operationId")?),
            _ => return None,
        };
        Some(Self {
            request_id: field("$rid").unwrap_or_default(),
            ask,
        })
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rid = &self.request_id;
        match &self.ask {
            Ask::Register => write!(f, "{REGISTER}?$rid={rid}"),
            Ask::OperationStatus(id) => {
                write!(f, "{OPERATION_STATUS}?$rid={rid}&operationId={id}")
            }
        }
    }
}

/// The topic of an answer.
#[must_use]
pub(crate) fn answer(request_id: &str, status: u16, retry_after: Option<u64>) -> String {
    let retry_after =
        retry_after.map_or_else(String::new, |seconds| format!("&retry-after={seconds}"));
    format!("$dps/registrations/res/{status}/?$rid={request_id}{retry_after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(topic: &str, request_id: &str, ask: Ask) {
        let question = Question {
            request_id: request_id.to_owned(),
            ask,
        };
        assert_eq!(question.to_string(), topic);
        assert_eq!(Question::parse(topic), Some(question));
    }

    #[test]
    fn the_topics_of_the_sdks_are_read() {
        check(
            "$dps/registrations/PUT/iotdps-register/?$rid=8a9c1a4e-5d0b-4b6f-9a57-2f6d1f4d7a10",
            "8a9c1a4e-5d0b-4b6f-9a57-2f6d1f4d7a10",
            Ask::Register,
        );
        check(
            "$dps/registrations/GET/iotdps-get-operationstatus/?$rid=2&operationId=5.316aac5bdc130deb.b1e02da8",
            "2",
            Ask::OperationStatus("5.316aac5bdc130deb.b1e02da8".to_owned()),
        );
    }

    #[test]
    fn a_question_without_the_dollar_gets_an_answer_with_an_empty_id() {
        for (topic, ask) in [
            (
                "$dps/registrations/PUT/iotdps-register/?rid=1",
                Ask::Register,
            ),
            (
                "$dps/registrations/GET/iotdps-get-operationstatus/?rid=2&operationId=5.3",
                Ask::OperationStatus("5.3".to_owned()),
            ),
        ] {
            let question = Question::parse(topic).unwrap();
            assert_eq!(question.ask, ask);
            assert_eq!(
                answer(&question.request_id, 202, Some(3)),
                "$dps/registrations/res/202/?$rid=&retry-after=3"
            );
        }
    }

    #[test]
    fn other_topics_are_none() {
        for topic in [
            "$dps/registrations/PUT/iotdps-register/",
            "$dps/registrations/GET/iotdps-get-operationstatus/?$rid=1",
            "$dps/registrations/PUT/iotdps-unregister/?$rid=1",
            "devices/toaster/messages/events/",
        ] {
            assert_eq!(Question::parse(topic), None, "{topic}");
        }
    }

    #[test]
    fn an_answer_has_its_request_first() {
        assert_eq!(
            answer("7", 202, Some(3)),
            "$dps/registrations/res/202/?$rid=7&retry-after=3"
        );
        assert_eq!(answer("7", 200, None), "$dps/registrations/res/200/?$rid=7");
    }
}
