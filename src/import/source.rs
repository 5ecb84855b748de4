//! A file opened for import: a regular one, read in pieces, read again from its start. Never waits on a pipe, never
//! holds the file's text.

use std::{
    fs::OpenOptions,
    io::{self, BufRead, BufReader, Cursor, Read, Seek, SeekFrom},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};

use super::ImportError;

/// Bytes read at a time.
const PIECE_BYTES: usize = 64 * 1024;

trait ReadSeek: Read + Seek + Send {}
impl<T: Read + Seek + Send> ReadSeek for T {}

/// One open file; all passes over it see the same file, whatever happens to its name meanwhile.
pub struct Source<'a> {
    path: PathBuf,
    input: BufReader<Box<dyn ReadSeek + 'a>>,
}

impl<'a> Source<'a> {
    /// Opens a regular file; links are followed.
    ///
    /// # Errors
    ///
    /// The file is missing, unreadable, or a folder, a pipe, a socket or a device.
    pub fn open(path: &Path) -> Result<Self, ImportError> {
        let refused = |what: String| ImportError::file(path, what);
        // Opening a pipe that nobody writes to would wait for ever.
        let flags = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or_default();
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(flags)
            .open(path)
            .map_err(|error| refused(format!("cannot be opened: {error}")))?;
        let found = file.metadata().map_err(|error| refused(format!("cannot be looked at: {error}")))?;
        if !found.is_file() {
            return Err(refused("is no regular file".to_owned()));
        }
        let input: Box<dyn ReadSeek + 'a> = Box::new(file);
        Ok(Self { path: path.to_owned(), input: BufReader::with_capacity(PIECE_BYTES, input) })
    }

    /// Bytes that are at hand, under the name `path`.
    #[must_use]
    pub fn bytes(path: &Path, bytes: &'a [u8]) -> Self {
        let input: Box<dyn ReadSeek + 'a> = Box::new(Cursor::new(bytes));
        Self { path: path.to_owned(), input: BufReader::with_capacity(PIECE_BYTES, input) }
    }

    /// The file, as it was named.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The text from its start.
    ///
    /// # Errors
    ///
    /// The file cannot be read from its start again.
    pub fn rewound(&mut self) -> Result<&mut (dyn BufRead + '_), ImportError> {
        match self.input.seek(SeekFrom::Start(0)) {
            Ok(_) => Ok(&mut self.input),
            Err(error) => Err(unreadable(&self.path, &error)),
        }
    }

    /// At most the first `limit` bytes.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn head(&mut self, limit: u64) -> Result<Vec<u8>, ImportError> {
        let mut head = Vec::new();
        let path = self.path.clone();
        self.rewound()?.take(limit).read_to_end(&mut head).map_err(|error| unreadable(&path, &error))?;
        Ok(head)
    }

    /// SHA-256 of the whole file, in lowercase hex.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn sha256(&mut self) -> Result<String, ImportError> {
        let path = self.path.clone();
        let input = self.rewound()?;
        let mut hasher = Sha256::new();
        loop {
            let piece = input.fill_buf().map_err(|error| unreadable(&path, &error))?;
            if piece.is_empty() {
                return Ok(hex::encode(hasher.finalize()));
            }
            hasher.update(piece);
            let taken = piece.len();
            input.consume(taken);
        }
    }
}

fn unreadable(path: &Path, error: &io::Error) -> ImportError {
    ImportError::file(path, format!("cannot be read: {error}"))
}
