//! Steps that call the app's resolvers as its pages do, and take down what they answer and show.

use std::collections::BTreeSet;

use cucumber::{then, when};
use serde_json::{Value, json};

use super::PERSON;
use crate::{
    evidence::Fact,
    scenario::{Failure, World, world::Step},
    subject::forge::{Deployment, InvocationEnd, Trigger},
};

/// How many texts of one answer are taken down.
const TEXTS: usize = 200;
/// How many distinct words that stand alone.
const WORDS: usize = 50;

/// Calls of resolvers that gave no answer, in words.
#[derive(Debug, Default)]
struct Calls {
    made: usize,
    unanswered: Vec<String>,
}

#[when(expr = "every resolver is called for every tenant")]
async fn all_are_called(world: &mut World) -> Step {
    let deployment = world.deployment()?;
    for tenant in super::installed(world) {
        for name in &calls_to_make(world, &deployment)? {
            let mut end = call(world, &tenant, name, json!({})).await?;
            // Pages send more than nothing; what only then is said counts too.
            for payload in [json!({"limit": 5}), json!({"limit": 5, "cursor": null})] {
                let other = call(world, &tenant, name, payload).await?;
                match (&end, &other) {
                    (InvocationEnd::Returned(_), InvocationEnd::Returned(answer)) => {
                        show(world, &tenant, name, answer)?;
                    }
                    (InvocationEnd::Returned(_), _) => {}
                    _ => end = other,
                }
            }
            let calls = world.notes::<Calls>();
            calls.made += 1;
            let answer = match &end {
                InvocationEnd::Returned(answer) => Some(answer),
                // Of an app that does not load, a call of one operation tells nothing.
                InvocationEnd::LoadFailed { .. } => {
                    calls.unanswered.push(format!("not exercised: the resolver cannot be loaded: {end}"));
                    continue;
                }
                other => {
                    calls.unanswered.push(format!("the resolver {name:?} gave no answer: {other}"));
                    None
                }
            };
            take_down(world, &tenant, name, answer)?;
        }
    }
    Ok(())
}

/// The calls that the sources define, and those that the released version answered.
pub(super) fn calls_to_make(world: &World, deployment: &Deployment) -> Result<BTreeSet<String>, Failure> {
    let mut calls: BTreeSet<String> = deployment.resolver_calls().map(str::to_owned).collect();
    if let Some(baseline) = &world.scene()?.setup.baseline {
        calls.extend(baseline.operations.iter().map(|(name, _)| name.clone()));
    }
    Ok(calls)
}

/// Calls the app's resolvers by this name until one answers: which of them defines it, only running it tells.
pub(super) async fn call(
    world: &World,
    tenant: &str,
    name: &str,
    payload: Value,
) -> Result<InvocationEnd, Failure> {
    let (deployment, forge) = (world.deployment()?, world.forge()?);
    let mut end = None;
    for function in &deployment.manifest().resolvers {
        let worker = forge.reserve();
        let trigger = Trigger::Resolver {
            function: function.clone(),
            call: name.to_owned(),
            payload: payload.clone(),
            account: Some(PERSON.to_owned()),
        };
        let invoked = forge.instances.invoke_on(&worker, tenant, &trigger).await;
        forge.free(&worker);
        if matches!(invoked.end, InvocationEnd::Returned(_)) {
            return Ok(invoked.end);
        }
        end = end.or(Some(invoked.end));
    }
    end.ok_or_else(|| Failure::not_exercised("the manifest names no resolver"))
}

fn take_down(world: &World, tenant: &str, call: &str, answer: Option<&Value>) -> Step {
    let mut fields: Vec<String> =
        answer.and_then(Value::as_object).map(|o| o.keys().cloned().collect()).unwrap_or_default();
    fields.sort();
    world.record(Fact::OperationAnswered {
        operation: call.to_owned(),
        answered: answer.is_some(),
        fields,
    })?;
    answer.map_or(Ok(()), |answer| show(world, tenant, call, answer))
}

/// Takes down what an answer shows, and whose marks it carries anywhere.
fn show(world: &World, tenant: &str, call: &str, answer: &Value) -> Step {
    let mut texts = vec![];
    prose(answer, &mut texts);
    let marked = world.scene()?.stage.canaries.carried_by(answer.to_string().as_bytes());
    if marked.iter().any(|owner| owner != tenant) {
        let (surface, text) = (format!("answer of the resolver {call}"), String::new());
        let whose = tenant.to_owned();
        world.record(Fact::TextShown { tenant: whose, surface, text, quoted: vec![], carries: marked })?;
    }
    let scene = world.scene()?;
    let names = scene.platform.names(tenant).map_err(|e| Failure::new(e.to_string()))?;
    let mut words = BTreeSet::new();
    single_words(answer, &mut words);
    words.retain(|word| !names.iter().any(|name| name.eq_ignore_ascii_case(word)));
    for text in texts.into_iter().take(TEXTS).chain(words.into_iter().take(WORDS)) {
        let quoted = names.iter().filter(|name| text.contains(&format!("\"{name}\""))).cloned().collect();
        let carries = scene.stage.canaries.carried_by(text.as_bytes());
        let surface = format!("resolver {call}");
        world.record(Fact::TextShown { tenant: tenant.to_owned(), surface, text, quoted, carries })?;
    }
    Ok(())
}

/// The texts of an answer that a person would read: those of more than one word.
fn prose(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) if text.trim().contains(char::is_whitespace) => texts.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| prose(item, texts)),
        Value::Object(fields) => fields.values().for_each(|item| prose(item, texts)),
        _ => {}
    }
}

/// Texts of one word: a level, a rating, a state.
fn single_words(value: &Value, words: &mut BTreeSet<String>) {
    match value {
        Value::String(text) if text.len() > 2 && text.chars().all(char::is_alphabetic) => {
            words.insert(text.clone());
        }
        Value::Array(items) => items.iter().for_each(|item| single_words(item, words)),
        Value::Object(fields) => fields.values().for_each(|item| single_words(item, words)),
        _ => {}
    }
}

#[then(expr = "every resolver answered")]
fn all_answered(world: &mut World) -> Step {
    let calls = world.notes::<Calls>();
    match calls.unanswered.first() {
        Some(first) => Err(Failure::new(first.clone())),
        None if calls.made == 0 => {
            Err(Failure::not_exercised("the app has no resolver that could be called"))
        }
        None => Ok(()),
    }
}
