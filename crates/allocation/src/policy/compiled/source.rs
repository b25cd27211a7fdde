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

    /// Who says what stands at a path. A row of a table is the device's claim where its key is, and
    /// one of a binding where nothing but a claim verifies it.
    pub(crate) fn of(path: &Path, paths: &[Path], rows: &[Rows]) -> Self {
        match path.root {
            Root::Payload => Self::Claimed,
            Root::IotHubHostName => Self::Ours,
            Root::Row(place) => rows
                .get(place)
                .map_or(Self::Ours, |row| Self::of_row(row, paths, rows)),
            _ => Self::Proved,
        }
    }

    fn of_row(row: &Rows, paths: &[Path], rows: &[Rows]) -> Self {
        let (mut is_claimed, mut is_proved) = (false, false);
        row.paths(&mut |id| match Self::of(&paths[id.0], paths, rows) {
            Self::Claimed => is_claimed = true,
            Self::Proved => is_proved = true,
            Self::Ours => {}
        });
        let is_key = matches!(row.source, RowSource::Table { .. });
        if is_claimed && (is_key || !is_proved) {
            Self::Claimed
        } else {
            Self::Ours
        }
    }
}
