//! The order that observations must stand in: logs contiguous and in plan order, without a gap, each
//! from what was planned to its end; checks behind scenarios. Writer and reader hold the file to the same order.

use std::collections::HashSet;

use super::Flaw;
use crate::evidence::{Fact, Observation};

/// Where in the order a file is.
#[derive(Debug, Default)]
pub(super) struct Order {
    scenario: usize,
    seq: u64,
    open: bool,
    /// How many of the logs are checks'; they come behind the scenarios'.
    checks: usize,
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
            (true, Fact::ScenarioPlanned(_) | Fact::CheckPlanned(_)) => {
                return Err(Flaw::PlannedTwice(self.scenario));
            }
            (false, Fact::ScenarioPlanned(planned)) if self.checks == 0 => self.name(&planned.id)?,
            (false, Fact::CheckPlanned(planned)) => {
                self.checks += 1;
                self.name(&planned.id)?;
            }
            (false, _) => return Err(Flaw::NotPlanned(self.scenario)),
            (true, Fact::ScenarioEnded { .. }) if self.checks > 0 => {
                return Err(Flaw::NotEnded(self.scenario));
            }
            (true, Fact::CheckSaw(_) | Fact::CheckEnded {}) if self.checks == 0 => {
                return Err(Flaw::NotEnded(self.scenario));
            }
            (true, _) => {}
        }
        self.observations += 1;
        let ended = matches!(fact, Fact::ScenarioEnded { .. } | Fact::CheckEnded {});
        if ended {
            self.scenario += 1;
            self.seq = 0;
        } else {
            self.seq += 1;
        }
        self.open = !ended;
        Ok(ended)
    }

    fn name(&mut self, id: &str) -> Result<(), Flaw> {
        if self.ids.insert(id.to_owned()) { Ok(()) } else { Err(Flaw::SameId(id.to_owned())) }
    }

    /// Ends the file, which is due to hold so many logs of scenarios and of checks; returns how many observations it holds.
    pub(super) fn close(&self, (planned, checks): (usize, usize)) -> Result<u64, Flaw> {
        if self.open {
            return Err(Flaw::NotEnded(self.scenario));
        }
        let scenarios = self.scenario - self.checks;
        if scenarios != planned {
            return Err(Flaw::Planned { planned, logs: scenarios });
        }
        if self.checks != checks {
            return Err(Flaw::Checks { checks, logs: self.checks });
        }
        Ok(self.observations)
    }
}
