//! How many people have signed in which role. Counts sign-offs that stand; what a lacking one means for the
//! release is not said here.

use super::{
    entry::Decision,
    sign_off::{SignOff, Standing},
};

/// A role, and how many people it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Required {
    /// As sign-offs name it.
    pub role: String,
    /// At least one.
    pub people: usize,
}

/// What stands for a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleStanding {
    /// As sign-offs name it.
    pub role: String,
    /// How many people it takes.
    pub people: usize,
    /// Who approves.
    pub approved: Vec<String>,
    /// Who rejects.
    pub rejected: Vec<String>,
    /// Sign-offs that do not count: who, and why.
    pub void: Vec<(String, String)>,
}

/// What a role comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleState {
    /// So many as it takes approve, and nobody rejects.
    Signed,
    /// Too few have decided.
    Open,
    /// Somebody rejects; how many approve does not matter.
    Rejected,
}

impl RoleStanding {
    /// What it comes to.
    #[must_use]
    pub fn state(&self) -> RoleState {
        if !self.rejected.is_empty() {
            RoleState::Rejected
        } else if self.approved.len() >= self.people.max(1) {
            RoleState::Signed
        } else {
            RoleState::Open
        }
    }
}

/// What stands for each role, in the order of the roles. Whoever breaks the glass does not approve.
#[must_use]
pub fn roles(required: &[Required], sign_offs: &[SignOff]) -> Vec<RoleStanding> {
    let of_role = |required: &Required| {
        let mut standing = RoleStanding {
            role: required.role.clone(),
            people: required.people,
            approved: vec![],
            rejected: vec![],
            void: vec![],
        };
        for sign_off in sign_offs.iter().filter(|sign_off| sign_off.role == required.role) {
            let who = sign_off.principal.clone();
            match (&sign_off.standing, sign_off.decision) {
                (Standing::Valid, Decision::Approve) => standing.approved.push(who),
                (Standing::Valid, Decision::Reject) => standing.rejected.push(who),
                (Standing::Valid, Decision::BreakGlass) | (Standing::Superseded(_), _) => {}
                (Standing::Void(why), _) => standing.void.push((who, why.clone())),
                (Standing::Expired(when), _) => {
                    standing.void.push((who, format!("the key was good until {when}")));
                }
                (Standing::Unknown, _) => {
                    standing.void.push((who, "whose key it is, nobody says".to_owned()));
                }
            }
        }
        standing
    };
    required.iter().map(of_role).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sign_off(principal: &str, decision: Decision, standing: Standing) -> SignOff {
        SignOff {
            line: 7,
            role: "CTO".to_owned(),
            principal: principal.to_owned(),
            decision,
            note: None,
            signed_at: None,
            fingerprint: principal.to_owned(),
            standing,
        }
    }

    #[test]
    fn a_role_is_signed_by_so_many_as_it_takes_and_by_a_single_no_it_is_not() {
        let yes = |who| sign_off(who, Decision::Approve, Standing::Valid);
        let no = |who| sign_off(who, Decision::Reject, Standing::Valid);
        let glass = |who| sign_off(who, Decision::BreakGlass, Standing::Valid);
        let void = |who| sign_off(who, Decision::Approve, Standing::Void("x".to_owned()));
        let old = |who| sign_off(who, Decision::Reject, Standing::Superseded(9));
        for (people, signed, state) in [
            (1, vec![], RoleState::Open),
            (0, vec![], RoleState::Open),
            (1, vec![yes("a")], RoleState::Signed),
            (2, vec![yes("a")], RoleState::Open),
            (2, vec![yes("a"), yes("b")], RoleState::Signed),
            (1, vec![yes("a"), no("b")], RoleState::Rejected),
            (1, vec![glass("a")], RoleState::Open),
            (1, vec![void("a")], RoleState::Open),
            (1, vec![old("a"), yes("a")], RoleState::Signed),
        ] {
            let required = [Required { role: "CTO".to_owned(), people }];
            let standing = roles(&required, &signed).remove(0);
            assert_eq!(standing.state(), state, "{standing:?}");
        }
    }
}
