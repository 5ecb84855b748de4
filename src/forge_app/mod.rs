//! A Forge app as it lies in a folder: its manifest, typed, and what its files show. Runs nothing, and says
//! nothing about what the app does when it runs.

mod manifest;

pub use manifest::{
    Consumer, EventTrigger, Function, Manifest, ManifestError, Mention, Place, ScheduledTrigger,
};
