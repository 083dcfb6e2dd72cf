//! What can be wrong with a cell: a table, one row per flag.
//!
//! Reports, the page, the schema and `docs/measuring.md` are generated from these rows
//! or tested against them. The checks are the judge's and take their thresholds from here.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::Verdict;

/// The figure that a check compares its finding with.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Threshold {
    /// Any at all is too much.
    Any,
    /// A factor.
    Times(f64),
    /// A part of the whole.
    Share(f64),
    /// A number of things.
    Count(f64),
}

impl Threshold {
    const fn value(self) -> f64 {
        match self {
            Self::Any => 0.0,
            Self::Times(value) | Self::Share(value) | Self::Count(value) => value,
        }
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any"),
            Self::Times(times) => write!(f, "{times} times"),
            Self::Share(share) => write!(f, "{} %", (share * 1000.0).round() / 10.0),
            Self::Count(count) => write!(f, "{count}"),
        }
    }
}

/// Generates the flags, their names and their rows from one table.
macro_rules! flags {
    ($($flag:ident $name:literal $severity:ident $threshold:expr; $text:literal, $advice:literal;)*) => {
        /// One thing that is wrong with a cell; those that make it invalid come first.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum Flag {
            $(#[doc = $text] #[serde(rename = $name)] $flag,)*
        }

        impl Flag {
            /// All flags in their order.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$flag),*];

            /// The name in reports.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$flag => $name,)* }
            }

            /// The verdict on a cell with this flag alone.
            #[must_use]
            pub const fn severity(self) -> Verdict {
                match self { $(Self::$flag => Verdict::$severity,)* }
            }

            /// What to do about it.
            #[must_use]
            pub const fn advice(self) -> &'static str {
                match self { $(Self::$flag => $advice,)* }
            }

            const fn template(self) -> &'static str {
                match self { $(Self::$flag => $text,)* }
            }

            const fn limit(self) -> Threshold {
                use Threshold::{Any, Count, Share, Times};
                match self { $(Self::$flag => $threshold,)* }
            }
        }
    };
}

flags! {
    ImpossibleFast "impossible_fast" Invalid Times(1.1);
        "more than {threshold} as fast as the limit's best reading, on as many threads or fewer, allows (2 times below six rounds); not checked for first touches below 1 MiB, or for small-page limits where huge pages came unrequested",
        "make the result depend on the work, and return it from the phase";
    WorkNotDone "work_not_done" Invalid Share(0.9);
        "resident memory grew by less than {threshold} of what was declared (from 1 MiB on), or proofs differ between rounds or builds",
        "make the result depend on the work, and return it from the phase";
    Elided "elided" Invalid Times(2.0);
        "the best time is less than {threshold} that of an eighth of the items, or exceeds it by at most twenty clock reads or a microsecond; round 0 counts",
        "make the result depend on the work, and return it from the phase";
    PatternMismatch "pattern_mismatch" Invalid Any;
        "the reads do not follow the claimed pattern",
        "claim the pattern that the phase really reads";
    BelowResolution "below_resolution" Invalid Count(20.0);
        "shorter than {threshold} clock reads",
        "measure more items";
    Swapped "swapped" Invalid Any;
        "part of the worker was swapped out",
        "measure fewer items, or free memory";
    NotCold "not_cold" Invalid Share(0.01);
        "more than {threshold} of a file declared cold was in memory in some round, or its residency is unknown",
        "close every map of the file before the phase, and use a file system on a disk";
    NotWarm "not_warm" Invalid Share(0.01);
        "more than {threshold} of a file declared warm was not in memory in some round, or its residency is unknown",
        "read the file before the phase, and leave enough memory for it";
    Steal "steal" Suspect Share(0.02);
        "the hypervisor took more than {threshold} of the processor time wanted, beyond the noise of the kernel's ticks",
        "measure when the host is quieter, or on a machine of your own";
    OtherLoad "other_load" Suspect Share(0.05);
        "other processes used more than {threshold} of all processor time, beyond the noise of the kernel's ticks",
        "stop other programs on this machine";
    ClockDrift "clock_drift" Suspect Share(0.05);
        "the time of a fixed loop changed by more than {threshold} within a worker, in the median",
        "fix the processor's frequency, or let it cool down";
    PagesDiffer "pages_differ" Suspect Share(0.2);
        "more than {threshold} of the memory was not on the requested pages in some round (from 32 MiB on)",
        "check /sys/kernel/mm/transparent_hugepage, or free memory";
    Trend "trend" Suspect Share(0.05);
        "samples follow the rounds: p < 0.01 by Kendall's tau, adjusted for all such tests of the run (Holm), and more than {threshold} from end to end",
        "let the machine settle, then measure again";
    Superlinear "superlinear" Suspect Times(1.1);
        "the speed-up's whole interval is above the number of threads (without an interval: more than {threshold} that number)",
        "look for work that only the one-threaded run does";
    OrderEffect "order_effect" Suspect Share(0.05);
        "samples follow the position in the round, as with `trend`: more than {threshold} from end to end",
        "look for state that one cell leaves to the next";
    TooFewRounds "too_few_rounds" Suspect Count(6.0);
        "fewer than {threshold} rounds: no interval can be given",
        "give --rounds 6 or more";
}

impl Flag {
    /// When it is raised.
    #[must_use]
    pub fn text(self) -> String {
        let threshold = self.limit().to_string();
        self.template().replace("{threshold}", &threshold)
    }

    /// The threshold: a factor, a share of 1, or a count; 0 if any at all is too much.
    #[must_use]
    pub const fn threshold(self) -> f64 {
        self.limit().value()
    }

    /// Whether this flag makes a cell invalid.
    #[must_use]
    pub fn invalidates(self) -> bool {
        self.severity() == Verdict::Invalid
    }
}

impl fmt::Display for Flag {
    /// The name in reports.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A flag with its phase and figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The flag.
    pub flag: Flag,
    /// The phase concerned; the whole cell if none.
    pub phase: Option<String>,
    /// What was found and what was expected.
    pub detail: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_is_displayed_as_it_is_serialised_and_its_text_has_its_threshold() {
        for flag in Flag::ALL {
            assert_eq!(serde_json::to_string(&flag).unwrap(), format!("\"{flag}\""));
            let has_figure = flag.limit() != Threshold::Any;
            assert_eq!(flag.text() != flag.template(), has_figure, "{flag}");
        }
        let text = Flag::BelowResolution.text();
        assert_eq!(text, "shorter than 20 clock reads");
        assert!(Flag::Steal.text().contains("more than 2 % of"));
        assert!(Flag::ImpossibleFast.text().contains("than 1.1 times as"));
    }

    #[test]
    fn those_that_make_a_cell_invalid_come_first() {
        assert!(Flag::ALL.is_sorted());
        assert!(Flag::ALL.is_sorted_by_key(|flag| !flag.invalidates()));
        let worth = [Verdict::Invalid, Verdict::Suspect];
        assert!(
            Flag::ALL
                .iter()
                .all(|flag| worth.contains(&flag.severity()))
        );
    }
}
