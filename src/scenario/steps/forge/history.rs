//! Steps that look at what an app keeps of days gone by: each day's changes leave what those of the first day left,
//! and an upgrade leaves it in place.

use std::{collections::BTreeSet, time::Duration};

use cucumber::{then, when};

use super::{
    events, firing,
    traces::{self, Trace},
    trouble,
};
use crate::{
    clock::Clock as _,
    scenario::{Failure, World, world::Step},
};

/// From the second week of the first month to its end.
const TO_MONTH_END: Duration = Duration::from_secs(17 * 86_400);
/// How the names begin of what comes to a site when it changes all over.
const VISITORS: [&str; 4] = ["Visitors ", "Visited by ", "Visited ", "Renamed "];

/// What the changes of the days left in the storage.
#[derive(Debug, Default)]
struct Days {
    /// The first day with changes, and what named each thing that came then.
    first: Option<(String, Vec<Vec<Trace>>)>,
    /// Days that left less, in words.
    poorer: Vec<String>,
}

/// Takes down what today's changes left. A day that left nothing at all is one on which the app did not look.
pub(super) fn note_day(world: &mut World, tenant: &str) -> Step {
    let now = world.scene()?.clock.now().to_string();
    let today = now.get(..10).unwrap_or_default().to_owned();
    let mut left = vec![];
    for name in trouble::latest_names(world, tenant) {
        left.push(traces::of(world, tenant, &[name])?);
    }
    let days = world.notes::<Days>();
    let Some((day, first)) = &days.first else {
        days.first = Some((today, left));
        return Ok(());
    };
    for (first, now) in first.iter().zip(&left).filter(|(_, now)| !now.is_empty()) {
        let shapes = traces::shapes(now);
        if let Some(trace) = first.iter().find(|trace| !shapes.contains_key(trace.shape.as_str())) {
            let what = format!(
                "the changes of {day} left {} in the storage; changes of the same kinds on {today} left nothing like \
                 it: compare with the latest snapshot that there is, whatever its date, and sort dates as dates",
                trace.shown()
            );
            days.poorer.push(what);
        }
    }
    Ok(())
}

#[when(expr = "the end of the month comes and every scheduled trigger fires for {string} on {int} more days")]
async fn month_end(world: &mut World, tenant: String, days: usize) -> Step {
    world.pass(TO_MONTH_END)?;
    // The first day after the gap may rightly have nothing to compare with.
    for day in 0..=days {
        trouble::a_day_passes(world)?;
        trouble::changes_all_over(world, tenant.clone())?;
        firing::fire_for(world, std::slice::from_ref(&tenant)).await?;
        if day > 0 {
            note_day(world, &tenant)?;
        }
    }
    Ok(())
}

#[then(expr = "each day's changes left what those of the first day left")]
fn days_are_alike(world: &mut World) -> Step {
    match world.notes::<Days>().poorer.first() {
        None => Ok(()),
        Some(first) => Err(Failure::new(first.clone())),
    }
}

/// What the storage held before an upgrade.
#[derive(Debug, Default)]
struct Before(Vec<Trace>);

#[when(expr = "the platform tells the app of {string} of an upgrade")]
async fn upgraded(world: &mut World, tenant: String) -> Step {
    let before = traces::of(world, &tenant, &VISITORS.map(str::to_owned))?;
    world.notes::<Before>().0 = before;
    events::send(world, |event| event == events::UPGRADED).await
}

#[then(expr = "nothing that the app had stored of the site of {string} is gone")]
fn nothing_is_gone(world: &mut World, tenant: String) -> Step {
    let now = traces::of(world, &tenant, &VISITORS.map(str::to_owned))?;
    let now: BTreeSet<&str> = now.iter().map(|trace| trace.whole.as_str()).collect();
    let before = &world.notes::<Before>().0;
    match before.iter().find(|trace| !now.contains(trace.whole.as_str())) {
        None => Ok(()),
        Some(gone) => Err(Failure::new(format!(
            "after the event {} the record {} is gone: an upgrade comes to installations that have a history, which \
             nobody gives them back",
            events::UPGRADED,
            gone.shown()
        ))),
    }
}
