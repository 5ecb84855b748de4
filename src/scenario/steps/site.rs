//! Steps that every scenario can begin with.

use cucumber::given;

use crate::scenario::World;

#[given("a Jira site")]
fn a_jira_site(_world: &mut World) {}
