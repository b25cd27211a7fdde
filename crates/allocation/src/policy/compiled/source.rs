//! Who says a value: the service, the device, or we.

use super::path::{Path, Root};
use super::rows::{RowSource, Rows};

/// Who says a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    /// We: rows and the chosen hub.
    Ours,
    /// The service, which knows it.
    Proved,
    /// The device alone.
    Claimed,
}

impl Source {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Proved => "proved",
            Self::Claimed => "claimed",
        }
    }

    /// Who says what stands at a path. A row is the device's claim where its key is.
    pub(crate) fn of(path: &Path, paths: &[Path], rows: &[Rows]) -> Self {
        match path.root {
            Root::Payload => Self::Claimed,
            Root::IotHubHostName => Self::Ours,
            Root::Row(place) => match rows.get(place) {
                Some(
                    row @ Rows {
                        source: RowSource::Table { .. },
                        ..
                    },
                ) => {
                    let mut source = Self::Ours;
                    row.paths(&mut |id| {
                        if Self::of(&paths[id.0], paths, rows) == Self::Claimed {
                            source = Self::Claimed;
                        }
                    });
                    source
                }
                _ => Self::Ours,
            },
            _ => Self::Proved,
        }
    }
}
