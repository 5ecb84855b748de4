//! JQL, as far as a client needs it to page through issues: clauses on the common fields, `and`, `or`, `not`,
//! and `order by`. What it does not understand it rejects, as Jira does.

mod token;

use std::cmp::Ordering;

use jiff::{Timestamp, civil, tz::TimeZone};

use self::token::{Token, tokens};
use super::site::{ISSUE_TYPES, PRIORITIES, Site};

/// A query that was understood.
#[derive(Debug)]
pub(super) struct Query {
    filter: Option<Filter>,
    order: Vec<(Sort, bool)>,
    /// Whether its result depends on the time of asking.
    pub relative: bool,
}

#[derive(Debug)]
enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Not(Box<Filter>),
    Project(Vec<u64>),
    Issue(Vec<usize>),
    Status(Vec<u64>),
    Kind(Vec<u64>),
    Priority(Vec<u64>),
    Created(Compare, i64),
    Updated(Compare, i64),
    Summary(String),
    Assigned,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compare {
    Below,
    AtMost,
    Above,
    AtLeast,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Created,
    Updated,
    Key,
}

/// Jira's sentence about what is wrong with a query.
pub(super) type Complaint = String;

pub(super) const UNBOUNDED: &str =
    "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.";

/// Understands a query against a site at a time.
pub(super) fn parse(text: &str, site: &Site, now: Timestamp) -> Result<Query, Complaint> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0, site, now, relative: false };
    let filter = match parser.peek() {
        None => None,
        Some(token) if token.is("order") => None,
        Some(_) => Some(parser.any()?),
    };
    let order = parser.order()?;
    match parser.peek() {
        None => Ok(Query { filter, order, relative: parser.relative }),
        Some(token) => Err(format!("Error in the JQL Query: unexpected {token:?}.")),
    }
}

