//! The releases before this one, as each record names the one before.

use super::super::{Section, Told, table};

/// `None` where no record before is named.
pub(in crate::document) fn section(told: &Told<'_>) -> Option<Section> {
    let release = told.judgement.release.as_ref()?;
    let this = [release.version.clone(), told.judgement.verdict.to_string(), "this record".to_owned()];
    let before = release.history().map(|past| {
        let version = past.version.clone().unwrap_or_else(|| "unnamed".to_owned());
        vec![version, past.verdict.clone(), past.root.clone()]
    });
    let rows: Vec<_> = [this.to_vec()].into_iter().chain(before).collect();
    let heads = ["Version", "Verdict", "Root of its record"];
    let caption = "This release and those before it, each named by the record behind it";
    (rows.len() > 1).then(|| Section::new("History", vec![table(caption, &heads, rows, "")]))
}
