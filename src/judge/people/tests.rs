//! Who may sign an item of the checklist, and what a signature of anybody else is worth.

use super::*;
use crate::evidence::{Limits, ManualItem};

fn release(members: &[&str]) -> Release {
    let members = members.iter().map(|&member| member.to_owned()).collect();
    let item = ManualItem { id: "smoke".into(), stage: Stage::Staging, title: "click".into(), members };
    Release {
        version: "1".into(),
        commit: None,
        checks: vec![],
        limits: Limits::default(),
        roles: vec![],
        items: vec![item],
        waivers: vec![],
        ..Release::default()
    }
}

fn approval(principal: &str, rejects: bool) -> Approval {
    Approval {
        role: String::new(),
        item: Some("smoke".into()),
        principal: principal.into(),
        fingerprint: format!("SHA256:{principal}"),
        at: None,
        void: rejects.then(|| "signed `reject`: it hangs".to_owned()),
        rejects,
        overrides: None,
    }
}

#[test]
fn an_item_is_signed_by_those_whom_it_names_and_by_anybody_when_it_names_none() {
    let (ann, bob, no) = (approval("ann", false), approval("bob", false), approval("bob", true));
    let stranger = "bob: is none of those who may sign smoke";
    for (members, approvals, is_signed, void) in [
        (&[][..], vec![bob.clone()], true, vec![]),
        (&["ann"], vec![bob.clone()], false, vec![stranger]),
        (&["ann"], vec![bob.clone(), ann.clone()], true, vec![stranger]),
        (&["ann", "bob"], vec![bob], true, vec![]),
        (&["ann", "bob"], vec![ann.clone(), no.clone()], false, vec!["bob: signed `reject`: it hangs"]),
        // Whoever may not sign cannot stop it, either.
        (&["ann"], vec![ann, no], true, vec!["bob: signed `reject`: it hangs"]),
    ] {
        let mut found = items(&release(members), Timestamp::UNIX_EPOCH, &approvals);
        let found = found.remove(0);
        assert_eq!((found.is_signed(), found.void), (is_signed, void.iter().map(|v| (*v).into()).collect()));
    }
}
