//! `gonogo verify`: whether a record, or a signed verdict, is what it says. Writes nothing, asks no network.

use std::{fmt::Write as _, path::Path};

use anyhow::{Context as _, anyhow};
use comfy_table::{ContentArrangement, Table, presets};

use super::{Console, Refusal, now, record_in, signers::Signers};
use crate::{
    cli,
    exit::Exit,
    record::{
        PublicKey, ledger, read_regular,
        verify::{self, Finding, Report, Trust},
    },
    report::printable,
};

/// No signed verdict is larger. Bytes.
const LARGEST_ENVELOPE: u64 = 256 << 20;

/// Verifies, and says what it found.
pub(super) fn verify(arguments: &cli::Verify, console: &mut Console) -> Result<u8, Refusal> {
    let path = arguments.path.as_path();
    let key = arguments.key.as_deref().map(PublicKey::read).transpose().map_err(unusable)?;
    let signers = Signers::read(&arguments.signers, console);
    let Signers { allowed, revoked, .. } =
        signers.map_err(|error| Refusal::input(error.context("cannot verify")))?;
    let predecessor = arguments.predecessor.as_deref().map(record_in);
    let trust = Trust {
        key: key.as_ref(),
        allowed: allowed.as_ref(),
        revoked: &revoked,
        predecessor: predecessor.as_deref(),
        at: arguments.at.unwrap_or_else(now),
    };
    let report = match path.is_file() && path.file_name().is_none_or(|name| name != ledger::LEDGER) {
        true => envelope(path, key.as_ref())?,
        false => verify::verify(&place(path)?, &trust),
    };
    console.document(drawn(path, &report, console.width).as_bytes())?;
    Ok(match report.finding() {
        Finding::Verified => Exit::Go.code(),
        Finding::Absent | Finding::NotShown | Finding::Failed => Exit::NoGo.code(),
    })
}

/// A record without a ledger is one that was broken; a folder without any of it is none.
fn place(path: &Path) -> Result<std::path::PathBuf, Refusal> {
    let record = record_in(path);
    let is_record = [ledger::LEDGER, ledger::HEAD, "blobs"].iter().any(|name| record.join(name).exists());
    match is_record {
        true => Ok(record),
        false => Err(Refusal::input(anyhow!("cannot verify {}: there is no record in it", path.display()))),
    }
}

fn envelope(path: &Path, key: Option<&PublicKey>) -> Result<Report, Refusal> {
    let bytes = read_regular(path, LARGEST_ENVELOPE).map_err(unusable)?;
    let place = path.display();
    if !bytes.starts_with(b"{\"payload\"") {
        let what = "it is neither a record's folder nor a DSSE envelope";
        return Err(Refusal::input(anyhow!("cannot verify {place}: {what}")));
    }
    let key = key.with_context(|| format!("cannot verify {place}: by whose key? give --key FILE"));
    Ok(verify::verify_envelope(&bytes, key.map_err(Refusal::input)?))
}

fn unusable(error: crate::record::RecordError) -> Refusal {
    Refusal::input(anyhow::Error::new(error).context("cannot verify"))
}

fn drawn(path: &Path, report: &Report, width: u16) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_width(width.max(40));
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["what", "finding", "why"]);
    for row in &report.rows {
        table.add_row([printable(&row.what), row.finding.word().to_owned(), printable(&row.detail)]);
    }
    let mut text = format!("{table}\n");
    let verdict = report.verdict.as_deref().map(printable).unwrap_or_else(|| "none".to_owned());
    let previous = report.previous.as_deref().map(printable).unwrap_or_else(|| "none".to_owned());
    // Writing to a string cannot fail.
    let _ = writeln!(text, "verdict: {previous} → {verdict}");
    if let Some(who) = &report.overridden {
        let _ = writeln!(text, "OVERRIDDEN, and still {verdict}: {}", printable(who));
    }
    let said = match report.finding() {
        Finding::Verified => "VERIFIED",
        Finding::Absent | Finding::NotShown => "NOT VERIFIED: something could not be shown",
        Finding::Failed => "NOT VERIFIED",
    };
    let _ = writeln!(text, "{}: {said}", path.display());
    text
}
