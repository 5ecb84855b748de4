//! Cursors as a client may come by them: its own, another's, spoilt on the way.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use cucumber::{given, then, when};

use super::{FIRST, Notes, pages_served};
use crate::{
    app::drift::{Change, DriftQuery},
    scenario::{Failure, World, world::Step},
    subject::{CallError, Subject as _},
};

/// What becomes of a good cursor.
fn spoilt(cursor: &str, how: &str) -> Result<String, Failure> {
    let mut bytes = URL_SAFE_NO_PAD.decode(cursor).unwrap_or_else(|_| cursor.as_bytes().to_vec());
    let last = bytes.len().checked_sub(1).ok_or_else(|| Failure::new("the cursor is empty"))?;
    match how {
        "forged at its end" => bytes[last] ^= 1,
        // Behind format and length lies the position; its last letters name the row.
        "forged to name another row" => {
            let middle = last.saturating_sub(32);
            bytes[middle] = if bytes[middle] == b'0' { b'1' } else { b'0' };
        }
        "given the number of another format" => bytes[0] = bytes[0].wrapping_add(1),
        "cut in half" => return Ok(cursor[..cursor.len() / 2].to_owned()),
        "short of its last letter" => return Ok(cursor[..cursor.len() - 1].to_owned()),
        "replaced by other text" => return Ok("page=2&offset=100".to_owned()),
        "emptied" => return Ok(String::new()),
        other => return Err(Failure::new(format!("{other:?} is no way to spoil a cursor"))),
    }
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// A cursor as a client holds it after one page.
async fn cursor_of(world: &mut World, tenant: &str, query: DriftQuery) -> Result<String, Failure> {
    let worker = world.worker(FIRST)?;
    let call = worker.app().list_drift(tenant, query, Some(2), None);
    let page = worker.for_tenant(Some(tenant), call).await.map_err(|e| Failure::new(e.to_string()))?;
    let page = page.map_err(|e| Failure::new(e.to_string()))?;
    page.next_cursor.ok_or_else(|| Failure::new("the page has no cursor"))
}

#[given(expr = "a cursor of {string}")]
async fn a_cursor(world: &mut World, tenant: String) -> Step {
    let cursor = cursor_of(world, &tenant, DriftQuery::default()).await?;
    world.notes::<Notes>().cursor = Some(cursor);
    Ok(())
}

#[given(expr = "a cursor of {string} for the added ones alone")]
async fn a_filtered_cursor(world: &mut World, tenant: String) -> Step {
    let cursor = cursor_of(world, &tenant, DriftQuery { kind: Some(Change::Added) }).await?;
    world.notes::<Notes>().cursor = Some(cursor);
    Ok(())
}

#[given(expr = "the cursor is {string}")]
fn is_spoilt(world: &mut World, how: String) -> Step {
    let notes = world.notes::<Notes>();
    let cursor = notes.cursor.as_deref().ok_or_else(|| Failure::new("there is no cursor"))?;
    notes.cursor = Some(spoilt(cursor, &how)?);
    Ok(())
}

#[when(expr = "the cursor is used for the drift events of {string}")]
async fn cursor_used(world: &mut World, tenant: String) -> Step {
    let cursor = world.notes::<Notes>().cursor.clone();
    let answer = world.worker(FIRST)?.list_drift(&tenant, Some(2), cursor.as_deref()).await;
    world.notes::<Notes>().refusal = match answer {
        Ok(_) => None,
        Err(CallError::Refused(why)) => Some(why),
        Err(other) => return Err(Failure::new(other.to_string())),
    };
    Ok(())
}

#[then(expr = "the cursor is refused with {string}")]
fn cursor_refused(world: &mut World, words: String) -> Step {
    match &world.notes::<Notes>().refusal {
        Some(why) if why.contains(&words) => Ok(()),
        Some(why) => Err(Failure::new(format!("the refusal says: {why}"))),
        None => Err(Failure::new("the cursor was accepted")),
    }
}

#[then(expr = "no drift event of {string} was served")]
fn nothing_served(world: &mut World, tenant: String) -> Step {
    let served = pages_served(world, &tenant).concat();
    if served.is_empty() { Ok(()) } else { Err(Failure::new(format!("{} were", served.len()))) }
}
