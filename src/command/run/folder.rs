//! The output folder of a run. Refused before the run when it cannot be written; an earlier verdict never
//! stands there while a new one is not known.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use crate::{
    command::Refusal,
    evidence::{Header, file::Writer},
    judge::Verdict,
    report,
};

/// An earlier verdict that is larger is none of ours.
const LARGEST_VERDICT_BYTES: u64 = 256 << 20;
const VERDICT: &str = "verdict.json";
/// Where the earlier verdict waits while a run goes on.
const EARLIER: &str = "verdict.earlier.json";

/// The output folder.
pub(super) struct Folder {
    path: PathBuf,
    previous: Option<String>,
    complaint: Option<String>,
}

impl Folder {
    /// Makes the folder if need be, and reads the verdict of the run before.
    pub(super) fn open(path: &Path) -> Result<Self, Refusal> {
        let unwritable = || format!("cannot write to the output folder {}", path.display());
        fs::create_dir_all(path).with_context(unwritable).map_err(Refusal::input)?;
        for name in [VERDICT, "evidence.jsonl"].into_iter().chain(drawings()) {
            if path.join(name).is_dir() {
                let found = anyhow::anyhow!("{} is a folder", path.join(name).display());
                return Err(Refusal::input(found.context(unwritable())));
            }
        }
        let (previous, complaint) = match previous(path) {
            Ok(previous) => (previous, None),
            Err(reason) => (None, Some(format!("the previous verdict is not used: {reason}"))),
        };
        Ok(Self { path: path.into(), previous, complaint })
    }

    pub(super) fn evidence_path(&self) -> PathBuf {
        self.path.join("evidence.jsonl")
    }

    /// The verdict of the run before, in its own words.
    pub(super) fn previous_verdict(&self) -> Option<String> {
        self.previous.clone()
    }

    /// Why there was a previous verdict that is not used.
    pub(super) fn complaint(&self) -> Option<&str> {
        self.complaint.as_deref()
    }

    /// Opens the evidence, then puts the earlier verdict aside: a run that breaks must not leave a GO.
    pub(super) fn evidence(&mut self, header: &Header) -> Result<Writer, Refusal> {
        let writer = Writer::create(self.evidence_path(), header)
            .with_context(|| format!("cannot write to the output folder {}", self.path.display()))
            .map_err(Refusal::input)?;
        let aside = match fs::rename(self.path.join(VERDICT), self.path.join(EARLIER)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
        let gone = drawings().map(|name| match fs::remove_file(self.path.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        });
        let cleared = gone.fold(aside, |cleared, gone| cleared.and(gone));
        cleared
            .with_context(|| format!("cannot put the earlier reports in {} aside", self.path.display()))
            .map_err(Refusal::input)?;
        Ok(writer)
    }

    /// The new verdict stands; the earlier one is not needed any more.
    pub(super) fn settle(&self) {
        let _ = fs::remove_file(self.path.join(EARLIER));
    }
}

/// The reports that a run leaves beside its verdict: none of them may outlive the run before.
fn drawings() -> impl Iterator<Item = &'static str> {
    report::formats().iter().filter_map(|format| format.file_name).filter(|name| *name != VERDICT)
}

fn previous(folder: &Path) -> Result<Option<String>, String> {
    for name in [VERDICT, EARLIER] {
        let path = folder.join(name);
        let place = path.display();
        match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(format!("cannot read {place}: {error}")),
            Ok(metadata) if metadata.len() > LARGEST_VERDICT_BYTES => {
                return Err(format!("{place} is too large"));
            }
            Ok(_) => {}
        }
        let bytes = fs::read(&path).map_err(|error| format!("cannot read {place}: {error}"))?;
        let document: serde_json::Value =
            serde_json::from_slice(&bytes).map_err(|error| format!("{place} is not JSON: {error}"))?;
        let word = document.get("verdict").and_then(|word| word.as_str()).unwrap_or_default();
        return match Verdict::WORDS.contains(&word) {
            true => Ok(Some(word.to_owned())),
            false => Err(format!("{place} names no verdict of gonogo")),
        };
    }
    Ok(None)
}
