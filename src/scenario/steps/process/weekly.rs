//! Steps that run whatever jobs a driven app says that it has, and look at what they cost.

use std::collections::BTreeMap;

use cucumber::{then, when};

use crate::{
    evidence::Fact,
    scenario::{Failure, World, world::Step},
};

#[when(expr = "worker {string} runs every job that the app describes")]
async fn runs_every_job(world: &mut World, worker: String) -> Step {
    let process = world.process(&worker).await?;
    for job in &process.description().jobs {
        let subject = world.subject(&worker).await?;
        let answer = subject.run_job(job, None).await;
        world.remember_answer(&worker, answer);
    }
    Ok(())
}

/// A renewal spends the refresh token, and the platform counts them.
#[then(expr = "no job renewed a token more than once")]
fn renewed_once(world: &mut World) -> Step {
    let most = world.recorder().read(|log| {
        let mut most: Option<(String, String, u64)> = None;
        let mut running: Option<(&str, BTreeMap<&str, u64>)> = None;
        for observation in log {
            match &observation.fact {
                Fact::JobStarted { job, .. } => running = Some((job, BTreeMap::new())),
                Fact::JobEnded { .. } => running = None,
                Fact::TokenIssued { tenant, rotation: 1.., .. } => {
                    let Some((job, counts)) = &mut running else { continue };
                    let count = counts.entry(tenant).or_default();
                    *count += 1;
                    if *count > 1 {
                        most = Some(((*job).to_owned(), tenant.clone(), *count));
                    }
                }
                _ => {}
            }
        }
        most
    });
    match most {
        None => Ok(()),
        Some((job, tenant, count)) => {
            Err(Failure::new(format!("the job {job:?} renewed the token of {tenant:?} {count} times")))
        }
    }
}
