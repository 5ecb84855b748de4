//! Reads an evidence file, one log at a time, so that memory does not grow with the number of scenarios.
//! Accepts a whole, unchanged file only.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use super::{EvidenceError, Flaw, GENESIS, LINE_LIMIT, Sealed, closing, digest, order::Order};
use crate::evidence::{FORMAT, Header, Observation};

const PREV: &[u8] = br#"{"prev":""#;
const HEADER: &[u8] = br#"","header":"#;
const OBSERVATION: &[u8] = br#"","observation":"#;
const END: &[u8] = br#"","end":"#;

/// What [`Reader::next_log`] came upon.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// A scenario's whole log.
    Log,
    /// The end of a whole file.
    End(Sealed),
}

/// An evidence file that is being read.
#[derive(Debug)]
pub struct Reader<R = BufReader<File>> {
    path: PathBuf,
    input: R,
    header: Header,
    line: Vec<u8>,
    number: u64,
    prev: [u8; 64],
    whole: Sha256,
    order: Order,
}

impl Reader {
    /// Opens a file and reads its first line.
    ///
    /// # Errors
    /// The file cannot be read, is not evidence, or is of a version that this gonogo does not know.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, EvidenceError> {
        let path = path.as_ref();
        // Opening a pipe that nobody writes to would wait for ever.
        let unreadable = |source| EvidenceError::Io { path: path.to_owned(), source };
        if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
            return Err(unreadable(std::io::Error::other("it is no regular file")));
        }
        let file = File::open(path).map_err(unreadable)?;
        Reader::over(path, BufReader::with_capacity(1 << 16, file))
    }
}

impl<R: BufRead> Reader<R> {
    /// Reads evidence that comes from anywhere; `path` is its name in errors.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn over(path: impl AsRef<Path>, input: R) -> Result<Self, EvidenceError> {
        let mut prev = [0; 64];
        prev.copy_from_slice(GENESIS.as_bytes());
        let header = Header {
            format: String::new(),
            tool: String::new(),
            started_at: jiff::Timestamp::UNIX_EPOCH,
            subject: String::new(),
            seed: 0,
            planned: 0,
            left_out: 0,
            previous_verdict: None,
            accepted: vec![],
            policy: crate::evidence::Policy::default(),
            release: None,
            shard: None,
        };
        let (path, whole) = (path.as_ref().to_owned(), Sha256::new());
        let order = Order::default();
        let mut reader = Self { path, input, header, line: vec![], number: 0, prev, whole, order };
        reader.header = reader.first()?;
        Ok(reader)
    }

    /// The first line.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Reads the next scenario's log into `log`, which is emptied first.
    ///
    /// # Errors
    /// The file cannot be read, or a line is not what was written.
    pub fn next_log(&mut self, log: &mut Vec<Observation>) -> Result<Next, EvidenceError> {
        log.clear();
        loop {
            if !self.read_line()? {
                self.number += 1;
                return Err(self.flaw(Flaw::NotClosed));
            }
            self.check_chain()?;
            let tail = &self.line[PREV.len() + 64..];
            if tail.starts_with(END) {
                return self.end().map(Next::End);
            }
            let Some(content) = body(tail, OBSERVATION) else { return Err(self.flaw(Flaw::UnknownLine)) };
            let observation: Observation = match serde_json::from_slice(content) {
                Ok(observation) => observation,
                Err(error) => return Err(self.flaw(Flaw::Content(error.to_string()))),
            };
            let ended = self.order.accept(&observation).map_err(|flaw| self.flaw(flaw))?;
            log.push(observation);
            self.prev = digest(&self.line);
            if ended {
                return Ok(Next::Log);
            }
        }
    }

    fn first(&mut self) -> Result<Header, EvidenceError> {
        if !self.read_line()? {
            self.number = 1;
            return Err(self.flaw(Flaw::EmptyFile));
        }
        self.check_chain()?;
        let Some(content) = body(&self.line[PREV.len() + 64..], HEADER) else {
            return Err(self.flaw(Flaw::UnknownLine));
        };
        // The version first: a later version's header need not be readable, and the reader should say so.
        #[derive(serde::Deserialize)]
        struct Version {
            format: String,
        }
        let version = serde_json::from_slice::<Version>(content);
        if let Ok(Version { format }) = version
            && format != FORMAT
        {
            return Err(self.flaw(Flaw::Format(format)));
        }
        let header = match serde_json::from_slice(content) {
            Ok(header) => header,
            Err(error) => return Err(self.flaw(Flaw::Content(error.to_string()))),
        };
        self.prev = digest(&self.line);
        Ok(header)
    }

    /// Reads a line without its newline; false at the end of the file.
    fn read_line(&mut self) -> Result<bool, EvidenceError> {
        self.line.clear();
        let read = self.input.by_ref().take(LINE_LIMIT + 1).read_until(b'\n', &mut self.line);
        let read = read.map_err(|source| self.io(source))?;
        if read == 0 {
            return Ok(false);
        }
        self.number += 1;
        self.whole.update(&self.line);
        if self.line.last() == Some(&b'\n') {
            self.line.pop();
            return Ok(true);
        }
        Err(self.flaw(if read as u64 > LINE_LIMIT { Flaw::TooLong } else { Flaw::NoNewline }))
    }

    fn check_chain(&self) -> Result<(), EvidenceError> {
        let Some(rest) = self.line.strip_prefix(PREV) else { return Err(self.flaw(Flaw::UnknownLine)) };
        match rest.get(..64) {
            Some(prev) if prev == self.prev => Ok(()),
            Some(_) => Err(self.flaw(Flaw::Chain)),
            None => Err(self.flaw(Flaw::UnknownLine)),
        }
    }

    fn end(&mut self) -> Result<Sealed, EvidenceError> {
        let due = self.header.logs_due();
        let observations = self.order.close(due).map_err(|flaw| self.flaw(flaw))?;
        let expected = closing(&self.prev, observations);
        if self.line != expected {
            let expected = String::from_utf8_lossy(&expected).into_owned();
            return Err(self.flaw(Flaw::Closing { expected }));
        }
        let more = self.input.fill_buf().map(|rest| !rest.is_empty());
        if more.map_err(|source| self.io(source))? {
            self.number += 1;
            return Err(self.flaw(Flaw::Trailing));
        }
        Ok(Sealed { sha256: hex::encode(self.whole.clone().finalize()), observations })
    }

    fn io(&self, source: io::Error) -> EvidenceError {
        EvidenceError::Io { path: self.path.clone(), source }
    }

    fn flaw(&self, flaw: Flaw) -> EvidenceError {
        EvidenceError::Unsound { path: self.path.clone(), line: self.number, flaw }
    }
}

/// The content of a line of this kind: what stands between the kind and the closing brace.
fn body<'a>(tail: &'a [u8], kind: &[u8]) -> Option<&'a [u8]> {
    tail.strip_prefix(kind)?.strip_suffix(b"}")
}
