//! What a cell is worth.

use crate::model::Finding;
use crate::model::named::named;

named! {
    /// What a cell is worth.
    Verdict {
        /// No flag was raised.
        Valid = "valid",
        /// Something disturbed it.
        Suspect = "suspect",
        /// It does not measure what it claims to measure.
        Invalid = "invalid",
        /// A worker failed.
        Failed = "failed",
        /// It was not measured.
        Skipped = "skipped",
    }
}

impl Verdict {
    /// The verdict on a cell that ran, from its findings.
    #[must_use]
    pub fn from_findings(findings: &[Finding]) -> Self {
        if findings.iter().any(|finding| finding.flag.invalidates()) {
            Self::Invalid
        } else if findings.is_empty() {
            Self::Valid
        } else {
            Self::Suspect
        }
    }

    /// Whether the cell's figures may be compared with others.
    #[must_use]
    pub fn is_comparable(self) -> bool {
        matches!(self, Self::Valid | Self::Suspect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Flag;

    #[test]
    fn one_invalidating_flag_outweighs_suspicions() {
        let finding = |flag| Finding {
            flag,
            phase: None,
            detail: String::new(),
        };
        assert_eq!(Verdict::from_findings(&[]), Verdict::Valid);
        let suspect = [finding(Flag::Steal)];
        assert_eq!(Verdict::from_findings(&suspect), Verdict::Suspect);
        let both = [finding(Flag::Steal), finding(Flag::Elided)];
        assert_eq!(Verdict::from_findings(&both), Verdict::Invalid);
    }
}
