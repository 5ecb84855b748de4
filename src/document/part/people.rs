//! What people answer for: sign-offs, items of the checklist, waivers.

use super::{
    super::{Block, Section, Told, table},
    lasted,
};
use crate::{
    evidence::Stage,
    judge::{SignedResult, WaiverResult},
};

const NO_ROLES: &str = "The release's policy names nobody who must sign (\"release.sign_offs\").";

/// Who must sign, who has, and how long that took.
pub(in crate::document) fn sign_offs(told: &Told<'_>) -> Section {
    let title = "Sign-offs";
    let Some(release) = &told.judgement.release else {
        return Section::new(title, vec![Block::Gap(NO_ROLES.to_owned())]);
    };
    let mut blocks = vec![signed("Who must sign", "Role", &release.sign_offs, NO_ROLES)];
    if told.source.signers.is_none() && told.source.sign_offs > 0 {
        blocks.push(Block::Gap(
            "No file of allowed signers was given (--allowed-signers), so no signature in the record counts."
                .to_owned(),
        ));
    }
    Section::new(title, blocks)
}

/// The items of the checklist in one stage; `None` where there is none.
pub(in crate::document) fn items(told: &Told<'_>, stage: Stage) -> Option<Block> {
    let release = told.judgement.release.as_ref()?;
    let of_stage: Vec<SignedResult> =
        release.items.iter().filter(|item| item.stage == Some(stage)).cloned().collect();
    let caption = format!("What a person does and signs, {}", stage.word());
    (!of_stage.is_empty()).then(|| signed(&caption, "Item", &of_stage, ""))
}

fn signed(caption: &str, head: &str, all: &[SignedResult], without: &str) -> Block {
    let row = |signed: &SignedResult| {
        let status = match (signed.is_signed(), signed.rejected) {
            (true, _) => "signed",
            (false, true) => "rejected",
            (false, false) => "open",
        };
        let void = signed.void.iter().map(|void| format!("void: {void}"));
        let who: Vec<String> = signed.signed_by.iter().cloned().chain(void).collect();
        vec![
            signed.name.clone(),
            format!("{status}, {} of {}", signed.signed_by.len(), signed.needed.max(1)),
            if who.is_empty() { "nobody".to_owned() } else { who.join("; ") },
            signed.took_ms.map_or_else(String::new, lasted),
        ]
    };
    let heads = [head, "Status", "Who", "After the run began"];
    table(caption, &heads, all.iter().map(row).collect(), without)
}

/// What is let pass for a while; `None` where nothing is.
pub(in crate::document) fn waivers(told: &Told<'_>) -> Option<Section> {
    let waivers = told.judgement.release.iter().flat_map(|release| &release.waivers);
    let row = |waiver: &WaiverResult| {
        let WaiverResult { id, check, reason, owner, expires, standing } = waiver;
        let standing = standing.word().to_owned();
        vec![id.clone(), check.clone(), standing, reason.clone(), owner.clone(), expires.clone()]
    };
    let rows: Vec<Vec<String>> = waivers.map(row).collect();
    let heads = ["Waiver", "Covers", "Standing", "Why", "Answers for it", "Until"];
    (!rows.is_empty())
        .then(|| Section::new("Waivers", vec![table("What is let pass for a while", &heads, rows, "")]))
}
