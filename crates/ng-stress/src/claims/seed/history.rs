//! Claims about earlier versions.

use ng_lab::model::ClaimVerdict;

use crate::claims::claim::{Claim, Said};
use crate::claims::rule::Rule;

const SECTION: &str = "Benchmark Comparison (Historical)";

pub(super) const CLAIMS: &[Claim] = &[
    Claim {
        id: "no-regressions",
        section: SECTION,
        statement: "750, 680 and 677 ms in three versions: no regression",
        said: Said::Words,
        rule: Rule::Reasoned {
            verdict: ClaimVerdict::CannotBeTold,
            why: "one sample each, of programs that are not here: without spread 680 and 677 \
                  cannot be told apart",
        },
        note: None,
    },
    Claim {
        id: "legacy-memory",
        section: SECTION,
        statement: "1M tokens of an earlier version took 65 MB",
        said: Said::Exactly(65.0, "MB"),
        rule: Rule::Reasoned {
            verdict: ClaimVerdict::CannotBeTold,
            why: "that token is not here",
        },
        note: None,
    },
];
