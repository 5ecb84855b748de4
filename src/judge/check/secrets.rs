//! Secrets committed in the tree: each stops a release, for whoever can read the tree has them.

use super::{Finding, counted};
use crate::evidence::CheckFact;

pub(super) fn judge(facts: &[&CheckFact]) -> Finding {
    let mut finding = Finding::default();
    let mut searched = 0;
    for fact in facts {
        match fact {
            CheckFact::SecretSeen { rule, place, shown } => {
                finding.item("secret", format!("{place}: {rule}, {shown}"))
            }
            CheckFact::TreeSearched { files, left_out, .. } => {
                searched += files;
                finding.figure("files searched", Some(files.to_string()), None);
                finding.figure("files left out", Some(left_out.to_string()), None);
            }
            _ => {}
        }
    }
    let secrets = finding.items.iter().filter(|item| item.kind == "secret").count();
    finding.figure("secrets", Some(secrets.to_string()), Some("none".to_owned()));
    if secrets > 0 {
        finding.stops = true;
        let first = finding.items.first().map(|item| item.text.clone()).unwrap_or_default();
        let what = counted(secrets, "secret");
        finding
            .failed
            .push(format!("{what} in the tree: {first}; revoke it, then take it out of the history"));
    } else if searched == 0 {
        finding.missing.push("no file was searched for secrets".to_owned());
    }
    finding.shown = "no secret was found in the tree".to_owned();
    finding
}
