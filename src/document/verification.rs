//! The verification report: what was shown and by what, down to each scenario and file, for whoever audits.

use super::{Block, Section, Told, part};

pub(super) fn sections(told: &Told<'_>) -> Vec<Section> {
    let mut sections = vec![
        part::decision::basis(told),
        part::invariants::section(told),
        part::issues::overview(told),
        part::tests::section(told),
        part::checks::overview(told),
        part::checks::figures(told),
        part::scenarios::metrics(told),
        part::scenarios::section(told),
        part::people::sign_offs(told),
    ];
    sections.extend(part::people::waivers(told));
    sections.extend(part::history::section(told));
    sections.extend([part::checks::files(told), again(told)]);
    sections
}

/// How anybody holds this to its record.
fn again(told: &Told<'_>) -> Section {
    let text = "A document draws a verdict; it is none. Whoever has the record comes to the same, offline:";
    let signers = if told.source.signers.is_some() { " --allowed-signers FILE" } else { "" };
    let key = if told.source.sealed_by.is_some() { " --key FILE" } else { "" };
    let lines = vec![
        format!("gonogo verify gonogo-report{signers}{key}"),
        format!("gonogo judge gonogo-report/record/blobs/{}", told.judgement.evidence.sha256),
        format!("gonogo report --kind verification gonogo-report{signers}{key}"),
    ];
    Section::new("Verify it again", vec![Block::Text(text.to_owned()), Block::Code(lines)])
}
