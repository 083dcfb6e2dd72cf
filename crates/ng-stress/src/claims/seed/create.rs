//! Test 1.

use super::{CREATION, sum};
use crate::claims::cell::{CellSpec, Size};
use crate::claims::claim::{Claim, Said};
use crate::claims::rule::{MemoryFigure, Rule};

const SECTION: &str = "Test 1: 1M Token Creation";

pub(super) const CLAIMS: &[Claim] = &[
    Claim {
        id: "create-time",
        section: SECTION,
        statement: "making 1M tokens takes 676.84 ms",
        said: Said::About(676.84, "ns/token"),
        rule: Rule::Time(CREATION),
        note: Some("a clock read a token, first touches and five other tests are in one figure"),
    },
    Claim {
        id: "create-rate",
        section: SECTION,
        statement: "that is 1,477,455 tokens a second",
        said: Said::Words,
        rule: Rule::Computed(&[sum(
            "1M tokens over 676.84 ms",
            1e9 / 676.84,
            1_477_455.0,
            10.0,
            "tokens/s",
        )]),
        note: None,
    },
    Claim {
        id: "token-bytes",
        section: SECTION,
        statement: "a token has 64 bytes",
        said: Said::Words,
        rule: Rule::Computed(&[sum(
            "the size of the type",
            size_of::<ng_token::Token>() as f64,
            64.0,
            0.0,
            "B",
        )]),
        note: None,
    },
    Claim {
        id: "create-memory",
        section: SECTION,
        statement: "1M tokens take 61.04 MB, 64 bytes each and no more",
        said: Said::Exactly(64.0, "B/token"),
        rule: Rule::Memory {
            figure: MemoryFigure::Peak,
            of: CellSpec::new("clocked", "push"),
            from: Size::Tenth,
            to: Size::Whole,
        },
        note: Some("the seed multiplied a size by a count, where here the kernel is asked"),
    },
];
