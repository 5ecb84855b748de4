//! Steps about the sentences that the app stores and shows.

use cucumber::{then, when};

use super::stored_drift;
use crate::scenario::{Failure, World, world::Step};

#[when(expr = "the drift of {string} is listed")]
async fn drift_is_listed(world: &mut World, tenant: String) -> Step {
    let worker = super::super::site::FIRST;
    let answer = world.subject(worker).await?.list_drift(&tenant, None, None).await;
    world.remember_answer(worker, answer);
    Ok(())
}

#[then("it is shown:")]
fn is_shown(world: &mut World, step: &cucumber::gherkin::Step) -> Step {
    let page = world.answer(super::super::site::FIRST)?;
    let shown: Vec<&str> =
        page["items"].as_array().into_iter().flatten().filter_map(|item| item["text"].as_str()).collect();
    each_line(step, &shown)
}

#[then(expr = "it is stored for {string}:")]
async fn lies_in_store(world: &mut World, tenant: String, step: &cucumber::gherkin::Step) -> Step {
    let stored = stored_drift(world, &tenant).await?;
    let stored: Vec<&str> = stored.iter().map(String::as_str).collect();
    each_line(step, &stored)
}

/// Every line of the step's text is one of `texts`, and there is no other text.
fn each_line(step: &cucumber::gherkin::Step, texts: &[&str]) -> Step {
    let mut expected: Vec<&str> = step.docstring.as_deref().unwrap_or_default().trim().lines().collect();
    let mut texts = texts.to_vec();
    expected.sort_unstable();
    texts.sort_unstable();
    if expected == texts { Ok(()) } else { Err(Failure::new(format!("it is {texts:#?}"))) }
}
