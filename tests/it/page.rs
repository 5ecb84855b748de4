//! The page: what stands in it, how large it is, and how it looks and reads in a real browser.

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use gonogo::{
    document::{self, Facts, Kind, Source, Told},
    evidence::Outcome,
    invariant::RULES,
    judge::Judgement,
};
use regex::Regex;
use sha2::{Digest as _, Sha256};

use crate::{
    invariants::fixture,
    judgements::{HOSTILE, all, drawn, green, judged, released},
    node,
};

fn page(judgement: &Judgement) -> String {
    drawn(judgement, "html", 80)
}

/// A judgement over so many scenarios, most of them passed, with courses to draw.
fn large(count: usize) -> Judgement {
    let names: Vec<String> =
        (0..count).map(|n| format!("A worker that comes back late does not write (row {n})")).collect();
    let mut logs: Vec<_> = names.iter().map(|name| (Outcome::Passed, name.as_str(), vec![])).collect();
    for (rule, log) in RULES.iter().zip(&mut logs) {
        log.2 = fixture(rule.name, "violated");
    }
    judged(logs)
}

#[test]
fn the_page_needs_nothing_but_itself_and_runs_nothing() {
    let needs = r#"^(script|link|img|iframe|object)\b|\bsrc=|url\(|@import|href="[^#]|\bstyle=|\bon[a-z]+=""#;
    let needs = Regex::new(needs).expect("a regex");
    for judgement in all() {
        let page = page(&judgement);
        for tag in
            page.split('<').filter_map(|tag| tag.split('>').next()).filter(|tag| !tag.starts_with("meta"))
        {
            assert!(!needs.is_match(tag), "<{tag}>");
        }
        let style =
            page.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>")).expect("a style").0;
        let hash = STANDARD.encode(Sha256::digest(style.as_bytes()));
        assert!(page.contains(&format!("default-src 'none'; style-src 'sha256-{hash}'")));
        for tag in ["details", "section", "table", "svg", "main"] {
            let (opened, closed) =
                (page.matches(&format!("<{tag}")).count(), page.matches(&format!("</{tag}>")).count());
            assert_eq!(opened, closed, "{tag}");
        }
    }
}

#[test]
fn everything_is_listed_what_is_amiss_stands_open_and_what_passed_is_folded() {
    let page = page(&released("plain", Some("ann@example.com")));
    let place = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text}"));
    assert!(
        place("NO-GO</p>") < place("id=\"blockers\"")
            && place("id=\"blockers\"") < place("id=\"invariants\"")
    );
    for rule in RULES {
        assert!(page.contains(&rule.statement()), "{}", rule.name);
    }
    // Each with its threshold, its measured value, and what it lists by name.
    for text in [
        "regression (1)",
        "regressed plain",
        "pre-existing failure (1)",
        "old plain",
        "gone plain",
        "shaky plain",
        "at least 97 %",
        "90 %",
        "no data",
        "waived by W-1",
        "Deployment procedure (7 min)",
        "50 %",
        "at most 9",
        "Rollback procedure (3 min)",
        "in force",
        "expired",
        "ann@example.com",
        "1 h 59 min",
        "gonogo verify",
        "NO-GO → NO-GO",
    ] {
        assert!(page.contains(text), "{text}");
    }
    let unit = &page[place("id=\"checks\"")..];
    assert!(
        unit.contains("<details open><summary><span class=\"chip bad\">"),
        "the failed check stands open"
    );
    let folded = &page[place("id=\"scenarios\"")..place("id=\"metrics\"")];
    assert!(folded.contains("<details><summary>"), "what passed is folded");
    assert_eq!(folded.matches("✓ passed</td>").count(), RULES.len());
}

#[test]
fn what_happened_is_drawn_with_a_title_and_told_in_words() {
    let page = page(&large(RULES.len()));
    let drawing = page.split("<figure>").nth(1).expect("a drawing");
    for part in [
        "role=\"img\"",
        "<title id=",
        "<desc id=",
        "Time runs down",
        "class=\"amiss\"",
        "<ol><li>",
        "shows what is amiss",
    ] {
        assert!(drawing.contains(part), "{part}");
    }
    assert!(!self::page(&green()).contains("<svg"), "nothing is amiss");
}

