//! The states of a job and the moves between them. An illegal move is an error, never ignored.

use serde::{Deserialize, Serialize};

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Known, not yet taken by a worker.
    Planned,
    /// Taken by a worker.
    Leased,
    /// Its work began.
    Running,
    /// Its work returned.
    Succeeded,
    /// Its work failed, panicked or ran out of time.
    Failed,
    /// Its work found nothing to do.
    Skipped,
}

/// A move that is not in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a job cannot go from {from:?} to {to:?}")]
pub struct IllegalMove {
    /// Where the job stands.
    pub from: State,
    /// Where it was to go.
    pub to: State,
}

impl State {
    /// All of them, in the order of a job's life.
    pub const ALL: [Self; 6] =
        [Self::Planned, Self::Leased, Self::Running, Self::Succeeded, Self::Failed, Self::Skipped];

    /// The word used in records and telemetry.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Leased => "leased",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }

    /// Whether nothing follows.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Skipped)
    }

    /// The move to `to`, if it is legal: `planned → leased → running → succeeded | failed | skipped`, and
    /// from `leased` or `running` back to `leased` when another worker takes over after a crash.
    pub fn to(self, to: Self) -> Result<Self, IllegalMove> {
        let legal = matches!(
            (self, to),
            (Self::Planned | Self::Leased | Self::Running, Self::Leased)
                | (Self::Leased, Self::Running)
                | (Self::Running, Self::Succeeded | Self::Failed | Self::Skipped)
        );
        if legal { Ok(to) } else { Err(IllegalMove { from: self, to }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_moves_of_the_table_are_legal() {
        let legal = [
            "planned leased",
            "leased leased",
            "running leased",
            "leased running",
            "running succeeded",
            "running failed",
            "running skipped",
        ];
        for from in State::ALL {
            for to in State::ALL {
                let name = format!("{} {}", from.word(), to.word());
                assert_eq!(from.to(to).is_ok(), legal.contains(&name.as_str()), "{name}");
                assert!(!(from.is_terminal() && from.to(to).is_ok()), "{name}");
            }
        }
    }
}
