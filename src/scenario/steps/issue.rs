//! Steps about a site's issues themselves: what people wrote into them, however hostile.

use cucumber::given;

use crate::{
    mock_jira::SiteChange,
    scenario::{Failure, World, world::Step},
};

#[given(expr = "issue {string} of {string} has the summary {string}")]
fn has_the_summary(world: &mut World, key: String, tenant: String, summary: String) -> Step {
    let change = SiteChange::SetSummary { key, summary };
    world.scene()?.platform.change_site(&tenant, change).map_err(|e| Failure::new(e.to_string()))
}
