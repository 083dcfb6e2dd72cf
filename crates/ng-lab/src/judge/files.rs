//! Where files were when the clock started, compared with what phases claim.

use crate::conductor::CellReadings;
use crate::model::{FileEvidence, FileState, Flag};
use crate::stats;

/// The round that contradicts the phase's claim about its file most, with the median
/// of the fetched bytes; round 0 if there is no other.
pub(super) fn evidence(cell: &CellReadings, phase: &str) -> Option<FileEvidence> {
    let fetched: Option<Vec<f64>> = warm(cell, phase)
        .map(|file| file.read_bytes.map(|bytes| bytes as f64))
        .collect();
    let mut file = worst(warm(cell, phase))
        .or_else(|| any(cell, phase))?
        .clone();
    let median = fetched.and_then(|fetched| stats::median(&fetched));
    file.read_bytes = median.map_or(file.read_bytes, |bytes| Some(bytes as u64));
    Some(file)
}

/// Why the file was not where the phase claims, if it was not. One such round is too
/// many: its time measures something else.
pub(super) fn misplaced(
    cell: &CellReadings,
    phase: &str,
    flag: Flag,
    claimed: FileState,
) -> Option<String> {
    let all: Vec<&FileEvidence> = warm(cell, phase)
        .filter(|file| file.claimed == claimed)
        .collect();
    let wrong = all
        .iter()
        .filter(|file| wrong_share(file) > flag.threshold());
    let rounds = wrong.clone().count();
    let worst = worst(wrong.copied())?;
    let seen = worst.unknown.clone().unwrap_or_else(|| {
        let FileEvidence {
            resident_before,
            file_pages,
            ..
        } = worst;
        format!("{resident_before} of {file_pages} pages were in memory")
    });
    Some(format!("in {rounds} of {} rounds; once {seen}", all.len()))
}

/// The evidence of a phase's file after round 0.
fn warm<'c>(cell: &'c CellReadings, phase: &str) -> impl Iterator<Item = &'c FileEvidence> {
    cell.warm().filter_map(move |(_, reading)| {
        let phase = reading.phase(phase)?;
        phase.file.as_ref()
    })
}

fn any<'c>(cell: &'c CellReadings, phase: &str) -> Option<&'c FileEvidence> {
    cell.any_reading()?.phase(phase)?.file.as_ref()
}

fn worst<'c>(files: impl Iterator<Item = &'c FileEvidence>) -> Option<&'c FileEvidence> {
    files.max_by(|a, b| wrong_share(a).total_cmp(&wrong_share(b)))
}

/// The share of the file that was not where the phase claims; 1 if nothing is known.
fn wrong_share(file: &FileEvidence) -> f64 {
    if file.unknown.is_some() {
        return 1.0;
    }
    let wrong = match file.claimed {
        FileState::Cold => file.resident_before,
        FileState::Warm => file.file_pages.saturating_sub(file.resident_before),
    };
    wrong as f64 / file.file_pages.max(1) as f64
}
