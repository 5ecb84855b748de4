//! Trouble that a scenario makes at the store's seam: a lost reply, an outage. Not a planted fault: a good
//! app survives it.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use crate::store::StoreError;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The commit happens and its reply is lost.
    ReplyLost,
    /// The commit does not happen.
    Refused,
    /// The commit does not happen, and the worker panics where it asked for it.
    Panic,
}

#[derive(Debug)]
struct Ahead {
    worker: String,
    spared: u64,
    trouble: Trouble,
    key_part: String,
}

/// Trouble ahead: each entry strikes once.
#[derive(Clone, Debug, Default)]
pub struct Troubles(Arc<Mutex<VecDeque<Ahead>>>);

impl Troubles {
    /// The next commit of `worker` that writes a key containing `key_part` runs into `trouble`.
    pub fn ahead(&self, worker: &str, trouble: Trouble, key_part: &str) {
        self.ahead_after(worker, 0, trouble, key_part);
    }

    /// As [`Troubles::ahead`], after so many such commits that are left alone.
    pub fn ahead_after(&self, worker: &str, spared: u64, trouble: Trouble, key_part: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(Ahead {
            worker: worker.to_owned(),
            spared,
            trouble,
            key_part: key_part.to_owned(),
        });
    }

    /// Takes the trouble that waits for this commit, if any.
    pub(super) fn strikes(&self, worker: &str, keys: &[&str]) -> Option<Trouble> {
        let mut ahead = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let index =
            ahead.iter().position(|a| a.worker == worker && keys.iter().any(|k| k.contains(&a.key_part)))?;
        if ahead[index].spared > 0 {
            ahead[index].spared -= 1;
            return None;
        }
        ahead.remove(index).map(|a| a.trouble)
    }
}

impl Trouble {
    /// The name, as recorded.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ReplyLost => "the store's reply is lost",
            Self::Refused => "the store refuses",
            Self::Panic => "the worker panics",
        }
    }

    /// The error that the worker sees.
    pub(super) fn error(self) -> StoreError {
        match self {
            Self::ReplyLost => StoreError::Indefinite("the connection was lost after the commit".into()),
            Self::Refused | Self::Panic => StoreError::Definite("the store is unavailable".into()),
        }
    }
}
