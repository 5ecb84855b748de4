//! # Statement
//!
//! Every operation of the released version still answers alike, and its records are still read.
//!
//! # Why it matters
//!
//! An update reaches tenants whose data was written by the version before, and callers who know nothing of
//! the update.
//!
//! # Evidence
//!
//! A baseline that names operations; in the same scenario, every one of them is called, and a record of
//! every format it names is read.
//!
//! # Violated when
//!
//! - an operation of the baseline does not answer;
//! - its answer lacks a field that the baseline has;
//! - a record in one of the baseline's formats is rejected.
//!
//! # Remedy
//!
//! go on reading what the released version stored, and answer as it did
//!
//! # Areas
//!
//! Compatibility

use std::collections::BTreeSet;

use super::{Case, Finding};
use crate::evidence::{Fact, Log};

pub(super) fn judge(log: &Log<'_>) -> Finding {
    let mut case = Case::default();
    let mut baselines = 0_usize;
    let mut promised = 0_usize;
    for baseline in log.observations {
        let Fact::BaselineRead { operations, record_formats, .. } = &baseline.fact else { continue };
        baselines += 1;
        promised += operations.len();
        compare(&mut case, log, operations, record_formats);
    }
    case.needs(baselines > 0, "a baseline");
    case.needs(baselines == 0 || promised > 0, "an operation in the baseline");
    case.conclude()
}

fn compare(case: &mut Case, log: &Log<'_>, operations: &[(String, Vec<String>)], formats: &[String]) {
    let mut called: BTreeSet<&str> = BTreeSet::new();
    let mut read: BTreeSet<&str> = BTreeSet::new();
    for observation in log.observations {
        match &observation.fact {
            Fact::OperationAnswered { operation, answered, fields } => {
                for (_, expected) in operations.iter().filter(|(name, _)| name == operation) {
                    called.insert(operation);
                    if !answered {
                        case.violated(|| format!("{operation} no longer answers"), &[observation.seq]);
                    } else if let Some(lost) = expected.iter().find(|field| !fields.contains(field)) {
                        case.violated(
                            || format!("the answer of {operation} lacks {lost:?}"),
                            &[observation.seq],
                        );
                    }
                }
            }
            Fact::OldRecordRead { format, accepted, .. } if formats.contains(format) => {
                read.insert(format);
                if !accepted {
                    case.violated(|| format!("a record in the format {format} is rejected"), &[observation.seq]);
                }
            }
            _ => {}
        }
    }
    let uncalled: Vec<&str> =
        operations.iter().map(|(name, _)| name.as_str()).filter(|name| !called.contains(name)).collect();
    case.needs(uncalled.is_empty(), &format!("a call of {}", uncalled.join(", ")));
    let unread: Vec<&str> = formats.iter().map(String::as_str).filter(|name| !read.contains(name)).collect();
    case.needs(unread.is_empty(), &format!("a record in the format {}", unread.join(", ")));
}
