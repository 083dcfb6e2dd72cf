//! Test 2.

use super::sum;
use crate::claims::cell::CellSpec;
use crate::claims::claim::{Claim, Said};
use crate::claims::rule::{Expected, ProofSpec, Quantity, Rule};

const SECTION: &str = "Test 2: Memory Pattern Comparison";

const GROWN_CELL: CellSpec = CellSpec::new("allocation", "without-capacity");
const RESERVED_CELL: CellSpec = CellSpec::new("allocation", "with-capacity");
const GROWN: Quantity = GROWN_CELL.phases(&["whole"]);
const RESERVED: Quantity = RESERVED_CELL.phases(&["whole"]);

pub(super) const CLAIMS: &[Claim] = &[
    Claim {
        id: "grown-time",
        section: SECTION,
        statement: "filling a vector without capacity takes 708.45 ms",
        said: Said::About(708.45, "ns/token"),
        rule: Rule::Time(GROWN),
        note: None,
    },
    Claim {
        id: "reserved-time",
        section: SECTION,
        statement: "filling one with capacity takes 175.62 ms",
        said: Said::About(175.62, "ns/token"),
        rule: Rule::Time(RESERVED),
        note: Some("the same work takes 676.84 ms in the seed's own first test"),
    },
    Claim {
        id: "preallocation-4x",
        section: SECTION,
        statement: "capacity makes it 4.03 times as fast",
        said: Said::About(4.03, "x"),
        rule: Rule::Ratio {
            over: GROWN,
            under: RESERVED,
        },
        note: Some("here without a clock in the loop, which favours the statement"),
    },
    Claim {
        id: "preallocation-own",
        section: SECTION,
        statement: "the factor follows from the two times",
        said: Said::Words,
        rule: Rule::Computed(&[sum("708.45 over 175.62", 708.45 / 175.62, 4.03, 0.01, "x")]),
        note: None,
    },
    Claim {
        id: "preallocation-wins",
        section: SECTION,
        statement: "capacity makes it faster",
        said: Said::AtLeast(1.0, "x"),
        rule: Rule::Ratio {
            over: GROWN,
            under: RESERVED,
        },
        note: None,
    },
    Claim {
        id: "one-allocation",
        section: SECTION,
        statement: "capacity turns several allocations into one",
        said: Said::Words,
        rule: Rule::Proofs(&[
            ProofSpec {
                cell: GROWN_CELL,
                name: "allocations",
                expected: Expected::MoreThan(1),
            },
            ProofSpec {
                cell: RESERVED_CELL,
                name: "allocations",
                expected: Expected::Exactly(1),
            },
        ]),
        note: Some("the figure is the number without capacity, for the first 65,536 tokens"),
    },
];
