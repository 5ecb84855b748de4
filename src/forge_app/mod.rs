//! A Forge app as it lies in a folder: its manifest, typed, and what its files show. Runs nothing, and says
//! nothing about what the app does when it runs.

mod check;
mod manifest;
mod observation;
mod source;

pub use check::{Finding, check};
pub use manifest::{
    Consumer, EventTrigger, Function, Manifest, ManifestError, Mention, ScheduledTrigger, Use,
};
pub use observation::{manifest_read, observe};
pub use source::{JiraCall, Place, Source};
