//! What a cell is worth.

use serde::{Deserialize, Serialize};

use crate::model::Finding;

/// What a cell is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Nothing was found against it.
    Valid,
    /// Something disturbed it.
    Suspect,
    /// It does not say what it claims to say.
    Invalid,
    /// A worker failed.
    Failed,
    /// It was not measured.
    Skipped,
}

impl Verdict {
    /// All verdicts, the best first.
    pub const ALL: [Self; 5] = [
        Self::Valid,
        Self::Suspect,
        Self::Invalid,
        Self::Failed,
        Self::Skipped,
    ];

    /// The verdict on a cell that ran.
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

    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Suspect => "suspect",
            Self::Invalid => "invalid",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
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
