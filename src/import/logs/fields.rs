//! By which words and fields a log tells what is counted: what the policy may set, and what holds without it.

use regex::{Regex, RegexSet, RegexSetBuilder};
use serde::{Deserialize, Serialize};

/// How the events that are counted are recognised. Patterns are regular expressions (case does not matter), tried on
/// a line's message and on its event's name (`event`); a field is named by its path in the JSON line (`memory.rss`),
/// in a text by what stands before `=` or `:`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LogFields {
    /// Fields with an entry's level, beside the usual: `level`, `severity`, `lvl`, `sev`, `loglevel` and the like. A
    /// level is a name (`error`) or a number of pino's (50).
    pub level: Vec<String>,
    /// A token was refreshed. Default: `token refreshed`, `token_refreshed`, `token_issued`, `token refresh
    /// succeeded` and the like.
    pub refresh_ok: String,
    /// A token was not refreshed; counts before `refresh_ok` when both are there. Default: `token refresh failed`,
    /// `token_refused`, `refresh token expired` and the like.
    pub refresh_failed: String,
    /// Somebody asked for a lock and got its answer, the refusals included: one line for each attempt, or the share
    /// of refusals is wrong. Default: `lock granted`, `lock acquired`, `lock_granted`, `job_leased`, `lock denied` and
    /// the like.
    pub lock_attempt: String,
    /// Somebody was refused a lock. Default: `lock denied`, `lock_denied`, `lock is held`, `lock contention` and the
    /// like.
    pub lock_denied: String,
    /// Lines whose `page_ms` counts; without it each line that has such a field counts.
    pub page: Option<String>,
    /// Fields with the time that a page took, in milliseconds; the first that a line has counts. Default: `page_ms`,
    /// `page_duration_ms`, `page_latency_ms`.
    pub page_ms: Vec<String>,
    /// Fields with the memory of the process; only its growth counts, so any unit does, and each field is a series
    /// of its own. Default: `rss_bytes`, `rss`, `heap_used_bytes`, `heapUsed`, the last and `rss` also below
    /// `memory`, `mem` and `memoryUsage`.
    pub rss_bytes: Vec<String>,
}

impl Default for LogFields {
    fn default() -> Self {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Self {
            level: vec![],
            refresh_ok: concat!(
                r"\btoken[ _.-](was[ _])?(refreshed|issued)\b",
                r"|\b(refreshed|renewed)[ _.-](the[ _])?(access[ _.-])?token\b",
                r"|\btoken[ _.-]?refresh(ed)?[ _.:-]+(ok|success\w*|succe\w+|completed|done)\b",
            )
            .to_owned(),
            refresh_failed: concat!(
                r"\btoken[ _.-](was[ _])?(refused|not[ _]refreshed)\b",
                r"|\btoken[ _.-]?refresh[ _.:-]+(was[ _])?(fail\w*|error\w*|refused|rejected|denied|timed[ _]out)\b",
                r"|\b(failed|could[ _]not|cannot|unable)[ _](to[ _])?refresh[ _](the[ _])?(access[ _])?token\b",
                r"|\brefresh[ _.-]token[ _.-](is[ _]|was[ _]|has[ _])?(expired|invalid|revoked|refused|reused)\b",
                r"|\binvalid_grant\b",
            )
            .to_owned(),
            lock_attempt: concat!(
                r"\block[ _.-](was[ _]|is[ _])?(granted|acquired|taken|denied|refused|contended|contention|busy|held)\b",
                r"|\b(acquired|got|took)[ _](the[ _])?lock\b|\block[ _.:-]+(attempt|conflict)\b",
                r"|\bjob_leased\b|\b(failed|could[ _]not|unable)[ _](to[ _])?(acquire|get|take)[ _](the[ _])?lock\b",
            )
            .to_owned(),
            lock_denied: concat!(
                r"\block[ _.-](was[ _]|is[ _])?(denied|refused|contended|contention|busy|held)\b",
                r"|\block[ _.:-]+conflict\b",
                r"|\b(failed|could[ _]not|unable)[ _](to[ _])?(acquire|get|take)[ _](the[ _])?lock\b",
            )
            .to_owned(),
            page: None,
            page_ms: words(&["page_ms", "page_duration_ms", "page_latency_ms"]),
            rss_bytes: words(&[
                "rss_bytes",
                "rss",
                "memory.rss",
                "mem.rss",
                "memoryUsage.rss",
                "heap_used_bytes",
                "heapUsed",
                "memory.heapUsed",
                "mem.heapUsed",
                "memoryUsage.heapUsed",
            ]),
        }
    }
}