struct Parser<'a> {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    site: &'a Site,
    now: Timestamp,
    relative: bool,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Result<Token, Complaint> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token.ok_or_else(|| "Error in the JQL Query: The query ends too early.".to_owned())
    }

    fn take(&mut self, is_it: impl Fn(&Token) -> bool) -> bool {
        let found = self.peek().is_some_and(is_it);
        self.at += usize::from(found);
        found
    }

    fn any(&mut self) -> Result<Filter, Complaint> {
        let mut parts = vec![self.all()?];
        while self.take(|t| t.is("or")) {
            parts.push(self.all()?);
        }
        Ok(Filter::Any(parts))
    }

    fn all(&mut self) -> Result<Filter, Complaint> {
        let mut parts = vec![self.one()?];
        while self.take(|t| t.is("and")) {
            parts.push(self.one()?);
        }
        Ok(Filter::All(parts))
    }

    fn one(&mut self) -> Result<Filter, Complaint> {
        if self.take(|t| t.is("not") || *t == Token::Sign("!")) {
            return self.nested(Self::one).map(|filter| Filter::Not(Box::new(filter)));
        }
        if self.take(|t| *t == Token::Sign("(")) {
            let filter = self.nested(Self::any)?;
            return match self.next()? {
                Token::Sign(")") => Ok(filter),
                other => Err(format!("Error in the JQL Query: Expecting ')' but got {other:?}.")),
            };
        }
        self.clause()
    }

    fn nested(&mut self, inner: fn(&mut Self) -> Result<Filter, Complaint>) -> Result<Filter, Complaint> {
        self.depth += 1;
        if self.depth > 50 {
            return Err("Error in the JQL Query: The query is nested too deeply.".to_owned());
        }
        let filter = inner(self);
        self.depth -= 1;
        filter
    }

    fn clause(&mut self) -> Result<Filter, Complaint> {
        let (Token::Word(field) | Token::Quoted(field)) = self.next()? else {
            return Err("Error in the JQL Query: a field name is expected.".to_owned());
        };
        let field = field.to_ascii_lowercase();
        let operator = self.operator()?;
        if let "is" | "is not" = operator.as_str() {
            self.next()?;
            let assigned = if field == "assignee" { Filter::Assigned } else { Filter::All(vec![]) };
            return Ok(if operator == "is" { Filter::Not(Box::new(assigned)) } else { assigned });
        }
        let values = self.values()?;
        let filter = self.filter(&field, &operator, &values)?;
        let negative = matches!(operator.as_str(), "!=" | "!~" | "not in");
        Ok(if negative { Filter::Not(Box::new(filter)) } else { filter })
    }

    fn operator(&mut self) -> Result<String, Complaint> {
        match self.next()? {
            Token::Sign(sign) if !"(),!".contains(sign) => Ok(sign.to_owned()),
            token if token.is("in") => Ok("in".to_owned()),
            token if token.is("is") && self.take(|t| t.is("not")) => Ok("is not".to_owned()),
            token if token.is("is") => Ok("is".to_owned()),
            token if token.is("not") && self.take(|t| t.is("in")) => Ok("not in".to_owned()),
            other => Err(format!("Error in the JQL Query: Expecting operator but got {other:?}.")),
        }
    }

    fn values(&mut self) -> Result<Vec<String>, Complaint> {
        if !self.take(|t| *t == Token::Sign("(")) {
            return Ok(vec![self.value()?]);
        }
        let mut values = vec![self.value()?];
        loop {
            match self.next()? {
                Token::Sign(")") => return Ok(values),
                Token::Sign(",") => values.push(self.value()?),
                other => return Err(format!("Error in the JQL Query: Expecting ')' but got {other:?}.")),
            }
        }
    }

    fn value(&mut self) -> Result<String, Complaint> {
        let (Token::Word(value) | Token::Quoted(value)) = self.next()? else {
            return Err("Error in the JQL Query: a value is expected.".to_owned());
        };
        if self.take(|t| *t == Token::Sign("(")) {
            return Err(format!("Unable to find JQL function '{value}(...)'."));
        }
        Ok(value)
    }

    fn filter(&mut self, field: &str, operator: &str, values: &[String]) -> Result<Filter, Complaint> {
        let equality = matches!(operator, "=" | "!=" | "in" | "not in");
        let among = |found: Vec<Option<u64>>| -> Result<Vec<u64>, Complaint> {
            if !equality {
                return Err(format!("The operator '{operator}' is not supported by the '{field}' field."));
            }
            let missing = found.iter().position(Option::is_none);
            match missing {
                Some(at) => {
                    Err(format!("The value '{}' does not exist for the field '{field}'.", values[at]))
                }
                None => Ok(found.into_iter().flatten().collect()),
            }
        };
        let site = self.site;
        let each = |find: &dyn Fn(&str) -> Option<u64>| values.iter().map(|v| find(v)).collect::<Vec<_>>();
        let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
        match field {
            "project" => among(each(&|v| {
                let project = site
                    .projects
                    .iter()
                    .find(|p| same(&p.key, v) || same(&p.name, v) || p.id.to_string() == v);
                project.map(|p| p.id)
            }))
            .map(Filter::Project),
            "status" => among(each(&|v| {
                site.statuses.iter().find(|s| same(&s.name, v) || s.id.to_string() == v).map(|s| s.id)
            }))
            .map(Filter::Status),
            "issuetype" | "type" => among(each(&|v| {
                ISSUE_TYPES.iter().find(|(id, name, _)| same(name, v) || id.to_string() == v).map(|t| t.0)
            }))
            .map(Filter::Kind),
            "priority" => among(each(&|v| {
                PRIORITIES.iter().find(|(id, name)| same(name, v) || id.to_string() == v).map(|p| p.0)
            }))
            .map(Filter::Priority),
            "key" | "issuekey" | "issue" | "id" if equality => {
                Ok(Filter::Issue(values.iter().filter_map(|v| site.find_issue(v)).collect()))
            }
            "summary" | "text" => Ok(Filter::Summary(values.concat().to_lowercase())),
            "created" | "createddate" | "updated" | "updateddate" => {
                let time = self.time(field, &values[0])?;
                let compare = match operator {
                    "<" => Compare::Below,
                    "<=" => Compare::AtMost,
                    ">" => Compare::Above,
                    ">=" => Compare::AtLeast,
                    _ => {
                        return Err(format!(
                            "The operator '{operator}' is not supported by the '{field}' field."
                        ));
                    }
                };
                let created = field.starts_with('c');
                Ok(if created { Filter::Created(compare, time) } else { Filter::Updated(compare, time) })
            }
            _ => Err(format!("Field '{field}' does not exist or you do not have permission to view it.")),
        }
    }

    fn time(&mut self, field: &str, value: &str) -> Result<i64, Complaint> {
        let complaint = || {
            format!(
                "Date value '{value}' for field '{field}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', \
                 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."
            )
        };
        if let Some(unit) = value.chars().last().filter(char::is_ascii_alphabetic) {
            let count: i64 = value[..value.len() - 1].parse().map_err(|_| complaint())?;
            let unit_ms = match unit {
                'm' => 60_000,
                'h' => 3_600_000,
                'd' => 86_400_000,
                'w' => 7 * 86_400_000,
                _ => return Err(complaint()),
            };
            self.relative = true;
            return Ok(self.now.as_millisecond().saturating_add(count.saturating_mul(unit_ms)));
        }
        let text = value.replace('/', "-");
        let formats = [("%Y-%m-%d %H:%M", true), ("%Y-%m-%d", false)];
        let time = formats.iter().find_map(|(format, timed)| {
            if *timed {
                civil::DateTime::strptime(format, &text).ok()
            } else {
                civil::Date::strptime(format, &text).ok().map(|date| date.at(0, 0, 0, 0))
            }
        });
        let zoned = time.and_then(|time| time.to_zoned(TimeZone::UTC).ok());
        zoned.map(|zoned| zoned.timestamp().as_millisecond()).ok_or_else(complaint)
    }

    fn order(&mut self) -> Result<Vec<(Sort, bool)>, Complaint> {
        let mut order = vec![];
        if !self.take(|t| t.is("order")) {
            return Ok(order);
        }
        if !self.take(|t| t.is("by")) {
            return Err("Error in the JQL Query: Expecting 'by'.".to_owned());
        }
        loop {
            let field = self.value()?;
            let sort = match field.to_ascii_lowercase().as_str() {
                "created" | "createddate" | "id" => Sort::Created,
                "updated" | "updateddate" => Sort::Updated,
                "key" | "issuekey" | "rank" => Sort::Key,
                _ => return Err(format!("Not able to sort using field '{field}'.")),
            };
            let descending = self.take(|t| t.is("desc"));
            if !descending {
                self.take(|t| t.is("asc"));
            }
            order.push((sort, descending));
            if !self.take(|t| *t == Token::Sign(",")) {
                return Ok(order);
            }
        }
    }
}

