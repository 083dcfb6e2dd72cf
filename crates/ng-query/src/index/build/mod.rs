//! Builds an index, or brings it up to date.
//!
//! - `options.rs`: what to build, and what was built;
//! - `plan.rs`: what exists and stays, and what has to be made;
//! - `read.rs`: blocks to zones, columns and boxes, by many threads;
//! - `runs.rs`: ids sorted in bounded memory;
//! - `write.rs`: the last writes, ending with the manifest.

mod options;
mod plan;
mod read;
mod runs;
mod write;

use std::collections::HashSet;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::Path;

use ng_parallel::Workers;
use ng_store::BlockReader;

use super::folder::{Durability, Locked, index_folder};
use super::manifest::Manifest;
use super::open::read_manifest;
use super::{BLOCK, IndexError};
use crate::Zone;

pub use options::{BuildOptions, BuildReport};
use plan::Plan;
use read::{MadePart, read_whole, staying};
use runs::Runs;

/// Builds the index of a file beside it, or brings it up to date with the commit that is read: the
/// valid parts of an existing index stay, and the rest is made anew.
///
/// `watch` is called after every 8 blocks with the tokens read so far and the total, on the thread
/// that read them. The index is the same for any number of threads.
///
/// Each block is verified as it is read. A damaged block stays unindexed; that is no error. Readers
/// use the old index until the new one is complete and durable, and keep using it if the builder
/// fails or is killed; the next build removes what that left behind.
///
/// Each thread holds one block and the wanted columns of 8 blocks. Ids take another 20 bytes a
/// token, for up to 2^24 tokens at once; more are sorted in runs of that length, which are kept
/// beside the index until they are merged.
///
/// # Errors
///
/// [`IndexError`]. The old index is unchanged.
pub fn build(
    workers: &Workers,
    reader: &BlockReader,
    options: &BuildOptions,
    watch: impl Fn(u64, u64) + Sync,
) -> Result<BuildReport, IndexError> {
    options.check()?;
    let folder = Locked::take(index_folder(reader.path()))?;
    clean(&folder)?;
    let build = Build {
        workers,
        reader,
        folder: &folder,
        number: random(),
        durability: options.durability,
    };
    let built = build.run(options, &watch);
    // After a failure too: its files belong to nothing.
    let cleaned = clean(&folder);
    let report = built?;
    cleaned?;
    Ok(report)
}

/// Removes the index of a file, and tells whether there was one.
///
/// # Errors
///
/// [`IndexError::Io`], and [`IndexError::Locked`] while it is being built.
pub fn remove(file: &Path) -> Result<bool, IndexError> {
    let folder = index_folder(file);
    if !folder.exists() {
        return Ok(false);
    }
    Locked::take(folder)?.remove()?;
    Ok(true)
}

/// A number that no other build has.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// Removes what the manifest does not name.
fn clean(folder: &Locked) -> Result<(), IndexError> {
    let manifest = read_manifest(folder.path()).and_then(Result::ok);
    let keep: HashSet<_> = manifest.iter().flat_map(Manifest::files).collect();
    folder.clean(&keep)
}

/// One build, with the number in the names of its files.
struct Build<'a> {
    workers: &'a Workers,
    reader: &'a BlockReader,
    folder: &'a Locked,
    number: u64,
    durability: Durability,
}

impl Build<'_> {
    fn run(
        &self,
        options: &BuildOptions,
        watch: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<BuildReport, IndexError> {
        let plan = Plan::new(self.folder.path(), self.reader, options)?;
        if let Some(report) = self.follow(&plan, watch)? {
            return Ok(report);
        }
        let again = Self {
            number: random(),
            ..*self
        };
        let plan = plan.of_all_anew();
        let report = again.follow(&plan, watch)?;
        // Nothing old that could be rotten.
        Ok(report.unwrap_or_else(|| plan.report()))
    }

    /// `None` if old ids that were to stay fail their hashes.
    fn follow(
        &self,
        plan: &Plan,
        watch: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<Option<BuildReport>, IndexError> {
        if plan.is_current() {
            let parts = (0..).zip(&plan.parts);
            let parts = parts.map(|(number, part)| staying(plan, number, part));
            let zone = self.zone_of_all(&parts.collect::<Vec<_>>())?;
            return Ok(Some(BuildReport {
                zone,
                ..plan.report()
            }));
        }
        let mut runs = Runs::new(self.folder.path(), self.number, self.durability);
        let parts = self.read(plan, &mut runs, watch)?;
        let zone = self.zone_of_all(&parts)?;
        let ids = match plan.wanted.ids {
            true => match runs.finish(plan.old_ids(), plan.file_id, self.workers)? {
                Some(ids) => Some(ids),
                None => return Ok(None),
            },
            false => None,
        };
        self.expect_unchanged(plan)?;
        let report = self.write(plan, parts, ids)?;
        Ok(Some(BuildReport { zone, ..report }))
    }

    /// What is known of all tokens, given what was made of the full blocks.
    fn zone_of_all(&self, parts: &[MadePart]) -> Result<Option<Zone>, IndexError> {
        let (mut tokens, blocks) = (Vec::new(), self.reader.block_count());
        let pass = self
            .reader
            .pass_over(self.reader.len() / BLOCK * BLOCK..self.reader.len());
        let is_partial = !self.reader.len().is_multiple_of(BLOCK);
        let last = match is_partial {
            true if !read_whole(&pass, blocks - 1, &mut tokens)? => return Ok(None),
            true => Some(Some(Zone::of(&tokens))),
            false => None,
        };
        let zones = parts
            .iter()
            .flat_map(|part| &part.zones)
            .copied()
            .chain(last);
        let merged = zones.reduce(|all, next| {
            let mut all = all?;
            all.merge(&next?);
            Some(all)
        });
        Ok(merged.flatten())
    }

    /// The chains vouch for what was read, unless the commit was taken back.
    fn expect_unchanged(&self, plan: &Plan) -> Result<(), IndexError> {
        match self.reader.table_chains(&plan.ends())? == plan.chains() {
            true => Ok(()),
            false => Err(IndexError::Changed {
                path: self.reader.path().to_owned(),
            }),
        }
    }

    /// The name of a file of this build.
    fn name(&self, kind: &str, extension: &str) -> String {
        format!("{kind}-{:016x}.{extension}", self.number)
    }
}
