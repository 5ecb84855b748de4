//! The manifest's YAML as it stands, read with the parser's places. Keys that a gate need not know are passed
//! over, never guessed at.

mod modules;

use std::{collections::BTreeMap, fmt};

use modules::Modules;
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};

use super::Manifest;

#[derive(Deserialize)]
pub(super) struct Raw {
    app: App,
    #[serde(default)]
    modules: Modules,
    #[serde(default)]
    permissions: Permissions,
    #[serde(default)]
    remotes: Vec<Remote>,
    #[serde(default)]
    providers: Providers,
}

#[derive(Deserialize)]
struct App {
    #[serde(deserialize_with = "filled")]
    id: String,
    #[serde(default)]
    runtime: Option<Runtime>,
}

#[derive(Deserialize)]
struct Runtime {
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Permissions {
    scopes: Scopes,
    external: External,
    content: Content,
}

/// What the app's pages may do beside loading their own files.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Content {
    scripts: Vec<String>,
    styles: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct External {
    fetch: Fetch,
    fonts: Vec<Address>,
    frames: Vec<Address>,
    images: Vec<Address>,
    media: Vec<Address>,
    scripts: Vec<Address>,
    styles: Vec<Address>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Fetch {
    backend: Vec<Address>,
    client: Vec<Address>,
}

/// A text, `{address: …}` or `{remote: …}`.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected an address, `{address: …}` or `{remote: …}`")]
enum Address {
    Plain(String),
    Named { address: String },
    Remote { remote: String },
}

#[derive(Deserialize)]
struct Remote {
    key: String,
    #[serde(rename = "baseUrl", default)]
    base_url: Option<BaseUrl>,
}

/// One URL, or one for each region.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a URL, or a mapping from regions to URLs")]
enum BaseUrl {
    One(String),
    ByRegion(BTreeMap<String, String>),
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Providers {
    auth: Vec<Provider>,
}

#[derive(Deserialize)]
struct Provider {
    key: String,
}

/// A list of names, or a mapping with the names as its keys.
#[derive(Default)]
struct Scopes {
    names: Vec<String>,
    /// Those that the app may use as somebody else.
    impersonated: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ScopeOptions {
    #[serde(rename = "allowImpersonation")]
    allow_impersonation: bool,
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> Visitor<'de> for Names {
            type Value = Scopes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of scopes")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Scopes, A::Error> {
                let mut names = vec![];
                while let Some(name) = list.next_element()? {
                    names.push(name);
                }
                Ok(Scopes { names, impersonated: vec![] })
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scopes, A::Error> {
                let mut scopes = Scopes::default();
                while let Some((name, options)) = map.next_entry::<String, Option<ScopeOptions>>()? {
                    if options.unwrap_or_default().allow_impersonation {
                        scopes.impersonated.push(name.clone());
                    }
                    scopes.names.push(name);
                }
                Ok(scopes)
            }
        }
        deserializer.deserialize_any(Names)
    }
}

fn filled<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    struct Filled;
    impl Visitor<'_> for Filled {
        type Value = String;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
            if text.trim().is_empty() {
                Err(E::custom("expected a text, found nothing"))
            } else {
                Ok(text.into())
            }
        }
    }
    deserializer.deserialize_str(Filled)
}

impl Raw {
    pub(super) fn into_manifest(self, file: String) -> Manifest {
        let Self { app, modules, permissions, remotes, providers } = self;
        let mut manifest = Manifest {
            file,
            app_id: app.id,
            runtime: app.runtime.map(|runtime| runtime.name).unwrap_or_default(),
            grants: permissions.grants(&remotes),
            scopes: permissions.scopes.names,
            external_auth: providers.auth.into_iter().map(|provider| provider.key).collect(),
            ..Manifest::default()
        };
        let Fetch { backend, client } = permissions.external.fetch;
        manifest.egress = backend.into_iter().flat_map(|address| address.resolved(&remotes)).collect();
        manifest.client_egress = client.into_iter().flat_map(|address| address.resolved(&remotes)).collect();
        for url in remotes.iter().flat_map(Remote::urls) {
            if !manifest.egress.contains(&url) {
                manifest.egress.push(url);
            }
        }
        modules.into_manifest(&mut manifest);
        manifest
    }
}

impl Permissions {
    /// What an administrator consents to beside scopes and backend hosts, a line each.
    fn grants(&self, remotes: &[Remote]) -> Vec<String> {
        let External { fetch, fonts, frames, images, media, scripts, styles } = &self.external;
        let external = [
            ("fetch.client", &fetch.client),
            ("fonts", fonts),
            ("frames", frames),
            ("images", images),
            ("media", media),
            ("scripts", scripts),
            ("styles", styles),
        ];
        let external = external.into_iter().flat_map(|(what, addresses)| {
            let named = addresses.iter().flat_map(|address| address.resolved(remotes));
            named.map(move |address| format!("external.{what}:{address}"))
        });
        let content = [("scripts", &self.content.scripts), ("styles", &self.content.styles)];
        let content = content
            .into_iter()
            .flat_map(|(what, values)| values.iter().map(move |value| format!("content.{what}:{value}")));
        let impersonated = self.scopes.impersonated.iter().map(|scope| format!("impersonation:{scope}"));
        external.chain(content).chain(impersonated).collect()
    }
}

impl Address {
    fn resolved(&self, remotes: &[Remote]) -> Vec<String> {
        match self {
            Self::Plain(address) | Self::Named { address } => vec![address.clone()],
            Self::Remote { remote } => {
                remotes.iter().filter(|known| known.key == *remote).flat_map(Remote::urls).collect()
            }
        }
    }
}

impl Remote {
    fn urls(&self) -> Vec<String> {
        match &self.base_url {
            None => vec![],
            Some(BaseUrl::One(url)) => vec![url.clone()],
            Some(BaseUrl::ByRegion(urls)) => urls.values().cloned().collect(),
        }
    }
}
