//! A bounded reader of lines: one line at a time, each with its number and whether it is ended. Bytes that are no
//! UTF-8 are replaced and counted.

use std::{
    io::BufRead,
    path::{Path, PathBuf},
};

use super::{ImportError, Place};

/// Bytes of one line.
const LINE_LIMIT: usize = 64 << 20;

/// One line, without its end.
#[derive(Debug)]
pub struct Line {
    /// From 1.
    pub number: u64,
    /// The text; what is no UTF-8 is replaced.
    pub text: String,
    /// Whether a line end follows; only a file's last line can be without.
    pub is_ended: bool,
}

/// Lines of one file.
pub struct Lines<R> {
    path: PathBuf,
    input: R,
    number: u64,
    illegal: u64,
}

impl<R: BufRead> Lines<R> {
    /// Lines from where `input` stands.
    pub fn new(path: &Path, input: R) -> Self {
        Self { path: path.to_owned(), input, number: 0, illegal: 0 }
    }

    /// Runs of bytes so far that are no UTF-8.
    #[must_use]
    pub fn illegal(&self) -> u64 {
        self.illegal
    }

    /// An error about the line read last.
    #[must_use]
    pub fn error(&self, what: impl Into<String>) -> ImportError {
        ImportError::at(&self.path, Place::Line(self.number), what)
    }

    /// The next line, or `None` at the end.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or a line is too long.
    pub fn next_line(&mut self) -> Result<Option<Line>, ImportError> {
        self.number += 1;
        let mut bytes = Vec::new();
        let mut is_ended = false;
        while !is_ended {
            let piece = match self.input.fill_buf() {
                Ok(piece) => piece,
                Err(error) => return Err(self.error(format!("cannot be read: {error}"))),
            };
            if piece.is_empty() {
                break;
            }
            let end = memchr::memchr(b'\n', piece);
            let taken = end.map_or(piece.len(), |end| end + 1);
            bytes.extend_from_slice(&piece[..end.unwrap_or(piece.len())]);
            is_ended = end.is_some();
            self.input.consume(taken);
            if bytes.len() > LINE_LIMIT {
                return Err(self.error(format!("a line is longer than {LINE_LIMIT} bytes")));
            }
        }
        if bytes.is_empty() && !is_ended {
            return Ok(None);
        }
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        if self.number == 1 && bytes.starts_with(&[0xef, 0xbb, 0xbf]) {
            bytes.drain(..3);
        }
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let chunks = error.as_bytes().utf8_chunks();
                self.illegal += chunks.filter(|chunk| !chunk.invalid().is_empty()).count() as u64;
                String::from_utf8_lossy(error.as_bytes()).into_owned()
            }
        };
        Ok(Some(Line { number: self.number, text, is_ended }))
    }
}
