//! A store on SQLite.
