//! The evidence file: JSON Lines under a hash chain.
