//! The cells that a claim is about.

use std::fmt;

use ng_lab::Profile;
use ng_lab::model::CellReport;

/// The number of tokens in the seed's report.
pub const SEED_TOKENS: u64 = 1_000_000;

/// A number of tokens, relative to the audit's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Size {
    /// A thousandth: the seed's 1K.
    Thousandth,
    /// A hundredth: the seed's 10K.
    Hundredth,
    /// A tenth: the seed's 100K.
    Tenth,
    /// The audit's own: the seed's 1M.
    Whole,
    /// Tenfold: the seed's 10M.
    Tenfold,
}

impl Size {
    /// All sizes, ascending.
    pub const ALL: [Self; 5] = [
        Self::Thousandth,
        Self::Hundredth,
        Self::Tenth,
        Self::Whole,
        Self::Tenfold,
    ];

    /// The number of tokens in an audit over `tokens`.
    #[must_use]
    pub fn of(self, tokens: u64) -> u64 {
        match self {
            Self::Thousandth => tokens / 1000,
            Self::Hundredth => tokens / 100,
            Self::Tenth => tokens / 10,
            Self::Whole => tokens,
            Self::Tenfold => tokens * 10,
        }
    }
}

/// A cell of a scenario: by default the dev build on one thread, as in the seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellSpec {
    /// The scenario.
    pub scenario: &'static str,
    /// Its variant.
    pub variant: &'static str,
    /// Threads.
    pub threads: usize,
    /// The build.
    pub profile: Profile,
    /// The number of tokens.
    pub size: Size,
}

impl CellSpec {
    /// The dev build on one thread at the audit's own size.
    #[must_use]
    pub const fn new(scenario: &'static str, variant: &'static str) -> Self {
        Self {
            scenario,
            variant,
            threads: 1,
            profile: Profile::Dev,
            size: Size::Whole,
        }
    }

    /// The same on `threads` threads.
    #[must_use]
    pub const fn threads(self, threads: usize) -> Self {
        Self { threads, ..self }
    }

    /// The same in release.
    #[must_use]
    pub const fn release(self) -> Self {
        Self {
            profile: Profile::Release,
            ..self
        }
    }

    /// The same at another size.
    #[must_use]
    pub const fn size(self, size: Size) -> Self {
        Self { size, ..self }
    }

    /// Whether `cell` is the specified one, in an audit over `tokens`.
    pub(super) fn is(&self, cell: &CellReport, tokens: u64) -> bool {
        self.scenario == cell.key.scenario
            && self.variant == cell.key.variant
            && self.threads == cell.key.threads
            && self.profile == cell.key.profile
            && self.size.of(tokens) == cell.items()
    }
}

impl fmt::Display for CellSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}/{} x{} in {}",
            self.scenario,
            self.variant,
            self.threads,
            self.profile.name()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_the_seed_at_its_own_number_of_tokens() {
        let sizes = Size::ALL.map(|size| size.of(SEED_TOKENS));
        assert_eq!(sizes, [1000, 10_000, 100_000, 1_000_000, 10_000_000]);
    }
}
