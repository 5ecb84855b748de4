//! The seams between an app and the world: each passes calls on and records what crossed it.

pub mod gauge;
pub mod ids;
mod notifier;
pub mod sent;
mod store;
mod telemetry;
mod text;
mod transport;
pub mod trouble;

pub use ids::NumberedIds;
pub use notifier::RecordingNotifier;
pub use store::RecordingStore;
pub use telemetry::RecordingListener;
pub use text::names_in_text;
pub use transport::RecordingTransport;
