//! OAuth scopes: what each allows, and which names exist.

use std::{collections::BTreeSet, sync::OnceLock};

use super::{Effect, operations};

/// The strongest effect that a scope allows. A scope that is not known to read only allows writes.
#[must_use]
pub fn scope_effect(name: &str) -> Effect {
    const BESIDE: [&str; 2] = ["validate:jql:jira", "offline_access"];
    let known = BESIDE.contains(&name) || known_scopes().binary_search(&name).is_ok();
    if known && (name.starts_with("read:") || BESIDE.contains(&name)) { Effect::Read } else { Effect::Write }
}

/// Every scope name that the operation table names, and those of the identity service; sorted.
#[must_use]
pub fn known_scopes() -> &'static [&'static str] {
    static KNOWN: OnceLock<Vec<&'static str>> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let beside = ["manage:jira-data-provider", "offline_access", "read:account", "read:me"];
        let of_table = operations().iter().flat_map(|o| o.classic_scopes.iter().chain(&o.granular_scopes));
        of_table.copied().chain(beside).collect::<BTreeSet<_>>().into_iter().collect()
    })
}

/// The known scope whose name is nearest, for "did you mean"; `None` when nothing is near.
#[must_use]
pub fn nearest_scope(name: &str) -> Option<&'static str> {
    known_scopes()
        .iter()
        .map(|known| (strsim::normalized_damerau_levenshtein(known, name), *known))
        .filter(|(likeness, _)| *likeness > 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_reads_only_when_its_name_says_so_and_exists() {
        for (name, effect) in [
            ("read:jira-work", Effect::Read),
            ("read:workflow:jira", Effect::Read),
            ("validate:jql:jira", Effect::Read),
            ("offline_access", Effect::Read),
            ("read:me", Effect::Read),
            ("write:jira-work", Effect::Write),
            ("manage:jira-configuration", Effect::Write),
            ("delete:comment.property:jira", Effect::Write),
            ("read:jira-configuration", Effect::Write),
            ("", Effect::Write),
        ] {
            assert_eq!(scope_effect(name), effect, "{name}");
        }
    }

    #[test]
    fn a_mistyped_scope_finds_its_nearest_real_name() {
        assert_eq!(nearest_scope("read:jira-wrok"), Some("read:jira-work"));
        assert_eq!(nearest_scope("manage:jira-configuraton"), Some("manage:jira-configuration"));
        assert_eq!(nearest_scope("zzz"), None);
    }
}
