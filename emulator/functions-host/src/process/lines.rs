//! Bytes of a pipe as lines, where .NET sees them: a line ends with LF, CR or CRLF, and bytes that
//! are no UTF-8 become U+FFFD.
//!
//! Pure. Source: `StreamReader` of .NET, with which the host reads the handler's outputs.

/// The line that isn't complete yet.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    line: Vec<u8>,
    /// The last byte was a CR: an LF behind it ends nothing.
    behind_cr: bool,
}

impl Lines {
    /// Takes bytes, and hands out the lines that they complete.
    pub(crate) fn push(&mut self, mut bytes: &[u8], mut line: impl FnMut(String)) {
        if let (true, [first, rest @ ..]) = (self.behind_cr, bytes) {
            if *first == b'\n' {
                bytes = rest;
            }
            self.behind_cr = false;
        }
        while let Some(at) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            self.line.extend_from_slice(&bytes[..at]);
            line(self.take());
            let is_cr = bytes[at] == b'\r';
            bytes = &bytes[at + 1..];
            self.behind_cr = is_cr && bytes.is_empty();
            if let (true, [b'\n', rest @ ..]) = (is_cr, bytes) {
                bytes = rest;
            }
        }
        self.line.extend_from_slice(bytes);
    }

    /// The pipe is at its end: what stands there is the last line.
    pub(crate) fn finish(mut self, mut line: impl FnMut(String)) {
        if !self.line.is_empty() {
            line(self.take());
        }
    }

    fn take(&mut self) -> String {
        let text = String::from_utf8_lossy(&self.line).into_owned();
        self.line.clear();
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pieces: &[&[u8]], expected: &[&str]) {
        let (mut lines, mut seen) = (Lines::default(), Vec::new());
        for piece in pieces {
            lines.push(piece, |line| seen.push(line));
        }
        lines.finish(|line| seen.push(line));
        assert_eq!(seen, expected);
    }

    #[test]
    fn each_of_the_three_line_ends_ends_a_line() {
        check(&[b"a\nb\rc\r\nd"], &["a", "b", "c", "d"]);
        check(&[b"\n\r\r\n\n"], &["", "", "", ""]);
    }

    #[test]
    fn a_line_may_come_in_pieces() {
        check(&[b"a", b"b\r", b"\nc", b"\n"], &["ab", "c"]);
        check(&[b"a\r", b"b\r", b"", b"\n"], &["a", "b"]);
    }

    #[test]
    fn bytes_that_are_no_utf8_are_replaced() {
        check(&[b"bad \xff\xfe utf"], &["bad \u{fffd}\u{fffd} utf"]);
        check(&[b"\xc3", b"\xbc\n"], &["\u{fc}"]);
    }
}
