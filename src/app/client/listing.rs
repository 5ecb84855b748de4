//! A listing of Jira's, read one page at a time in whichever style Jira pages it. A short page is never taken
//! for the end, and a server that repeats itself or never ends is reported, never followed.

use std::collections::HashSet;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{ClientError, JiraClient, Read, ReadPost};

/// How Jira pages a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageStyle {
    /// `startAt`, `maxResults`, `total`, `isLast`, `values`: `/project/search` and most others.
    PageBean,
    /// `startAt`, `maxResults`, `total` and a list under this name, without `isLast`: `comments`, `worklogs`.
    Named(&'static str),
    /// `nextPageToken` and a list under this name, without any total: `/search/jql`, by `GET`.
    Token(&'static str),
    /// The same by `POST`; the query's pairs become the body, `fields` split at its commas.
    TokenPost(&'static str),
    /// A bare array per page, until an empty one: `/users/search`.
    PagedArray,
    /// One bare array with everything: `/field`, `/status`, `/issuetype`.
    WholeArray,
}

/// An open listing: [`Listing::next_page`] until it answers `None`. It holds one page at a time.
#[derive(Debug)]
pub struct Listing {
    client: JiraClient,
    path: String,
    query: Vec<(String, String)>,
    style: PageStyle,
    next: Option<Position>,
    pages: usize,
    /// Items on the pages so far.
    received: u64,
    seen_pages: HashSet<[u8; 32]>,
    seen_cursors: HashSet<[u8; 32]>,
}

#[derive(Clone, Debug)]
enum Position {
    Start(u64),
    Cursor(Option<String>),
    Whole,
}

impl Listing {
    pub(super) fn new(client: JiraClient, path: &str, query: &[(&str, &str)], style: PageStyle) -> Self {
        let next = match style {
            PageStyle::PageBean | PageStyle::Named(_) | PageStyle::PagedArray => Position::Start(0),
            PageStyle::Token(_) | PageStyle::TokenPost(_) => Position::Cursor(None),
            PageStyle::WholeArray => Position::Whole,
        };
        Self {
            client,
            path: path.to_owned(),
            query: query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            style,
            next: Some(next),
            pages: 0,
            received: 0,
            seen_pages: HashSet::new(),
            seen_cursors: HashSet::new(),
        }
    }

    /// The next page, which may be short or empty, or `None` behind the last. After an error the listing
    /// stands where it stood, so a caller may ask again.
    pub async fn next_page(&mut self) -> Result<Option<Vec<Value>>, ClientError> {
        let Some(position) = self.next.clone() else { return Ok(None) };
        let page_cap = self.client.ports.settings.page_cap;
        if self.pages >= page_cap {
            return Err(ClientError::Endless { path: self.path.clone(), pages: self.pages });
        }
        let answer = self.client.read(&self.read(&position)).await?;
        let (items, next) = self.understood(answer, &position)?;
        if !items.is_empty() && !self.seen_pages.insert(page_digest(&items)) {
            return Err(ClientError::RepeatedPage { path: self.path.clone() });
        }
        if let Some(Position::Cursor(Some(cursor))) = &next
            && !self.seen_cursors.insert(Sha256::digest(cursor).into())
        {
            return Err(ClientError::RepeatedCursor { path: self.path.clone() });
        }
        self.pages += 1;
        self.received += items.len() as u64;
        self.next = next;
        Ok(Some(items))
    }

    /// Everything that is left, for listings known to be short.
    pub async fn rest(&mut self) -> Result<Vec<Value>, ClientError> {
        let mut all = Vec::new();
        while let Some(page) = self.next_page().await? {
            all.extend(page);
        }
        Ok(all)
    }

    fn read(&self, position: &Position) -> Read {
        let size = self.client.ports.settings.jira_page_size;
        if let (PageStyle::TokenPost(_), Position::Cursor(cursor)) = (self.style, position) {
            return Read::Post(ReadPost::SearchJql(self.body(size, cursor.as_deref())));
        }
        let mut query = self.query.clone();
        match position {
            Position::Start(start) => {
                query.push(("startAt".to_owned(), start.to_string()));
                query.push(("maxResults".to_owned(), size.to_string()));
            }
            Position::Cursor(cursor) => {
                query.push(("maxResults".to_owned(), size.to_string()));
                query.extend(cursor.clone().map(|cursor| ("nextPageToken".to_owned(), cursor)));
            }
            Position::Whole => {}
        }
        Read::Get(self.path.clone(), query)
    }

    fn body(&self, size: usize, cursor: Option<&str>) -> Value {
        let mut body = json!({ "maxResults": size });
        for (name, value) in &self.query {
            body[name] = match name.as_str() {
                "fields" => value.split(',').collect(),
                _ => Value::from(value.as_str()),
            };
        }
        if let Some(cursor) = cursor {
            body["nextPageToken"] = Value::from(cursor);
        }
        body
    }

    // The items of an answer, and where the next page begins.
    fn understood(
        &self,
        answer: Value,
        position: &Position,
    ) -> Result<(Vec<Value>, Option<Position>), ClientError> {
        let list = match self.style {
            PageStyle::PageBean => Some("values"),
            PageStyle::Named(name) | PageStyle::Token(name) | PageStyle::TokenPost(name) => Some(name),
            PageStyle::PagedArray | PageStyle::WholeArray => None,
        };
        let (items, frame) = match (list, answer) {
            (None, Value::Array(items)) => (items, Value::Null),
            (Some(name), Value::Object(mut frame)) => match frame.remove(name) {
                Some(Value::Array(items)) => (items, Value::Object(frame)),
                _ => return Err(self.malformed(&format!("there is no list `{name}`"))),
            },
            _ => return Err(self.malformed("it is neither the object nor the array that was expected")),
        };
        let next = match position {
            Position::Whole => None,
            Position::Cursor(_) => match &frame["nextPageToken"] {
                Value::Null => None,
                Value::String(cursor) if cursor.is_empty() => None,
                Value::String(cursor) => Some(Position::Cursor(Some(cursor.clone()))),
                _ => return Err(self.malformed("`nextPageToken` is no text")),
            },
            Position::Start(start) => self.after(*start, &items, &frame)?.map(Position::Start),
        };
        Ok((items, next))
    }

    // Where an offset listing goes on: where the server's `nextPage` says, for it alone knows whether a short
    // page was cut or filtered. Else by the server's `maxResults`, not ours: it may have lowered it.
    fn after(&self, start: u64, items: &[Value], frame: &Value) -> Result<Option<u64>, ClientError> {
        let count = items.len() as u64;
        if self.style == PageStyle::PagedArray {
            return Ok((count > 0).then_some(start + count));
        }
        if let Some(echoed) = frame["startAt"].as_u64()
            && echoed != start
        {
            return Err(self.malformed(&format!("it starts at {echoed} instead of {start}")));
        }
        let stride = frame["maxResults"].as_u64().unwrap_or(count).max(count);
        let next = named_start(frame).filter(|named| *named > start);
        let next = next.unwrap_or_else(|| start.saturating_add(stride));
        let ends = match (frame["isLast"].as_bool(), frame["total"].as_u64()) {
            (Some(is_last), _) => is_last,
            (None, Some(total)) => next >= total,
            (None, None) => count == 0,
        };
        if !ends && stride == 0 {
            return Err(ClientError::Endless { path: self.path.clone(), pages: self.pages + 1 });
        }
        // Nothing but the total says where such a listing ends, so it must be the end of that many.
        let received = self.received + count;
        if let (true, None, Some(total)) = (ends, frame["isLast"].as_bool(), frame["total"].as_u64())
            && received < total
        {
            return Err(self.malformed(&format!("it ended with {received} of {total} items")));
        }
        Ok((!ends).then_some(next))
    }

    fn malformed(&self, what: &str) -> ClientError {
        ClientError::Malformed { path: self.path.clone(), what: what.to_owned() }
    }
}

// Where the page begins that `nextPage` leads to. Only the number is taken: the address is never followed.
fn named_start(frame: &Value) -> Option<u64> {
    let address = reqwest::Url::parse(frame["nextPage"].as_str()?).ok()?;
    let (_, start) = address.query_pairs().find(|(name, _)| name == "startAt")?;
    start.parse().ok()
}

// What makes two pages the same page: the ids on it, or everything where items have none.
fn page_digest(items: &[Value]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for item in items {
        let id = ["id", "accountId", "key"].iter().map(|name| &item[*name]).find(|id| !id.is_null());
        let text = id.unwrap_or(item).to_string();
        digest.update((text.len() as u64).to_be_bytes());
        digest.update(text);
    }
    digest.finalize().into()
}
