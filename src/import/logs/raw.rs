//! Lines of a file of any size in flat memory. A line beyond its limit is cut, never joined with the next and never
//! lost; the whole file is hashed on the way, so that what was hashed is what was read.

use std::io::{self, Read};

use sha2::{Digest as _, Sha256};

/// Bytes read at a time.
const PIECE: usize = 256 * 1024;

/// One line as it stands in the file, without its end.
pub(super) struct Raw<'a> {
    pub bytes: &'a [u8],
    /// It was longer than the limit; this is its beginning.
    pub is_cut: bool,
    /// A line end follows; only a file's last line can be without.
    pub is_ended: bool,
}

/// Reads lines, one after the other.
pub(super) struct RawLines<R> {
    input: R,
    limit: usize,
    buffer: Vec<u8>,
    /// What of the buffer is read and not given out yet.
    start: usize,
    end: usize,
    is_over: bool,
    hash: Sha256,
    bytes: u64,
}

impl<R: Read> RawLines<R> {
    /// Lines of at most `limit` bytes.
    pub fn new(input: R, limit: usize) -> Self {
        let buffer = vec![0; PIECE];
        Self { input, limit, buffer, start: 0, end: 0, is_over: false, hash: Sha256::new(), bytes: 0 }
    }

    /// The next line; `None` at the end.
    pub fn next_line(&mut self) -> io::Result<Option<Raw<'_>>> {
        let mut searched = 0;
        loop {
            if let Some(found) = memchr::memchr(b'\n', &self.buffer[self.start + searched..self.end]) {
                let (start, length) = (self.start, searched + found);
                self.start += length + 1;
                return Ok(Some(self.raw(start, length, true)));
            }
            searched = self.end - self.start;
            if searched > self.limit {
                return self.cut().map(Some);
            }
            if self.is_over {
                let start = self.start;
                self.start = self.end;
                return Ok((searched > 0).then(|| self.raw(start, searched, false)));
            }
            self.fill()?;
        }
    }

    /// Bytes of the file, and their SHA-256 in lowercase hex; to be asked at the end.
    pub fn whole(self) -> (u64, String) {
        (self.bytes, hex::encode(self.hash.finalize()))
    }

    fn raw(&self, start: usize, length: usize, is_ended: bool) -> Raw<'_> {
        let bytes = &self.buffer[start..start + length.min(self.limit)];
        let is_cut = length > self.limit;
        Raw { bytes: bytes.strip_suffix(b"\r").filter(|_| !is_cut).unwrap_or(bytes), is_cut, is_ended }
    }

    /// The beginning of a line whose end is out of reach: the rest is passed over.
    fn cut(&mut self) -> io::Result<Raw<'_>> {
        let limit = self.limit;
        // The kept beginning moves to the front and stays there; the rest is read behind it.
        self.buffer.copy_within(self.start..self.start + limit, 0);
        let mut is_ended = false;
        (self.start, self.end) = (limit, limit);
        while !is_ended && !self.is_over {
            self.start = limit;
            self.end = limit;
            let read = self.read_behind(limit)?;
            if let Some(found) = memchr::memchr(b'\n', &self.buffer[limit..limit + read]) {
                self.start = limit + found + 1;
                is_ended = true;
            } else {
                self.start = self.end;
            }
        }
        Ok(Raw { bytes: &self.buffer[..limit], is_cut: true, is_ended })
    }

    /// Reads on behind what is there.
    fn fill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        self.read_behind(self.end).map(drop)
    }

    fn read_behind(&mut self, end: usize) -> io::Result<usize> {
        if self.buffer.len() < end + PIECE / 2 {
            self.buffer.resize(end + PIECE, 0);
        }
        let read = loop {
            match self.input.read(&mut self.buffer[end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.hash.update(&self.buffer[end..end + read]);
        self.bytes += read as u64;
        self.is_over = read == 0;
        self.end = end + read;
        Ok(read)
    }
}
