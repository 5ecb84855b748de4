//! Fresh ids and jitter from the machine's randomness.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::app::port::IdSource;

/// UUIDs of version 7 (RFC 9562): unique across workers, and those of one worker sort by time.
#[derive(Clone, Copy, Debug, Default)]
pub struct UuidIds;

impl IdSource for UuidIds {
    fn fresh(&self) -> String {
        Uuid::now_v7().to_string()
    }

    fn jitter(&self, bound: u64) -> u64 {
        // Hashed, because the leading bits of the id are a clock and a counter.
        let digest: [u8; 32] = Sha256::digest(Uuid::now_v7().as_bytes()).into();
        let random = digest.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        random.checked_rem(bound).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ids_never_repeat_and_jitter_stays_below_its_bound() {
        let ids: HashSet<String> = (0..1_000).map(|_| UuidIds.fresh()).collect();
        assert_eq!(ids.len(), 1_000);
        let drawn: HashSet<u64> = (0..1_000).map(|_| UuidIds.jitter(4)).collect();
        assert_eq!(drawn, (0..4).collect());
        assert_eq!(UuidIds.jitter(0), 0);
    }
}
