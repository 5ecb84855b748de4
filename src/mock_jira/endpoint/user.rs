//! Users: bare arrays without totals.

use serde_json::Value;

use super::{
    super::paging::{Window, bare_array, page_bean},
    Response, Visit, errors, ok,
};

/// `GET /myself`.
pub(super) fn myself(visit: &mut Visit<'_>) -> Response {
    ok(&visit.site.user(0, &visit.call.base))
}

/// `GET /user?accountId=`.
pub(super) fn one(visit: &mut Visit<'_>) -> Response {
    let wanted = visit.call.query("accountId").unwrap_or_default();
    match (0..visit.site.users).find(|user| visit.site.account_id(*user) == wanted) {
        Some(user) => ok(&visit.site.user(user, &visit.call.base)),
        None => errors(404, "Specified user does not exist or you do not have required permissions"),
    }
}

/// The listings that are bare arrays.
pub(super) fn array(visit: &mut Visit<'_>) -> Response {
    let wanted = visit.call.query("query").unwrap_or_default().to_lowercase();
    let (site, base) = (&*visit.site, &visit.call.base);
    let users: Vec<Value> = (0..site.users)
        .map(|user| site.user(user, base))
        .filter(|user| user["displayName"].as_str().is_some_and(|name| name.to_lowercase().contains(&wanted)))
        .collect();
    let window = Window::of(visit.call, 50, 1000);
    ok(&bare_array(window, users.len(), visit.twist, |i| users[i].clone()))
}

/// `GET /user/bulk?accountId=…&accountId=…`.
pub(super) fn bulk(visit: &mut Visit<'_>) -> Response {
    let wanted = visit.call.query_all("accountId");
    let site = &*visit.site;
    let users: Vec<usize> =
        (0..site.users).filter(|user| wanted.iter().any(|id| *id == site.account_id(*user))).collect();
    let window = Window::of(visit.call, 10, 200);
    let base = &visit.call.base;
    ok(&page_bean(visit.call, window, users.len(), visit.twist, |i| site.user(users[i], base)))
}
