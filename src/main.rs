//! The command line of gonogo: reads the arguments, hands over to `command`, turns refusals and defects into
//! exit codes. A defect never looks like a verdict.

use std::{
    io::{self, Write as _},
    panic,
    process::ExitCode,
};

use gonogo::{cli::Cli, command};
use tracing_subscriber::{EnvFilter, Layer as _, filter::filter_fn, layer::SubscriberExt as _};

/// A defect of gonogo; nothing was judged.
const DEFECT: u8 = 70;

fn main() -> ExitCode {
    panic::set_hook(Box::new(|info| {
        let payload = info.payload();
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("(no message)");
        let place = info.location().map(|at| format!(" at {}:{}", at.file(), at.line())).unwrap_or_default();
        let _ = writeln!(io::stderr(), "internal error: {text}{place}");
    }));
    log_to_stderr();
    let cli = match Cli::of_process() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(DEFECT));
        }
    };
    match panic::catch_unwind(|| command::dispatch(&cli)) {
        Ok(Ok(code)) => ExitCode::from(code),
        Ok(Err(refusal)) => {
            let _ = writeln!(io::stderr(), "error: {refusal}");
            ExitCode::from(refusal.code)
        }
        Err(_) => ExitCode::from(DEFECT),
    }
}

/// `RUST_LOG` chooses among gonogo's own events; those of HTTP libraries could carry tokens.
fn log_to_stderr() {
    let ours = filter_fn(|event| event.target() == "gonogo" || event.target().starts_with("gonogo::"));
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_filter(EnvFilter::from_default_env())
        .with_filter(ours);
    // Only a second subscriber could be refused, and there is none.
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer));
}
