//! The values that a decision may look at, each read when somebody asks and then kept.

use std::borrow::Cow;
use std::cell::OnceCell;

use super::certificate::{self, UnreadableCertificate};
use super::rows::{RowError, is_verified, reads_as_date};
use super::values::Values;
use crate::policy::compiled::file::File;
use crate::policy::compiled::path::{Path, PathId, Root};
use crate::policy::compiled::rows::RowSource;
use crate::policy::json::text::{Value, member, quote};
use crate::{LinkedHub, Request};
use custom_handler::StoredRow;

/// What the values of one decision are read from.
pub(crate) struct Sources<'r> {
    file: &'r File,
    request: &'r Request<'r>,
    certificate: OnceCell<Result<Option<String>, UnreadableCertificate>>,
    rows: Box<[OnceCell<Found>]>,
    linked_hubs: OnceCell<String>,
    /// The object that a payload of text holds.
    payload: OnceCell<Option<String>>,
}

/// What looking for a row has come to.
type Found = Result<Option<Row>, RowError>;

/// A row that has been found.
enum Row {
    /// In the file's table, under this key.
    InTable(String),
    /// What a binding has brought.
    Brought(String),
}

impl<'r> Sources<'r> {
    pub(crate) fn new(file: &'r File, request: &'r Request<'r>) -> Self {
        Self {
            file,
            request,
            certificate: OnceCell::new(),
            rows: file.rows.iter().map(|_| OnceCell::new()).collect(),
            linked_hubs: OnceCell::new(),
            payload: OnceCell::new(),
        }
    }

    /// The device's certificate as JSON.
    pub(crate) fn certificate(&self) -> Result<Option<&str>, UnreadableCertificate> {
        let read = || match self.member(Root::X509) {
            Some(x509) => certificate::read(x509),
            None => Ok(None),
        };
        match self.certificate.get_or_init(read) {
            Ok(certificate) => Ok(certificate.as_deref()),
            Err(error) => Err(*error),
        }
    }

    /// The row of the rows at this place in the file.
    pub(crate) fn row(&self, place: usize) -> Result<Option<&str>, RowError> {
        let found = self.rows[place].get_or_init(|| self.find_row(place));
        match found {
            Ok(Some(Row::Brought(json))) => Ok(Some(json)),
            Ok(Some(Row::InTable(key))) => match &self.file.rows[place].source {
                RowSource::Table { rows, .. } => Ok(rows.get(key).map(String::as_str)),
                RowSource::Binding { .. } => Ok(None),
            },
            Ok(None) => Ok(None),
            Err(error) => Err(*error),
        }
    }

    fn find_row(&self, place: usize) -> Found {
        let rows = &self.file.rows[place];
        let facts = Facts::new(self);
        match &rows.source {
            RowSource::Table { .. } => Ok(rows.key(&facts).map(Row::InTable)),
            RowSource::Binding { name, verify } => {
                match StoredRow::decode(self.request.binding(name)) {
                    StoredRow::Absent => Err(RowError::Absent),
                    StoredRow::Several => Err(RowError::Several),
                    StoredRow::Unreadable => Err(RowError::Unreadable),
                    StoredRow::NotFound if reads_as_date(self.request.registration_id()) => {
                        Err(RowError::MangledId)
                    }
                    StoredRow::NotFound => Ok(None),
                    StoredRow::Found(json) if is_verified(&json, verify, &facts) => {
                        Ok(Some(Row::Brought(json)))
                    }
                    StoredRow::Found(_) => Err(RowError::Unverified),
                }
            }
        }
    }

