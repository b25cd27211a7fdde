//! DTDL models in files.

use std::path::Path;

use anyhow::{Context as _, ensure};

use digital_twins_instance::Model;
use emulator_text::read_text;

/// Reads all models in a folder.
pub(crate) fn read(folder: &Path) -> anyhow::Result<Vec<Model>> {
    let entries = std::fs::read_dir(folder)
        .with_context(|| format!("cannot read the models in {}", folder.display()))?;
    let mut files: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    files.retain(|file| {
        file.extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
    });
    files.sort();
    ensure!(
        !files.is_empty(),
        "there is no model, a .json file, in {}",
        folder.display()
    );
    files.iter().map(|file| model(file)).collect()
}

fn model(file: &Path) -> anyhow::Result<Model> {
    let unusable = || format!("cannot use the model {}", file.display());
    let text = read_text(file).with_context(unusable)?;
    let json = serde_json::from_str(&text).with_context(unusable)?;
    Model::parse(&json).with_context(unusable)
}
