//! Files of requests: one request, an array of them, or one after the other.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;

use anyhow::Error;
use serde_json::value::RawValue;

use crate::text_file::{EncodingError, decode, is_utf16};

/// Why not all requests of a file were worked on.
#[derive(Debug)]
pub(super) enum Stopped {
    /// The file can't be read to its end.
    Unreadable(Error),
    /// The work itself failed.
    Work(io::Error),
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Self {
        Self::Work(error)
    }
}

/// Hands each request of a file, as JSON, to `work`. Requests that stand one after the other are
/// read one after the other, so that a fleet's need not fit into the memory.
pub(super) fn each(
    path: &Path,
    mut work: impl FnMut(&str) -> io::Result<()>,
) -> Result<(), Stopped> {
    let unreadable = |error: Error| {
        Stopped::Unreadable(
            error.context(format!("cannot read the requests of {}", path.display())),
        )
    };
    let mut reader = open(path).map_err(unreadable)?;
    skip_blanks(&mut reader).map_err(|error| unreadable(error.into()))?;
    let buffer = reader
        .fill_buf()
        .map_err(|error| unreadable(error.into()))?;
    match buffer.first() {
        None => Err(unreadable(Error::msg("there is none"))),
        Some(b'[') => {
            let mut bytes = Vec::new();
            let read = reader.read_to_end(&mut bytes).map_err(Error::from);
            let text =
                read.and_then(|_| Ok(std::str::from_utf8(&bytes).map_err(|_| EncodingError)?));
            let requests: Vec<&RawValue> = text
                .and_then(|text| Ok(serde_json::from_str(text)?))
                .map_err(unreadable)?;
            for request in requests {
                work(request.get())?;
            }
            Ok(())
        }
        Some(_) => {
            let requests =
                serde_json::Deserializer::from_reader(reader).into_iter::<Box<RawValue>>();
            for request in requests {
                let request = request.map_err(|error| unreadable(explained(error)))?;
                work(request.get())?;
            }
            Ok(())
        }
    }
}

/// What is wrong with JSON that is read piece by piece, where nobody has looked at the encoding of
/// the whole.
fn explained(error: serde_json::Error) -> Error {
    match error
        .to_string()
        .strip_prefix("invalid unicode code point at ")
    {
        Some(place) => Error::msg(format!("{EncodingError} ({place})")),
        None => error.into(),
    }
}

/// The text of a file, or of the standard input, in UTF-8 without a byte order mark.
fn open(path: &Path) -> anyhow::Result<Box<dyn BufRead>> {
    let mut file: Box<dyn Read> = if path == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(path)?)
    };
    let mut start = Vec::new();
    file.by_ref().take(3).read_to_end(&mut start)?;
    if is_utf16(&start) {
        file.read_to_end(&mut start)?;
        return Ok(Box::new(Cursor::new(decode(&start)?.into_owned())));
    }
    if start == b"\xEF\xBB\xBF" {
        start.clear();
    }
    let whole = Cursor::new(start).chain(file);
    Ok(Box::new(BufReader::with_capacity(1 << 16, whole)))
}

fn skip_blanks(reader: &mut impl BufRead) -> io::Result<()> {
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
