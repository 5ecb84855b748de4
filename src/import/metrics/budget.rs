//! What is left of an error budget; pure arithmetic over what was counted.

/// More than this, in percent, is not told apart: where nothing may fail, one failure spends a budget of nothing.
const SPENT_MOST: f64 = 1_000_000.0;

/// What became of an error budget.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// How much of it is spent, in percent; over 100 when it is overdrawn.
    pub spent_percent: f64,
    /// How much of it is left, in percent; negative when it is overdrawn.
    pub left_percent: f64,
}

/// The budget of an objective (percent of all that must be good) after so many good ones of so many. `None` without
/// data: nothing was counted, or what was counted makes no sense.
#[must_use]
pub fn budget(objective_percent: f64, good: f64, total: f64) -> Option<Budget> {
    let is_sane =
        objective_percent > 0.0 && objective_percent <= 100.0 && good.is_finite() && total.is_finite();
    if !is_sane || total <= 0.0 || good < 0.0 || good > total {
        return None;
    }
    let bad = total - good;
    let allowed = total * (100.0 - objective_percent) / 100.0;
    let spent_percent = match (bad > 0.0, allowed > 0.0) {
        (false, _) => 0.0,
        (true, true) => (bad / allowed * 100.0).min(SPENT_MOST),
        (true, false) => SPENT_MOST,
    };
    Some(Budget { spent_percent, left_percent: 100.0 - spent_percent })
}
