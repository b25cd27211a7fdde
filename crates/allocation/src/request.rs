//! What a policy is given.

use std::fmt;

use custom_handler::InputBindings;
use serde_json::value::RawValue;

use crate::dps::{AllocationRequest, LinkedHub, LinkedHubs};

/// A request that has what every policy needs, a registration id and a list of hubs, together with
/// the values of the function's input bindings.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    allocation: AllocationRequest<'a>,
    bindings: InputBindings<'a>,
}

impl<'a> Request<'a> {
    /// A request, and the bindings that came with it.
    ///
    /// # Errors
    /// When the registration id or the list of hubs is missing. (An empty one is there.)
    pub fn new(
        allocation: AllocationRequest<'a>,
        bindings: InputBindings<'a>,
    ) -> Result<Self, MissingError> {
        if allocation.device_runtime_context.registration_id.is_none() {
            Err(MissingError::RegistrationId)
        } else if allocation.linked_hubs.is_none() {
            Err(MissingError::LinkedHubs)
        } else {
            Ok(Self {
                allocation,
                bindings,
            })
        }
    }

    /// The device's registration id, in the device's spelling.
    #[must_use]
    pub fn registration_id(&self) -> &str {
        let id = self
            .allocation
            .device_runtime_context
            .registration_id
            .as_deref();
        id.unwrap_or_default()
    }

    /// The hubs that the device may be assigned to, in the service's order.
    #[must_use]
    pub fn linked_hubs(&self) -> impl DoubleEndedIterator<Item = LinkedHub<'_>> {
        let hubs = self.allocation.linked_hubs.iter();
        hubs.flat_map(LinkedHubs::iter)
    }

    /// The first linked hub whose host name is wanted.
    #[must_use]
    pub fn hub(&self, is_wanted: impl Fn(&str) -> bool) -> Option<LinkedHub<'_>> {
        self.linked_hubs().find(|hub| is_wanted(hub.host_name()))
    }

    /// The request as the service has sent it.
    #[must_use]
    pub fn allocation(&self) -> &AllocationRequest<'a> {
        &self.allocation
    }

    /// The value of the input binding `name`, as the JSON text that the Functions host has sent;
    /// `None` when it has sent none, which is always so where it forwards the request itself.
    #[must_use]
    pub fn binding(&self, name: &str) -> Option<&'a RawValue> {
        self.bindings.get(name)
    }
}

/// What a request lacks. Its `Display` is the sentence that the tutorial answers, to the letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingError {
    /// It has no registration id.
    RegistrationId,
    /// It has no list of hubs.
    LinkedHubs,
}

impl MissingError {
    /// What the tutorial's log says of it.
    #[must_use]
    pub fn log_line(self) -> &'static str {
        match self {
            Self::RegistrationId => "Registration ID : NULL",
            Self::LinkedHubs => "linkedHubs : NULL",
        }
    }
}

impl fmt::Display for MissingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RegistrationId => "Registration ID not provided for the device.",
            Self::LinkedHubs => "No hub group defined for the enrollment.",
        })
    }
}

impl std::error::Error for MissingError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(json: &str) -> Result<Request<'_>, MissingError> {
        let allocation = AllocationRequest::parse(json).unwrap();
        Request::new(allocation, InputBindings::default())
    }

    #[test]
    fn a_missing_registration_id_is_told_before_missing_hubs() {
        for (json, expected) in [
            ("{}", MissingError::RegistrationId),
            (r#"{"linkedHubs":[]}"#, MissingError::RegistrationId),
            (
                r#"{"deviceRuntimeContext":{"registrationId":null},"linkedHubs":null}"#,
                MissingError::RegistrationId,
            ),
            (
                r#"{"deviceRuntimeContext":{"registrationId":""}}"#,
                MissingError::LinkedHubs,
            ),
        ] {
            assert_eq!(request(json).unwrap_err(), expected, "{json}");
        }
    }

    #[test]
    fn what_is_missing_is_told_in_the_tutorial_s_words() {
        for (error, sentence, log_line) in [
            (
                MissingError::RegistrationId,
                "Registration ID not provided for the device.",
                "Registration ID : NULL",
            ),
            (
                MissingError::LinkedHubs,
                "No hub group defined for the enrollment.",
                "linkedHubs : NULL",
            ),
        ] {
            assert_eq!(
                (&*error.to_string(), error.log_line()),
                (sentence, log_line)
            );
        }
    }

    #[test]
    fn a_policy_sees_the_id_the_hubs_the_request_and_the_bindings() {
        let json = r#"{"deviceRuntimeContext":{"registrationId":"a","payload":{"x":1}},"linkedHubs":["h1","h2","g"]}"#;
        let row: &RawValue = serde_json::from_str(r#"{"b":1}"#).unwrap();
        let allocation = AllocationRequest::parse(json).unwrap();
        let request = Request::new(allocation, InputBindings::from_iter([("row", row)])).unwrap();
        assert_eq!(request.registration_id(), "a");
        let hub = |is_wanted: fn(&str) -> bool| request.hub(is_wanted).map(LinkedHub::host_name);
        assert_eq!(hub(|name| name.starts_with('h')), Some("h1"));
        assert_eq!(hub(|name| name == "x"), None);
        assert_eq!(request.linked_hubs().next_back().unwrap().host_name(), "g");
        let payload = request.allocation().device_runtime_context.payload.unwrap();
        assert_eq!(payload.json(), r#"{"x":1}"#);
        assert_eq!(request.binding("row").unwrap().get(), r#"{"b":1}"#);
        assert!(request.binding("other").is_none());
    }
}
