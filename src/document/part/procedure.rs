//! How the release goes out, as its policy says: steps with their time, the canary, what is looked at afterwards.

use super::{
    super::{Block, Played, Section, Step, Told, table},
    people,
};
use crate::{
    evidence::{self, PostDeployCheck, Rollout, Stage},
    judge::{CheckItem, PostDeploy},
};

/// How the release goes out; `None` where it has no policy.
pub(super) fn rollout<'a>(told: &Told<'a>) -> Option<&'a Rollout> {
    told.judgement.release.as_ref().map(|release| &release.rollout)
}

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
    let steps = rollout(told).map_or(&[][..], |rollout| rollout.deployment.as_slice());
    let gap = "The release's policy does not tell how it is deployed (\"release.deployment\").";
    let mut blocks = procedure(steps, gap);
    blocks.extend(
        [Stage::Staging, Stage::Production].into_iter().filter_map(|stage| people::items(told, stage)),
    );
    Section::new("Deployment procedure", blocks)
}

/// Steps with their time, and all of it.
pub(super) fn procedure(steps: &[evidence::Step], without: &str) -> Vec<Block> {
    if steps.is_empty() {
        return vec![Block::Gap(without.to_owned())];
    }
    let step = |step: &evidence::Step| Step {
        text: format!("{} ({})", step.title, minutes(u64::from(step.minutes))),
        commands: step.command.iter().flat_map(|command| command.lines()).map(str::to_owned).collect(),
        details: vec![],
    };
    let all = steps.iter().map(|step| u64::from(step.minutes)).sum();
    let said =
        format!("Planned to take {} in all, as the policy says; nobody has measured it.", minutes(all));
    vec![Block::Steps(steps.iter().map(step).collect()), Block::Text(said)]
}

pub(super) fn minutes(count: u64) -> String {
    match (count / 60, count % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// How much of the traffic has it, and for how long.
pub(in crate::document) fn canary(told: &Told<'_>) -> Section {
    let title = "Canary";
    let Some(rollout) = rollout(told).filter(|rollout| !rollout.canary.is_empty()) else {
        let gap = "The release has no policy, so it has no canary.";
        return Section::new(title, vec![Block::Gap(gap.to_owned())]);
    };
    let row =
        |step: &evidence::CanaryStep| vec![format!("{} %", step.percent), minutes(u64::from(step.minutes))];
    let rows: Vec<Vec<String>> = rollout.canary.iter().map(row).collect();
    let all = rollout.canary.iter().map(|step| u64::from(step.minutes)).sum();
    let mut blocks =
        vec![table("Steps, each with a window of data of its own", &["Share", "Watched for"], rows, "")];
    if rollout.canary == Rollout::usual_canary() {
        blocks.push(Block::Text("These are gonogo's own steps.".to_owned()));
    }
    let said = "A step is promoted when the post-deploy checks hold over its whole window, held while data is missing, and \
                rolled back when one of them misses its target";
    blocks.push(Block::Text(format!("{said}; {} in all.", minutes(all))));
    if rollout.post_deploy.is_empty() {
        blocks.push(Block::Gap(
            "The policy names no post-deploy check (\"release.post_deploy\"), so nothing can promote a step."
                .to_owned(),
        ));
    }
    blocks.extend(played(told));
    Section::new(title, blocks)
}

/// How far it is out.
fn played(told: &Told<'_>) -> Option<Block> {
    let row = |played: &Played| {
        let Played { at, decision, percent, why, .. } = played;
        vec![at.clone(), decision.clone(), format!("{percent} %"), why.join("; ")]
    };
    let rows: Vec<_> = told.source.rollout.iter().map(row).collect();
    let caption = "What was decided so far, each from data that the record holds";
    (!rows.is_empty()).then(|| table(caption, &["When", "Decision", "Share from then on", "Why"], rows, ""))
}

/// What is looked at once it is out.
pub(in crate::document) fn post_deploy(told: &Told<'_>) -> Section {
    let own = rollout(told).map_or(&[][..], |rollout| rollout.post_deploy.as_slice());
    let row = |check: &PostDeployCheck| {
        let window = minutes(u64::from(check.window_minutes));
        vec![check.id.clone(), check.title.clone(), check.metric.clone(), target(check), window]
    };
    let heads = ["Check", "What", "Metric", "Target", "Watched for"];
    let gap = "The release's policy names none of its own (\"release.post_deploy\").";
    let mut blocks = vec![table("As the policy says", &heads, own.iter().map(row).collect(), gap)];
    let row = |check: &PostDeploy| vec![check.check.clone(), check.target.clone()];
    let rows = told.judgement.post_deploy.iter().map(row).collect();
    let caption = "What every release of such an app is looked at for, by the thresholds of the run";
    blocks.push(table(caption, &["Look at", "It should show"], rows, "There is none."));
    blocks.extend(people::items(told, Stage::PostDeploy));
    Section::new("Post-deploy checks", blocks)
}

fn target(check: &PostDeployCheck) -> String {
    let limits = [
        check.at_least.map(|least| format!("at least {least}")),
        check.at_most.map(|most| format!("at most {most}")),
        check.growth_percent.map(|most| format!("at most {most} % above the released version")),
    ];
    limits.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
