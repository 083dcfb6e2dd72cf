//! Figures that cells prove.

use ng_lab::model::{CellReport, ClaimFigure, ClaimVerdict};

use crate::claims::cell::SEED_TOKENS;
use crate::claims::claim::Said;
use crate::claims::judge::Ruling;
use crate::claims::judge::evidence::Evidence;
use crate::claims::rule::{Expected, ProofSpec};
use crate::oracle::{id_sum, stride_sum};

/// Every figure must be as expected at the run's size; a claimed sum must also be the
/// oracle's at the seed's size.
pub(super) fn judge(
    said: Said,
    proofs: &[ProofSpec],
    evidence: &Evidence<'_>,
) -> Result<Ruling, String> {
    let proved = proofs.iter().map(|spec| Proved::of(*spec, evidence));
    let proved: Vec<Proved<'_>> = proved.collect::<Result<_, _>>()?;
    let another_sum = proofs.iter().find_map(|spec| another_sum(said, spec));
    let wrong = another_sum.or_else(|| proved.iter().find_map(Proved::wrong));
    let shown = proved.iter().find(|proved| proved.is_shown(said));
    Ok(Ruling {
        verdict: match wrong {
            Some(_) => ClaimVerdict::DoesNotHold,
            None => ClaimVerdict::Holds,
        },
        measured: shown.map(Proved::figure),
        reason: wrong.unwrap_or_else(|| match proofs {
            [one] => format!("{} proves it", one.cell),
            several => format!("{} cells prove it", several.len()),
        }),
    })
}

/// Why the claimed sum is not the oracle's, if it is not.
fn another_sum(said: Said, spec: &ProofSpec) -> Option<String> {
    let sum = spec.expected.sum(SEED_TOKENS)?;
    let otherwise = matches!(said, Said::Exactly(value, _) if value as u64 != sum);
    otherwise.then(|| format!("the sum over {SEED_TOKENS} tokens is {sum}"))
}

/// A figure that a cell proves.
struct Proved<'r> {
    spec: ProofSpec,
    cell: &'r CellReport,
    value: u64,
}

impl<'r> Proved<'r> {
    fn of(spec: ProofSpec, evidence: &Evidence<'r>) -> Result<Self, String> {
        let cell = evidence.cell(&spec.cell)?;
        let missing = || format!("{} does not prove {}", spec.cell, spec.name);
        let value = cell.proof.get(spec.name).ok_or_else(missing)?;
        let value = value.as_u64().ok_or_else(missing)?;
        Ok(Self { spec, cell, value })
    }

    fn wrong(&self) -> Option<String> {
        let ProofSpec { cell, name, .. } = self.spec;
        let right = self.spec.expected.is(self.value, self.cell.items());
        (!right).then(|| format!("{cell} proves {name} {}", self.value))
    }

    /// Whether to show the figure; an unclaimed one only if it is the point.
    fn is_shown(&self, said: Said) -> bool {
        said != Said::Words || matches!(self.spec.expected, Expected::MoreThan(_))
    }

    /// The figure; a proof is the same in every round, or its cell is invalid.
    fn figure(&self) -> ClaimFigure {
        let first = self.cell.phases.first();
        ClaimFigure {
            value: self.value as f64,
            unit: String::new(),
            ci95: None,
            rounds: first.map(|phase| phase.samples_ns.len()),
        }
    }
}

impl Expected {
    /// The sum over `tokens`, if one is expected.
    fn sum(self, tokens: u64) -> Option<u64> {
        match self {
            Self::IdSum => Some(id_sum(tokens)),
            Self::StrideSum(stride) => Some(stride_sum(tokens, stride)),
            Self::Exactly(_) | Self::MoreThan(_) => None,
        }
    }

    fn is(self, found: u64, tokens: u64) -> bool {
        match self {
            Self::Exactly(figure) => found == figure,
            Self::MoreThan(figure) => found > figure,
            sum => sum.sum(tokens) == Some(found),
        }
    }
}
