//! A request's body: read when the function wants it, or thrown away so that the connection can be
//! used again.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::head::Framing;

/// How much is read at once.
const STEP: usize = 64 * 1024;

/// Reads from a connection, and keeps what came too early.
#[derive(Debug)]
pub(super) struct Source<R> {
    reader: R,
    pub(super) buffer: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Source<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader,
            buffer: Vec::new(),
        }
    }

    /// Reads what comes next into the buffer; `false` at the end.
    pub(super) async fn more(&mut self) -> io::Result<bool> {
        self.buffer.reserve(STEP);
        Ok(self.reader.read_buf(&mut self.buffer).await? > 0)
    }

    /// Takes a body of this many bytes.
    pub(super) async fn take(&mut self, length: usize) -> io::Result<Vec<u8>> {
        while self.buffer.len() < length {
            self.must_have_more().await?;
        }
        let rest = self.buffer.split_off(length);
        Ok(std::mem::replace(&mut self.buffer, rest))
    }

    /// Reads over a body that nobody wants.
    pub(super) async fn drain(&mut self, framing: Framing) -> io::Result<()> {
        match framing {
            Framing::Length(length) => self.skip(length).await,
            Framing::Chunked => loop {
                let line = self.line().await?;
                let size = line.split(';').next().unwrap_or_default().trim();
                let size = u64::from_str_radix(size, 16).map_err(|_| io::ErrorKind::InvalidData)?;
                if size == 0 {
                    while !self.line().await?.is_empty() {}
                    return Ok(());
                }
                self.skip(size).await?;
                if !self.line().await?.is_empty() {
                    return Err(io::ErrorKind::InvalidData.into());
                }
            },
        }
    }

    async fn skip(&mut self, mut length: u64) -> io::Result<()> {
        while length > 0 {
            if self.buffer.is_empty() {
                self.must_have_more().await?;
            }
            let here = usize::try_from(length)
                .unwrap_or(usize::MAX)
                .min(self.buffer.len());
            self.buffer.drain(..here);
            length -= here as u64;
        }
        Ok(())
    }

    /// A line of the framing, without its end.
    async fn line(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = self.buffer.iter().position(|&byte| byte == b'\n') {
                let line = String::from_utf8_lossy(&self.buffer[..end])
                    .trim_end()
                    .to_owned();
                self.buffer.drain(..=end);
                return Ok(line);
            }
            if self.buffer.len() > STEP {
                return Err(io::ErrorKind::InvalidData.into());
            }
            self.must_have_more().await?;
        }
    }

    async fn must_have_more(&mut self) -> io::Result<()> {
        if self.more().await? {
            Ok(())
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn chunks_are_read_over_up_to_the_next_request() {
        let text = "3;x=y\r\nabc\r\n1\r\nd\r\n0\r\nT: 1\r\n\r\nGET";
        let mut source = Source::new(text.as_bytes());
        source.drain(Framing::Chunked).await.unwrap();
        assert_eq!(source.buffer, b"GET");
        for broken in ["x\r\n", "1\r\nab\r\n", "1\r\n"] {
            let mut source = Source::new(broken.as_bytes());
            assert!(source.drain(Framing::Chunked).await.is_err(), "{broken:?}");
        }
    }

    #[tokio::test]
    async fn a_body_ends_where_its_length_says() {
        let mut source = Source::new(b"abcdef".as_slice());
        assert_eq!(source.take(2).await.unwrap(), b"ab");
        source.drain(Framing::Length(3)).await.unwrap();
        assert_eq!(source.buffer, b"f");
        assert!(source.take(2).await.is_err());
    }
}
