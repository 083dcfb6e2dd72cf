//! The memory of each further token, from the kernel.

use ng_lab::model::{CellReport, ClaimFigure, ClaimVerdict, MemoryReading};

use crate::SUBJECT;
use crate::claims::cell::CellSpec;
use crate::claims::claim::Said;
use crate::claims::judge::Ruling;
use crate::claims::judge::evidence::Evidence;
use crate::claims::rule::MemoryFigure;

/// Fewer bytes of tokens cannot be distinguished from a process's own memory, which varies.
const TOLD_FROM_BYTES: u64 = 4 << 20;

/// The difference of the larger and the smaller cell's figures, per token. A report has
/// medians of memory, so there is no interval.
pub(super) fn judge(
    said: Said,
    figure: MemoryFigure,
    [small, large]: [CellSpec; 2],
    evidence: &Evidence<'_>,
) -> Result<Ruling, String> {
    let (small, large) = (evidence.cell(&small)?, evidence.cell(&large)?);
    let value = bytes_a_token(figure, small, large)?;
    let agrees = said.agrees();
    let (verdict, place) = if (agrees.low..=agrees.high).contains(&value) {
        (ClaimVerdict::Holds, "within")
    } else {
        (ClaimVerdict::DoesNotHold, "outside")
    };
    let rounds = large.phases.first().map(|phase| phase.samples_ns.len());
    Ok(Ruling {
        verdict,
        measured: Some(ClaimFigure {
            value,
            unit: said.unit().to_owned(),
            ci95: None,
            rounds,
        }),
        reason: format!("the kernel's median for each further token is {place} {agrees}"),
    })
}

fn bytes_a_token(
    figure: MemoryFigure,
    small: &CellReport,
    large: &CellReport,
) -> Result<f64, String> {
    let tokens = large.items().saturating_sub(small.items());
    if tokens * SUBJECT.item_bytes < TOLD_FROM_BYTES {
        return Err(format!(
            "{tokens} tokens are too few: a process alone takes more"
        ));
    }
    let bytes = bytes(figure, large)? as f64 - bytes(figure, small)? as f64;
    Ok(bytes / tokens as f64)
}

fn bytes(figure: MemoryFigure, cell: &CellReport) -> Result<u64, String> {
    let of = |memory: MemoryReading| match figure {
        MemoryFigure::Resident => memory.resident_bytes,
        MemoryFigure::Peak => memory.peak_bytes,
    };
    let missing = || cell.memory_missing.clone().unwrap_or_default();
    cell.memory
        .map(of)
        .ok_or_else(|| format!("no memory figures: {}", missing()))
}
