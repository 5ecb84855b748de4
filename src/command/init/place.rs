//! A file to be, below a folder that it cannot leave. It is written whole, and only where nothing is.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::anyhow;

use crate::command::Refusal;

/// A file to be.
#[derive(Debug)]
pub(super) struct Place {
    /// Canonical.
    folder: PathBuf,
    /// Below the folder.
    name: &'static str,
    text: String,
}

/// What lies at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing.
    Free,
    /// A file.
    Taken,
}

impl Place {
    /// `folder` is canonical, `name` relative and without `..`.
    pub(super) fn new(folder: &Path, name: &'static str, text: String) -> Self {
        Self { folder: folder.into(), name, text }
    }

    /// Its name for people.
    pub(super) fn shown(&self) -> String {
        self.folder.join(self.name).display().to_string()
    }

    /// What lies there.
    ///
    /// # Errors
    /// Something that is no file does, or a link on the way leads out of the folder.
    pub(super) fn state(&self) -> Result<State, Refusal> {
        for above in self.above() {
            match fs::symlink_metadata(&above) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(State::Free),
                _ => self.inside(&above)?,
            }
        }
        let path = self.folder.join(self.name);
        match (fs::symlink_metadata(&path), fs::metadata(&path)) {
            (_, Ok(found)) if found.is_file() => Ok(State::Taken),
            (Err(error), _) if error.kind() == io::ErrorKind::NotFound => Ok(State::Free),
            (Err(error), _) => Err(self.refused(error)),
            _ => Err(self.refused(anyhow!("something that is no file lies there"))),
        }
    }

    /// Writes it; `false` when something came to lie there meanwhile, which stays.
    ///
    /// # Errors
    /// It cannot be written; nothing of it is left then.
    pub(super) fn write(&self) -> Result<bool, Refusal> {
        let mut made = vec![];
        let written = self.written(&mut made);
        if written.is_err() {
            // From the deepest; one that somebody uses by now is not empty and stays.
            made.iter().rev().for_each(|folder| drop(fs::remove_dir(folder)));
        }
        written
    }

    fn written(&self, made: &mut Vec<PathBuf>) -> Result<bool, Refusal> {
        for above in self.above() {
            match fs::create_dir(&above) {
                Ok(()) => made.push(above.clone()),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(self.refused(error)),
            }
            self.inside(&above)?;
        }
        let path = self.folder.join(self.name);
        let home = path.parent().unwrap_or(&self.folder);
        // As `fs::write` would make it: the umask takes its part.
        let mode = fs::Permissions::from_mode(0o666);
        let partial = tempfile::Builder::new().prefix(".gonogo-").permissions(mode).tempfile_in(home);
        let mut partial = partial.map_err(|error| self.refused(error))?;
        let whole = partial.write_all(self.text.as_bytes()).and_then(|()| partial.as_file().sync_all());
        whole.map_err(|error| self.refused(error))?;
        match partial.persist_noclobber(&path) {
            Ok(_) => Ok(true),
            Err(taken) if taken.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(refused) => Err(self.refused(refused.error)),
        }
    }

    /// The folders between the folder and the file, from the outermost.
    fn above(&self) -> Vec<PathBuf> {
        let name = Path::new(self.name);
        let mut above: Vec<PathBuf> = name.ancestors().skip(1).map(|part| self.folder.join(part)).collect();
        above.pop();
        above.reverse();
        above
    }

    fn inside(&self, above: &Path) -> Result<(), Refusal> {
        let place = above.canonicalize().map_err(|error| self.refused(error))?;
        match place.starts_with(&self.folder) {
            true if place.is_dir() => Ok(()),
            true => Err(self.refused(anyhow!("{} is no folder", above.display()))),
            false => Err(self.refused(anyhow!("{} leads out of {}", above.display(), self.folder.display()))),
        }
    }

    fn refused(&self, error: impl Into<anyhow::Error>) -> Refusal {
        Refusal::input(error.into().context(format!("cannot write {}", self.shown())))
    }
}

#[cfg(test)]
mod tests;
