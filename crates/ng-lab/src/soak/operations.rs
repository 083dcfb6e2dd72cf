//! What a soak does: the seam to the system under test.

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
    /// How many of them there are for each one of a kind with weight 1.
    pub weight: u32,
}

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Items in the file that is worked on.
    pub items: u64,
    /// Bytes that all files take on the disk.
    pub disk_bytes: u64,
    /// How often the work began anew, with a new file.
    pub renewals: u64,
}

/// What a full verification found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Items that were looked at.
    pub items: u64,
    /// What is wrong with them; none if nothing is.
    pub wrong: Option<String>,
}

/// Mixed operations on something that lasts.
///
/// An operation should do as much work whenever it is done, or its time grows with
/// what there is, and the soak tells of a trend. It checks what it can: an error
/// ends the soak.
pub trait Operations {
    /// The kinds; the same at every call.
    fn kinds(&self) -> Vec<Kind>;

    /// Does one operation of the kind at `kind`, with what it wants at random from
    /// `rng`, and gives the number of items that it was about.
    ///
    /// # Errors
    /// It cannot be done, or what it found is wrong.
    fn run(&mut self, kind: usize, rng: &mut SplitMix64) -> Result<u64, Failure>;

    /// How much there is. Not timed.
    ///
    /// # Errors
    /// The system does not tell.
    fn extent(&self) -> Result<Extent, Failure>;

    /// Why the work has to begin anew before another operation is done, if so: what
    /// grows without end does not last. Asked before every operation.
    fn must_renew(&self) -> Option<String> {
        None
    }

    /// Begins anew. What is due meanwhile waits, and that is seen.
    ///
    /// # Errors
    /// It cannot.
    fn renew(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    /// Brings what there is near to its most, or as near as `time` allows: what can
    /// be done is looked for there. Not timed.
    ///
    /// # Errors
    /// It cannot.
    fn fill(&mut self, time: Duration) -> Result<(), Failure> {
        let _ = time;
        Ok(())
    }

    /// Looks at everything there is. Not timed.
    ///
    /// # Errors
    /// It cannot be looked at; what is wrong with it is no error.
    fn verify(&mut self) -> Result<Verified, Failure>;
}
