//! Memory of a process as Linux counts it, in MB (2^20 bytes). Other systems have no figure here.

use std::fs;

/// Resident memory of this process now.
pub fn resident_mb() -> Option<f64> {
    status_mb("self", "VmRSS:")
}

/// The most that was resident since the start, or since [`forget_peak`].
pub fn peak_mb() -> Option<f64> {
    status_mb("self", "VmHWM:")
}

/// The same of another process, while it lives.
pub fn peak_of_mb(process: u32) -> Option<f64> {
    status_mb(&process.to_string(), "VmHWM:")
}

/// Starts the peak anew at what is resident now.
pub fn forget_peak() {
    // Without the right to do so the peak stays what it was: growth then shows too large, never too small.
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// By how much resident memory grew at most while `work` ran.
pub fn growth_mb<T>(work: impl FnOnce() -> T) -> (Option<f64>, T) {
    forget_peak();
    let before = resident_mb();
    let result = work();
    let growth = peak_mb().zip(before).map(|(peak, before)| (peak - before).max(0.0));
    (growth, result)
}

fn status_mb(process: &str, name: &str) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kb: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kb / 1024.0)
}