impl LogFields {
    /// Whether a log can be read by these.
    ///
    /// # Errors
    ///
    /// One of them is no regular expression or no name of a field; says which.
    pub fn check(&self) -> Result<(), String> {
        Compiled::of(self).map(drop)
    }
}

/// What a line tells, by its words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    pub refresh_ok: bool,
    pub refresh_failed: bool,
    pub lock_attempt: bool,
    pub lock_denied: bool,
    pub page: bool,
}

/// The same, ready to be tried.
pub(super) struct Compiled {
    words: RegexSet,
    has_page: bool,
    /// Fields with the level, beside the usual.
    pub levels: Vec<String>,
    /// Names of fields, those of `page_ms` first.
    pub names: Vec<String>,
    /// How many of them are of `page_ms`.
    pub pages: usize,
    in_text: Option<Regex>,
}

/// Names of fields that one policy may give; a series is kept for each.
const NAME_LIMIT: usize = 64;

impl Compiled {
    pub fn of(fields: &LogFields) -> Result<Self, String> {
        let patterns = [
            ("refresh_ok", Some(&fields.refresh_ok)),
            ("refresh_failed", Some(&fields.refresh_failed)),
            ("lock_attempt", Some(&fields.lock_attempt)),
            ("lock_denied", Some(&fields.lock_denied)),
            ("page", fields.page.as_ref()),
        ];
        for (name, pattern) in patterns.iter().filter_map(|(name, pattern)| pattern.map(|p| (name, p))) {
            let regex =
                Regex::new(pattern).map_err(|error| format!("`{name}` is no regular expression: {error}"))?;
            if regex.is_match("") {
                return Err(format!("`{name}` matches everything"));
            }
        }
        let words = RegexSetBuilder::new(patterns.iter().filter_map(|(_, pattern)| *pattern))
            .case_insensitive(true)
            .build()
            .map_err(|error| format!("the patterns are too large: {error}"))?;
        let names: Vec<String> = fields.page_ms.iter().chain(&fields.rss_bytes).cloned().collect();
        if fields.level.len() > NAME_LIMIT {
            return Err(format!("`level` names more than {NAME_LIMIT} fields"));
        }
        if names.len() > NAME_LIMIT {
            return Err(format!("`page_ms` and `rss_bytes` name more than {NAME_LIMIT} fields"));
        }
        let is_none = |name: &String| name.split('.').any(str::is_empty) || name.split('.').count() > 8;
        if names.iter().chain(&fields.level).any(is_none) {
            return Err("`level`, `page_ms` and `rss_bytes` name fields: `rss` or `memory.rss`".to_owned());
        }
        // The longest first: the first alternative that fits is taken.
        let mut sorted: Vec<_> = names.iter().map(|name| regex::escape(name)).collect();
        sorted.sort_by_key(|name| std::cmp::Reverse(name.len()));
        let in_text = match sorted.is_empty() {
            true => None,
            false => {
                let pattern =
                    format!(r#"(?:^|[^\w.-])({})["']?\s*[=:]\s*["']?([^\s"',;}}\])]+)"#, sorted.join("|"));
                Some(
                    Regex::new(&pattern)
                        .map_err(|error| format!("the fields' names are too long: {error}"))?,
                )
            }
        };
        let pages = fields.page_ms.len();
        let levels = fields.level.clone();
        Ok(Self { words, has_page: fields.page.is_some(), levels, names, pages, in_text })
    }

    /// What a line tells by its event and its message.
    pub fn told(&self, event: &str, message: &str) -> Told {
        let mut told = Told { page: !self.has_page, ..Told::default() };
        for text in [event, message] {
            // Most lines tell nothing of this, which is known sooner than which of the patterns one meets.
            if text.is_empty() || !self.words.is_match(text) {
                continue;
            }
            let found = self.words.matches(text);
            told.refresh_ok |= found.matched(0);
            told.refresh_failed |= found.matched(1);
            told.lock_attempt |= found.matched(2);
            told.lock_denied |= found.matched(3);
            told.page |= self.has_page && found.matched(4);
        }
        told
    }

    /// The fields that a text names, with what stands behind them.
    pub fn in_text(&self, text: &str, mut found: impl FnMut(usize, &str)) {
        // Most lines have neither sign.
        if memchr::memchr2(b'=', b':', text.as_bytes()).is_none() {
            return;
        }
        for captures in self.in_text.iter().flat_map(|regex| regex.captures_iter(text)) {
            let (Some(name), Some(value)) = (captures.get(1), captures.get(2)) else { continue };
            if let Some(at) = self.names.iter().position(|one| one == name.as_str()) {
                found(at, value.as_str());
            }
        }
    }
}
