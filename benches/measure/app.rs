//! The reference app's ports as a production assembly has them, over a store and without a network.

use std::sync::Arc;

use async_trait::async_trait;
use gonogo::{
    app::{
        plain::{
            CanonicalHasher, FactualWording, PlainKeys, SealedCursors, SilentListener, TracingNotifier,
            UuidIds,
        },
        port::{HttpRequest, HttpResponse, Ports, Settings, Transport, TransportError},
    },
    clock::SystemClock,
    store::Store,
};
use secrecy::SecretString;

/// Ports over this store.
pub fn ports(store: Arc<dyn Store>) -> Ports {
    let none = String::new;
    Ports {
        store,
        clock: Arc::new(SystemClock::new()),
        transport: Arc::new(NoTransport),
        notifier: Arc::new(TracingNotifier),
        hasher: Arc::new(CanonicalHasher),
        keys: Arc::new(PlainKeys),
        cursors: Arc::new(SealedCursors::new(SecretString::from("a key"))),
        wording: Arc::new(FactualWording),
        ids: Arc::new(UuidIds),
        telemetry: Arc::new(SilentListener),
        settings: Settings::new(none(), none(), none(), SecretString::from("a secret")),
    }
}

#[derive(Debug)]
struct NoTransport;

#[async_trait]
impl Transport for NoTransport {
    async fn send(&self, _: HttpRequest) -> Result<HttpResponse, TransportError> {
        Err(TransportError::NotSent("there is no network".to_owned()))
    }
}