impl Query {
    /// Whether it restricts anything; Jira refuses queries that do not.
    pub fn is_bounded(&self) -> bool {
        self.filter.is_some()
    }

    /// The indexes of all issues that it finds, in its order.
    pub fn run(&self, site: &Site) -> Vec<u32> {
        let finds = |index: &usize| {
            site.project_of(*index).is_some() && self.filter.as_ref().is_none_or(|f| f.accepts(site, *index))
        };
        let mut found: Vec<u32> =
            (0..site.issues_ever()).filter(finds).filter_map(|index| u32::try_from(index).ok()).collect();
        if self.order.is_empty() {
            found.reverse();
        } else if self.order[0] != (Sort::Created, false) {
            found.sort_by(|a, b| self.compare(site, *a as usize, *b as usize));
        }
        found
    }

    /// The order of two issues in the result; never equal for different issues.
    pub fn compare(&self, site: &Site, a: usize, b: usize) -> Ordering {
        if self.order.is_empty() {
            return b.cmp(&a);
        }
        let by_one = |(sort, descending): &(Sort, bool)| {
            let order = match sort {
                Sort::Created => a.cmp(&b),
                Sort::Updated => site.updated_ms(a).cmp(&site.updated_ms(b)),
                Sort::Key => site.key_parts(a).cmp(&site.key_parts(b)),
            };
            if *descending { order.reverse() } else { order }
        };
        self.order.iter().map(by_one).find(|order| order.is_ne()).unwrap_or_else(|| a.cmp(&b))
    }
}

impl Compare {
    fn holds(self, value: i64, limit: i64) -> bool {
        match self {
            Self::Below => value < limit,
            Self::AtMost => value <= limit,
            Self::Above => value > limit,
            Self::AtLeast => value >= limit,
        }
    }
}

impl Filter {
    fn accepts(&self, site: &Site, index: usize) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.accepts(site, index)),
            Self::Any(parts) => parts.iter().any(|part| part.accepts(site, index)),
            Self::Not(part) => !part.accepts(site, index),
            Self::Project(ids) => ids.contains(&site.place(index).0),
            Self::Issue(indexes) => indexes.contains(&index),
            Self::Status(ids) => site.status_of(index).is_some_and(|s| ids.contains(&s.id)),
            Self::Kind(ids) => ids.contains(&site.type_of(index).0),
            Self::Priority(ids) => ids.contains(&site.priority_of(index).0),
            Self::Created(compare, limit) => compare.holds(site.created_ms(index), *limit),
            Self::Updated(compare, limit) => compare.holds(site.updated_ms(index), *limit),
            Self::Summary(part) => site.summary(index).to_lowercase().contains(part),
            Self::Assigned => site.assignee(index).is_some(),
        }
    }
}
