//! What every page has: one file, no script, nothing from elsewhere, the style pinned by a hash, a list of contents.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

const STYLE: &str = include_str!("style.css");

/// A page, before it is bytes.
#[derive(Clone, Debug)]
pub struct Page {
    /// Of the window, not shown on the page.
    pub title: String,
    /// What whoever reads with the keyboard skips to.
    pub skip: &'static str,
    /// Above the list of contents.
    pub header: Markup,
    /// What the list of contents names.
    pub parts: Vec<Part>,
    /// Below everything.
    pub footer: Markup,
}

/// A part of a page.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its anchor; no other part has it.
    pub id: String,
    /// Its heading.
    pub title: String,
    /// How much of it there is, behind the heading.
    pub count: Option<String>,
    /// The rest.
    pub body: Markup,
}

impl Page {
    /// The whole file.
    #[must_use]
    pub fn drawn(&self) -> Vec<u8> {
        let Self { title, skip, header, parts, footer } = self;
        let hash = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
        let policy =
            format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'");
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta http-equiv="Content-Security-Policy" content=(policy);
                    meta name="referrer" content="no-referrer";
                    title { (title) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    a.skip href="#main" { (skip) }
                    header {
                        (header)
                        nav aria-label="Sections" {
                            ul { @for part in parts { li { a href={ "#" (part.id) } { (part.title) } } } }
                        }
                    }
                    main id="main" {
                        @for part in parts {
                            section aria-labelledby=(part.id) {
                                h2 id=(part.id) {
                                    (part.title)
                                    @if let Some(count) = &part.count { span.count { (count) } }
                                }
                                (part.body)
                            }
                        }
                    }
                    footer { (footer) }
                }
            }
        };
        let mut bytes = page.into_string().into_bytes();
        bytes.push(b'\n');
        bytes
    }
}
