//! Clears a record of what a call left that did not come to its end. Touches nothing that a line of the ledger names.

use std::{collections::BTreeSet, fs, path::Path};

use super::{
    BLOBS, CHECKPOINT, PublicKey, RecordError, checkpoint::Checkpoint, entry::Event, ledger::Ledger,
    read_regular,
};

/// Removes what a call left that ended before its line was added: bodies that no line names, and files half written.
/// Whoever calls it holds the record's lock.
pub(super) fn sweep(record: &Path, ledger: &Ledger) -> Result<(), RecordError> {
    let named: BTreeSet<&str> = ledger.entries().iter().flat_map(|entry| entry.event.blobs()).collect();
    let is_hash = |name: &str| name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    for (folder, has_bodies) in [(record.join(BLOBS), true), (record.to_owned(), false)] {
        let io = |source| RecordError::Io { path: folder.clone(), source };
        for entry in fs::read_dir(&folder).map_err(io)? {
            let entry = entry.map_err(io)?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let is_partial = name.ends_with(".partial");
            let is_orphan = has_bodies && is_hash(&name) && !named.contains(name.as_str());
            if (is_partial || is_orphan) && entry.file_type().map_err(io)?.is_file() {
                fs::remove_file(entry.path()).map_err(io)?;
            }
        }
    }
    Ok(())
}

/// Sweeps behind what could not be added, while the lock is still held; answers with the same.
pub(super) fn tidied<T>(record: &Path, added: Result<T, RecordError>) -> Result<T, RecordError> {
    added.inspect_err(|_| {
        // That it could not be added is what there is to say.
        let _ = Ledger::read(record).and_then(|ledger| sweep(record, &ledger));
    })
}

/// The one line behind the seal that is no sign-off: its call ended between ledger and seal, or somebody else added it.
pub(super) fn unsealed<'a>(record: &Path, ledger: &'a Ledger, key: Option<&PublicKey>) -> Option<&'a Event> {
    let bytes = read_regular(&record.join(CHECKPOINT), 1 << 14).ok()?;
    let sealed = Checkpoint::open(std::str::from_utf8(&bytes).ok()?, key?).ok()?;
    let behind = ledger.entries().iter().filter(|entry| entry.seq >= sealed.size).map(|entry| &entry.event);
    let mut own = behind.filter(|event| !matches!(event, Event::SignOff(_) | Event::BreakGlass(_)));
    let first = own.next()?;
    (own.next().is_none() && ledger.root_at(sealed.size) == Some(sealed.root)).then_some(first)
}
