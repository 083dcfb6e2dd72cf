use std::collections::HashSet;

use ng_query::sealed::FileId;
use ng_store::disk::Dir;

use super::{DatasetReport, ManifestFault, ManifestProblem};
use crate::place::Place;
use crate::upkeep::log::{GenerationInfo, GenerationSummary, ParentState, read_all};
use crate::{DatasetError, Manifest, ManifestFlaw};

/// Looks at every generation that is there.
pub(super) fn verify<R: Dir>(
    place: &Place<R>,
    dataset: FileId,
    there: &HashSet<FileId>,
) -> Result<DatasetReport, DatasetError> {
    let mut faults = Faults::default();
    let mut unnamed = there.clone();
    let read = read_all(place, |manifest| {
        faults.look(manifest, dataset, there);
        for entry in &manifest.entries {
            unnamed.remove(&entry.file);
        }
    })?;
    faults.chain(&read);
    let mut unnamed: Vec<FileId> = unnamed.into_iter().collect();
    unnamed.sort_unstable();
    Ok(DatasetReport {
        manifests: read.len() as u64,
        manifest_faults: faults.found,
        unnamed,
        ..DatasetReport::default()
    })
}

#[derive(Default)]
struct Faults {
    found: Vec<ManifestFault>,
}

impl Faults {
    fn add(&mut self, generation: u64, problem: ManifestProblem) {
        self.found.push(ManifestFault {
            generation,
            problem,
        });
    }

    fn look(&mut self, manifest: &Manifest, expected: FileId, there: &HashSet<FileId>) {
        let found = manifest.dataset;
        if found != expected {
            let flaw = ManifestFlaw::Dataset { found, expected };
            self.add(manifest.generation, flaw.into());
        }
        let files: HashSet<FileId> = manifest.entries.iter().map(|it| it.file).collect();
        let files = files.difference(there).count() as u64;
        if files > 0 {
            let problem = ManifestProblem::FilesMissing { files };
            self.add(manifest.generation, problem);
        }
    }

    /// Looks at how the generations follow each other. Those that a repair has passed over are
    /// dealt with.
    fn chain(&mut self, read: &[GenerationInfo]) {
        let sound: Vec<(u64, &GenerationSummary)> = read
            .iter()
            .filter_map(|info| Some((info.generation, info.summary.as_ref().ok()?)))
            .collect();
        let is_passed_over = |number: u64| {
            let next = sound.partition_point(|(generation, _)| *generation <= number);
            let next = sound.get(next);
            next.is_some_and(|(_, next)| next.follows.is_some_and(|follows| follows < number))
        };
        let mut expected = sound.last().map_or(0, |(_, newest)| newest.oldest_kept);
        for info in read {
            // What is below is not kept, and goes from the lowest on or as its readers end.
            if info.generation >= expected {
                if info.generation > expected && !is_passed_over(expected) {
                    self.add(expected, ManifestProblem::Missing);
                }
                expected = info.generation.saturating_add(1);
            }
            match &info.summary {
                Err(flaw) if !is_passed_over(info.generation) => {
                    self.add(info.generation, flaw.clone().into());
                }
                Ok(summary) if summary.parent == ParentState::Differs => {
                    let follows = summary.follows.unwrap_or_default();
                    self.add(info.generation, ManifestProblem::ParentDiffers { follows });
                }
                _ => {}
            }
        }
        self.found.sort_by_key(|fault| fault.generation);
    }
}
