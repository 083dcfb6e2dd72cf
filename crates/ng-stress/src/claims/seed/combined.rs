//! Test 6.

use super::sum;
use crate::claims::cell::{CellSpec, Size};
use crate::claims::claim::{Claim, Said};
use crate::claims::rule::{Expected, MemoryFigure, ProofSpec, Quantity, Rule};

const SECTION: &str = "Test 6: Combined Stress Test";

/// The seed's way, with a clock read in each token.
const CELL: CellSpec = CellSpec::new("clocked", "cycle");
const CREATE: Quantity = CELL.phases(&["create"]);
const ACCESS: Quantity = CELL.phases(&["access"]);
const CLONE: Quantity = CELL.phases(&["clone"]);
const CYCLE: Quantity = CELL.phases(&["create", "access", "clone"]);

/// What a share is a share of.
const SHARE: &str = "% of the cycle";

pub(super) const CLAIMS: &[Claim] = &[
    Claim {
        id: "cycle-create-time",
        section: SECTION,
        statement: "making 1M tokens takes 662.36 ms",
        said: Said::About(662.36, "ns/token"),
        rule: Rule::Time(CREATE),
        note: None,
    },
    Claim {
        id: "cycle-access-time",
        section: SECTION,
        statement: "reading all of them takes 21.68 ms",
        said: Said::About(21.68, "ns/token"),
        rule: Rule::Time(ACCESS),
        note: None,
    },
    Claim {
        id: "cycle-checksum",
        section: SECTION,
        statement: "their ids sum to 499999500000",
        said: Said::Exactly(499_999_500_000.0, ""),
        rule: Rule::Proofs(&[ProofSpec {
            cell: CELL,
            name: "access_sum",
            expected: Expected::IdSum,
        }]),
        note: None,
    },
    Claim {
        id: "clone-time",
        section: SECTION,
        statement: "cloning all of them takes 54.52 ms",
        said: Said::About(54.52, "ns/token"),
        rule: Rule::Time(CLONE),
        note: None,
    },
    Claim {
        id: "cycle-time",
        section: SECTION,
        statement: "the three together take 738.70 ms",
        said: Said::About(738.70, "ns/token"),
        rule: Rule::Time(CYCLE),
        note: None,
    },
    Claim {
        id: "cycle-bound",
        section: SECTION,
        statement: "the three together take less than 750 ms",
        said: Said::AtMost(750.0, "ns/token"),
        rule: Rule::Time(CYCLE),
        note: None,
    },
    Claim {
        id: "clone-12x",
        section: SECTION,
        statement: "a clone is 12.2 times as fast as making the tokens",
        said: Said::About(12.2, "x"),
        rule: Rule::Ratio {
            over: CREATE,
            under: CLONE,
        },
        note: Some("a clone reads no clock"),
    },
    Claim {
        id: "create-share",
        section: SECTION,
        statement: "making the tokens is 89.7 % of the cycle",
        said: Said::About(89.7, SHARE),
        rule: Rule::Ratio {
            over: CREATE,
            under: CYCLE,
        },
        note: None,
    },
    Claim {
        id: "access-share",
        section: SECTION,
        statement: "reading them is 2.9 % of it",
        said: Said::About(2.9, SHARE),
        rule: Rule::Ratio {
            over: ACCESS,
            under: CYCLE,
        },
        note: None,
    },
    Claim {
        id: "clone-share",
        section: SECTION,
        statement: "cloning them is 7.4 % of it",
        said: Said::About(7.4, SHARE),
        rule: Rule::Ratio {
            over: CLONE,
            under: CYCLE,
        },
        note: None,
    },
    Claim {
        id: "cycle-own",
        section: SECTION,
        statement: "factor, rate and shares follow from the times",
        said: Said::Words,
        rule: Rule::Computed(&[
            sum("662.36 over 54.52", 662.36 / 54.52, 12.2, 0.1, "x"),
            sum("1 over 54.52 ns", 1e3 / 54.52, 18.3, 0.05, "M tokens/s"),
            sum("662.36 over 738.70", 66236.0 / 738.70, 89.7, 0.05, "%"),
            sum("21.68 over 738.70", 2168.0 / 738.70, 2.9, 0.05, "%"),
            sum("54.52 over 738.70", 5452.0 / 738.70, 7.4, 0.05, "%"),
        ]),
        note: None,
    },
    Claim {
        id: "clone-memory",
        section: SECTION,
        statement: "the peak is 122.07 MB, twice the tokens",
        said: Said::Exactly(128.0, "B/token"),
        rule: Rule::Memory {
            figure: MemoryFigure::Peak,
            of: CELL,
            from: Size::Tenth,
            to: Size::Whole,
        },
        note: None,
    },
];
