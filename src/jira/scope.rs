//! OAuth scopes: what each allows, and which names exist. The table names those that a Forge manifest may ask
//! for, and `offline_access`; the effect is set by hand, on everything but the app's own storage.

use std::sync::OnceLock;

use super::Effect;

/// The table, sorted by name.
fn table() -> &'static [(&'static str, Effect)] {
    static TABLE: OnceLock<Vec<(&'static str, Effect)>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let rows = include_str!("scopes.tsv").lines().skip(1).filter_map(|line| line.split_once('\t'));
        let mut table: Vec<(&str, Effect)> = rows
            .map(|(name, effect)| (name, if effect == "read" { Effect::Read } else { Effect::Write }))
            .collect();
        table.sort_unstable_by_key(|(name, _)| *name);
        table
    })
}

/// The strongest effect that a scope allows. A scope that is not known to read only allows writes.
#[must_use]
pub fn scope_effect(name: &str) -> Effect {
    let found = table().binary_search_by_key(&name, |(known, _)| known);
    found.map_or(Effect::Write, |place| table()[place].1)
}

/// Every scope name that there is; sorted.
#[must_use]
pub fn known_scopes() -> &'static [&'static str] {
    static KNOWN: OnceLock<Vec<&'static str>> = OnceLock::new();
    KNOWN.get_or_init(|| table().iter().map(|(name, _)| *name).collect())
}

/// The known scopes whose names are nearest, the nearest first, three at most; none when nothing is near.
#[must_use]
pub fn nearest_scopes(name: &str) -> Vec<&'static str> {
    let likeness = |known: &&'static str| (strsim::normalized_damerau_levenshtein(known, name), *known);
    let mut near: Vec<(f64, &str)> =
        known_scopes().iter().map(likeness).filter(|(likeness, _)| *likeness > 0.6).collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    near.into_iter().take(3).map(|(_, known)| known).collect()
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
            ("storage:app", Effect::Read),
            ("view:team:teams", Effect::Read),
            ("act-as-user:connect-jira", Effect::Write),
            ("send:notification:jira", Effect::Write),
            ("redact:issue:jira", Effect::Write),
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
    fn the_table_holds_every_scope_once_and_every_scope_of_an_operation() {
        assert!(known_scopes().is_sorted_by(|a, b| a < b));
        assert_eq!(table().len(), include_str!("scopes.tsv").lines().count() - 1);
        for operation in super::super::operations() {
            for name in operation.classic_scopes.iter().chain(&operation.granular_scopes) {
                assert!(known_scopes().binary_search(name).is_ok(), "{name}");
            }
        }
        for (name, effect) in table() {
            let verb = name.split(':').next().unwrap_or_default();
            let reads =
                ["read", "readonly", "view", "search", "validate", "storage", "report", "offline_access"];
            assert_eq!(*effect == Effect::Read, reads.contains(&verb), "{name}");
        }
    }

    #[test]
    fn a_mistyped_scope_finds_its_nearest_real_names() {
        assert_eq!(
            nearest_scopes("read:jira-configuration"),
            ["manage:jira-configuration", "read:field-configuration:jira", "read:user-configuration:jira"]
        );
        assert_eq!(nearest_scopes("read:jira-wrok")[0], "read:jira-work");
        assert_eq!(nearest_scopes("manage:jira-configuraton")[0], "manage:jira-configuration");
        assert!(nearest_scopes("zzz").is_empty());
    }
}
