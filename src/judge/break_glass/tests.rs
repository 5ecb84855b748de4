//! Who may break the glass, and what that changes: the exit code, if it is accepted, and nothing else.

use super::*;
use crate::{
    evidence::{CheckKind, Header, PlannedCheck, Release, Role, Severity, file::Sealed},
    judge::{ACCEPT_GO_AFTER_FIXES, Judge, Judgement, tests},
};

fn release() -> Release {
    let role = |name: &str, members: &[&str]| Role {
        name: name.to_owned(),
        needed: 1,
        members: members.iter().map(|member| (*member).to_owned()).collect(),
    };
    Release { roles: vec![role("CTO", &["cleo"]), role("DevOps Lead", &[])], ..Release::default() }
}

fn breaks(who: &str, role: &str, why: &str) -> Approval {
    Approval {
        role: role.to_owned(),
        item: None,
        principal: who.to_owned(),
        fingerprint: "SHA256:c".to_owned(),
        at: Some("2026-03-01T12:00:00Z".parse().expect("a time")),
        void: Some(format!("signed `break_glass`: {why}")),
        rejects: false,
        overrides: Some(why.to_owned()),
    }
}

fn judged(header: Header, approvals: &[Approval]) -> Judgement {
    let judge = Judge::new(header);
    judge.conclude(Sealed { sha256: String::new(), observations: 0 }, approvals)
}

fn told(release: Option<Release>, approval: Approval) -> String {
    judged(Header { release, ..tests::header(0) }, &[approval]).told()
}

#[test]
fn only_a_member_of_a_role_who_gives_a_reason_overrides() {
    let by_item = Approval { item: Some("smoke".to_owned()), ..breaks("cleo", "", "an outage") };
    let void = Approval { overrides: None, ..breaks("cleo", "CTO", "an outage") };
    for (release, approval, expected) in [
        (
            Some(release()),
            breaks("cleo", "CTO", " an outage "),
            "UNDECIDED, overridden by cleo as CTO at 2026-03-01T12:00:00Z: an outage",
        ),
        (
            Some(release()),
            breaks("ann", "DevOps Lead", "an outage"),
            "UNDECIDED, overridden by ann as DevOps Lead at 2026-03-01T12:00:00Z: an outage",
        ),
        (
            None,
            breaks("ann", "Oncall", "an outage"),
            "UNDECIDED, overridden by ann as Oncall at 2026-03-01T12:00:00Z: an outage",
        ),
        (Some(release()), breaks("ann", "CTO", "an outage"), "UNDECIDED"),
        (Some(release()), breaks("ann", "Oncall", "an outage"), "UNDECIDED"),
        (Some(release()), breaks("cleo", "CTO", "  "), "UNDECIDED"),
        (Some(release()), by_item.clone(), "UNDECIDED"),
        (None, by_item, "UNDECIDED"),
        (Some(release()), void, "UNDECIDED"),
    ] {
        assert_eq!(told(release, approval.clone()), expected, "{approval:?}");
    }
}

#[test]
fn an_overridden_verdict_stays_and_its_exit_code_too_unless_that_is_accepted() {
    let failed = PlannedCheck {
        id: "secrets".to_owned(),
        title: "Secrets".to_owned(),
        kind: CheckKind::Secrets,
        severity: Severity::Sev1,
    };
    let outcome = |stops: bool, accepted: &[&str], approvals: &[Approval]| {
        let checks = if stops { vec![failed.clone()] } else { vec![] };
        let release = Some(Release { checks, ..release() });
        let accepted = accepted.iter().map(|word| (*word).to_owned()).collect();
        let mut judge = Judge::new(Header { release, accepted, ..tests::header(0) });
        if stops {
            judge.log(&tests::observed(vec![
                crate::evidence::Fact::CheckPlanned(failed.clone()),
                crate::evidence::Fact::CheckSaw(crate::evidence::CheckFact::SecretSeen {
                    rule: "jwt".to_owned(),
                    place: "a:1".to_owned(),
                    shown: "eyJ…".to_owned(),
                }),
                crate::evidence::Fact::CheckEnded {},
            ]));
        }
        let judgement = judge.conclude(Sealed { sha256: String::new(), observations: 0 }, approvals);
        (judgement.verdict.word(), judgement.exit_code, judgement.overridden.len())
    };
    let by = [breaks("cleo", "CTO", "an outage"), breaks("ann", "DevOps Lead", "the same")];
    let stranger = [breaks("ann", "CTO", "an outage")];
    for (stops, accepted, approvals, expected) in [
        (true, &[][..], &by[..], ("NO-GO", 1, 2)),
        (true, &[ACCEPT_BREAK_GLASS], &by, ("NO-GO", 0, 2)),
        (true, &[ACCEPT_GO_AFTER_FIXES], &by, ("NO-GO", 1, 2)),
        (true, &[ACCEPT_BREAK_GLASS], &stranger, ("NO-GO", 1, 0)),
        (true, &[ACCEPT_BREAK_GLASS], &[], ("NO-GO", 1, 0)),
        (false, &[], &by[..1], ("UNDECIDED", 4, 1)),
        (false, &[ACCEPT_BREAK_GLASS], &by[..1], ("UNDECIDED", 0, 1)),
        (false, &[ACCEPT_BREAK_GLASS], &[], ("UNDECIDED", 4, 0)),
    ] {
        assert_eq!(outcome(stops, accepted, approvals), expected, "{accepted:?} {approvals:?}");
    }
}

#[test]
fn a_go_has_nothing_to_override() {
    let (scenarios, invariants, issues) = tests::shown();
    let basis = crate::judge::verdict::Basis {
        planned: 2,
        scenarios: &scenarios,
        invariants: &invariants,
        issues: &issues,
        flaws: &[],
        unmet_claims: 0,
        left_out: 0,
        shard: None,
        release: None,
    };
    let by = [breaks("cleo", "CTO", "an outage")];
    let go = crate::judge::verdict::decide(&basis);
    assert_eq!(go.word(), "UNCONDITIONAL GO");
    for (verdict, count) in [(go, 0), (Verdict::GoAfterFixes, 0), (Verdict::Undecided, 1), (Verdict::NoGo, 1)]
    {
        assert_eq!(overrides(verdict, None, &by).len(), count, "{verdict}");
    }
}
