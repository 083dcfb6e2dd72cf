//! Claims about the release build.

use ng_lab::model::ClaimVerdict;

use super::CREATION;
use crate::claims::cell::CellSpec;
use crate::claims::claim::{Claim, Said};
use crate::claims::rule::{Quantity, Rule};

const SECTION: &str = "Production Readiness Assessment";

/// What the seed calls typical.
const TYPICALLY: Said = Said::Between(10.0, 50.0, "x");

const RESERVED: Quantity = CellSpec::new("allocation", "with-capacity").phases(&["whole"]);
const SEQUENTIAL: Quantity = CellSpec::new("access", "vec-4k").phases(&["sequential"]);
const STRIDE: Quantity = CellSpec::new("access", "vec-4k").phases(&["stride_10"]);
const CLONE: Quantity = CellSpec::new("clocked", "cycle").phases(&["clone"]);

const fn dev_over_release(of: Quantity) -> Rule {
    Rule::Ratio {
        over: of,
        under: of.of(of.cell.release()),
    }
}

pub(super) const CLAIMS: &[Claim] = &[
    Claim {
        id: "release-create",
        section: SECTION,
        statement: "release makes tokens 10 to 50 times as fast",
        said: TYPICALLY,
        rule: dev_over_release(CREATION),
        note: Some("the clock and the first touch take as long in both"),
    },
    Claim {
        id: "release-fill",
        section: SECTION,
        statement: "release fills a vector 10 to 50 times as fast",
        said: TYPICALLY,
        rule: dev_over_release(RESERVED),
        note: None,
    },
    Claim {
        id: "release-sequential",
        section: SECTION,
        statement: "release reads in order 10 to 50 times as fast",
        said: TYPICALLY,
        rule: dev_over_release(SEQUENTIAL),
        note: None,
    },
    Claim {
        id: "release-stride",
        section: SECTION,
        statement: "release reads in strides of ten 10 to 50 times as fast",
        said: TYPICALLY,
        rule: dev_over_release(STRIDE),
        note: None,
    },
    Claim {
        id: "release-clone",
        section: SECTION,
        statement: "release clones 10 to 50 times as fast",
        said: TYPICALLY,
        rule: dev_over_release(CLONE),
        note: Some("a clone that nobody looks at is deleted in release, and takes no time at all"),
    },
    Claim {
        id: "release-faster",
        section: "Conclusion",
        statement: "release is faster",
        said: Said::AtLeast(1.0, "x"),
        rule: dev_over_release(CREATION),
        note: None,
    },
    Claim {
        id: "python-calls",
        section: "Recommendations for v0.40.0 Python Bindings",
        statement: "one call for many tokens beats a call for each, and a collector adds latency",
        said: Said::Words,
        rule: Rule::Reasoned {
            verdict: ClaimVerdict::CannotBeTold,
            why: "there are no Python bindings here",
        },
        note: None,
    },
];
