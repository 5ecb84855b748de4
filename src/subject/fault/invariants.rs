//! Faults of the invariants: an app that writes, leaks, nags, gives up or grows, one file for each way.

mod data;
mod jobs;
mod manifest;
mod repair;
mod requests;
mod speech;

use super::Fault;

pub(super) const FAULTS: &[&[Fault]] =
    &[requests::FAULTS, data::FAULTS, jobs::FAULTS, speech::FAULTS, repair::FAULTS, manifest::FAULTS];
