//! From a report to a row per claim. Pure: no clock, no file.

mod computed;
mod evidence;
mod interval;
mod memory;
mod order;
mod proofs;
mod ratio;
mod speed_up;
#[cfg(test)]
mod tests;
mod time;

use ng_lab::model::{ClaimFigure, ClaimRow, ClaimVerdict, Report};

use crate::claims::cell::SEED_TOKENS;
use crate::claims::claim::Claim;
use crate::claims::rule::Rule;
use crate::claims::seed::claims;
use evidence::Evidence;

/// The result of a rule.
struct Ruling {
    verdict: ClaimVerdict,
    measured: Option<ClaimFigure>,
    reason: String,
}

impl Ruling {
    /// Undecided, without a figure, because of `reason`.
    fn untold(reason: impl Into<String>) -> Self {
        Self {
            verdict: ClaimVerdict::CannotBeTold,
            measured: None,
            reason: reason.into(),
        }
    }

    /// Undecided in spite of `figure`, because of `reason`.
    fn undecided(figure: ClaimFigure, reason: String) -> Self {
        Self {
            measured: Some(figure),
            ..Self::untold(reason)
        }
    }
}

/// Checks every claim of the seed's report against a run over `tokens`: one row each, in
/// the order of that report.
///
/// A figure from an invalid, failed or missing cell decides nothing.
#[must_use]
pub fn audit(report: &Report, tokens: u64) -> Vec<ClaimRow> {
    let evidence = Evidence { report, tokens };
    claims().map(|claim| row(claim, &evidence)).collect()
}

fn row(claim: &Claim, evidence: &Evidence<'_>) -> ClaimRow {
    let found = judge(claim, evidence).unwrap_or_else(Ruling::untold);
    ClaimRow {
        id: claim.id.to_owned(),
        source: claim.section.to_owned(),
        statement: claim.statement.to_owned(),
        said: claim.said_text(),
        measured: found.measured,
        verdict: found.verdict,
        reason: [Some(found.reason), other_size(claim, evidence)]
            .into_iter()
            .flatten()
            .chain(claim.note.map(str::to_owned))
            .collect::<Vec<_>>()
            .join("; "),
    }
}

/// A remark on a run over another number of tokens than the seed's.
fn other_size(claim: &Claim, evidence: &Evidence<'_>) -> Option<String> {
    let tokens = evidence.tokens;
    let other = tokens != SEED_TOKENS && !claim.rule.needs().is_empty();
    other.then(|| format!("over {tokens} tokens, the seed had {SEED_TOKENS}"))
}

/// `Err` is why the run does not decide.
fn judge(claim: &Claim, evidence: &Evidence<'_>) -> Result<Ruling, String> {
    let said = claim.said;
    match claim.rule {
        Rule::Computed(sums) => Ok(computed::judge(sums)),
        Rule::Time(of) => time::judge(said, of, evidence),
        Rule::Ratio { over, under } => ratio::judge(said, over, under, evidence),
        Rule::SpeedUp { of, threads } => speed_up::judge(said, of, threads, evidence),
        Rule::Memory {
            figure,
            of,
            from,
            to,
        } => memory::judge(said, figure, [of.size(from), of.size(to)], evidence),
        Rule::Proofs(proofs) => proofs::judge(said, proofs, evidence),
        Rule::Order { of, phase, stride } => order::judge(said, of, phase, stride, evidence),
        Rule::Reasoned { verdict, why } => Ok(Ruling {
            verdict,
            measured: None,
            reason: why.to_owned(),
        }),
    }
}