#[test]
#[allow(clippy::disallowed_methods, reason = "real time is what is measured")]
fn a_thousand_scenarios_are_written_fast_and_stay_small() {
    for (count, most) in [(120, 150_000), (1_000, 300_000)] {
        let judgement = large(count);
        let begun = Instant::now();
        let page = page(&judgement);
        let took = begun.elapsed();
        assert!(page.len() < most, "{count} scenarios: {} bytes", page.len());
        assert!(took < Duration::from_secs(2), "{count} scenarios: {took:?}");
        let listed = page.matches("✓ passed</td>").count();
        assert_eq!(listed, judgement.counts.passed);
    }
}

/// The browser of the system, wherever its package puts it.
fn browser() -> Option<&'static str> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let runs =
        |name: &&&str| Command::new(name).arg("--version").output().is_ok_and(|told| told.status.success());
    names.iter().find(runs).copied()
}

/// What a real browser sees of each page, at three sizes; `None`, in words, where there is no browser.
fn looked_at(pages: &[String]) -> Option<Vec<serde_json::Value>> {
    let Some(browser) = browser() else {
        node::skip("there is no Chromium on this machine");
        return None;
    };
    let packages = node::packages_of_page()?;
    let folder = packages.parent().expect("a folder");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/page/look.mjs");
    fs::copy(script, folder.join("look.mjs")).expect("copied");
    let place = tempfile::tempdir().expect("a folder");
    let mut look = Command::new("node");
    look.arg("look.mjs").current_dir(folder);
    // Puppeteer takes a path, not a name.
    let which = Command::new("sh").args(["-c", "command -v \"$0\"", browser]).output().expect("a shell");
    look.arg(String::from_utf8_lossy(&which.stdout).trim());
    for (number, page) in pages.iter().enumerate() {
        let file = place.path().join(format!("{number}.html"));
        fs::write(&file, page).expect("written");
        look.arg(file);
    }
    let told = look.output().expect("node");
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let seen: Vec<serde_json::Value> = serde_json::from_slice(&told.stdout).expect("a list");
    assert_eq!(seen.len(), 3 * pages.len());
    for look in &seen {
        for list in ["violations", "requests", "said"] {
            assert_eq!(look[list], serde_json::json!([]), "{list} in {look}");
        }
        assert_eq!((&look["overflow"], &look["hidden"]), (&0.into(), &0.into()), "{look}");
        assert_eq!(look["styled"], "8px", "the policy lets the page's own style in");
        assert!(look["pdf"].as_u64().is_some_and(|bytes| bytes > 10_000), "{look}");
    }
    Some(seen)
}

#[test]
fn a_real_browser_finds_nothing_amiss_with_the_page() {
    let judgements = [green(), released("plain", None), large(40), released(HOSTILE, None)];
    let Some(seen) = looked_at(&judgements.iter().map(page).collect::<Vec<_>>()) else { return };
    for look in seen {
        // What is folded on the screen stands open on paper.
        assert!(look["folded"].as_u64().is_some_and(|cells| cells > 0), "{look}");
    }
}

#[test]
fn a_real_browser_finds_nothing_amiss_with_the_documents() {
    let mut pages = vec![];
    for judgement in [green(), released(HOSTILE, None)] {
        for kind in Kind::ALL {
            let source = Source { previous: Some(HOSTILE.to_owned()), ..Source::default() };
            let facts = Facts { sha256: judgement.evidence.sha256.clone(), changed: None };
            let document =
                document::draw(kind, &Told { judgement: &judgement, facts: &facts, source: &source });
            let html = document::formats().iter().find(|format| format.name == "html").expect("there is one");
            pages.push(String::from_utf8((html.render)(&document)).expect("UTF-8"));
        }
    }
    looked_at(&pages);
}
