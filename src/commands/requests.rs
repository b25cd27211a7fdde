//! Files of requests: one request, an array of them, or one after the other.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::value::RawValue;

/// Hands each request of a file, as JSON, to `work`. Requests that stand one after the other are read one after the other, so that a
/// fleet's need not fit into the memory.
pub(super) fn each(path: &Path, mut work: impl FnMut(&str) -> Result<()>) -> Result<()> {
    let context = || format!("cannot read the requests of {}", path.display());
    let mut reader: Box<dyn BufRead> = if path == Path::new("-") {
        Box::new(BufReader::new(std::io::stdin()))
    } else {
        Box::new(BufReader::with_capacity(
            1 << 16,
            File::open(path).with_context(context)?,
        ))
    };
    skip_blanks(&mut reader).with_context(context)?;
    if reader.fill_buf().with_context(context)?.first() == Some(&b'[') {
        let mut text = String::new();
        reader.read_to_string(&mut text).with_context(context)?;
        let requests: Vec<&RawValue> = serde_json::from_str(&text).with_context(context)?;
        for request in requests {
            work(request.get())?;
        }
        return Ok(());
    }
    let requests = serde_json::Deserializer::from_reader(reader).into_iter::<Box<RawValue>>();
    for request in requests {
        work(request.with_context(context)?.get())?;
    }
    Ok(())
}

/// Skips a byte order mark and blanks.
fn skip_blanks(reader: &mut impl BufRead) -> std::io::Result<()> {
    if reader.fill_buf()?.starts_with(b"\xEF\xBB\xBF") {
        reader.consume(3);
    }
    loop {
        let buffer = reader.fill_buf()?;
        let blanks = buffer
            .iter()
            .take_while(|byte| byte.is_ascii_whitespace())
            .count();
        if blanks == 0 {
            return Ok(());
        }
        reader.consume(blanks);
    }
}
