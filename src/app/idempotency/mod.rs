//! Jobs done once: planned, leased, logged.
