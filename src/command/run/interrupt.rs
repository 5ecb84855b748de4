//! Ctrl-C: the first ends the run early and lets it be judged, the second leaves at once.

use std::thread;

use crate::{scenario::Stop, subject::process};

/// As shells count an end by Ctrl-C.
const INTERRUPTED: i32 = 130;

/// Watches for Ctrl-C from now on. Without a watcher the signal keeps its usual meaning.
pub(super) fn watch() -> Stop {
    let stop = Stop::default();
    let asked = stop.clone();
    let (ready, is_ready) = std::sync::mpsc::channel();
    let watcher = thread::Builder::new().name("interrupt".into()).spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let Ok(runtime) = runtime else { return };
        runtime.block_on(async {
            use tokio::signal::unix::{SignalKind, signal};
            let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
            let (Ok(mut interrupt), Ok(mut terminate)) = signals else { return };
            let _ = ready.send(());
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                if asked.asked() {
                    process::end_all();
                    std::process::exit(INTERRUPTED);
                }
                asked.ask();
            }
        });
    });
    if watcher.is_ok() {
        // A signal that comes before the watcher listens would end the process with nothing written.
        let _ = is_ready.recv();
    }
    stop
}
