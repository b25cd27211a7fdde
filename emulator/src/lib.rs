//! Placeholder until the modules land.
