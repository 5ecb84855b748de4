//! What an app's files show, as facts. A static fact never makes anything hold; it can only break it.

use std::path::Path;

use super::{
    Manifest, Source,
    check::{check, host_of},
};
use crate::{
    evidence::{Effect, Fact, Scope},
    jira,
};

/// How many texts are taken down; every log of a run begins with them.
const MOST_TEXTS: usize = 200;

/// The facts that every scenario about this app begins with: the manifest, what the source holds, texts that a
/// person will be shown, and what is amiss. `bundled` are files, below the folder, of which it is known that they
/// run: they are read wherever they lie.
#[must_use]
pub fn observe(folder: &Path, manifest: &Manifest, bundled: &[String]) -> Vec<Fact> {
    let source = Source::read(folder, bundled);
    let mut facts = vec![manifest_read(manifest), source_read(&source)];
    let written = |place: String, text: &str| Fact::TextWritten { place, text: text.to_owned() };
    facts.extend(
        manifest.words.iter().map(|(module, text)| written(format!("{} {module}", manifest.file), text)),
    );
    facts.extend(source.texts.iter().map(|(place, text)| written(place.to_string(), text)));
    facts.truncate(2 + MOST_TEXTS);
    facts.extend(check(folder, manifest, &source).into_iter().map(|finding| Fact::FlawSeen {
        kind: finding.kind,
        subject: finding.subject,
        place: finding.place.to_string(),
        text: finding.text,
        remedy: finding.remedy,
    }));
    facts
}

/// The manifest as a fact: hosts without protocol and path, each scope with what it allows.
#[must_use]
pub fn manifest_read(manifest: &Manifest) -> Fact {
    let scope = |name: &String| Scope {
        name: name.clone(),
        effect: match jira::scope_effect(name) {
            jira::Effect::Read => Effect::Read,
            jira::Effect::Write => Effect::Write,
        },
    };
    let mut egress: Vec<String> = vec![];
    for host in manifest.egress.iter().map(|address| host_of(address).to_ascii_lowercase()) {
        if !egress.contains(&host) {
            egress.push(host);
        }
    }
    let scopes = manifest.scopes.iter().map(scope).collect();
    let grants = manifest.grants.iter().map(|grant| format!("permission:{grant}"));
    let modules = manifest.modules.iter().cloned().chain(grants).collect();
    Fact::ManifestRead { scopes, modules, egress, settings: vec![] }
}

fn source_read(source: &Source) -> Fact {
    // With an open method it is not known which operation is called.
    let certain = source.calls.iter().filter(|call| call.method.is_some());
    let mut operations: Vec<String> =
        certain.filter_map(|call| call.operation).map(|operation| operation.id.to_owned()).collect();
    operations.sort();
    operations.dedup();
    Fact::SourceRead {
        files: source.files,
        left_out: source.left_out,
        operations,
        resolvers: source.resolvers.clone(),
        packages: source.packages.clone(),
    }
}
