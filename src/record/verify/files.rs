//! The files of a record: those that the ledger names are there and what they are named, and there are no others.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::Read as _,
    path::Path,
};

use sha2::{Digest as _, Sha256};

use super::super::{
    BLOBS, CHECKPOINT, KEY, SVR, VERDICT,
    ledger::{HEAD, LEDGER, LOCK, Ledger},
};

/// Looks at every file; without a ledger, at what can be told from names alone. Answers with a summary, or with
/// everything that is wrong.
pub(super) fn check(record: &Path, ledger: Option<&Ledger>) -> Result<String, String> {
    let mut wrong = vec![];
    let top = listed(record, "", &mut wrong)?;
    for name in &top {
        match name.as_str() {
            LEDGER | HEAD | KEY | CHECKPOINT | VERDICT | SVR => regular(&record.join(name), name, &mut wrong),
            LOCK => {
                regular(&record.join(name), name, &mut wrong);
                if fs::metadata(record.join(name)).is_ok_and(|found| found.len() > 0) {
                    wrong.push(format!("{name}: it is not empty"));
                }
            }
            BLOBS => {
                let found = fs::symlink_metadata(record.join(name));
                if !found.is_ok_and(|found| found.is_dir()) {
                    return Err(format!("{BLOBS}: it is no folder"));
                }
            }
            _ => wrong.push(format!("{name}: nothing of this name belongs to a record")),
        }
    }
    if !top.contains(BLOBS) {
        return Err(format!("{BLOBS}: it is missing"));
    }
    let named: Option<BTreeSet<String>> = ledger.map(|ledger| {
        let entries = ledger.entries().iter();
        entries.flat_map(|entry| entry.event.blobs()).map(str::to_owned).collect()
    });
    // Judging reads the evidence to its end, and hashes it: once is enough.
    let judged = ledger.and_then(|ledger| Some(ledger.evidence()?.sha256.clone()));
    let found = listed(&record.join(BLOBS), &format!("{BLOBS}/"), &mut wrong)?;
    for name in &found {
        let (place, path) = (format!("{BLOBS}/{name}"), record.join(BLOBS).join(name));
        if named.as_ref().is_some_and(|named| !named.contains(name)) {
            wrong.push(format!("{place}: no line of the ledger names it"));
            continue;
        }
        let before = wrong.len();
        regular(&path, &place, &mut wrong);
        if wrong.len() == before && judged.as_ref() != Some(name) {
            match hash(&path) {
                Ok(hash) if hash == *name => {}
                Ok(_) => wrong.push(format!("{place}: it was changed")),
                Err(error) => wrong.push(format!("{place}: cannot read it: {error}")),
            }
        }
    }
    let missing = named.iter().flatten().filter(|name| !found.contains(*name));
    wrong.extend(missing.map(|name| format!("{BLOBS}/{name}: it is missing")));
    match wrong.is_empty() {
        true => Ok(format!("{} and {} bodies, each as its hash says", top.len() - 1, found.len())),
        false => Err(wrong.join("; ")),
    }
}

/// The names in a folder; one that is no text is wrong.
fn listed(folder: &Path, place: &str, wrong: &mut Vec<String>) -> Result<BTreeSet<String>, String> {
    let unreadable = |error: std::io::Error| format!("cannot read {}: {error}", folder.display());
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        match entry.map_err(unreadable)?.file_name().into_string() {
            Ok(name) => drop(names.insert(name)),
            Err(name) => wrong.push(format!("{place}{}: it belongs to no record", name.display())),
        }
    }
    Ok(names)
}

fn regular(path: &Path, place: &str, wrong: &mut Vec<String>) {
    // A link leads to something that is not in the record.
    if !fs::symlink_metadata(path).is_ok_and(|found| found.is_file()) {
        wrong.push(format!("{place}: it is no regular file"));
    }
}

fn hash(path: &Path) -> std::io::Result<String> {
    let (mut file, mut hash, mut buffer) = (File::open(path)?, Sha256::new(), vec![0; 1 << 17]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex::encode(hash.finalize())),
            read => hash.update(&buffer[..read]),
        }
    }
}
