//! How grave a line is, on pino's scale: 10 trace, 20 debug, 30 info, 40 warning, 50 error, 60 fatal. Names and
//! numbers that are not known are no level; they are never taken for a harmless one.

/// From here on a line tells of an error.
pub(super) const ERROR: u8 = 50;

/// A level by its name, in any case.
#[must_use]
pub(super) fn named(name: &str) -> Option<u8> {
    const LONGEST: usize = 12;
    let mut letters = [0; LONGEST];
    let lower = letters.get_mut(..name.len())?;
    lower.copy_from_slice(name.as_bytes());
    lower.make_ascii_lowercase();
    Some(match &*lower {
        b"trace" | b"silly" | b"finest" | b"finer" => 10,
        b"debug" | b"verbose" | b"fine" => 20,
        b"info" | b"information" | b"http" | b"notice" | b"log" | b"config" => 30,
        b"warn" | b"warning" => 40,
        b"error" | b"err" | b"severe" => 50,
        b"fatal" | b"critical" | b"crit" | b"alert" | b"emerg" | b"emergency" | b"panic" | b"dpanic" => 60,
        _ => return None,
    })
}

/// A level as pino and bunyan write it. Below ten there are scales that run the other way (syslog: 3 is an error).
#[must_use]
pub(super) fn numbered(number: f64) -> Option<u8> {
    match number {
        n if (10.0..60.0).contains(&n) => Some(n as u8),
        n if n >= 60.0 => Some(60),
        _ => None,
    }
}

/// OpenTelemetry's `SeverityNumber`, 1 to 24 in steps of four.
#[must_use]
pub(super) fn otlp(number: f64) -> Option<u8> {
    ((1.0..25.0).contains(&number)).then(|| (number as u8 - 1) / 4 * 10 + 10)
}

/// The same as the name of its enumeration: `SEVERITY_NUMBER_ERROR2`.
#[must_use]
pub(super) fn otlp_named(name: &str) -> Option<u8> {
    named(name.strip_prefix("SEVERITY_NUMBER_")?.trim_end_matches(|c: char| c.is_ascii_digit()))
}
