//! The host's log: records as the real host writes them.

pub(crate) mod record;
