//! Steps that change one kind of thing at a time, on a small site and on a large one: what an app sees of the
//! one, it must see of the other. Who reads only the first page of a list does not.

use std::collections::BTreeMap;

use cucumber::{then, when};

use super::{
    firing,
    records::Snapshots,
    traces::{self, Trace},
    trouble,
};
use crate::{
    mock_jira::SiteChange,
    scenario::{Failure, World, world::Step},
};

const KINDS: [&str; 4] = ["project", "field", "status", "issue"];

/// What each kind of change came to.
#[derive(Debug, Default)]
struct Changes(Vec<Change>);

#[derive(Debug)]
struct Change {
    kind: &'static str,
    /// Whether the small site's hash changed.
    small: bool,
    /// Whether the large one's did.
    large: bool,
    /// Whether the small site's did when another of the kind came.
    again: Option<bool>,
}

/// A thing that the small site has, one attribute of which becomes another; by then nothing else changes.
#[derive(Clone, Copy, Debug)]
struct Alteration {
    kind: &'static str,
    attribute: &'static str,
    /// As Jira gives the attribute before; `None` when it is the name itself.
    before: Option<&'static str>,
}

const ALTERATIONS: [Alteration; 5] = [
    Alteration { kind: "field", attribute: "type", before: Some("datetime") },
    Alteration { kind: "status", attribute: "category", before: Some("indeterminate") },
    Alteration { kind: "field", attribute: "name", before: None },
    Alteration { kind: "project", attribute: "name", before: None },
    Alteration { kind: "status", attribute: "name", before: None },
];

#[when(expr = "each day another kind of change comes to both sites, and every scheduled trigger fires")]
async fn one_kind_a_day(world: &mut World) -> Step {
    let tenants = super::installed(world);
    let [small, large] = tenants.as_slice() else { return Err(Failure::new("there are not two tenants")) };
    world.notes::<Snapshots>().is_partial = true;
    for kind in KINDS {
        let altered = bring(world, newcomer(kind, 0), &tenants).await?;
        let [is_small, is_large] = [small, large].map(|tenant| altered.contains(tenant));
        world.notes::<Changes>().0.push(Change { kind, small: is_small, large: is_large, again: None });
    }
    // Who passes over every other one sees the next. Issues may rightly count in one project and not in another.
    let mut counts = vec![];
    for (place, kind) in KINDS.into_iter().enumerate().filter(|(_, kind)| *kind != "issue") {
        let altered = bring(world, newcomer(kind, 1), std::slice::from_ref(small)).await?;
        let is_altered = altered.contains(small);
        if let Some(change) = world.notes::<Changes>().0.get_mut(place) {
            change.again = Some(is_altered);
        }
        counts.push(traces::of(world, small, &[name_of("field", 1)])?);
    }
    if let [.., before, idle] = counts.as_slice() {
        namesake(world, small, [before, idle]).await?;
    }
    for alteration in ALTERATIONS {
        alter(world, small, alteration).await?;
    }
    Ok(())
}

/// A field comes that has the name of one that is there. `earlier` is what named that one before and after a day on
/// which no field changed: each day may rightly leave as much again, and a second field leaves more.
async fn namesake(world: &mut World, tenant: &str, earlier: [&[Trace]; 2]) -> Step {
    let names = [name_of("field", 1)];
    let (id, kind) = ("customfield_98009".to_owned(), "number".to_owned());
    let change = SiteChange::AddField { id, name: names[0].clone(), kind };
    bring(world, change, &[tenant.to_owned()]).await?;
    let now = traces::of(world, tenant, &names)?;
    let [before, idle, now] = [earlier[0], earlier[1], &now].map(traces::shapes);
    let count = |of: &BTreeMap<&str, usize>, shape: &str| of.get(shape).copied().unwrap_or_default();
    let is_missing = |shape: &&str| count(&now, shape) + count(&before, shape) <= 2 * count(&idle, shape);
    let unseen = idle.keys().copied().find(is_missing);
    if let Some(trace) = unseen.and_then(|shape| earlier[1].iter().find(|trace| trace.shape == shape)) {
        let what = format!(
            "when the field {:?} came to the site, the app stored {}; a second field of the same name, with an id and \
             a type of its own, added nothing of the kind: fields may share a name, so let their ids tell them apart",
            names[0],
            trace.shown()
        );
        world.notes::<Overlooked>().0.push(what);
    }
    Ok(())
}

