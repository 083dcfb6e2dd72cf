//! The names of what can be wrong with a cell.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One thing that is wrong with a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Flag {
    /// Faster than 1.1 times what the measured limit allows.
    ImpossibleFast,
    /// The kernel did not see the memory that the phase says it touched, or the
    /// proof differs from that of another run of the same work.
    WorkNotDone,
    /// The time does not grow with the number of items.
    Elided,
    /// The order of reads is not the claimed one.
    PatternMismatch,
    /// Too short for the clock.
    BelowResolution,
    /// Part of the worker was swapped out.
    Swapped,
    /// A file that was said to be on the disk only was in memory.
    NotCold,
    /// A file that was said to be in memory was not.
    NotWarm,
    /// The hypervisor ran somebody else.
    Steal,
    /// Other processes worked beside the worker.
    OtherLoad,
    /// The processor's clock changed.
    ClockDrift,
    /// The pages were not those that were asked for, or not the same in all rounds.
    PagesDiffer,
    /// The samples rise or fall over the run.
    Trend,
    /// Faster than the number of threads explains.
    Superlinear,
    /// The time depends on when in its round the cell ran.
    OrderEffect,
    /// Fewer than six rounds: no interval can be given.
    TooFewRounds,
}

impl Flag {
    /// All flags, those that make a cell invalid first.
    pub const ALL: [Self; 16] = [
        Self::ImpossibleFast,
        Self::WorkNotDone,
        Self::Elided,
        Self::PatternMismatch,
        Self::BelowResolution,
        Self::Swapped,
        Self::NotCold,
        Self::NotWarm,
        Self::Steal,
        Self::OtherLoad,
        Self::ClockDrift,
        Self::PagesDiffer,
        Self::Trend,
        Self::Superlinear,
        Self::OrderEffect,
        Self::TooFewRounds,
    ];

    /// Whether a cell with this flag says nothing at all.
    #[must_use]
    pub fn invalidates(self) -> bool {
        matches!(
            self,
            Self::ImpossibleFast
                | Self::WorkNotDone
                | Self::Elided
                | Self::PatternMismatch
                | Self::BelowResolution
                | Self::Swapped
                | Self::NotCold
                | Self::NotWarm
        )
    }

    /// What to do about it.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::ImpossibleFast | Self::WorkNotDone | Self::Elided => {
                "make the result depend on the work, and return it from the phase"
            }
            Self::PatternMismatch => "name the pattern that is really read",
            Self::BelowResolution => "measure more items",
            Self::Swapped => "measure fewer items, or free memory",
            Self::NotCold => {
                "close every map of the file before the phase, and use a file system on a disk"
            }
            Self::NotWarm => "read the file before the phase, and leave memory for it",
            Self::Steal => "measure when the host is quieter, or on a machine of your own",
            Self::OtherLoad => "stop what else runs here",
            Self::ClockDrift => "fix the processor's frequency, or let it cool down",
            Self::PagesDiffer => "look at /sys/kernel/mm/transparent_hugepage, or free memory",
            Self::Trend => "let the machine settle, then measure again",
            Self::Superlinear => {
                "look for work that the one-threaded run does and the other does not"
            }
            Self::OrderEffect => "look for state that one cell leaves to the next",
            Self::TooFewRounds => "give --rounds 6 or more",
        }
    }
}

impl fmt::Display for Flag {
    /// The name in reports.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ImpossibleFast => "impossible_fast",
            Self::WorkNotDone => "work_not_done",
            Self::Elided => "elided",
            Self::PatternMismatch => "pattern_mismatch",
            Self::BelowResolution => "below_resolution",
            Self::Swapped => "swapped",
            Self::NotCold => "not_cold",
            Self::NotWarm => "not_warm",
            Self::Steal => "steal",
            Self::OtherLoad => "other_load",
            Self::ClockDrift => "clock_drift",
            Self::PagesDiffer => "pages_differ",
            Self::Trend => "trend",
            Self::Superlinear => "superlinear",
            Self::OrderEffect => "order_effect",
            Self::TooFewRounds => "too_few_rounds",
        })
    }
}

/// A flag with its place and its figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The flag.
    pub flag: Flag,
    /// The phase that it is about; the whole cell if none.
    pub phase: Option<String>,
    /// What was found and what was expected.
    pub detail: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_flags_are_listed_in_their_order() {
        let numbers = Flag::ALL.map(|flag| flag as usize);
        assert!(numbers.into_iter().eq(0..=Flag::TooFewRounds as usize));
    }

    #[test]
    fn a_flag_is_displayed_as_it_is_serialised() {
        for flag in Flag::ALL {
            assert_eq!(serde_json::to_string(&flag).unwrap(), format!("\"{flag}\""));
        }
    }
}
