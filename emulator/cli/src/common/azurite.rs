//! Where Azurite is installed.

use std::path::Path;

use anyhow::Context as _;

use storage::azurite::Installation;

/// Azurite in cargo's target folder, beside this program.
pub(crate) async fn installation() -> anyhow::Result<Installation> {
    let program = std::env::current_exe().context("cannot tell where this program is")?;
    // target/debug/emulator
    let target = program.ancestors().nth(2).unwrap_or(Path::new("target"));
    Ok(Installation::find_or_install(&target.join("azurite")).await?)
}
