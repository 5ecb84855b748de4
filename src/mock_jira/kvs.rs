//! One installation's key-value storage, with the limits and the expiry of Forge's. Knows no wire.

use std::collections::BTreeMap;

use serde_json::Value;

/// Longest key, in characters.
const KEY_CHARS: usize = 500;
/// Largest value as JSON.
const VALUE_BYTES: usize = 240 * 1024;

/// A stored value.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub value: Value,
    pub created_ms: i64,
    pub updated_ms: i64,
    pub expires_ms: Option<i64>,
}

/// A refusal: status, code, message.
#[derive(Debug)]
pub(super) struct Refused(pub u16, pub &'static str, pub String);

/// One installation's storage. Plain keys, secrets and each entity live apart.
#[derive(Clone, Debug, Default)]
pub(super) struct Storage {
    spaces: BTreeMap<String, BTreeMap<String, Stored>>,
    /// Whether expired keys stay.
    pub linger: bool,
    /// How many values were stored so far.
    pub writes: u64,
}

/// Forge's rule for keys: `/^(?!\s+$)[a-zA-Z0-9:._\s-#]+$/`, 500 characters at most.
fn check_key(key: &str) -> Result<(), Refused> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c.is_whitespace() || ":._-#".contains(c);
    if key.trim().is_empty() || key.chars().count() > KEY_CHARS || !key.chars().all(allowed) {
        return Err(Refused(400, "INVALID_KEY", "The provided key is invalid".to_owned()));
    }
    Ok(())
}

impl Storage {
    fn alive(&self, stored: &Stored, now_ms: i64) -> bool {
        self.linger || stored.expires_ms.is_none_or(|at| now_ms < at)
    }

    /// The value of a key, unless it is absent or has expired for good.
    pub fn get(&self, space: &str, key: &str, now_ms: i64) -> Result<Option<&Stored>, Refused> {
        check_key(key)?;
        let stored = self.spaces.get(space).and_then(|keys| keys.get(key));
        Ok(stored.filter(|stored| self.alive(stored, now_ms)))
    }

    /// Stores a value; `exclusive` is the key policy `FAIL_IF_EXISTS`.
    pub fn set(
        &mut self,
        space: &str,
        key: &str,
        value: Value,
        exclusive: bool,
        ttl_ms: Option<i64>,
        now_ms: i64,
    ) -> Result<&Stored, Refused> {
        let before = self.get(space, key, now_ms)?;
        if exclusive && before.is_some() {
            return Err(Refused(409, "KEY_CONFLICT", "The key already exists".to_owned()));
        }
        if value.to_string().len() > VALUE_BYTES {
            return Err(Refused(413, "VALUE_TOO_LARGE", "The value exceeds the limit of 240 KiB".to_owned()));
        }
        let created_ms = before.map_or(now_ms, |stored| stored.created_ms);
        let expires_ms = ttl_ms.map(|ttl| now_ms.saturating_add(ttl));
        let stored = Stored { value, created_ms, updated_ms: now_ms, expires_ms };
        self.writes += 1;
        let keys = self.spaces.entry(space.to_owned()).or_default();
        let place = keys.entry(key.to_owned()).or_insert_with(|| stored.clone());
        *place = stored;
        Ok(place)
    }

    /// Removes a key; an absent one is no error.
    pub fn delete(&mut self, space: &str, key: &str) -> Result<(), Refused> {
        check_key(key)?;
        if let Some(keys) = self.spaces.get_mut(space) {
            keys.remove(key);
        }
        Ok(())
    }

    /// At most `limit` entries whose keys begin so, after `after`, in the order of keys; and whether more follow.
    pub fn query(
        &self,
        space: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
        now_ms: i64,
    ) -> (Vec<(String, Stored)>, bool) {
        let entries = self.spaces.get(space).into_iter().flatten().filter(|(key, stored)| {
            key.starts_with(prefix)
                && after.is_none_or(|after| key.as_str() > after)
                && self.alive(stored, now_ms)
        });
        let mut found: Vec<(String, Stored)> =
            entries.take(limit + 1).map(|(key, stored)| (key.clone(), stored.clone())).collect();
        let more = found.len() > limit;
        found.truncate(limit);
        (found, more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_one_of_two_exclusive_writers_wins_until_the_key_expires_unless_it_lingers() {
        let mut storage = Storage::default();
        let take =
            |storage: &mut Storage, now| storage.set("", "k", json!(1), true, Some(90_000), now).is_ok();
        assert!(take(&mut storage, 0));
        assert!(!take(&mut storage, 89_999));
        storage.linger = true;
        assert!(!take(&mut storage, 90_000));
        storage.linger = false;
        assert!(take(&mut storage, 90_000));
    }

    #[test]
    fn keys_that_forge_refuses_are_refused() {
        for key in ["", "  ", "a/b", "a+b", "a@b", "a,b", "{a}", "é", &"k".repeat(501)] {
            assert!(check_key(key).is_err(), "{key}");
        }
        for key in ["a", "snapshot_lock:T:daily:2026-01-01", "a b#c.d-e", &"k".repeat(500)] {
            assert!(check_key(key).is_ok(), "{key}");
        }
    }

    #[test]
    fn a_query_knows_whether_more_follow() {
        let mut storage = Storage::default();
        for key in ["a:1", "a:2", "a:3", "b:1"] {
            storage.set("", key, json!(key), false, None, 0).expect("stored");
        }
        let keys = |after, limit| {
            let (found, more) = storage.query("", "a:", after, limit, 0);
            (found.into_iter().map(|(key, _)| key).collect::<Vec<_>>(), more)
        };
        assert_eq!(keys(None, 2), (vec!["a:1".into(), "a:2".into()], true));
        assert_eq!(keys(Some("a:2"), 2), (vec!["a:3".into()], false));
        assert_eq!(keys(None, 3), (vec!["a:1".into(), "a:2".into(), "a:3".into()], false));
    }
}
