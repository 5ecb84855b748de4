//! What a sign-off is worth.
