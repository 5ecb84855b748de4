//! What happened in one scenario, drawn: time runs down, each worker, each tenant and Jira has a line of its own. The
//! same stands below it in words.

use maud::{Markup, html};

use super::{brief, printable, text};
use crate::judge::{Actor, Course, Judgement, Moment};

/// More actors than this share the last line.
const MOST_LANES: usize = 8;
const TIME: usize = 64;
const LANE: usize = 76;
const ROW: usize = 26;
const HEAD: usize = 44;
/// Room for what a moment says, and so many characters of it.
const WORDS: usize = 520;
const CHARACTERS: usize = 80;

/// The lines of a drawing, each with its actors.
struct Lanes(Vec<Actor>);

impl Lanes {
    fn of(course: &Course) -> Self {
        let mut actors: Vec<Actor> =
            course.moments.iter().flat_map(|m| [Some(&m.actor), m.to.as_ref()]).flatten().cloned().collect();
        actors.sort();
        actors.dedup();
        Self(actors)
    }

    fn count(&self) -> usize {
        self.0.len().min(MOST_LANES)
    }

    /// The middle of an actor's line.
    fn x(&self, actor: &Actor) -> usize {
        let place = self.0.iter().position(|known| known == actor).unwrap_or_default();
        TIME + LANE * place.min(MOST_LANES - 1) + LANE / 2
    }

    fn name(&self, place: usize) -> String {
        let is_shared = place + 1 == MOST_LANES && self.0.len() > MOST_LANES;
        if is_shared { "others".to_owned() } else { self.0.get(place).map(name).unwrap_or_default() }
    }

    fn width(&self) -> usize {
        TIME + LANE * self.count() + WORDS
    }
}

pub(super) fn figure(judgement: &Judgement, course: &Course, place: usize) -> Markup {
    let known = judgement.scenarios.iter().find(|scenario| scenario.id == course.scenario);
    let title = known.map_or_else(|| text(&course.scenario), |scenario| text(&scenario.name));
    let lanes = Lanes::of(course);
    let (width, height) = (lanes.width(), HEAD + ROW * course.moments.len() + 12);
    let (title_id, words_id) = (format!("course-{place}"), format!("course-{place}-words"));
    html! {
        figure {
            figcaption { strong { (title) } br; span.soft { (text(&course.scenario)) } }
            div.scroll role="region" aria-label={ "Drawing: " (title) } tabindex="0" {
                svg role="img" aria-labelledby={ (title_id) " " (words_id) } width=(width) height=(height) viewBox={ "0 0 " (width) " " (height) } {
                    title id=(title_id) { "What happened in: " (title) }
                    desc id=(words_id) {
                        "Time runs down. Lines: "
                        @for place in 0..lanes.count() { @if place > 0 { ", " } (lanes.name(place)) }
                        ". " (course.moments.len()) " moments, listed in words below."
                    }
                    @for place in 0..lanes.count() {
                        @let x = TIME + LANE * place + LANE / 2;
                        text.head x=(x) y="18" text-anchor="middle" { (lanes.name(place)) }
                        line.lane x1=(x) y1="30" x2=(x) y2=(height - 8) {}
                    }
                    @for (row, moment) in course.moments.iter().enumerate() {
                        (drawn(&lanes, moment, row, course.moments.get(row.wrapping_sub(1))))
                    }
                }
            }
            p.legend {
                "● something happened, → to whom, ◆ shows what is amiss. Times are the scenario's own."
                @if course.left_out > 0 { " " (course.left_out) " more moments stand in the evidence." }
            }
            details {
                summary { span.soft { "The same in words" } }
                div.in { ol { @for moment in &course.moments { li { (in_words(moment)) } } } }
            }
        }
    }
}

fn drawn(lanes: &Lanes, moment: &Moment, row: usize, before: Option<&Moment>) -> Markup {
    let y = HEAD + ROW * row;
    let x = lanes.x(&moment.actor);
    let words = TIME + LANE * lanes.count() + 12;
    let said = brief(&done(moment, &short(&moment.object)), CHARACTERS);
    let is_later = before.is_none_or(|before| before.after_ms != moment.after_ms);
    html! {
        @if moment.shows { rect.row x="0" y=(y - 13) width=(lanes.width()) height=(ROW) {} }
        @if is_later { text.soft x=(TIME - 12) y=(y + 4) text-anchor="end" { (after(moment.after_ms)) } }
        @if let Some(to) = &moment.to {
            @let end = lanes.x(to);
            @if end != x {
                @let back = if end > x { end - 9 } else { end + 9 };
                line.arrow x1=(x) y1=(y) x2=(back) y2=(y) {}
                polygon.tip points={ (end) "," (y) " " (back) "," (y - 4) " " (back) "," (y + 4) } {}
            }
        }
        @if moment.shows {
            polygon.amiss points={ (x) "," (y - 7) " " (x + 7) "," (y) " " (x) "," (y + 7) " " (x - 7) "," (y) } {}
            text.amiss x=(words) y=(y + 4) { (said) }
        } @else {
            circle.dot cx=(x) cy=(y) r="4.5" {}
            text x=(words) y=(y + 4) { (said) }
        }
    }
}

fn in_words(moment: &Moment) -> Markup {
    html! {
        @if moment.shows { strong { "Amiss: " } }
        "after " (after(moment.after_ms)) ", " (name(&moment.actor)) " " (text(&done(moment, &moment.object)))
        @if let Some(to) = &moment.to { " (" (name(to)) ")" }
    }
}

/// Who it was, the line tells.
fn done(moment: &Moment, object: &str) -> String {
    let gap = if object.is_empty() { "" } else { " " };
    let times = if moment.times > 1 { format!(", {} times", moment.times) } else { String::new() };
    format!("{}{gap}{object}{times}", moment.action)
}

/// Hashes in keys by their beginning.
fn short(object: &str) -> String {
    let is_hash = |part: &str| part.len() >= 16 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let parts = object.split_inclusive(|c: char| !c.is_ascii_alphanumeric());
    parts.fold(String::new(), |mut shortened, part| {
        let word = part.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        if is_hash(word) {
            shortened.extend([&word[..6], "…", &part[word.len()..]]);
        } else {
            shortened.push_str(part);
        }
        shortened
    })
}

fn name(actor: &Actor) -> String {
    match actor {
        Actor::Scenario => "scenario".to_owned(),
        Actor::Worker(worker) if worker.chars().count() <= 3 => format!("worker {}", printable(worker)),
        Actor::Worker(name) | Actor::Tenant(name) => brief(name, 11),
        Actor::Jira => "Jira".to_owned(),
    }
}

/// A length of time, short enough for its column.
fn after(ms: i64) -> String {
    match ms {
        -9_999..=9_999 => format!("{ms} ms"),
        -599_999..=599_999 => format!("{} s", ms / 1_000),
        -35_999_999..=35_999_999 => format!("{} min", ms / 60_000),
        _ => format!("{} h", ms / 3_600_000),
    }
}
