//! The IoT hubs that a request allows, and the proof that a hub is one of them.

use std::borrow::Cow;

use serde::Serialize;

/// The host names of the IoT hubs that the device may be assigned to, in the service's order.
///
/// They are the hubs selected on the enrollment, else all that are linked to the service; and only
/// the current one when a device comes back under the policy *Never reprovision*.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkedHubs<'a>(Vec<Cow<'a, str>>);

impl<'a> LinkedHubs<'a> {
    pub(super) fn new(host_names: Vec<Cow<'a, str>>) -> Self {
        Self(host_names)
    }

    /// The hubs in the service's order.
    #[must_use]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = LinkedHub<'_>> {
        self.0.iter().map(|host_name| LinkedHub(host_name))
    }
}

/// One hub of a request's [`LinkedHubs`]. There is no other way to get one, and a response takes
/// nothing else: a hub that the request doesn't link can't be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LinkedHub<'a>(&'a str);

impl<'a> LinkedHub<'a> {
    /// The hub's host name in the request's spelling, such as
    /// `contoso-toasters-hub-1098.azure-devices.net`.
    #[must_use]
    pub fn host_name(self) -> &'a str {
        self.0
    }
}
