//! The static facts of the project's own Forge app: nothing is amiss in it.

use std::path::Path;

use gonogo::{
    evidence::Fact,
    forge_app::{Manifest, observe},
};

#[test]
fn nothing_is_amiss_in_the_files_of_drift_watch() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/apps/drift-watch");
    let manifest = Manifest::read(&folder).expect("a manifest");
    let facts = observe(&folder, &manifest, &[]);
    assert!(matches!(&facts[0], Fact::ManifestRead { scopes, .. } if !scopes.is_empty()), "{:?}", facts[0]);
    assert!(matches!(&facts[1], Fact::SourceRead { left_out: 0, .. }), "{:?}", facts[1]);
    let flaws: Vec<&Fact> = facts.iter().filter(|fact| matches!(fact, Fact::FlawSeen { .. })).collect();
    assert!(flaws.is_empty(), "{flaws:?}");
    assert!(facts.iter().any(|fact| matches!(fact, Fact::TextWritten { .. })));
}
