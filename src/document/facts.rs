//! What the evidence tells that a judgement sums up: the commit as its check saw it.

use std::path::Path;

use crate::evidence::{
    Change, CheckFact, Fact, Observation,
    file::{EvidenceError, Next, Reader},
};

/// What the evidence tells beside its judgement.
#[derive(Clone, Debug)]
pub struct Facts {
    /// SHA-256 of the whole file, in hex.
    pub sha256: String,
    /// The commit, where a check has read it.
    pub changed: Option<Changed>,
}

/// What the commit changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// In full.
    pub commit: String,
    /// What it is compared with, in full; `None` where everything is new.
    pub base: Option<String>,
    /// What the tree held beyond the commit.
    pub dirty: Vec<String>,
    /// The files, in the order of their paths.
    pub files: Vec<ChangedFile>,
    /// Whether its way back was tried.
    pub rehearsal: Option<Rehearsal>,
}

/// A file that the commit changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedFile {
    /// Its path in the repository.
    pub path: String,
    /// What becomes of it.
    pub change: Change,
    /// Lines that are new.
    pub added: u64,
    /// Lines that are gone.
    pub removed: u64,
    /// Whether it is a test.
    pub test: bool,
}

/// The way back, tried in a scratch clone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rehearsal {
    /// The commands that go back.
    pub commands: Vec<String>,
    /// Whether they lead to the tree of the base.
    pub clean: bool,
    /// What is in the way.
    pub conflicts: Vec<String>,
}

impl Facts {
    /// Reads an evidence file to its end.
    ///
    /// # Errors
    /// The file cannot be read, or is not whole and unchanged.
    pub fn read(evidence: &Path) -> Result<Self, EvidenceError> {
        let mut reader = Reader::open(evidence)?;
        let mut changed = None;
        let mut log = vec![];
        loop {
            match reader.next_log(&mut log)? {
                Next::Log => changed = changed.or_else(|| Changed::of(&log)),
                Next::End(sealed) => return Ok(Self { sha256: sealed.sha256, changed }),
            }
        }
    }
}

impl Changed {
    /// What a check's log tells of the commit; `None` in a log that tells of none.
    fn of(log: &[Observation]) -> Option<Self> {
        let facts = log.iter().filter_map(|observation| match &observation.fact {
            Fact::CheckSaw(fact) => Some(fact),
            _ => None,
        });
        let (mut changed, mut is_read) = (Self::default(), false);
        for fact in facts {
            match fact {
                CheckFact::CommitRead { commit, base, dirty } => {
                    is_read = true;
                    (changed.commit, changed.base, changed.dirty) =
                        (commit.clone(), base.clone(), dirty.clone());
                }
                CheckFact::FileChanged { file, change, added, removed, test } => {
                    changed.files.push(ChangedFile {
                        path: file.clone(),
                        change: *change,
                        added: *added,
                        removed: *removed,
                        test: *test,
                    });
                }
                CheckFact::RollbackRehearsed { commands, clean, conflicts } => {
                    let (commands, conflicts) = (commands.clone(), conflicts.clone());
                    changed.rehearsal = Some(Rehearsal { commands, clean: *clean, conflicts });
                }
                _ => {}
            }
        }
        is_read.then_some(changed)
    }
}
