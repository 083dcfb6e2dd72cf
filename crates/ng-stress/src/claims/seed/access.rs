//! Test 4.

use super::{CREATION, sum};
use crate::claims::cell::CellSpec;
use crate::claims::claim::{Claim, Said};
use crate::claims::rule::{Expected, ProofSpec, Quantity, Rule};

const SECTION: &str = "Test 4: Access Pattern Performance";

const CELL: CellSpec = CellSpec::new("access", "vec-4k");
const SEQUENTIAL: Quantity = CELL.phases(&["sequential"]);
const RANDOM: Quantity = CELL.phases(&["random"]);

/// The seed's sum of sequential reads.
const SUM: f64 = 499_999_500_000.0;
/// The seed's sum of the reads that it calls random.
const RANDOM_SUM: f64 = 49_999_500_000.0;

pub(super) const CLAIMS: &[Claim] = &[
    Claim {
        id: "access-create-time",
        section: SECTION,
        statement: "making the tokens that are read takes 677.66 ms",
        said: Said::About(677.66, "ns/token"),
        rule: Rule::Time(CREATION),
        note: None,
    },
    Claim {
        id: "sequential-time",
        section: SECTION,
        statement: "reading 1M tokens in order takes 18.58 ms",
        said: Said::About(18.58, "ns/read"),
        rule: Rule::Time(SEQUENTIAL),
        note: None,
    },
    Claim {
        id: "sequential-sum",
        section: SECTION,
        statement: "their ids sum to 499999500000",
        said: Said::Exactly(SUM, ""),
        rule: Rule::Proofs(&[ProofSpec {
            cell: CELL,
            name: "sequential_sum",
            expected: Expected::IdSum,
        }]),
        note: None,
    },
    Claim {
        id: "random-time",
        section: SECTION,
        statement: "reading 100k tokens at random takes 5.34 ms",
        said: Said::About(53.4, "ns/read"),
        rule: Rule::Time(RANDOM),
        note: Some("the seed timed strides of ten"),
    },
    Claim {
        id: "random-sum",
        section: SECTION,
        statement: "their ids sum to 49999500000",
        said: Said::Exactly(RANDOM_SUM, ""),
        rule: Rule::Proofs(&[ProofSpec {
            cell: CELL,
            name: "stride_10_sum",
            expected: Expected::StrideSum(10),
        }]),
        note: Some("of strides of ten"),
    },
    Claim {
        id: "random-order",
        section: SECTION,
        statement: "these reads are in random order",
        said: Said::Exactly(RANDOM_SUM, ""),
        rule: Rule::Order {
            of: CELL,
            phase: "stride_10",
            stride: 10,
        },
        note: None,
    },
    Claim {
        id: "sequential-2.88x",
        section: SECTION,
        statement: "a read in order is 2.88 times as fast as one at random",
        said: Said::About(2.88, "x"),
        rule: Rule::Ratio {
            over: RANDOM,
            under: SEQUENTIAL,
        },
        note: Some("here the reads are at random"),
    },
    Claim {
        id: "access-own",
        section: SECTION,
        statement: "the rates and the factor follow from the times",
        said: Said::Words,
        rule: Rule::Computed(&[
            sum("1 over 18.58 ns", 1e3 / 18.58, 53.8, 0.05, "M reads/s"),
            sum("1 over 53.4 ns", 1e3 / 53.4, 18.7, 0.05, "M reads/s"),
            sum("53.4 over 18.58", 53.4 / 18.58, 2.88, 0.01, "x"),
        ]),
        note: None,
    },
];
