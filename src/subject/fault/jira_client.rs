//! Faults of the Jira client, planted where its requests leave: what readers of Jira get wrong in real apps.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;
use serde_json::{Value, json};

use super::{Assembly, Fault};
use crate::app::port::{HttpRequest, HttpResponse, Transport, TransportError};

/// How often a stubborn transport sends again: more than any scenario allows, and still an end.
const STUBBORN: usize = 40;

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "retry_after_ignored",
        what: "a request that Jira asked to hold back is sent again at once",
        breaks: &[],
        fails: &["mode-32"],
        plant: |assembly| wrap(assembly, Habit::Resends(429)),
    },
    Fault {
        name: "retry_after_date_ignored",
        what: "a Retry-After that is a date is not understood",
        breaks: &[],
        fails: &["mode-32"],
        plant: |assembly| wrap(assembly, Habit::NoDates),
    },
    Fault {
        name: "retries_without_bound",
        what: "a request that Jira fails on is sent again and again",
        breaks: &[],
        fails: &["mode-32", "lasting-trouble"],
        plant: |assembly| wrap(assembly, Habit::Resends(503)),
    },
    Fault {
        name: "short_page_is_the_end",
        what: "a page with fewer items than were asked for is taken for the last",
        breaks: &[],
        fails: &["mode-26"],
        plant: |assembly| wrap(assembly, Habit::ShortIsLast),
    },
    Fault {
        name: "total_is_the_end",
        what: "a listing of Jira's ends where its total says, whatever the page says",
        breaks: &[],
        fails: &["mode-25"],
        plant: |assembly| wrap(assembly, Habit::TotalIsLast),
    },
    Fault {
        name: "own_page_size_believed",
        what: "the next page is looked for as if Jira had taken the page size that was asked for",
        breaks: &[],
        fails: &["clamped-page-size"],
        plant: |assembly| wrap(assembly, Habit::OwnStride),
    },
    Fault {
        name: "repeated_cursors_followed",
        what: "a page and a cursor that came before are followed as if they were new",
        breaks: &["deterministic_hashing"],
        fails: &["mode-27"],
        plant: |assembly| wrap(assembly, Habit::NeverSeenBefore(AtomicU64::new(0), Mutex::default())),
    },
    Fault {
        name: "unreadable_page_is_empty",
        what: "an answer that is not JSON is taken for an empty last page",
        breaks: &[],
        fails: &["passing-trouble", "lasting-trouble"],
        plant: |assembly| wrap(assembly, Habit::UnreadableIsEmpty),
    },
    Fault {
        name: "passing_trouble_is_final",
        what: "a failure that would pass is taken for a refusal",
        breaks: &["auto_repair_internal"],
        fails: &["passing-trouble"],
        plant: |assembly| wrap(assembly, Habit::GivesUp),
    },
];

fn wrap(assembly: &mut Assembly<'_>, habit: Habit) {
    assembly.ports.transport = Arc::new(Habitual { inner: assembly.ports.transport.clone(), habit });
}

/// A bad habit.
#[derive(Debug)]
enum Habit {
    /// Sends again at once what is answered with this status.
    Resends(u16),
    NoDates,
    ShortIsLast,
    TotalIsLast,
    OwnStride,
    /// How many pages were made new; the cursors that were seen.
    NeverSeenBefore(AtomicU64, Mutex<Vec<String>>),
    UnreadableIsEmpty,
    GivesUp,
}

/// A transport with a habit.
#[derive(Debug)]
struct Habitual {
    inner: Arc<dyn Transport>,
    habit: Habit,
}

/// The page size that a request asked for.
fn asked(request: &HttpRequest) -> Option<u64> {
    if let Some(body) = &request.body {
        return body["maxResults"].as_u64();
    }
    let (_, query) = request.url.split_once('?')?;
    query.split('&').find_map(|pair| pair.strip_prefix("maxResults=")?.parse().ok())
}

