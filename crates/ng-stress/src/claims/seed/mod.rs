//! The claims of the seed's report, one file per part.
//!
//! Opinions ("fast enough"), recommendations, and repeated figures are left out.

mod access;
mod allocation;
mod characteristics;
mod combined;
mod create;
mod footprint;
mod history;
mod parallel;
mod readiness;
mod summary;

use crate::claims::cell::CellSpec;
use crate::claims::claim::Claim;
use crate::claims::rule::{Quantity, Sum};

/// All claims, in the order of the seed's report.
pub fn claims() -> impl Iterator<Item = &'static Claim> {
    [
        summary::CLAIMS,
        create::CLAIMS,
        allocation::CLAIMS,
        parallel::CLAIMS,
        access::CLAIMS,
        footprint::CLAIMS,
        combined::CLAIMS,
        characteristics::CLAIMS,
        readiness::CLAIMS,
        history::CLAIMS,
    ]
    .into_iter()
    .flatten()
}

/// A mebibyte, which the seed writes MB.
const MIB: f64 = 1_048_576.0;

/// Creation as in the seed: into reserved memory, with a clock read in each token.
const CREATION: Quantity = CellSpec::new("clocked", "push").phases(&["create"]);

/// A computed figure, and the claimed one.
const fn sum(what: &'static str, gives: f64, said: f64, within: f64, unit: &'static str) -> Sum {
    Sum {
        what,
        gives,
        said,
        within,
        unit,
    }
}
