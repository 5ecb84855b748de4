//! The order that observations must stand in: logs contiguous and in plan order, without a gap, each
//! from `scenario_planned` to `scenario_ended`. Writer and reader hold the file to the same order.

use std::collections::HashSet;

use super::Flaw;
use crate::evidence::{Fact, Observation};

/// Where in the order a file is.
#[derive(Debug, Default)]
pub(super) struct Order {
    scenario: usize,
    seq: u64,
    open: bool,
    observations: u64,
    /// Two logs under one name would hide one of them.
    ids: HashSet<String>,
}

impl Order {
    /// Takes the next observation; tells whether it closed its log.
    pub(super) fn accept(&mut self, observation: &Observation) -> Result<bool, Flaw> {
        let Observation { scenario, seq, fact, .. } = observation;
        if *scenario != self.scenario {
            return Err(if self.open {
                Flaw::NotEnded(self.scenario)
            } else {
                Flaw::Scenario { expected: self.scenario, found: *scenario }
            });
        }
        if *seq != self.seq {
            return Err(Flaw::Sequence { expected: self.seq, found: *seq });
        }
        match (self.open, fact) {
            (true, Fact::ScenarioPlanned(_)) => return Err(Flaw::PlannedTwice(self.scenario)),
            (false, Fact::ScenarioPlanned(planned)) => {
                if !self.ids.insert(planned.id.clone()) {
                    return Err(Flaw::SameId(planned.id.clone()));
                }
            }
            (false, _) => return Err(Flaw::NotPlanned(self.scenario)),
            (true, _) => {}
        }
        self.observations += 1;
        let ended = matches!(fact, Fact::ScenarioEnded { .. });
        if ended {
            self.scenario += 1;
            self.seq = 0;
        } else {
            self.seq += 1;
        }
        self.open = !ended;
        Ok(ended)
    }

    /// Ends the file; returns how many observations it holds.
    pub(super) fn close(&self, planned: usize) -> Result<u64, Flaw> {
        if self.open {
            return Err(Flaw::NotEnded(self.scenario));
        }
        if self.scenario != planned {
            return Err(Flaw::Planned { planned, logs: self.scenario });
        }
        Ok(self.observations)
    }
}
