//! The flags that name whom a command trusts. No behaviour.

use std::path::PathBuf;

use clap::Args;

/// Whose sign-offs count.
#[derive(Args, Clone, Debug, Default)]
pub struct Signers {
    /// Who may sign, as for `ssh-keygen -Y verify -f`. Without it no sign-off counts
    #[arg(long, value_name = "FILE", env = "GONOGO_ALLOWED_SIGNERS")]
    pub allowed_signers: Option<PathBuf>,
    /// Revoked keys: a public key or a SHA256:… fingerprint a line
    #[arg(long, value_name = "FILE", env = "GONOGO_REVOKED")]
    pub revoked: Option<PathBuf>,
    /// The protected branch: both files are read as they are there, whatever the tree's own say
    #[arg(long, value_name = "REF", env = "GONOGO_POLICY_REF")]
    pub policy_ref: Option<String>,
}
