//! The topics of the device API over MQTT.
//!
//! Source: <https://learn.microsoft.com/azure/iot-dps/iot-dps-mqtt-support>. The request's id goes
//! first in an answer's query: the Python SDK splits the topic at `$` and would lose what stands
//! before. A question without `$rid` is answered with an empty one, as captured of a board that
//! asks with `?rid=1`: <https://github.com/MicrochipTech/PIC32MZW1_AnyCloud> prints
//! `$dps/registrations/res/202/?$rid=&retry-after=3`.

/// The filter that a device subscribes to for its answers.
pub(crate) const ANSWERS: &str = "$dps/registrations/res/#";

/// The topic to which a device publishes to register, without its query.
pub(crate) const REGISTER: &str = "$dps/registrations/PUT/iotdps-register/";
const OPERATION_STATUS: &str = "$dps/registrations/GET/iotdps-get-operationstatus/";

/// What is wrong with a topic that ends before its query.
const NO_QUERY: &str = "the topic ends without ?$rid={requestId}";

/// What is wrong with a question for no operation.
const NO_OPERATION: &str = "operationId is missing; the topic ends in ?$rid={requestId}&operationId={operationId}, \
                            with the operationId of the answer to the registration";

/// What a device asks by its topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    /// The id that the answer has to carry; empty when the topic has none, as one with `rid` in
    /// place of `$rid`.
    pub(crate) request_id: String,
    /// What is asked.
    pub(crate) ask: Ask,
}

/// What may be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// To register.
    Register,
    /// How far this operation has come.
    OperationStatus(String),
    /// Nothing that can be answered, as the topic lacks this.
    Incomplete(&'static str),
}

impl Question {
    /// Reads a topic; `None` when it isn't one of the device API.
    #[must_use]
    pub(crate) fn parse(topic: &str) -> Option<Self> {
        let (path, query) = topic
            .split_once('?')
            .map_or((topic, None), |(path, query)| (path, Some(query)));
        let field = |name: &str| {
            query?
                .split('&')
                .filter_map(|field| field.split_once('='))
                .find_map(|(key, value)| (key == name).then(|| value.to_owned()))
        };
        let ask = match path {
            REGISTER | OPERATION_STATUS if query.is_none() => Ask::Incomplete(NO_QUERY),
            REGISTER => Ask::Register,
            OPERATION_STATUS => {
                field("operationId").map_or(Ask::Incomplete(NO_OPERATION), Ask::OperationStatus)
            }
            _ => return None,
        };
        Some(Self {
            request_id: field("$rid").unwrap_or_default(),
            ask,
        })
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
    fn a_topic_that_lacks_something_keeps_the_request_s_id() {
        check(
            "$dps/registrations/GET/iotdps-get-operationstatus/?$rid=1",
            "1",
            Ask::Incomplete(NO_OPERATION),
        );
        for topic in [REGISTER, OPERATION_STATUS] {
            check(topic, "", Ask::Incomplete(NO_QUERY));
        }
    }

    #[test]
    fn other_topics_are_none() {
        for topic in [
            "$dps/registrations/PUT/iotdps-register",
            "$dps/registrations/PUT/iotdps-register?$rid=1",
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
