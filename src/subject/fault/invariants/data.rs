//! Faults of keys and hashes: records that tenants share, and hashes that know too much or too little.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    app::port::{ContentHasher, HttpRequest, HttpResponse, KeyEncoder, Transport, TransportError},
    subject::fault::Fault,
};

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "count_without_tenant",
        what: "the count of drift events lies under a key without the tenant",
        breaks: &["tenant_isolation"],
        fails: &[],
        plant: |assembly| shared_family(&mut assembly.ports.keys, "drift_count"),
    },
    Fault {
        name: "latest_without_tenant",
        what: "the pointer to the latest snapshot lies under a key without the tenant",
        breaks: &["tenant_isolation"],
        fails: &[],
        plant: |assembly| shared_family(&mut assembly.ports.keys, "snapshot_latest"),
    },
    Fault {
        name: "hash_with_time",
        what: "the hash covers the time at which the snapshot was taken",
        breaks: &["deterministic_hashing"],
        fails: &["invariant:deterministic_hashing"],
        plant: |assembly| {
            let inner = assembly.ports.hasher.clone();
            assembly.ports.hasher = Arc::new(WithTime(inner));
        },
    },
    Fault {
        name: "hash_with_page_order",
        what: "the hash covers the order in which the pages brought the content",
        breaks: &["deterministic_hashing"],
        fails: &["invariant:deterministic_hashing"],
        plant: |assembly| {
            let seen = Arc::new(Mutex::new(Vec::new()));
            assembly.ports.transport =
                Arc::new(Watching { inner: assembly.ports.transport.clone(), seen: seen.clone() });
            assembly.ports.hasher = Arc::new(WithOrder { inner: assembly.ports.hasher.clone(), seen });
        },
    },
    Fault {
        name: "constant_hash",
        what: "the hash is the same whatever the site holds",
        breaks: &["deterministic_hashing"],
        fails: &["invariant:deterministic_hashing"],
        plant: |assembly| assembly.ports.hasher = Arc::new(Constant),
    },
];

fn shared_family(keys: &mut Arc<dyn KeyEncoder>, family: &'static str) {
    *keys = Arc::new(Shared { inner: keys.clone(), family });
}

/// Leaves the tenant out of the keys of one family.
#[derive(Debug)]
struct Shared {
    inner: Arc<dyn KeyEncoder>,
    family: &'static str,
}

impl Shared {
    fn kept<'a, 'b>(&self, family: &str, parts: &'a [&'b str]) -> &'a [&'b str] {
        if family == self.family { &parts[parts.len().min(1)..] } else { parts }
    }
}

impl KeyEncoder for Shared {
    fn key(&self, family: &str, parts: &[&str]) -> String {
        self.inner.key(family, self.kept(family, parts))
    }

    fn prefix(&self, family: &str, parts: &[&str]) -> String {
        self.inner.prefix(family, self.kept(family, parts))
    }
}

fn mixed(hash: &str, more: &[u8]) -> String {
    hex::encode(Sha256::new().chain_update(hash).chain_update(more).finalize())
}

#[derive(Debug)]
struct WithTime(Arc<dyn ContentHasher>);

impl ContentHasher for WithTime {
    fn hash(&self, content: &Value, taken_at: Timestamp) -> String {
        mixed(&self.0.hash(content, taken_at), taken_at.to_string().as_bytes())
    }
}

#[derive(Debug)]
struct Constant;

impl ContentHasher for Constant {
    fn hash(&self, _content: &Value, _taken_at: Timestamp) -> String {
        "0".repeat(64)
    }
}

/// Remembers the fields in the order in which they came.
#[derive(Debug)]
struct Watching {
    inner: Arc<dyn Transport>,
    seen: Arc<Mutex<Vec<u8>>>,
}

#[async_trait]
impl Transport for Watching {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let is_list = request.url.ends_with("/rest/api/3/field");
        let answer = self.inner.send(request).await?;
        if is_list {
            self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&answer.body);
        }
        Ok(answer)
    }
}

#[derive(Debug)]
struct WithOrder {
    inner: Arc<dyn ContentHasher>,
    seen: Arc<Mutex<Vec<u8>>>,
}

impl ContentHasher for WithOrder {
    fn hash(&self, content: &Value, taken_at: Timestamp) -> String {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        mixed(&self.inner.hash(content, taken_at), &seen)
    }
}
