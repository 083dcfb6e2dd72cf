//! Test 5.

use ng_lab::model::ClaimVerdict;

use super::{CREATION, MIB, sum};
use crate::claims::cell::{CellSpec, Size};
use crate::claims::claim::{Claim, Said};
use crate::claims::rule::{Expected, MemoryFigure, ProofSpec, Rule};

const SECTION: &str = "Test 5: Memory Footprint Analysis";

const CELL: CellSpec = CellSpec::new("footprint", "store-4k");

pub(super) const CLAIMS: &[Claim] = &[
    Claim {
        id: "footprint-time",
        section: SECTION,
        statement: "allocating 1M tokens takes 690.90 ms",
        said: Said::About(690.90, "ns/token"),
        rule: Rule::Time(CREATION),
        note: None,
    },
    Claim {
        id: "memory-table",
        section: SECTION,
        statement: "1K, 10K, 100K and 1M tokens are 0.06, 0.61, 6.10 and 61.04 MB",
        said: Said::Words,
        rule: Rule::Computed(&[
            sum("64 x 1K", 64e3 / MIB, 0.06, 0.005, "MiB"),
            sum("64 x 10K", 64e4 / MIB, 0.61, 0.005, "MiB"),
            sum("64 x 100K", 64e5 / MIB, 6.10, 0.005, "MiB"),
            sum("64 x 1M", 64e6 / MIB, 61.04, 0.005, "MiB"),
        ]),
        note: Some("a multiplication, and no measurement"),
    },
    Claim {
        id: "memory-linear",
        section: SECTION,
        statement: "memory grows by exactly 64 bytes a token",
        said: Said::Exactly(64.0, "B/token"),
        rule: Rule::Memory {
            figure: MemoryFigure::Resident,
            of: CELL,
            from: Size::Tenth,
            to: Size::Whole,
        },
        note: None,
    },
    Claim {
        id: "no-leaks",
        section: SECTION,
        statement: "no memory leaks",
        said: Said::Words,
        rule: Rule::Proofs(&[ProofSpec {
            cell: CELL,
            name: "given_back",
            expected: Expected::Exactly(1),
        }]),
        note: Some(
            "resident memory is back where it was once the tokens are gone; the seed did not look",
        ),
    },
    Claim {
        id: "memory-10m",
        section: SECTION,
        statement: "10M tokens will take 610 MB",
        said: Said::Exactly(64.0, "B/token"),
        rule: Rule::Memory {
            figure: MemoryFigure::Resident,
            of: CELL,
            from: Size::Whole,
            to: Size::Tenfold,
        },
        note: None,
    },
    Claim {
        id: "python-header",
        section: SECTION,
        statement: "a Python object adds about 48 bytes to a token",
        said: Said::About(48.0, "B/token"),
        rule: Rule::Reasoned {
            verdict: ClaimVerdict::CannotBeTold,
            why: "there are no Python bindings here",
        },
        note: None,
    },
    Claim {
        id: "python-own",
        section: SECTION,
        statement: "with these, 1M tokens take 107 MB, 1.75 times as much, and 10M take 1 GB",
        said: Said::Words,
        rule: Rule::Computed(&[
            sum("64 + 48", 64.0 + 48.0, 112.0, 0.0, "B/token"),
            sum("112 x 1M", 112e6 / MIB, 107.0, 0.5, "MiB"),
            sum("112 over 64", 112.0 / 64.0, 1.75, 0.005, "x"),
            sum("112 x 10M", 112e7 / MIB / 1024.0, 1.0, 0.1, "GiB"),
        ]),
        note: Some("as far as the 48 bytes are true"),
    },
];