    /// The value at a path. Of rows and a certificate that can't be had it is missing: whoever
    /// needs them has asked for them before.
    fn read(&self, path: &Path) -> Value<'_> {
        let json = match path.root {
            Root::RegistrationId => {
                // The text itself is kept beside the values: what is behind it is missing.
                return Value::Missing;
            }
            Root::LinkedHubs => Some(self.linked_hubs()),
            Root::Certificate => self.certificate().ok().flatten(),
            Root::Row(place) => self.row(place).ok().flatten(),
            Root::IotHubHostName => None,
            root => self.member(root),
        };
        json.map_or(Value::Missing, |json| path.value_in(json))
    }

    /// The JSON of a member of the request.
    fn member(&self, root: Root) -> Option<&str> {
        let request = self.request.allocation();
        let context = &request.device_runtime_context;
        let individual = || request.individual_enrollment.map(|lazy| lazy.json());
        let group = || request.enrollment_group.map(|lazy| lazy.json());
        match root {
            Root::CurrentIotHubHostName => {
                context.current_iot_hub_host_name.map(|lazy| lazy.json())
            }
            Root::CurrentDeviceId => context.current_device_id.map(|lazy| lazy.json()),
            Root::Payload => {
                let read = || match context.payload_json()? {
                    Cow::Owned(object) => Some(object),
                    Cow::Borrowed(_) => None,
                };
                let as_it_came = context.payload.map(|lazy| lazy.json());
                self.payload.get_or_init(read).as_deref().or(as_it_came)
            }
            Root::X509 => context.x509.map(|lazy| lazy.json()),
            Root::SymmetricKey => context.symmetric_key.map(|lazy| lazy.json()),
            Root::Tpm => context.tpm.map(|lazy| lazy.json()),
            Root::IndividualEnrollment => individual(),
            Root::EnrollmentGroup => group(),
            Root::Enrollment => individual().or_else(group),
            Root::RegistrationId
            | Root::LinkedHubs
            | Root::Certificate
            | Root::Row(_)
            | Root::IotHubHostName => None,
        }
    }

    fn linked_hubs(&self) -> &str {
        self.linked_hubs.get_or_init(|| {
            let mut json = String::from("[");
            for hub in self.request.linked_hubs() {
                if json.len() > 1 {
                    json.push(',');
                }
                quote(hub.host_name(), &mut json);
            }
            json.push(']');
            json
        })
    }
}

/// The values of one decision.
pub(crate) struct Facts<'s> {
    sources: &'s Sources<'s>,
    registration_id: Value<'s>,
    /// One for each path of the file.
    values: OnceCell<Box<[OnceCell<Value<'s>>]>>,
    iot_hub_host_name: OnceCell<Value<'s>>,
}

const MISSING: &Value<'_> = &Value::Missing;

impl<'s> Facts<'s> {
    pub(crate) fn new(sources: &'s Sources<'s>) -> Self {
        Self {
            sources,
            registration_id: Value::Text(sources.request.registration_id().into()),
            values: OnceCell::new(),
            iot_hub_host_name: OnceCell::new(),
        }
    }

    pub(crate) fn registration_id(&self) -> &'s str {
        self.sources.request.registration_id()
    }

    /// The hubs that the device may be assigned to, in the service's order.
    pub(crate) fn hubs(&self) -> impl DoubleEndedIterator<Item = LinkedHub<'s>> + use<'s> {
        self.sources.request.linked_hubs()
    }

    pub(crate) fn sources(&self) -> &'s Sources<'s> {
        self.sources
    }

    pub(crate) fn path(&self, id: PathId) -> &'s Path {
        &self.sources.file.paths[id.0]
    }

    pub(crate) fn paths(&self) -> &'s [Path] {
        &self.sources.file.paths
    }

    /// From now on `iotHubHostName` has this value.
    pub(crate) fn set_hub(&self, host_name: &'s str) {
        // It is chosen once.
        let _ = self.iot_hub_host_name.set(Value::Text(host_name.into()));
    }

    /// The hub that the device is assigned to, if it is assigned.
    pub(crate) fn current_hub(&self) -> Option<Cow<'s, str>> {
        let json = self.sources.member(Root::CurrentIotHubHostName)?;
        match Value::of(json) {
            Value::Text(host_name) => Some(host_name),
            _ => None,
        }
    }

    /// Whether the enrollment says *never reprovision*.
    pub(crate) fn never_reprovisions(&self) -> bool {
        let policy = self.sources.member(Root::Enrollment);
        let policy = policy.and_then(|json| member(json, "reprovisionPolicy"));
        let update = policy.and_then(|json| member(json, "updateHubAssignment"));
        update == Some("false")
    }
}

impl Values for Facts<'_> {
    fn value(&self, id: PathId) -> &Value<'_> {
        let path = self.path(id);
        match path.root {
            Root::RegistrationId if path.names.is_empty() => &self.registration_id,
            Root::IotHubHostName if path.names.is_empty() => {
                self.iot_hub_host_name.get().unwrap_or(MISSING)
            }
            _ => {
                let values = self.values.get_or_init(|| {
                    let paths = self.sources.file.paths.iter();
                    paths.map(|_| OnceCell::new()).collect()
                });
                values[id.0].get_or_init(|| self.sources.read(path))
            }
        }
    }
}