/// The items of a page, whatever their list is called.
fn items(page: &mut Value) -> Option<&mut Vec<Value>> {
    let name = ["issues", "values"].into_iter().find(|name| page[*name].is_array())?;
    page[name].as_array_mut()
}

impl Habit {
    fn twist(&self, mut page: Value, asked: u64) -> Value {
        match self {
            Self::ShortIsLast if items(&mut page).is_some_and(|items| (items.len() as u64) < asked) => {
                end(&mut page);
            }
            Self::TotalIsLast => {
                let reached = page["startAt"].as_u64().zip(page["maxResults"].as_u64()).map(|(a, b)| a + b);
                if let Some((reached, total)) = reached.zip(page["total"].as_i64()) {
                    if i64::try_from(reached).unwrap_or(i64::MAX) >= total {
                        end(&mut page);
                    } else {
                        page["isLast"] = json!(false);
                    }
                }
            }
            Self::OwnStride if page["maxResults"].is_number() => {
                page["maxResults"] = json!(asked);
                page["nextPage"] = Value::Null;
            }
            Self::NeverSeenBefore(made, seen) => {
                let cursor = page["nextPageToken"].as_str().map(str::to_owned);
                let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                let first = page["issues"][0]["id"].as_str().or(page["values"][0]["id"].as_str());
                let marks: Vec<String> = cursor.iter().cloned().chain(first.map(str::to_owned)).collect();
                let again = marks.iter().any(|mark| seen.contains(mark));
                seen.extend(marks);
                let number = made.fetch_add(u64::from(again), Ordering::Relaxed);
                if again && number < STUBBORN as u64 {
                    if let Some(cursor) = cursor {
                        page["nextPageToken"] = json!(format!("{cursor}~{number}"));
                    }
                    for item in items(&mut page).into_iter().flatten() {
                        item["id"] = json!(format!("{}~{number}", item["id"].as_str().unwrap_or_default()));
                    }
                }
            }
            _ => {}
        }
        page
    }
}

/// Makes a page the last.
fn end(page: &mut Value) {
    page["isLast"] = json!(true);
    if let Some(page) = page.as_object_mut() {
        page.remove("nextPageToken");
        page.remove("nextPage");
    }
}

#[async_trait]
impl Transport for Habitual {
    async fn send(&self, mut request: HttpRequest) -> Result<HttpResponse, TransportError> {
        if !request.url.contains("/rest/api/3/") {
            return self.inner.send(request).await;
        }
        if let (Habit::NeverSeenBefore(..), Some(body)) = (&self.habit, &mut request.body)
            && let Some((cursor, _)) = body["nextPageToken"].as_str().and_then(|c| c.split_once('~'))
        {
            body["nextPageToken"] = json!(cursor);
        }
        let mut answer = self.inner.send(request.clone()).await;
        if let Habit::Resends(status) = self.habit {
            for _ in 0..STUBBORN {
                if answer.as_ref().is_ok_and(|answer| answer.status == status) {
                    answer = self.inner.send(request.clone()).await;
                }
            }
        }
        if let (Habit::GivesUp, Err(_)) = (&self.habit, &answer) {
            return Ok(HttpResponse { status: 410, headers: vec![], body: vec![] });
        }
        let mut answer = answer?;
        match &self.habit {
            Habit::NoDates => {
                answer.headers.retain(|(name, value)| name != "retry-after" || value.parse::<u64>().is_ok());
            }
            Habit::GivesUp if answer.status == 429 || answer.status >= 500 => answer.status = 410,
            _ => {}
        }
        match serde_json::from_slice::<Value>(&answer.body) {
            Ok(page) if page.is_object() && answer.status == 200 => {
                let page = self.habit.twist(page, asked(&request).unwrap_or(0));
                answer.body = page.to_string().into_bytes();
            }
            Err(_) if answer.status == 200 && matches!(self.habit, Habit::UnreadableIsEmpty) => {
                answer.body = json!({ "issues": [], "values": [], "isLast": true }).to_string().into_bytes();
            }
            _ => {}
        }
        Ok(answer)
    }
}
