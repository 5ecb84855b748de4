//! Gherkin in, evidence out; the only user of cucumber. `source` reads features, `plan` numbers the
//! scenarios, `runner` runs them, `collect` hears cucumber's events, `ledger` accounts for every planned
//! scenario; `world` and `steps` are what the scenarios say. Knows no invariant and gives no verdict.

mod collect;
mod failure;
mod ledger;
mod plan;
mod run;
mod runner;
mod slip;
pub mod source;
mod steps;
#[cfg(test)]
mod tests;
mod text;
mod world;

pub use failure::{Failure, fail, pending};
pub use plan::{Plan, PlanError, Selection, Vocabulary};
pub use run::{Limits, ProgressEvent, RunOptions, ScenarioError, SinkError, Stop, Summary, run};
pub use steps::{Definition, definitions};
pub use world::{Listing, Setup, World};
