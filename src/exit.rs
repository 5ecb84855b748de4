//! The exit codes: what the process says to whoever called it. One more is not in this list, as no command
//! returns it: 130, when a run that was interrupted is interrupted again and leaves at once.

use crate::judge::Judgement;

/// A code of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// UNCONDITIONAL GO, or a GO (after fixes) that the caller accepts.
    Go = 0,
    /// NO-GO: an invariant is violated, or a SEV-1 finding is open.
    NoGo = 1,
    /// Nothing was judged: the command line, a file or the configuration is wrong.
    Usage = 2,
    /// GO (after fixes): findings of SEV-2 or lower are open.
    GoAfterFixes = 3,
    /// UNDECIDED: nothing is violated, but something was not shown.
    Undecided = 4,
    /// A defect of gonogo; nothing was judged.
    Internal = 70,
}

impl Exit {
    /// The code of a judgement. One that no judgement can have is a defect.
    #[must_use]
    pub fn of(judgement: &Judgement) -> Self {
        match judgement.exit_code {
            0 => Self::Go,
            1 => Self::NoGo,
            3 => Self::GoAfterFixes,
            4 => Self::Undecided,
            _ => Self::Internal,
        }
    }

    /// As the process returns it.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}
