//! The record that stands where a new one is to be written: what the new one names as its predecessor, and the
//! sign-offs that it takes over.

use std::path::Path;

use super::{
    super::{
        RecordError,
        entry::{Event, Predecessor},
        ledger::{LEDGER, Ledger},
        sign_off::{Carried, carried, last_verdict},
    },
    Contents, EARLIER, beside, is_there,
};
use crate::judge::Approval;

/// The record before.
#[derive(Debug)]
pub(super) struct Before {
    /// As the new record names it.
    pub named: Predecessor,
    /// What people signed in it for the same release, or in one before it.
    pub carried: Vec<Carried>,
}

impl Before {
    /// A record that is named and lies elsewhere; what was signed there stays there.
    pub(super) fn named(named: Predecessor) -> Self {
        Self { named, carried: vec![] }
    }
}

/// What the record comes to that stands there or was put aside; `None` where there is none.
pub(super) fn before(record: &Path, release: Option<&str>) -> Result<Option<Before>, RecordError> {
    let aside = beside(record, EARLIER);
    let Some(record) = [record, &aside].into_iter().find(|place| is_there(place)) else { return Ok(None) };
    let ledger = Ledger::read(record)?;
    let verdict = last_verdict(&ledger).ok_or_else(|| RecordError::Unsound {
        place: record.join(LEDGER).display().to_string(),
        what: "it holds no verdict".to_owned(),
    })?;
    let named = Predecessor { root: hex::encode(ledger.root()), size: ledger.size(), verdict };
    Ok(Some(Before { named, carried: carried(record, &ledger, release)? }))
}

/// What the sign-offs of the record that stands there are worth in the one that is to be written: all are void, and
/// say why. Of a record that cannot be read there are none; [`super::write`] complains about it.
///
/// # Errors
/// The evidence that is to be recorded cannot be read.
pub fn taken_over(record: &Path, contents: &Contents<'_>) -> Result<Vec<Approval>, RecordError> {
    let (opened, events) = contents.told(None)?;
    let Ok(Some(before)) = before(record, opened.release.as_deref()) else { return Ok(vec![]) };
    let inputs = events.iter().filter_map(Event::input).collect();
    Ok(before.carried.iter().map(|carried| carried.approval(&opened, &inputs)).collect())
}
