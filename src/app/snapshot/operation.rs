//! A window's snapshot as the one operation of its job. The window's completed record recognises it, so a
//! worker that takes over asks again without harm; the log only says what became of it.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;
use serde_json::{Value, json};

use super::{Keeper, SnapshotError, SnapshotOutcome, SnapshotType, Snapshots};
use crate::app::idempotency::{Applied, Guarantee, JobRun, Sink, SinkError};

/// What the log calls it.
const NAME: &str = "snapshot";

struct WindowSnapshot<'a> {
    snapshots: &'a Snapshots,
    tenant: &'a str,
    snapshot_type: SnapshotType,
    window: &'a str,
    keeper: &'a Keeper,
    /// What the attempt came to, with its cause in full; `None` if there was none.
    attempted: Mutex<Option<Result<SnapshotOutcome, SnapshotError>>>,
}

impl fmt::Debug for WindowSnapshot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} snapshot of {}", self.snapshot_type.word(), self.window)
    }
}

#[async_trait]
impl Sink for WindowSnapshot<'_> {
    fn guarantee(&self) -> Guarantee {
        Guarantee::Idempotent
    }

    async fn apply(&self, _key: &str, _token: Option<u64>, _input: &Value) -> Result<Applied, SinkError> {
        let attempted =
            self.snapshots.attempt(self.tenant, self.snapshot_type, self.window, self.keeper).await;
        let answer = match &attempted {
            Ok(outcome) => Ok(Applied::with(json!(outcome))),
            Err(error) if error.is_definite() => Err(SinkError::Refused(error.to_string())),
            Err(error) => Err(SinkError::Lost(error.to_string())),
        };
        *self.attempted.lock().unwrap_or_else(PoisonError::into_inner) = Some(attempted);
        answer
    }
}

impl Snapshots {
    /// Takes the snapshot, or gives what the job's log says of it.
    pub(super) async fn operate(
        &self,
        tenant: &str,
        snapshot_type: SnapshotType,
        window: &str,
        keeper: &Keeper,
        run: &JobRun,
    ) -> Result<SnapshotOutcome, SnapshotError> {
        let attempted = Mutex::default();
        let sink = WindowSnapshot { snapshots: self, tenant, snapshot_type, window, keeper, attempted };
        let input = json!({ "snapshot_type": snapshot_type.word(), "window": window });
        let logged = run.run_operation(NAME, &input, &sink).await;
        let attempted = sink.attempted.into_inner().unwrap_or_else(PoisonError::into_inner);
        match (attempted, logged) {
            (Some(Err(error)), _) => Err(error),
            (_, Err(error)) => Err(error.into()),
            (Some(Ok(outcome)), Ok(_)) => Ok(outcome),
            (None, Ok(result)) => match serde_json::from_value(result) {
                Ok(SnapshotOutcome::Stored { window, hash, fencing_token, drift }) => {
                    Ok(SnapshotOutcome::Done { window, hash, fencing_token, drift })
                }
                Ok(outcome) => Ok(outcome),
                // Logged by another version: the window's own record knows.
                Err(_) => self.attempt(tenant, snapshot_type, window, keeper).await,
            },
        }
    }
}
