//! The order of reads, inferred from their sum.

use ng_lab::Pattern;
use ng_lab::model::{ClaimFigure, ClaimVerdict};

use crate::claims::cell::{CellSpec, SEED_TOKENS};
use crate::claims::claim::Said;
use crate::claims::judge::Ruling;
use crate::claims::judge::evidence::Evidence;
use crate::oracle::stride_sum;

/// Reads whose sum equals that of strides to the last digit are strides: a hundred thousand
/// random ids match it about once in a hundred million times.
pub(super) fn judge(
    said: Said,
    of: CellSpec,
    phase: &str,
    stride: u64,
    evidence: &Evidence<'_>,
) -> Result<Ruling, String> {
    let sum = stride_sum(SEED_TOKENS, stride);
    let Said::Exactly(said, _) = said else {
        return Err("the claim has no sum".to_owned());
    };
    if said as u64 != sum {
        return Err(format!("strides of {stride} give {sum}"));
    }
    let cell = evidence.cell(&of)?;
    let phase = cell.phases.iter().find(|found| found.name == phase);
    let access = phase.and_then(|phase| phase.access.as_ref());
    let access = access.ok_or_else(|| format!("{of} has no evidence of its order"))?;
    let strides = access.claimed == Pattern::Stride(stride) && access.mismatch().is_none();
    if !strides {
        return Err(format!("{of} does not read in strides of {stride}"));
    }
    Ok(Ruling {
        verdict: ClaimVerdict::DoesNotHold,
        measured: Some(ClaimFigure {
            value: sum as f64,
            unit: String::new(),
            ci95: None,
            rounds: None,
        }),
        reason: format!(
            "reads of every {stride}th token, one after the other, have this sum to the last digit"
        ),
    })
}