/// One attribute of the first newcomer becomes another. If a new thing of its kind made the hash another one, and
/// the attribute stands in the storage, this does too.
async fn alter(world: &mut World, tenant: &str, alteration: Alteration) -> Step {
    let Alteration { kind, attribute, before } = alteration;
    let is_seen = world.notes::<Changes>().0.iter().any(|change| change.kind == kind && change.small);
    let name = name_of(kind, 0);
    let held = traces::of(world, tenant, std::slice::from_ref(&name))?;
    let holds = |trace: &&Trace| before.is_none_or(|value| trace.text.contains(&format!("\"{value}\"")));
    let Some(held) = held.iter().find(holds).filter(|_| is_seen) else { return Ok(()) };
    let to = format!("Renamed {kind}");
    let (id, key) = ("customfield_98000".to_owned(), "ZNEW0".to_owned());
    let change = match (kind, attribute) {
        ("field", "type") => SiteChange::RetypeField { id, kind: "number".to_owned() },
        ("field", _) => SiteChange::RenameField { id, name: to },
        ("project", _) => SiteChange::RenameProject { key, name: to },
        (_, "category") => SiteChange::RecategorizeStatus { name, category: "done".to_owned() },
        _ => SiteChange::RenameStatus { name, to },
    };
    let shown = held.shown();
    let altered = bring(world, change, &[tenant.to_owned()]).await?;
    if altered.is_empty() {
        let where_it_lies = world.notes::<Snapshots>().keys(tenant).join(", ");
        world.notes::<Overlooked>().0.push(format!(
            "the {attribute} of a {kind} changed, and the hash stayed what it was the day before ({where_it_lies}); a \
             new {kind} changes that hash, and the app stores the {attribute}: {shown}. Let the hash cover all that \
             is compared"
        ));
    }
    Ok(())
}

/// What changed on the small site and left no trace, in words.
#[derive(Debug, Default)]
struct Overlooked(Vec<String>);

/// Changes these sites and fires a day later; returns whose hashes are others now.
async fn bring(world: &mut World, change: SiteChange, tenants: &[String]) -> Result<Vec<String>, Failure> {
    let before: Vec<_> = tenants.iter().map(|tenant| world.notes::<Snapshots>().latest(tenant)).collect();
    for tenant in tenants {
        let platform = &world.scene()?.platform;
        platform.change_site(tenant, change.clone()).map_err(|e| Failure::new(e.to_string()))?;
    }
    trouble::a_day_passes(world)?;
    firing::fire_for(world, tenants).await?;
    let snapshots = world.notes::<Snapshots>();
    let is_other = |(tenant, before): &(&String, Vec<String>)| snapshots.latest(tenant) != *before;
    Ok(tenants.iter().zip(before).filter(is_other).map(|(tenant, _)| tenant.clone()).collect())
}

fn name_of(kind: &str, number: usize) -> String {
    format!("Newcomer {kind} {number}")
}

/// Something new, at the end of its list.
fn newcomer(kind: &str, number: usize) -> SiteChange {
    let name = name_of(kind, number);
    match kind {
        "project" => SiteChange::AddProject { key: format!("ZNEW{number}"), name },
        "field" => {
            let id = format!("customfield_9800{number}");
            SiteChange::AddField { id, name, kind: "datetime".to_owned() }
        }
        "status" => SiteChange::AddStatus { name, category: "indeterminate".to_owned() },
        _ => SiteChange::AddIssues { count: 1 },
    }
}

#[then(expr = "what the small site's change altered, the large site's altered too")]
fn both_alter(world: &mut World) -> Step {
    let changes = &world.notes::<Changes>().0;
    if changes.iter().all(|change| !change.small) {
        return Err(Failure::not_exercised("nothing that a trigger stores changes with the site"));
    }
    if let Some(Change { kind, .. }) = changes.iter().find(|change| change.small && !change.large) {
        return Err(Failure::new(format!(
            "a new {kind} alters the hash that is stored of a small site and not that of a large one, where it stands at \
             the end of a list of more than one page (exactly full until then): most likely that list is not read to \
             its end"
        )));
    }
    match changes.iter().find(|change| change.again.is_some_and(|again| again != change.small)) {
        None => {}
        Some(Change { kind, .. }) => {
            return Err(Failure::new(format!(
                "of two new things of the kind {kind:?}, one alters the hash that is stored and the other does not: most \
                 likely a part of the site is left out"
            )));
        }
    }
    match world.notes::<Overlooked>().0.first() {
        None => Ok(()),
        Some(first) => Err(Failure::new(first.clone())),
    }
}
