//! Test 3, and the table of parallel scaling.

use ng_lab::model::ClaimVerdict;

use super::sum;
use crate::claims::cell::CellSpec;
use crate::claims::claim::{Claim, Said};
use crate::claims::rule::{Quantity, Rule, Threads};

const SECTION: &str = "Test 3: Parallel Token Operations";
const SCALING: &str = "Parallel Scaling";

/// The seed's way: a vector for each thread, a clock read in each token.
const FILL: Quantity = CellSpec::new("clocked", "chunks").phases(&["create"]);

pub(super) const CLAIMS: &[Claim] = &[
    Claim {
        id: "parallel-time",
        section: SECTION,
        statement: "making 1M tokens on 4 threads takes 100.31 ms",
        said: Said::About(100.31, "ns/token"),
        rule: Rule::Time(FILL.threads(4)),
        note: None,
    },
    Claim {
        id: "parallel-rate",
        section: SECTION,
        statement: "that is 9,969,253 tokens a second",
        said: Said::Words,
        rule: Rule::Computed(&[sum(
            "1M tokens over 100.31 ms",
            1e9 / 100.31,
            9_969_253.0,
            500.0,
            "tokens/s",
        )]),
        note: None,
    },
    Claim {
        id: "speed-up-498x",
        section: SECTION,
        statement: "4 threads are about 498 times as fast as one after the other",
        said: Said::Words,
        rule: Rule::Computed(&[sum(
            "676.84 ms over 100.31 ms",
            676.84 / 100.31,
            498.0,
            1.0,
            "x",
        )]),
        note: Some("no two times of the report have that ratio"),
    },
    Claim {
        id: "speed-up-6.75x",
        section: SECTION,
        statement: "4 threads are 6.75 times as fast as one",
        said: Said::About(6.75, "x"),
        rule: Rule::SpeedUp {
            of: FILL,
            threads: Threads::Four,
        },
        note: Some("the seed divides the times of two different tests"),
    },
    Claim {
        id: "speed-up-own",
        section: SCALING,
        statement: "speed-up and efficiency follow from the two times",
        said: Said::Words,
        rule: Rule::Computed(&[
            sum("676.84 ms over 100.31 ms", 676.84 / 100.31, 6.75, 0.01, "x"),
            sum("6.75 over 4", 675.0 / 4.0, 169.0, 0.5, "%"),
        ]),
        note: None,
    },
    Claim {
        id: "speed-up-per-thread",
        section: SECTION,
        statement: "each of 4 threads adds a speed-up of about 2.5",
        said: Said::Words,
        rule: Rule::Computed(&[sum("6.75 over 4", 6.75 / 4.0, 2.5, 0.1, "x per thread")]),
        note: None,
    },
    Claim {
        id: "near-linear",
        section: SECTION,
        statement: "the speed-up is nearly linear",
        said: Said::Between(0.8, 1.1, "x per thread"),
        rule: Rule::SpeedUp {
            of: FILL,
            threads: Threads::OfTheMachine,
        },
        note: Some("the report calls the same figure super-linear elsewhere"),
    },
    Claim {
        id: "super-linear",
        section: SCALING,
        statement: "the speed-up is more than linear",
        said: Said::AtLeast(1.0, "x per thread"),
        rule: Rule::SpeedUp {
            of: FILL,
            threads: Threads::OfTheMachine,
        },
        note: None,
    },
    Claim {
        id: "gc-pressure",
        section: SCALING,
        statement: "less pressure on a garbage collector explains it",
        said: Said::Words,
        rule: Rule::Reasoned {
            verdict: ClaimVerdict::DoesNotHold,
            why: "a Rust program has no garbage collector",
        },
        note: None,
    },
    Claim {
        id: "no-contention",
        section: SECTION,
        statement: "the threads do not get into each other's way",
        said: Said::AtLeast(0.9, "x per thread"),
        rule: Rule::SpeedUp {
            of: FILL,
            threads: Threads::OfTheMachine,
        },
        note: Some("they share the kernel's page tables and the memory's bandwidth"),
    },
    Claim {
        id: "python-lock",
        section: SECTION,
        statement: "the lock of Python's interpreter will not hold these threads up",
        said: Said::Words,
        rule: Rule::Reasoned {
            verdict: ClaimVerdict::CannotBeTold,
            why: "there are no Python bindings here",
        },
        note: None,
    },
];
