//! Values of `gonogo.yaml` that can be well-formed and still not be meant. Each is refused while it is read,
//! so that the parser knows its line. Never softens what a name promises.

use std::{fmt, net::Ipv6Addr, time::Duration};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, MapAccess, SeqAccess, Unexpected, Visitor, value::MapAccessDeserializer},
};

use crate::{
    evidence::{Issue, Severity, Thresholds},
    spelling::{nearest, suggestion},
};

pub(super) const MOST_JOBS: u64 = 512;
pub(super) const MOST_SECONDS: f64 = 86_400.0;
const SEVERITIES: [Severity; 4] = [Severity::Sev1, Severity::Sev2, Severity::Sev3, Severity::Sev4];
const TAG: &str = "expected a tag's name, without spaces";
const HOST: &str = "expected a host, `host:port`, or `*.` and a domain of one owner";
/// Second labels under which registries of countries sell names to everybody.
const SOLD_UNDER: [&str; 16] = [
    "ac", "co", "com", "edu", "go", "gob", "gov", "gv", "ltd", "mil", "ne", "net", "nom", "or", "org", "plc",
];

/// A length of time above zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seconds(pub Duration);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let usable = |seconds: f64| seconds > 0.0 && seconds <= MOST_SECONDS;
        let number = Number { usable, expected: "seconds above 0 and up to 86400" };
        deserializer.deserialize_f64(number).map(|seconds| Self(Duration::from_secs_f64(seconds)))
    }
}

/// A reason that somebody can weigh: a sentence, not a sign.
pub(super) fn reason<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    const SHORTEST: usize = 10;
    let reason = Option::<String>::deserialize(deserializer)?;
    match reason.filter(|reason| reason.trim().chars().count() >= SHORTEST) {
        Some(reason) => Ok(Some(reason.trim().to_owned())),
        None => Err(D::Error::custom("expected a reason in words, which every report will show")),
    }
}

/// How many scenarios may run at once.
pub(super) fn jobs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<usize>, D::Error> {
    struct Jobs(usize);
    impl<'de> Deserialize<'de> for Jobs {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Count;
            impl Visitor<'_> for Count {
                type Value = Jobs;

                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    write!(f, "a number from 1 to {MOST_JOBS}")
                }

                fn visit_u64<E: Error>(self, jobs: u64) -> Result<Jobs, E> {
                    let usable = usize::try_from(jobs).ok().filter(|_| (1..=MOST_JOBS).contains(&jobs));
                    usable.map(Jobs).ok_or_else(|| E::invalid_value(Unexpected::Unsigned(jobs), &self))
                }
            }
            deserializer.deserialize_u64(Count)
        }
    }
    Ok(Option::<Jobs>::deserialize(deserializer)?.map(|jobs| jobs.0))
}

/// Limits for metrics, each in its own range.
pub(super) fn thresholds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Thresholds, D::Error> {
    fn percent<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        let usable = |percent: f64| (0.0..=100.0).contains(&percent);
        deserializer.deserialize_f64(Number { usable, expected: "a number from 0 to 100" })
    }
    fn ms<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        let usable = |ms: f64| (0.0..=f64::MAX).contains(&ms);
        deserializer.deserialize_f64(Number { usable, expected: "a number from 0" })
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, default)]
    struct Limits {
        #[serde(deserialize_with = "percent")]
        lock_contention_percent: f64,
        #[serde(deserialize_with = "percent")]
        refresh_success_percent: f64,
        #[serde(deserialize_with = "ms")]
        page_p95_ms: f64,
    }
    impl Default for Limits {
        fn default() -> Self {
            let Thresholds { lock_contention_percent, refresh_success_percent, page_p95_ms } =
                Thresholds::default();
            Self { lock_contention_percent, refresh_success_percent, page_p95_ms }
        }
    }
    let Limits { lock_contention_percent, refresh_success_percent, page_p95_ms } =
        Limits::deserialize(deserializer)?;
    Ok(Thresholds { lock_contention_percent, refresh_success_percent, page_p95_ms })
}

struct Number {
    usable: fn(f64) -> bool,
    expected: &'static str,
}

impl Visitor<'_> for Number {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<f64, E> {
        let wrong = || E::custom(format!("expected {}, found {number}", self.expected));
        if (self.usable)(number) { Ok(number) } else { Err(wrong()) }
    }
}

/// A text that must be usable, and what it is made into.
#[derive(Clone, Copy)]
struct Text<T>(fn(&str) -> Result<T, String>);

impl<T> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.0)(text).map_err(E::custom)
    }
}

impl<'de, T> DeserializeSeed<'de> for Text<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_str(self)
    }
}

/// Words that state a judgement.
pub(super) fn words<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    deserializer.deserialize_seq(Texts(|word| match word.trim() {
        "" => Err("expected a word, found nothing".into()),
        word => Ok(word.to_owned()),
    }))
}

/// Hosts that the app may reach.
pub(super) fn hosts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    deserializer.deserialize_seq(Texts(|host| match refused(host) {
        None => Ok(host.to_owned()),
        Some(why) => Err(format!("{HOST}; `{host}` {why}")),
    }))
}

struct Texts(fn(&str) -> Result<String, String>);

impl<'de> Visitor<'de> for Texts {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of texts")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<String>, A::Error> {
        let mut texts = vec![];
        while let Some(text) = list.next_element_seed(Text(self.0))? {
            texts.push(text);
        }
        Ok(texts)
    }
}

