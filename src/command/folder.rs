//! The output folder of a run or a judging. Held by one at a time; an earlier verdict is put aside before
//! anything that can fail, and lost only to a new one.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, anyhow};

use super::{RECORD, Refusal};
use crate::{
    evidence::{Header, file::Writer},
    judge::Verdict,
    record, report,
};

/// Where reports go when nothing else is said.
pub(super) const DEFAULT_OUT: &str = "gonogo-report";
/// The evidence of a run.
pub(super) const EVIDENCE: &str = "evidence.jsonl";

/// An earlier verdict that is larger is none of ours.
const LARGEST_VERDICT_BYTES: u64 = 256 << 20;
const VERDICT: &str = "verdict.json";
/// Behind the name of an earlier report: no reader's pattern for reports matches it.
const EARLIER: &str = "earlier";
const LOCK: &str = ".lock";

/// The output folder, held until it is dropped.
pub(super) struct Folder {
    path: PathBuf,
    previous: Option<String>,
    complaint: Option<String>,
    /// Locked. The file stays: removing it would let two hold "the" lock.
    _lock: File,
}

impl Folder {
    /// Makes the folder if need be, takes it for this process alone, reads the verdict of the run before and
    /// puts its reports aside: whatever becomes of this run, they are not its result.
    pub(super) fn open(path: &Path) -> Result<Self, Refusal> {
        let unwritable = || format!("cannot write to the output folder {}", path.display());
        fs::create_dir_all(path).with_context(unwritable).map_err(Refusal::input)?;
        let lock = locked(path)?;
        ignore_own(path).with_context(unwritable).map_err(Refusal::input)?;
        for name in [EVIDENCE].into_iter().chain(reports()) {
            if path.join(name).is_dir() {
                let found = anyhow!("{} is a folder", path.join(name).display());
                return Err(Refusal::input(found.context(unwritable())));
            }
        }
        let (previous, complaint) = match previous(path) {
            Ok(previous) => (previous, None),
            Err(reason) => (None, Some(format!("the previous verdict is not used: {reason}"))),
        };
        // All of them, whatever becomes of one.
        let aside: Vec<io::Result<()>> = reports()
            .map(|name| match fs::rename(path.join(name), aside(path, name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            })
            .collect();
        aside
            .into_iter()
            .collect::<io::Result<()>>()
            .with_context(|| format!("cannot put the earlier reports in {} aside", path.display()))
            .map_err(Refusal::input)?;
        Ok(Self { path: path.into(), previous, complaint, _lock: lock })
    }

    /// An earlier record is not the record of what runs now.
    pub(super) fn put_record_aside(&self) -> Result<(), Refusal> {
        let aside = record::put_aside(&self.path.join(RECORD));
        aside.context("cannot put the earlier record aside").map_err(Refusal::input)
    }

    /// Where the evidence of a run lies.
    pub(super) fn evidence_path(&self) -> PathBuf {
        self.path.join(EVIDENCE)
    }

    /// The verdict of the run before, in its own words.
    pub(super) fn previous_verdict(&self) -> Option<String> {
        self.previous.clone()
    }

    /// Why there was a previous verdict that is not used.
    pub(super) fn complaint(&self) -> Option<&str> {
        self.complaint.as_deref()
    }

    /// Opens the evidence. The earlier one stays until the new one is whole.
    pub(super) fn evidence(&self, header: &Header) -> Result<Writer, Refusal> {
        Writer::create(self.evidence_path(), header)
            .with_context(|| format!("cannot write to the output folder {}", self.path.display()))
            .map_err(Refusal::input)
    }

    /// The new verdict stands; the earlier reports are not needed any more.
    pub(super) fn settle(&self) {
        for name in reports() {
            let _ = fs::remove_file(aside(&self.path, name));
        }
    }
}

/// For a command that ends before it has its folder: what stands in the one that is named, or else the likely one, is
/// not its result. A folder that is not there, or that another run holds, is left as it is.
pub(super) fn put_aside(named: Option<&Path>) {
    let path = named.unwrap_or(Path::new(DEFAULT_OUT));
    if path.is_dir()
        && let Ok(folder) = Folder::open(path)
    {
        let _ = folder.put_record_aside();
    }
}

/// The reports that stand in an output folder, the verdict first.
pub(super) fn reports() -> impl Iterator<Item = &'static str> {
    let drawn = report::formats().iter().filter_map(|format| format.file_name);
    [VERDICT].into_iter().chain(drawn.filter(|name| *name != VERDICT))
}

/// Tells git of gonogo's own files, by name: a run does not make the tree differ from the commit, and what anybody
/// else puts into the folder still does. What stands there already is theirs.
fn ignore_own(folder: &Path) -> io::Result<()> {
    let mut text = "# gonogo's own files; anything else here is seen by git.\n".to_owned();
    let own =
        [".gitignore", LOCK, EVIDENCE, ".evidence.jsonl.*.partial", RECORD].into_iter().chain(reports());
    for name in own {
        text.push_str(&format!("/{name}\n"));
    }
    for name in [RECORD].into_iter().chain(reports()) {
        text.push_str(&format!("/{name}.{EARLIER}\n"));
    }
    text.push_str(&format!("/{RECORD}.partial\n"));
    match File::create_new(folder.join(".gitignore")) {
        Ok(mut file) => file.write_all(text.as_bytes()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

fn aside(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.{EARLIER}"))
}

/// The lock ends with the process, however that ends.
fn locked(folder: &Path) -> Result<File, Refusal> {
    let unwritable = || format!("cannot write to the output folder {}", folder.display());
    let open = File::options().create(true).truncate(false).write(true).open(folder.join(LOCK));
    let lock = open.with_context(unwritable).map_err(Refusal::input)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => {
            let place = folder.display();
            let reason = "another run of gonogo is using the output folder";
            Err(Refusal::input(anyhow!("{reason} {place}; name another one with --out")))
        }
        Err(TryLockError::Error(error)) => {
            Err(Refusal::input(anyhow::Error::new(error).context("cannot lock it").context(unwritable())))
        }
    }
}

fn previous(folder: &Path) -> Result<Option<String>, String> {
    for path in [folder.join(VERDICT), aside(folder, VERDICT)] {
        let place = path.display();
        match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(format!("cannot read {place}: {error}")),
            // Opening a pipe that nobody writes to would wait for ever.
            Ok(metadata) if !metadata.is_file() => return Err(format!("{place} is no regular file")),
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
