//! What can go wrong, and with which operation.

use std::error::Error;
use std::{fmt, io};

use super::CallKind;

/// The operation that a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// The operation with this index among all, from 0.
    Operation(u64),
    /// The call with this index among its kind, from 0.
    Nth(CallKind, u64),
}

/// What happens to the operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It fails and changes nothing; unsynced data stays unsynced.
    Fail(Failure),
    /// It fails and, if it is a sync or a writeback, its unsynced pages count as
    /// clean from then on, without having been written.
    FailForgetting(Failure),
    /// A read or write stops after this many bytes, possibly 0; an allocation does so too
    /// and then fails for lack of space; anything else succeeds.
    Short(u64),
    /// The power fails during the operation: it may have happened or not, as if done but
    /// not synced. It and all later ones return [`PowerCut`].
    PowerCut,
    /// The process is killed: a write or an allocation completed this many bytes, anything
    /// else did not start. It and all later operations of the open handles return
    /// [`Killed`]; the files stay as other processes see them.
    Kill(u64),
}

/// An error number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// `EINTR`: a signal came first.
    Interrupted,
    /// `EIO`: the device failed.
    Io,
    /// `ENOSPC`: no space.
    NoSpace,
}

impl Failure {
    pub(super) fn to_error(self) -> io::Error {
        match self {
            Self::Interrupted => io::ErrorKind::Interrupted.into(),
            // `EIO` has no kind; 5 is its number on every Unix.
            Self::Io => io::Error::from_raw_os_error(5),
            Self::NoSpace => io::ErrorKind::StorageFull.into(),
        }
    }
}

/// The error of every operation after a power cut, inside an [`io::Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PowerCut;

/// The error of every operation of a killed process, inside an [`io::Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Killed;

impl fmt::Display for PowerCut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the simulated power is off")
    }
}

impl fmt::Display for Killed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the simulated process was killed")
    }
}

impl Error for PowerCut {}

impl Error for Killed {}
