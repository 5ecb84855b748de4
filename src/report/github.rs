//! GitHub's workflow commands: an annotation a finding, the gravest first, as many as GitHub shows. A text of the
//! evidence ends neither its command nor its property.

use std::fmt::Write as _;

use super::{Look, Weight, brief, findings, printable};
use crate::judge::Judgement;

/// GitHub shows so many annotations of a level a step; what is beyond is dropped without a word.
const SHOWN: usize = 10;
/// A message shows so many characters.
const MESSAGE: usize = 500;

pub(super) fn render(judgement: &Judgement, _: &Look) -> Vec<u8> {
    let findings = findings(judgement);
    let mut out = String::new();
    for level in ["error", "warning", "notice"] {
        let mut of_level: Vec<_> =
            findings.iter().filter(|finding| level_of(finding.weight) == level).collect();
        of_level.sort_by_key(|finding| finding.weight);
        let whole = of_level.len() <= SHOWN;
        for finding in of_level.iter().take(if whole { SHOWN } else { SHOWN - 1 }) {
            let waived = finding.waiver.map_or(String::new(), |waiver| format!(" (waiver {})", waiver.id));
            let text = format!("{}{waived}. What would mend it: {}", finding.message, finding.remedy);
            // Writing to a string cannot fail.
            let _ = writeln!(
                out,
                "::{level} file={},line={},title={}::{}",
                property(&finding.place.path),
                finding.place.line,
                property(&format!("{}: {}", finding.rule, brief(finding.subject, 200))),
                data(&brief(&text, MESSAGE))
            );
        }
        if let Some(left) = of_level.len().checked_sub(SHOWN - 1).filter(|_| !whole) {
            let _ = writeln!(out, "::{level} title=gonogo::{left} more stand in gonogo's reports");
        }
    }
    // Whoever looks for a word of the gate finds one, green as well.
    if judgement.exit_code == 0 {
        let (word, counts) = (data(&brief(&judgement.told(), MESSAGE)), &judgement.counts);
        let passed = format!("{} of {} scenarios passed", counts.passed, counts.planned);
        let _ = writeln!(out, "::notice title=gonogo::{word}: {passed}");
    }
    out.into_bytes()
}

fn level_of(weight: Weight) -> &'static str {
    match weight {
        Weight::Stops | Weight::NotShown => "error",
        Weight::ToFix => "warning",
        Weight::Minor | Weight::Waived => "notice",
    }
}

/// The text of a command.
fn data(text: &str) -> String {
    printable(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a command's property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
