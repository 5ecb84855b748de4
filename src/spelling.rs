//! "Did you mean": the nearest of the names that there are. Never corrects anything by itself.

/// The name nearest to `word`, if one is near enough to be meant.
pub fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let word = word.to_lowercase();
    let distance = |name: &str| strsim::damerau_levenshtein(&word, &name.to_lowercase());
    let (distance, name) = names.into_iter().map(|name| (distance(name), name)).min()?;
    let longest = word.chars().count().max(name.chars().count());
    (distance * 5 <= longest * 2).then(|| name.to_owned())
}

/// `; did you mean …?`, or nothing.
#[must_use]
pub fn suggestion(nearest: Option<&str>) -> String {
    nearest.map(|nearest| format!("; did you mean `{nearest}`?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_offered_only_when_it_is_near() {
        let names = ["read_only_jira", "tenant_isolation", "silent_by_default"];
        for (word, expected) in [
            ("read_only_jirra", Some("read_only_jira")),
            ("Tenant_Isolatoin", Some("tenant_isolation")),
            ("x", None),
            ("entirely different", None),
        ] {
            assert_eq!(nearest(word, names).as_deref(), expected, "{word}");
        }
    }
}
