//! News that come to every site alike, and what becomes of them in the storage: what an app in peace keeps of them,
//! an app that was in trouble must keep too. Which record means what, only the app knows; nothing here guesses it.

use std::{collections::BTreeSet, sync::LazyLock};

use cucumber::{then, when};
use regex::Regex;
use serde_json::Value;

use crate::{
    evidence::{Fact, Observation},
    mock_jira::SiteChange,
    scenario::{Failure, World, world::Step},
};

/// What every name of a newcomer begins with, and every project's key.
const NAMES: [&str; 2] = ["Newcomer ", "ZNEWCOMER"];
/// Dates and times, and whatever else counts, differ from day to day.
static COUNTED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\d{4}-\d\d-\d\d(?:[tT ][\d:.]+[zZ]?)?|\d+").ok());

/// How often news came.
#[derive(Debug, Default)]
struct News(u8);

/// What a record says of a newcomer: the letters its key begins with, the field, the text.
type Mention = (String, String, String);

#[when(expr = "something new comes to every site")]
pub(super) fn comes_to_all(world: &mut World) -> Step {
    let number = world.notes::<News>().0;
    world.notes::<News>().0 += 1;
    // Letters: they stay when all that counts is left out.
    let letter = |digit: u8| char::from(b'A' + digit % 26);
    let mark: String = [letter(number / 26), letter(number)].iter().collect();
    let platform = world.scene()?.platform.clone();
    for tenant in super::installed(world) {
        for change in [
            SiteChange::AddProject {
                key: format!("{}{mark}", NAMES[1]),
                name: format!("{}{mark} project", NAMES[0]),
            },
            SiteChange::AddField {
                id: format!("customfield_{}", 97_000 + u32::from(number)),
                name: format!("{}{mark} field", NAMES[0]),
                kind: "string".to_owned(),
            },
            SiteChange::AddStatus { name: format!("{}{mark} status", NAMES[0]), category: "new".to_owned() },
        ] {
            platform.change_site(&tenant, change).map_err(|e| Failure::new(e.to_string()))?;
        }
    }
    Ok(())
}

#[then(expr = "what is kept of the news for {string} is kept for {string} too")]
fn kept_too(world: &mut World, control: String, tenant: String) -> Step {
    let expected = mentions(world, &control)?;
    let kept = mentions(world, &tenant)?;
    // Nothing is expected of an app that keeps no names.
    let lost: Vec<&Mention> = expected.difference(&kept).collect();
    let Some((kind, field, text)) = lost.first() else { return Ok(()) };
    let of = if kind.is_empty() { String::new() } else { format!(" under {kind:?}") };
    Err(Failure::new(format!(
        "lost for good: for {control:?}, which had no trouble, {field:?} of a record{of} says {text:?}; after trouble \
         ({}) and the runs that followed, no record of {tenant:?} says so ({} such in all)",
        trouble_of(world, &tenant),
        lost.len()
    )))
}

/// The kinds of faults that a tenant met.
fn trouble_of(world: &World, whom: &str) -> String {
    let faults: BTreeSet<String> = super::since(world, 0, |log| {
        let fault = |o: &Observation| match &o.fact {
            Fact::FaultInjected { tenant: Some(tenant), fault, .. } if tenant == whom => Some(fault.clone()),
            _ => None,
        };
        log.iter().filter_map(fault).collect()
    });
    faults.into_iter().collect::<Vec<_>>().join(", ")
}

fn mentions(world: &World, tenant: &str) -> Result<BTreeSet<Mention>, Failure> {
    let stored = world.scene()?.platform.stored_keys(tenant).map_err(|e| Failure::new(e.to_string()))?;
    let mut found = BTreeSet::new();
    for (key, value) in &stored {
        let kind: String = key.chars().take_while(char::is_ascii_alphabetic).collect();
        collect(&kind, "", value, &mut found);
    }
    Ok(found)
}

fn collect(kind: &str, field: &str, value: &Value, found: &mut BTreeSet<Mention>) {
    match value {
        Value::String(text) if NAMES.iter().any(|name| text.contains(name)) => {
            let text = COUNTED.as_ref().map_or_else(|| text.into(), |counted| counted.replace_all(text, "#"));
            found.insert((kind.to_owned(), field.to_owned(), text.into_owned()));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(kind, field, item, found)),
        Value::Object(fields) => fields.iter().for_each(|(name, value)| collect(kind, name, value, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_mention_is_the_same_on_another_day_and_another_of_another_newcomer() {
        let of = |value: Value| {
            let mut found = BTreeSet::new();
            collect("drift", "", &value, &mut found);
            found
        };
        let event = |at: &str, mark: &str| json!([{"at": at, "text": format!("\"Newcomer {mark} field\" came at {at}")}]);
        assert_eq!(of(event("2026-01-05T00:00:00.000Z", "AA")), of(event("2026-01-06", "AA")));
        assert_ne!(of(event("2026-01-05", "AA")), of(event("2026-01-05", "AB")));
        assert!(of(json!({"name": "Visitors", "n": 7})).is_empty());
    }
}
