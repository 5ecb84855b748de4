//! A look at tenants' key-value storage from outside, and damage done to it. Neither goes over the wire.

use serde_json::Value;

use super::Platform;
use crate::{evidence::Fact, mock_jira::UnknownTenant};

impl Platform {
    /// Everything that lies in a tenant's storage under plain keys, in the order of keys; what has expired is
    /// not there, unless it lingers.
    pub fn stored_keys(&self, tenant: &str) -> Result<Vec<(String, Value)>, UnknownTenant> {
        let now_ms = self.0.clock.now().as_millisecond();
        let state = self.lock();
        let at = Self::tenant(&state, tenant)?;
        let (found, _) = state.tenants[at].storage.query("", "", None, usize::MAX - 1, now_ms);
        Ok(found.into_iter().map(|(key, stored)| (key, stored.value)).collect())
    }

    /// Puts a value under a key of a tenant's storage as if the app had stored it. Not recorded.
    pub fn plant_key(&self, tenant: &str, key: &str, value: Value) -> Result<(), UnknownTenant> {
        let now_ms = self.0.clock.now().as_millisecond();
        let mut state = self.lock();
        let at = Self::tenant(&state, tenant)?;
        // What an app stored before is within every limit of the storage.
        let _ = state.tenants[at].storage.set("", key, value, false, None, now_ms);
        Ok(())
    }

    /// Puts a value under a key of a tenant's storage, or takes the key away, behind the app's back. Recorded.
    pub fn damage_key(
        &self,
        tenant: &str,
        key: &str,
        damage: &str,
        value: Option<Value>,
    ) -> Result<(), UnknownTenant> {
        let now_ms = self.0.clock.now().as_millisecond();
        let mut state = self.lock();
        let at = Self::tenant(&state, tenant)?;
        let storage = &mut state.tenants[at].storage;
        // What is damaged is within every limit of the storage, or it was not there.
        let _ = match value {
            Some(value) => storage.set("", key, value, false, None, now_ms).map(|_| ()),
            None => storage.delete("", key),
        };
        let (tenant, damage, key) = (tenant.to_owned(), damage.to_owned(), key.to_owned());
        self.record(Fact::DamageDone { tenant, damage, key });
        Ok(())
    }
}
