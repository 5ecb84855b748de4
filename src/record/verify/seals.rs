//! The signatures of the gate over a record: its key, the checkpoint and the envelopes. A seal that the first
//! line promises must be there, and one that it does not must not.

use std::path::Path;

use super::{
    super::{
        BLOBS, CHECKPOINT, KEY, PublicKey, SVR, VERDICT,
        checkpoint::{Checkpoint, verifier_key},
        dsse,
        entry::Event,
        ledger::{LEDGER, Ledger},
        read_regular,
        sign_off::opened,
        statement,
    },
    Finding, LARGEST_REPORT, Report, Trust,
};

/// Looks at every seal; a row for each.
pub(super) fn check(record: &Path, ledger: &Ledger, trust: &Trust<'_>, report: &mut Report) {
    let Some(id) = opened(ledger).key else { return unsigned(record, trust, report) };
    let key = match sealing_key(record, &id) {
        Ok(key) => key,
        Err(why) => return report.add("sealing key", Finding::Failed, why),
    };
    match trust.key {
        Some(given) if *given == key => {
            report.add("sealing key", Finding::Verified, format!("{id}, the one that was given"));
        }
        Some(given) => {
            let detail = format!("{KEY}: the record is sealed with {id}, not with {}", given.id());
            report.add("sealing key", Finding::Failed, detail);
        }
        None => {
            let detail = format!("{id}: whose it is, nobody says here; give the key that you trust");
            report.add("sealing key", Finding::NotShown, detail);
        }
    }
    report.take("checkpoint", checkpoint(record, ledger, &key));
    match statements(record, ledger) {
        Ok(told) => {
            report.take(VERDICT, envelope(record, VERDICT, &key, &told.verdict));
            if let Some(svr) = told.svr {
                report.take(SVR, envelope(record, SVR, &key, &svr));
            } else if record.join(SVR).exists() {
                report.add(SVR, Finding::Failed, format!("{SVR}: an UNCONDITIONAL GO alone has one"));
            }
        }
        Err(why) => report.add(VERDICT, Finding::Failed, why),
    }
}

fn unsigned(record: &Path, trust: &Trust<'_>, report: &mut Report) {
    for name in [KEY, CHECKPOINT, VERDICT, SVR] {
        if record.join(name).exists() {
            let detail = format!("{name}: the record's first line says that nobody seals it");
            report.add("seal", Finding::Failed, detail);
        }
    }
    match trust.key {
        Some(key) => {
            let detail = format!("the record is UNSIGNED; expected the seal of {}", key.id());
            report.add("seal", Finding::Failed, detail);
        }
        None => {
            let detail = "the record is UNSIGNED: its hashes agree, but anybody could have written them all";
            report.add("seal", Finding::Absent, detail);
        }
    }
}

fn sealing_key(record: &Path, id: &str) -> Result<PublicKey, String> {
    let bytes = read_regular(&record.join(KEY), 1 << 14).map_err(|error| error.to_string())?;
    let pem = String::from_utf8(bytes).map_err(|_| format!("{KEY}: it is no PEM file"))?;
    let key = PublicKey::parse(&pem).map_err(|what| format!("{KEY}: {what}"))?;
    if key.to_pem() != pem || key.id() != id {
        return Err(format!("{KEY}: it is not the key that the record's first line names, {id}"));
    }
    Ok(key)
}

fn checkpoint(record: &Path, ledger: &Ledger, key: &PublicKey) -> Result<String, String> {
    let bytes = read_regular(&record.join(CHECKPOINT), 1 << 14).map_err(|error| error.to_string())?;
    let text = String::from_utf8(bytes).map_err(|_| format!("{CHECKPOINT}: it is not text"))?;
    let signed = Checkpoint::open(&text, key).map_err(|what| format!("{CHECKPOINT}: {what}"))?;
    if signed.size > ledger.size() {
        let (size, found) = (signed.size, ledger.size());
        return Err(format!("{LEDGER}: {size} entries are signed, {found} are there: the ledger was cut"));
    }
    if ledger.root_at(signed.size) != Some(signed.root) {
        return Err(format!("{LEDGER}: the first {} entries are not those that are signed", signed.size));
    }
    let behind = ledger.entries().iter().filter(|entry| entry.seq >= signed.size);
    let mut by_people = 0;
    for entry in behind {
        // A person's line has a signature of its own; any other has none.
        match entry.event {
            Event::SignOff(_) | Event::BreakGlass(_) => by_people += 1,
            _ => return Err(format!("{LEDGER}:{}: it was added after the seal", entry.seq + 1)),
        }
    }
    let more = match by_people {
        0 => String::new(),
        n => format!("; {n} more, each under a signature of its own"),
    };
    Ok(format!("{} entries, for {}{more}", signed.size, verifier_key(key)))
}

fn statements(record: &Path, ledger: &Ledger) -> Result<statement::Statements, String> {
    let last = ledger.verdict().map(|(_, verdict)| &verdict.sha256);
    let name = last.ok_or_else(|| format!("{LEDGER}: it holds no verdict"))?;
    let report =
        read_regular(&record.join(BLOBS).join(name), LARGEST_REPORT).map_err(|error| error.to_string())?;
    statement::build(ledger, &report)
}

fn envelope(record: &Path, name: &str, key: &PublicKey, expected: &[u8]) -> Result<String, String> {
    let bytes = read_regular(&record.join(name), LARGEST_REPORT).map_err(|error| error.to_string())?;
    let payload = dsse::open(&bytes, key).map_err(|what| format!("{name}: {what}"))?;
    if payload != expected {
        return Err(format!("{name}: it is signed, but says something else than the ledger"));
    }
    Ok("signed, and says what the ledger says".to_owned())
}
