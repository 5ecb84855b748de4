//! The command line of gonogo.
fn main() {}
