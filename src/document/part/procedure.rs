//! How the release goes out, as its policy says: steps with their time, the canary, what is looked at afterwards.

use super::{
    super::{Block, Section, Told, table},
    people,
};
use crate::{
    evidence::Stage,
    judge::{CheckItem, PostDeploy},
};

/// What must be so before anything is deployed.
pub(in crate::document) fn before(told: &Told<'_>) -> Section {
    let row = |item: &CheckItem| vec![item.item.clone(), item.status.word().to_owned()];
    let rows = told.judgement.checklist.iter().map(row).collect();
    let shown =
        table("As far as the evidence tells", &["What", "Status"], rows, "The evidence tells of nothing.");
    let mut blocks = vec![shown];
    blocks.extend(people::items(told, Stage::PreDeploy));
    Section::new("Before deployment", blocks)
}

/// What is done to deploy.
pub(in crate::document) fn deployment(told: &Told<'_>) -> Section {
    let gap = "The release's policy does not tell how it is deployed.";
    let mut blocks = vec![Block::Gap(gap.to_owned())];
    blocks.extend(
        [Stage::Staging, Stage::Production].into_iter().filter_map(|stage| people::items(told, stage)),
    );
    Section::new("Deployment procedure", blocks)
}

/// How much of the traffic has it, and for how long.
pub(in crate::document) fn canary(_: &Told<'_>) -> Section {
    Section::new("Canary", vec![Block::Gap("The release's policy does not tell of a canary.".to_owned())])
}

/// What is looked at once it is out.
pub(in crate::document) fn post_deploy(told: &Told<'_>) -> Section {
    let row = |check: &PostDeploy| vec![check.check.clone(), check.target.clone()];
    let rows = told.judgement.post_deploy.iter().map(row).collect();
    let mut blocks = vec![table("gonogo's own", &["Look at", "It should show"], rows, "There is none.")];
    blocks.extend(people::items(told, Stage::PostDeploy));
    Section::new("Post-deploy checks", blocks)
}
