//! The part of a run that one of several machines does: every so-manieth scenario of the whole plan.

use serde::{Deserialize, Serialize};

/// Which part of a run the evidence is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shard {
    /// Which, from 1: it has the scenarios of the whole plan from there on, every `of`-th.
    pub index: usize,
    /// Of how many.
    pub of: usize,
    /// How many scenarios the whole plan has.
    pub whole: usize,
    /// SHA-256, hex, over what the shards of one run have in common: the plan and the files that it is read from.
    pub run: String,
    /// SHA-256, hex, of `gonogo.yaml`, where there is one: what else the release rests on, it says.
    pub config: Option<String>,
    /// The commit that was checked out, where that can be told.
    pub commit: Option<String>,
}

impl Shard {
    /// Whether the scenario in this place of the whole plan is of this shard.
    #[must_use]
    pub fn has(&self, place: usize) -> bool {
        self.of > 0 && place % self.of + 1 == self.index
    }

    /// How many scenarios it has.
    #[must_use]
    pub fn due(&self) -> usize {
        (0..self.whole).filter(|place| self.has(*place)).count()
    }

    /// What is wrong with it, in a file of so many planned scenarios.
    #[must_use]
    pub fn complaint(&self, planned: usize) -> Option<String> {
        let Self { index, of, whole, .. } = self;
        if *index == 0 || index > of {
            return Some(format!("shard {index} of {of} is none"));
        }
        // A longer plan than that is nobody's, and counting it would take for ever.
        if *whole > 1 << 24 || self.due() != planned {
            return Some(format!("shard {index} of {of} of {whole} scenarios cannot have {planned}"));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shard(index: usize, of: usize, whole: usize) -> Shard {
        Shard { index, of, whole, run: String::new(), config: None, commit: None }
    }

    #[test]
    fn shards_have_every_scenario_once() {
        for (of, whole) in [(1, 1), (1, 7), (4, 10), (7, 7), (3, 2)] {
            let shard = |index| shard(index, of, whole);
            for place in 0..whole {
                assert_eq!(
                    (1..=of).filter(|index| shard(*index).has(place)).count(),
                    1,
                    "{place} of {whole}"
                );
            }
            assert_eq!((1..=of).map(|index| shard(index).due()).sum::<usize>(), whole);
        }
    }

    #[test]
    fn a_shard_that_cannot_be_is_complained_of() {
        assert_eq!(shard(2, 4, 10).complaint(3), None);
        for (shard, planned) in [
            (shard(0, 4, 10), 3),
            (shard(5, 4, 10), 3),
            (shard(2, 4, 10), 2),
            (shard(1, 0, 10), 0),
            (shard(1, 1, usize::MAX), 1),
        ] {
            assert!(shard.complaint(planned).is_some(), "{shard:?}");
        }
    }
}
