//! The operations of a soak: the interface to the system under test.

use std::time::Duration;

use crate::stats::rng::SplitMix64;
use crate::worker::run::Failure;

/// One kind of operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Its name, unique among the kinds.
    pub name: &'static str,
    /// What one operation does, in a few words.
    pub about: &'static str,
    /// Its frequency relative to a kind of weight 1.
    pub weight: u32,
}

/// The size of the data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Items in the current file.
    pub items: u64,
    /// Bytes of all files on the disk.
    pub disk_bytes: u64,
    /// How often the work restarted with a new file.
    pub renewals: u64,
}

/// The result of a full verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Items verified.
    pub items: u64,
    /// What is wrong with them; none if nothing is.
    pub wrong: Option<String>,
}

/// Mixed operations on long-lived data.
///
/// An operation should do the same amount of work at any time; otherwise its time
/// grows with the data, and the soak reports a trend. It should check its own results:
/// an error ends the soak.
pub trait Operations {
    /// The kinds; the same at every call.
    fn kinds(&self) -> Vec<Kind>;

    /// Runs one operation of the kind at index `kind`, with random choices from `rng`,
    /// and returns the number of items processed.
    ///
    /// # Errors
    /// The operation failed, or found something wrong.
    fn run(&mut self, kind: usize, rng: &mut SplitMix64) -> Result<u64, Failure>;

    /// The size of the data. Not timed.
    ///
    /// # Errors
    /// The system does not report it.
    fn extent(&self) -> Result<Extent, Failure>;

    /// Why the work must restart before the next operation, if it must, so that data
    /// does not grow without end. Called before every operation.
    fn must_renew(&self) -> Option<String> {
        None
    }

    /// Restarts with a new file. Operations due meanwhile wait, which their response
    /// times show.
    ///
    /// # Errors
    /// The restart failed.
    fn renew(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    /// Grows the data towards its largest size, as far as `time` allows, so that the
    /// capacity is measured there. Not timed.
    ///
    /// # Errors
    /// The data cannot grow.
    fn fill(&mut self, time: Duration) -> Result<(), Failure> {
        let _ = time;
        Ok(())
    }

    /// Verifies all data. Not timed.
    ///
    /// # Errors
    /// The data cannot be read. Wrong data is a result, not an error.
    fn verify(&mut self) -> Result<Verified, Failure>;
}
