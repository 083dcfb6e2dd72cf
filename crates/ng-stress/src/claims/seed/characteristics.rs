//! The table of sizes.

use super::{CREATION, sum};
use crate::claims::cell::Size;
use crate::claims::claim::{Claim, Said};
use crate::claims::rule::{Quantity, Rule};

const SECTION: &str = "Scaling Performance";

const fn creation_at(size: Size) -> Quantity {
    CREATION.of(CREATION.cell.size(size))
}

/// How much longer a token takes at `size` than at 1M.
const fn against_whole(size: Size) -> Rule {
    Rule::Ratio {
        over: creation_at(size),
        under: CREATION,
    }
}

pub(super) const CLAIMS: &[Claim] = &[
    Claim {
        id: "scaling-1k",
        section: SECTION,
        statement: "a token takes as long to make among 1K as among 1M",
        said: Said::About(1.0, "x"),
        rule: against_whole(Size::Thousandth),
        note: None,
    },
    Claim {
        id: "scaling-10k",
        section: SECTION,
        statement: "a token takes as long to make among 10K as among 1M",
        said: Said::About(1.0, "x"),
        rule: against_whole(Size::Hundredth),
        note: None,
    },
    Claim {
        id: "scaling-100k",
        section: SECTION,
        statement: "a token takes as long to make among 100K as among 1M",
        said: Said::About(1.0, "x"),
        rule: against_whole(Size::Tenth),
        note: None,
    },
    Claim {
        id: "scaling-table",
        section: SECTION,
        statement: "1K, 10K and 100K tokens take 0.68, 6.8 and 68 ms",
        said: Said::Words,
        rule: Rule::Computed(&[
            sum("a thousandth of 676.84", 676.84 / 1e3, 0.68, 0.005, "ms"),
            sum("a hundredth of 676.84", 676.84 / 1e2, 6.8, 0.05, "ms"),
            sum("a tenth of 676.84", 676.84 / 1e1, 68.0, 0.5, "ms"),
        ]),
        note: Some("divisions of one time: no test of the seed makes so few tokens"),
    },
    Claim {
        id: "no-degradation",
        section: "Production Readiness Assessment",
        statement: "nothing gets slower up to 1M tokens",
        said: Said::AtMost(1.1, "x"),
        rule: Rule::Ratio {
            over: CREATION,
            under: creation_at(Size::Tenth),
        },
        note: Some("creation, against 100K tokens"),
    },
];
