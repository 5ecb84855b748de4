//! The app under test.
