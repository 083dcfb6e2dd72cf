//! The table of results, and claims about the whole run.

use super::sum;
use crate::claims::cell::CellSpec;
use crate::claims::claim::{Claim, Said};
use crate::claims::rule::{Expected, ProofSpec, Rule};

const SECTION: &str = "Test Results Summary";

pub(super) const CLAIMS: &[Claim] = &[
    Claim {
        id: "tests-pass",
        section: SECTION,
        statement: "all six tests pass",
        said: Said::Words,
        rule: Rule::Proofs(&[
            proof("create", "vec-push"),
            proof("allocation", "with-capacity"),
            proof("parallel", "store-2m"),
            proof("access", "vec-4k"),
            proof("footprint", "store-4k"),
            proof("combined", "vec-4k"),
        ]),
        note: None,
    },
    Claim {
        id: "durations-add-up",
        section: SECTION,
        statement: "the duration of a test with parts is the sum of its parts",
        said: Said::Words,
        rule: Rule::Computed(&[
            sum("708.45 + 175.62", 708.45 + 175.62, 884.08, 0.05, "ms"),
            sum(
                "677.66 + 18.58 + 5.34",
                677.66 + 18.58 + 5.34,
                701.59,
                0.05,
                "ms",
            ),
            // The sum includes the time between phases.
            sum(
                "662.36 + 21.68 + 54.52",
                662.36 + 21.68 + 54.52,
                738.70,
                0.5,
                "ms",
            ),
        ]),
        note: None,
    },
    Claim {
        id: "one-at-a-time",
        section: "Test Artifacts",
        statement: "a test's duration is what that test takes by itself (implied), and all six \
                    together take 0.90 s",
        said: Said::Words,
        rule: Rule::Computed(&[sum(
            "the sum of the six durations, 3792.42 ms, over 0.90 s",
            (676.84 + 884.08 + 100.31 + 701.59 + 690.90 + 738.70) / 900.0,
            1.0,
            0.1,
            "at a time",
        )]),
        note: Some("the six ran at once, and every figure of them is a contended one"),
    },
    Claim {
        id: "undisturbed",
        section: "Test Artifacts",
        statement: "a test takes as long beside the other five as alone (implied)",
        said: Said::About(1.0, "x"),
        rule: Rule::Ratio {
            over: CellSpec::new("contention", "six-at-once").phases(&["create"]),
            under: CellSpec::new("contention", "alone").phases(&["create"]),
        },
        note: Some("creation stands for the six"),
    },
];

const fn proof(scenario: &'static str, variant: &'static str) -> ProofSpec {
    ProofSpec {
        cell: CellSpec::new(scenario, variant),
        name: "id_sum",
        expected: Expected::IdSum,
    }
}
