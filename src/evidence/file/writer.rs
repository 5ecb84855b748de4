//! Writes an evidence file. Never touches what stood under its name before the new file is whole.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{EvidenceError, Flaw, GENESIS, Sealed, closing, digest, order::Order};
use crate::evidence::{FORMAT, Header, Observation};

/// Writes to a temporary file beside `path`, which takes the name when [`Writer::finish`] succeeds.
/// Dropped before that, it removes the temporary file.
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    partial: PathBuf,
    chain: Option<Chain<BufWriter<File>>>,
}

impl Writer {
    /// Starts a file for `header`. The folder must exist.
    ///
    /// # Errors
    /// The folder cannot be written, or the disk is full.
    pub fn create(path: impl AsRef<Path>, header: &Header) -> Result<Self, EvidenceError> {
        let path = path.as_ref().to_owned();
        let mut name = OsString::from(".");
        name.push(path.file_name().unwrap_or_default());
        name.push(format!(".{}.partial", std::process::id()));
        let partial = path.with_file_name(name);
        let file =
            File::create(&partial).map_err(|source| EvidenceError::Io { path: path.clone(), source })?;
        // From here on, dropping the writer removes the temporary file.
        let mut writer = Self { path, partial, chain: None };
        let chain = Chain::begin(BufWriter::with_capacity(1 << 16, file), header);
        writer.chain = Some(chain.map_err(|error| writer.name(error, 1))?);
        Ok(writer)
    }

    /// Adds an observation; logs one after the other, in plan order.
    ///
    /// # Errors
    /// The disk is full, or the observation is out of order.
    pub fn append(&mut self, observation: &Observation) -> Result<(), EvidenceError> {
        let Some(chain) = self.chain.as_mut() else { return Err(self.name(Flaw::Trailing.into(), 0)) };
        let appended = chain.append(observation);
        let line = chain.lines + 1;
        appended.map_err(|error| self.name(error, line))
    }

    /// Closes the file, makes it durable and gives it its name.
    ///
    /// # Errors
    /// The disk is full, or the evidence is not whole: a planned scenario has no log.
    pub fn finish(mut self) -> Result<Sealed, EvidenceError> {
        let Some(chain) = self.chain.take() else { return Err(self.name(Flaw::Trailing.into(), 0)) };
        let line = chain.lines + 1;
        let (out, sealed) = chain.close().map_err(|error| self.name(error, line))?;
        let done = out
            .into_inner()
            .map_err(io::IntoInnerError::into_error)
            .and_then(|file| file.sync_all())
            .and_then(|()| fs::rename(&self.partial, &self.path));
        done.map_err(|error| self.name(error.into(), line))?;
        Ok(sealed)
    }

    fn name(&self, error: ChainError, line: u64) -> EvidenceError {
        let path = self.path.clone();
        match error {
            ChainError::Io(source) => EvidenceError::Io { path, source },
            ChainError::Flaw(flaw) => EvidenceError::Unsound { path, line, flaw },
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // After `finish` the file bears its name and there is nothing to remove.
        let _ = fs::remove_file(&self.partial);
    }
}

/// Why a line cannot be added.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// The sink refused.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The evidence would be unsound.
    #[error(transparent)]
    Flaw(#[from] Flaw),
}

/// The lines themselves, wherever they go.
#[derive(Debug)]
pub struct Chain<W> {
    out: W,
    line: Vec<u8>,
    prev: [u8; 64],
    whole: Sha256,
    order: Order,
    /// Logs of scenarios and of checks.
    due: (usize, usize),
    lines: u64,
}

impl<W: Write> Chain<W> {
    /// Writes the first line.
    ///
    /// # Errors
    /// The sink refuses, or the header names another format.
    pub fn begin(out: W, header: &Header) -> Result<Self, ChainError> {
        if header.format != FORMAT {
            return Err(Flaw::Format(header.format.clone()).into());
        }
        let mut prev = [0; 64];
        prev.copy_from_slice(GENESIS.as_bytes());
        let (order, due) = (Order::default(), header.logs_due());
        let mut chain = Self { out, line: vec![], prev, whole: Sha256::new(), order, due, lines: 0 };
        chain.write(b"header", header)?;
        Ok(chain)
    }

    /// Writes one observation.
    ///
    /// # Errors
    /// The sink refuses, or the observation is out of order.
    pub fn append(&mut self, observation: &Observation) -> Result<(), ChainError> {
        self.order.accept(observation)?;
        self.write(b"observation", observation)
    }

    /// Writes the last line; gives the sink back.
    ///
    /// # Errors
    /// The sink refuses, or a planned scenario has no whole log.
    pub fn close(mut self) -> Result<(W, Sealed), ChainError> {
        let observations = self.order.close(self.due)?;
        self.line = closing(&self.prev, observations);
        self.send()?;
        self.out.flush()?;
        Ok((self.out, Sealed { sha256: hex::encode(self.whole.finalize()), observations }))
    }

    fn write(&mut self, kind: &[u8], content: &impl Serialize) -> Result<(), ChainError> {
        self.line.clear();
        self.line.extend_from_slice(br#"{"prev":""#);
        self.line.extend_from_slice(&self.prev);
        self.line.extend_from_slice(br#"",""#);
        self.line.extend_from_slice(kind);
        self.line.extend_from_slice(br#"":"#);
        serde_json::to_writer(&mut self.line, content).map_err(io::Error::from)?;
        self.line.push(b'}');
        self.send()
    }

    fn send(&mut self) -> Result<(), ChainError> {
        self.prev = digest(&self.line);
        self.line.push(b'\n');
        self.whole.update(&self.line);
        self.out.write_all(&self.line)?;
        self.lines += 1;
        Ok(())
    }
}
