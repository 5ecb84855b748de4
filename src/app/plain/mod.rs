//! The plain implementations of the app's ports, as a production assembly uses them. One port, one file.

mod cursors;
mod hasher;
mod ids;
mod keys;
mod speech;

pub use cursors::SealedCursors;
pub use hasher::{CanonicalHasher, canonical_hash};
pub use ids::UuidIds;
pub use keys::PlainKeys;
pub use speech::{FactualWording, SilentListener, TracingListener, TracingNotifier};
