//! Why there is no usable token, and what a caller may make of it.

use crate::{app::lease::LeaseError, store::StoreError};

/// Why there is no usable token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The app is not installed for this tenant.
    #[error("the app is not installed for this tenant")]
    NotInstalled,
    /// The record of the token cannot be read; installing again replaces it.
    #[error("the stored token cannot be read")]
    Damaged,
    /// The refresh token was refused for good.
    #[error("the tenant must give its consent again")]
    ConsentNeeded,
    /// More was granted than was asked for.
    #[error("the granted scopes go beyond what was asked for")]
    ScopeRefused,
    /// The token endpoint did not answer, or asked to wait.
    #[error("the token endpoint is out of reach")]
    Outage {
        /// Whether the refresh token was certainly not used up.
        definite: bool,
    },
    /// The token endpoint refuses the app itself.
    #[error("the token endpoint refuses the app with status {status}")]
    Misconfigured {
        /// The status.
        status: u16,
    },
    /// Another worker has been refreshing for too long.
    #[error("another worker is refreshing the token")]
    Busy,
    /// The store failed, or the lease was lost on the way.
    #[error(transparent)]
    Lease(#[from] LeaseError),
}

impl From<StoreError> for TokenError {
    fn from(error: StoreError) -> Self {
        Self::Lease(LeaseError::Store(error))
    }
}

impl TokenError {
    /// Whether the failed call certainly had no effect.
    #[must_use]
    pub fn is_definite(&self) -> bool {
        match self {
            Self::Outage { definite } => *definite,
            Self::Lease(error) => error.is_definite(),
            _ => true,
        }
    }

    /// Whether the same call may succeed later without anybody's doing.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Outage { .. } | Self::Busy | Self::Lease(_))
    }
}
