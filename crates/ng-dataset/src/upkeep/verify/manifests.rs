use std::collections::HashSet;
use std::mem;

use ng_query::sealed::FileId;
use ng_store::disk::Dir;

use super::{DatasetReport, ManifestFault, ManifestProblem, shards_there};
use crate::place::Place;
use crate::upkeep::log::{GenerationInfo, GenerationSummary, ParentState, read_all};
use crate::{DatasetError, Manifest};

/// Looks at every generation that is there.
pub(super) fn verify<R: Dir>(
    place: &Place<R>,
    there: &HashSet<FileId>,
) -> Result<DatasetReport, DatasetError> {
    let mut faults = Faults::default();
    let mut unnamed = there.clone();
    let read = read_all(place, |manifest| {
        faults.look(manifest, there);
        for entry in &manifest.entries {
            unnamed.remove(&entry.file);
        }
    })?;
    faults.chain(&read);
    faults.confirm(place)?;
    let mut unnamed: Vec<FileId> = unnamed.into_iter().collect();
    unnamed.sort_unstable();
    Ok(DatasetReport {
        manifests: read.len() as u64,
        manifest_faults: faults.found,
        unnamed,
        ..DatasetReport::default()
    })
}

fn files_missing(manifest: &Manifest, there: &HashSet<FileId>) -> Option<ManifestProblem> {
    let files: HashSet<FileId> = manifest.entries.iter().map(|it| it.file).collect();
    let files = files.difference(there).count() as u64;
    (files > 0).then_some(ManifestProblem::FilesMissing { files })
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

    fn look(&mut self, manifest: &Manifest, there: &HashSet<FileId>) {
        if let Some(problem) = files_missing(manifest, there) {
            self.add(manifest.generation, problem);
        }
    }

    /// Takes back what only looked so beside those that publish and collect: files that came after
    /// the folder was listed, and generations that went.
    fn confirm<R: Dir>(&mut self, place: &Place<R>) -> Result<(), DatasetError> {
        let may_pass = |fault: &ManifestFault| {
            use ManifestProblem::{FilesMissing, Missing};
            matches!(fault.problem, Missing | FilesMissing { .. })
        };
        if !self.found.iter().any(may_pass) {
            return Ok(());
        }
        // The files first: a generation goes before they do.
        let there = shards_there(place)?;
        let oldest_kept = place.newest_readable()?.0.oldest_kept;
        for fault in mem::take(&mut self.found) {
            let problem = match fault.problem {
                ManifestProblem::Missing if fault.generation < oldest_kept => None,
                ManifestProblem::FilesMissing { .. } => match place.read(fault.generation)? {
                    Some(Ok(manifest)) => files_missing(&manifest, &there),
                    _ => None,
                },
                problem => Some(problem),
            };
            if let Some(problem) = problem {
                self.add(fault.generation, problem);
            }
        }
        Ok(())
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

#[cfg(test)]
mod tests {
    use std::fs;

    use ng_token::Token;

    use super::*;
    use crate::{CreateOptions, Dataset, WriterOptions};

    #[test]
    fn files_of_generations_that_came_after_the_listing_are_not_missing() {
        let folder = tempfile::tempdir().unwrap();
        let dataset = Dataset::create(folder.path(), &CreateOptions::new()).unwrap();
        let place = dataset.place();
        let before = shards_there(place).unwrap();
        let mut writer = dataset.writer(&WriterOptions::new()).unwrap();
        let file = writer.tail();
        writer.append(&[Token::new(1)]).unwrap();
        writer.close().unwrap();
        let found = |there| verify(place, there).unwrap().manifest_faults;
        assert_eq!(found(&before), []);
        fs::remove_file(place.shard_path(file)).unwrap();
        let missing = |generation| ManifestFault {
            generation,
            problem: ManifestProblem::FilesMissing { files: 1 },
        };
        assert_eq!(found(&before), [missing(1), missing(2)]);
    }
}