/// Why an entry names no host, or the hosts of more than one owner.
fn refused(entry: &str) -> Option<&'static str> {
    let letters = |label: &str| label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if entry.contains(['/', '?', '#', '@']) {
        return Some("is more than a host");
    }
    let (host, port) = match entry.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (entry, None),
    };
    if port.is_some_and(|port| {
        !port.bytes().all(|b| b.is_ascii_digit()) || !matches!(port.parse(), Ok(1..=u16::MAX))
    }) {
        return Some("has no port from 1 to 65535");
    }
    if let Some(address) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return address.parse::<Ipv6Addr>().is_err().then_some("has no address in its brackets");
    }
    let (domain, wild) = host.strip_prefix("*.").map_or((host, false), |domain| (domain, true));
    let labels: Vec<&str> = domain.split('.').collect();
    if labels
        .iter()
        .any(|label| label.is_empty() || !letters(label) || label.starts_with('-') || label.ends_with('-'))
    {
        return Some("is no name of a host");
    }
    if !wild {
        return None;
    }
    let [.., second, top] = labels.as_slice() else { return Some("covers a whole top-level domain") };
    if top.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some("is a wildcard over addresses");
    }
    let sold =
        labels.len() == 2 && top.len() == 2 && SOLD_UNDER.contains(&second.to_ascii_lowercase().as_str());
    sold.then_some("covers the names of everybody under a public suffix")
}

/// The issues, distinct, none softer than its name.
pub(super) fn issues<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Issue>, D::Error> {
    struct Issues;
    impl<'de> Visitor<'de> for Issues {
        type Value = Vec<Issue>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of issues")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<Issue>, A::Error> {
            let mut issues: Vec<Issue> = vec![];
            while let Some(issue) = list.next_element_seed(Next(&issues))? {
                issues.push(issue);
            }
            Ok(issues)
        }
    }
    deserializer.deserialize_seq(Issues)
}

/// The issue that follows these.
struct Next<'a>(&'a [Issue]);

impl<'de> DeserializeSeed<'de> for Next<'_> {
    type Value = Issue;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Issue, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Next<'_> {
    type Value = Issue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an issue: {id: …, title: …, severity: …}")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Issue, A::Error> {
        let mut issue = Issue::deserialize(MapAccessDeserializer::new(map))?;
        for name in &mut issue.tags {
            *name = tag(name).map_err(|reason| A::Error::custom(format!("tags: {reason}")))?;
        }
        let Issue { id, severity, .. } = &issue;
        if id.starts_with('@') {
            return Err(A::Error::custom(format!("id: {TAG} and without `@`, found `{id}`")));
        }
        tag(id).map_err(|reason| A::Error::custom(format!("id: {reason}")))?;
        if self.0.iter().any(|earlier| earlier.id == *id) {
            return Err(A::Error::custom(format!("id: `{id}` is listed twice")));
        }
        match promised(id).map_err(A::Error::custom)? {
            Some(promised) if promised != *severity => Err(A::Error::custom(format!(
                "severity: expected {}, as the id `{id}` says, found {}",
                promised.word(),
                severity.word()
            ))),
            _ => Ok(issue),
        }
    }
}

/// The severity that the name of a tag promises: `SEV-n-…` names its own, an invariant is SEV-1.
fn promised(tag: &str) -> Result<Option<Severity>, String> {
    if tag.starts_with("invariant:") {
        return Ok(Some(Severity::Sev1));
    }
    let upper = tag.to_uppercase();
    if !upper.starts_with("SEV-") {
        return Ok(None);
    }
    let named =
        |severity: &Severity| upper.strip_prefix(severity.word()).is_some_and(|rest| rest.starts_with('-'));
    let found = SEVERITIES.into_iter().find(named);
    found.map(Some).ok_or_else(|| format!("`{tag}`: expected SEV-1-… to SEV-4-… in the name of an issue"))
}

/// The name of a tag; its `@` may stand or not.
fn tag(text: &str) -> Result<String, String> {
    let name = text.strip_prefix('@').unwrap_or(text);
    let usable =
        !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '@');
    if usable { Ok(name.to_owned()) } else { Err(format!("{TAG}, found `{text}`")) }
}

/// Severity by tag, in the file's order, distinct, none softer than its name.
pub(super) fn severities<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<(String, Severity)>, D::Error> {
    struct Severities;
    impl<'de> Visitor<'de> for Severities {
        type Value = Vec<(String, Severity)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a mapping from tags to severities")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut pairs: Vec<(String, Severity)> = vec![];
            while let Some(tag) = map.next_key_seed(Text(tag))? {
                let known = pairs.iter().any(|(known, _)| *known == tag);
                let severity = map.next_value_seed(Of { tag: &tag, known })?;
                pairs.push((tag, severity));
            }
            Ok(pairs)
        }
    }
    deserializer.deserialize_map(Severities)
}

/// The severity of a tag.
struct Of<'a> {
    tag: &'a str,
    known: bool,
}

impl<'de> DeserializeSeed<'de> for Of<'_> {
    type Value = Severity;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Severity, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Of<'_> {
    type Value = Severity;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SEV-1 to SEV-4")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Severity, E> {
        let words = SEVERITIES.map(Severity::word);
        if self.known {
            return Err(E::custom(format!("duplicate key `{}`", self.tag)));
        }
        let Some(severity) = SEVERITIES.into_iter().find(|severity| severity.word() == text) else {
            let near = suggestion(nearest(text, words).as_deref());
            return Err(E::custom(format!("expected SEV-1 to SEV-4, found `{text}`{near}")));
        };
        match promised(self.tag).map_err(E::custom)? {
            Some(promised) if severity > promised => Err(E::custom(format!(
                "expected {} or stricter for `{}`, found {text}",
                promised.word(),
                self.tag
            ))),
            _ => Ok(severity),
        }
    }
}
