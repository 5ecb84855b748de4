//! A tenant of the mocked platform: its site, its ids, its key-value storage.

use super::{
    kvs::Storage,
    site::{Site, mix},
};

/// A tenant to be made.
#[derive(Clone, Debug)]
pub struct TenantSpec {
    /// Any text, however hostile; it never stands in a URL undecoded.
    pub id: String,
    /// How many issues its site has.
    pub issues: usize,
    /// How many projects they are spread over.
    pub projects: usize,
    /// How many fields beside the system's.
    pub custom_fields: usize,
    /// How many users.
    pub users: usize,
    /// A mark to be planted in names and summaries.
    pub canary: Option<String>,
    /// What its first consent grants.
    pub scopes: Vec<String>,
    /// Whether things are named as people name them: some alike, some with signs of any kind.
    pub everyday_names: bool,
    /// The tenant whose site this one's is, issue for issue.
    pub twin_of: Option<String>,
    /// By how much the types of fields and the categories of statuses stand elsewhere than on other sites.
    pub shifted: usize,
    /// Most issues in a page of a search: Jira may give fewer than it was asked for.
    pub issues_per_page: usize,
}

impl TenantSpec {
    /// A small site with read scopes only.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            issues: 120,
            projects: 5,
            custom_fields: 12,
            users: 60,
            canary: None,
            scopes: ["read:jira-work", "read:jira-user", "offline_access"].map(str::to_owned).to_vec(),
            everyday_names: false,
            twin_of: None,
            shifted: 0,
            issues_per_page: usize::MAX,
        }
    }
}

/// No tenant of this id was made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the mocked Jira has no tenant {0:?}")]
pub struct UnknownTenant(pub String);

/// There is a tenant of this id already.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the mocked Jira has a tenant {0:?} already")]
pub struct TenantExists(pub String);

#[derive(Debug)]
pub(super) struct Tenant {
    pub id: String,
    pub cloud_id: String,
    pub installation_id: String,
    pub site: Site,
    pub storage: Storage,
    /// What its app pushed to its queues, each with the queue's name; until it is taken.
    pub pushed: Vec<(String, serde_json::Value)>,
}

impl Tenant {
    pub fn new(platform_seed: u64, spec: &TenantSpec) -> Self {
        let seed_of = |id: &str| id.bytes().fold(platform_seed, |seed, byte| mix(seed, u64::from(byte)));
        let seed = seed_of(&spec.id);
        let mut site = Site::new(spec.twin_of.as_deref().map_or(seed, seed_of), spec);
        if spec.twin_of.is_some() {
            // What is remembered of a site goes by its seed and version; a twin has answers of its own.
            site.version += u64::from(u32::MAX) + (seed >> 33);
        }
        Self {
            id: spec.id.clone(),
            cloud_id: uuid_of(seed, 1),
            installation_id: uuid_of(seed, 2),
            site,
            storage: Storage::default(),
            pushed: vec![],
        }
    }
}

fn uuid_of(seed: u64, purpose: u64) -> String {
    let (high, low) = (mix(seed, purpose * 2), mix(seed, purpose * 2 + 1));
    uuid::Builder::from_random_bytes((u128::from(high) << 64 | u128::from(low)).to_be_bytes())
        .into_uuid()
        .to_string()
}
