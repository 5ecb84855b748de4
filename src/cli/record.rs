//! The flags of `sign`, `checklist` and `verify`. No behaviour.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::Timestamp;

use super::{Acceptable, Signers};

/// `gonogo sign`.
#[derive(Args, Debug)]
pub struct Sign {
    /// The record, or the output folder that holds it
    #[arg(default_value = "gonogo-report")]
    pub dir: PathBuf,
    /// Your role, as the release asks for it, for instance 'Engineering Lead'
    #[arg(long, required_unless_present_any = ["item", "from"])]
    pub role: Option<String>,
    /// The item of the checklist that you did, in place of a role
    #[arg(long, value_name = "ID", conflicts_with_all = ["role", "from"])]
    pub item: Option<String>,
    /// Your OpenSSH private key (ed25519 or ecdsa-p256, without a passphrase)
    #[arg(long, value_name = "FILE", required_unless_present_any = ["to", "from"])]
    pub key: Option<PathBuf>,
    /// Who you are, as the allowed signers name you [default: the comment of the key]
    #[arg(long, value_name = "NAME")]
    pub principal: Option<String>,
    /// What you decide
    #[arg(long, value_enum, default_value_t = Decision::Approve)]
    pub decision: Decision,
    /// Why, in your own words; needed for all but an approval
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// Write the statement here, to be signed by `ssh-keygen -Y sign`, and sign nothing
    #[arg(long, value_name = "FILE", conflicts_with_all = ["key", "from"])]
    pub to: Option<PathBuf>,
    /// Take in a statement that `--to` wrote, and the signature beside it (FILE.sig)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["key", "role", "principal", "decision", "note"])]
    pub from: Option<PathBuf>,
}

/// What a person can decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Decision {
    /// Release
    Approve,
    /// Do not release
    Reject,
    /// Release in spite of the verdict; it stays what it is
    BreakGlass,
}

/// `gonogo checklist`.
#[derive(Args, Debug)]
pub struct Checklist {
    /// The output folder of the run, or its record
    #[arg(default_value = "gonogo-report")]
    pub dir: PathBuf,
    /// Whose sign-offs count
    #[command(flatten)]
    pub signers: Signers,
    /// Exit with 0 for this, too; it is written into the verdict; repeatable, or with commas
    #[arg(long, value_name = "WHAT", env = "GONOGO_ACCEPT", value_delimiter = ',')]
    pub accept: Vec<Acceptable>,
    /// Ed25519 private key (PEM) that sealed the record, if one did
    #[arg(long, value_name = "FILE", env = "GONOGO_RECORD_KEY")]
    pub record_key: Option<PathBuf>,
}

/// `gonogo verify`.
#[derive(Args, Debug)]
pub struct Verify {
    /// A record, the output folder that holds it, or a signed verdict of one (verdict.dsse.json)
    pub path: PathBuf,
    /// Ed25519 public key (PEM) that must have sealed the record
    #[arg(long, value_name = "FILE", env = "GONOGO_PUBLIC_KEY")]
    pub key: Option<PathBuf>,
    /// Whose sign-offs count
    #[command(flatten)]
    pub signers: Signers,
    /// The record that this one names as the one before
    #[arg(long, value_name = "DIR")]
    pub predecessor: Option<PathBuf>,
    /// When keys must have been good, RFC 3339 [default: now]
    #[arg(long, value_name = "TIME")]
    pub at: Option<Timestamp>,
}
