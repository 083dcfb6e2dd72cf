//! The generations that are there.

use std::collections::BTreeMap;

use ng_store::disk::Dir;

use crate::manifest::{Parent, Tags, Verb};
use crate::place::Place;
use crate::{Dataset, DatasetError, Manifest, ManifestFlaw};

/// A generation in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GenerationInfo {
    /// Its number.
    pub generation: u64,
    /// What it says, or what is wrong with it.
    pub summary: Result<GenerationSummary, ManifestFlaw>,
}

/// What a generation says, without its entries.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GenerationSummary {
    /// What made it.
    pub verb: Verb,
    /// When it was made, in nanoseconds since 1970 UTC.
    pub committed_ns: u64,
    /// No generation below this number was kept from then on.
    pub oldest_kept: u64,
    /// How many entries it has.
    pub shards: u64,
    /// How many of them are open tails.
    pub tails: u64,
    /// How many tokens the others have.
    pub rows: u64,
    /// The caller's notes.
    pub tags: Tags,
    /// The number of the generation that it follows. A repair may follow one that is not just
    /// before it: those between are damaged.
    pub follows: Option<u64>,
    /// What became of that.
    pub parent: ParentState,
}

/// What became of the generation that another one follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParentState {
    /// It is the first, and follows none.
    First,
    /// It is there, as it was when it was followed.
    Sound,
    /// It is no longer there.
    Gone,
    /// It is damaged.
    Damaged,
    /// It is another than the one that was followed: one of the two is from elsewhere.
    Differs,
}

impl<R: Dir> Dataset<R> {
    /// Returns the generations that are there, the newest first. A damaged one is listed as such.
    ///
    /// Each manifest is read.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn log(&self) -> Result<Vec<GenerationInfo>, DatasetError> {
        let mut read = read_all(self.place(), |_| ())?;
        read.reverse();
        Ok(read)
    }
}

/// Reads all generations, and passes the sound ones to `visit`; ascending.
pub(super) fn read_all<R: Dir>(
    place: &Place<R>,
    mut visit: impl FnMut(&Manifest),
) -> Result<Vec<GenerationInfo>, DatasetError> {
    let (mut read, mut parents) = (Vec::new(), Parents::default());
    for generation in place.generations()? {
        let summary = match place.read(generation)? {
            // Removed since the folder was listed.
            None => continue,
            Some(Ok(manifest)) => {
                visit(&manifest);
                Ok(summary(&manifest, parents.state(manifest.parent)))
            }
            Some(Err(flaw)) => Err(flaw),
        };
        let hash = summary.as_ref().ok().map(|(_, hash)| *hash);
        parents.hashes.insert(generation, hash);
        let summary = summary.map(|(summary, _)| summary);
        read.push(GenerationInfo {
            generation,
            summary,
        });
    }
    Ok(read)
}

fn summary(manifest: &Manifest, parent: ParentState) -> (GenerationSummary, u64) {
    let tails = manifest.entries.iter().filter(|entry| entry.is_open());
    let summary = GenerationSummary {
        verb: manifest.verb,
        committed_ns: manifest.committed_ns,
        oldest_kept: manifest.oldest_kept,
        shards: manifest.entries.len() as u64,
        tails: tails.count() as u64,
        rows: manifest.sealed_rows(),
        tags: manifest.tags.clone(),
        follows: manifest.parent.map(|parent| parent.generation),
        parent,
    };
    (summary, manifest.hash)
}

/// The hashes of the generations that were read; `None` for damaged ones.
#[derive(Default)]
struct Parents {
    hashes: BTreeMap<u64, Option<u64>>,
}

impl Parents {
    fn state(&self, parent: Option<Parent>) -> ParentState {
        let Some(parent) = parent else {
            return ParentState::First;
        };
        match self.hashes.get(&parent.generation) {
            None => ParentState::Gone,
            Some(None) => ParentState::Damaged,
            Some(Some(hash)) if *hash == parent.hash => ParentState::Sound,
            Some(Some(_)) => ParentState::Differs,
        }
    }
}
