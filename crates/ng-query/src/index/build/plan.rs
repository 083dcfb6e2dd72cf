use std::path::Path;

use ng_arrow::Column;
use ng_store::{BlockReader, ReadError};
use ng_token::Space;

use super::{BuildOptions, BuildReport};
use crate::index::manifest::{Manifest, SegmentEntry, SheetEntry, WantedEntry};
use crate::index::open::{
    believe, open_file, read_manifest, read_pieces, read_zones, stored_columns, stored_spaces,
};
use crate::index::pieces::Pieces;
use crate::index::sheet::Kind;
use crate::index::{BLOCK, IndexError, IndexInfo, IndexWarning, SEGMENT_BLOCKS};
use crate::zone::Zone;

/// What the index is to have.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) columns: Vec<Column>,
    pub(super) boxes: Vec<Space>,
    pub(super) ids: bool,
}

/// A segment of the new index.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// The blocks of the file.
    pub(super) start: u64,
    pub(super) end: u64,
    /// The chain of the file's block table at the end.
    pub(super) chain: u64,
    /// Whether it stays as it is.
    pub(super) stays: bool,
}

/// What already exists of the same file.
#[derive(Debug)]
pub(super) struct Old {
    pub(super) manifest: Manifest,
    pub(super) pieces: Pieces,
    zones: Vec<Zone>,
}

/// What stays, and what has to be made.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) wanted: Wanted,
    pub(super) parts: Vec<Part>,
    pub(super) old: Option<Old>,
    pub(super) file_id: [u8; 16],
    folder: std::path::PathBuf,
    warnings: Vec<IndexWarning>,
}

impl Plan {
    pub(super) fn new(
        folder: &Path,
        reader: &BlockReader,
        options: &BuildOptions,
    ) -> Result<Self, IndexError> {
        let (manifest, mut warnings) = match read_manifest(folder) {
            None => (None, Vec::new()),
            Some(Err(warning)) => (None, vec![warning]),
            Some(Ok(manifest)) => (Some(manifest), Vec::new()),
        };
        let file_id = reader.commit().file_id;
        let belief = manifest
            .as_ref()
            .map(|manifest| believe(manifest, reader, folder));
        let ours = manifest.filter(|manifest| manifest.file_id.0 == file_id);
        let wanted = Wanted::new(options, ours.as_ref());
        let mut plan = Self {
            wanted,
            parts: parts(reader)?,
            old: None,
            file_id,
            folder: folder.to_owned(),
            warnings: Vec::new(),
        };
        if let Some(belief) = belief {
            warnings.extend(belief.warning);
            if let Some(manifest) = ours.filter(|_| belief.blocks > 0 && !options.rebuild) {
                let old = Old::read(folder, manifest, belief.blocks);
                plan.old = old.map_err(|warning| warnings.push(warning)).ok();
            }
            plan.keep(belief.segments, reader);
        }
        plan.warnings = warnings;
        Ok(plan)
    }

    /// Keeps the leading segments that have what is wanted and whose files exist.
    fn keep(&mut self, believed: usize, reader: &BlockReader) {
        let Some(old) = &self.old else { return };
        if self.wanted.ids && !old.has_ids(&self.folder) {
            return;
        }
        for (part, entry) in self
            .parts
            .iter_mut()
            .zip(&old.manifest.segments[..believed])
        {
            part.stays = part.blocks() == entry.blocks
                && self.wanted.are_in(entry)
                && is_there(entry, &self.folder)
                && !is_mended(entry, reader);
        }
    }

    /// Returns the plan that keeps nothing.
    pub(super) fn of_all_anew(mut self) -> Self {
        self.parts.iter_mut().for_each(|part| part.stays = false);
        self.old = None;
        self
    }

    /// Tells whether there is nothing to do.
    pub(super) fn is_current(&self) -> bool {
        self.old.as_ref().is_some_and(|old| {
            self.parts.iter().all(|part| part.stays)
                && old.manifest.segments.len() == self.parts.len()
                && old.manifest.ids.is_some() == self.wanted.ids
        })
    }

    pub(super) fn ends(&self) -> Vec<u64> {
        self.parts.iter().map(|part| part.end).collect()
    }

    pub(super) fn chains(&self) -> Vec<u64> {
        self.parts.iter().map(|part| part.chain).collect()
    }

    /// Returns the sorted ids that stay, and which of them do.
    pub(super) fn old_ids(&self) -> Option<OldIds<'_>> {
        let old = self
            .old
            .as_ref()
            .filter(|_| self.parts.iter().any(|part| part.stays))?;
        Some(OldIds {
            folder: &self.folder,
            entry: old.manifest.ids.as_ref()?,
            hashes: old.pieces.of_ids(),
            parts: &self.parts,
            file_id: self.file_id,
        })
    }

    /// Describes what exists, for a build with nothing to do.
    pub(super) fn report(&self) -> BuildReport {
        self.report_of(self.old.as_ref().map(|old| &old.manifest))
    }

    pub(super) fn report_of(&self, manifest: Option<&Manifest>) -> BuildReport {
        let made = self.parts.iter().filter(|part| !part.stays);
        let of = |manifest: &Manifest| {
            IndexInfo::of(manifest, manifest.segments.len(), self.warnings.clone())
        };
        BuildReport {
            index: manifest.map(of).unwrap_or_default(),
            read_blocks: made.map(Part::blocks).sum(),
            zone: None,
        }
    }
}

/// The old sorted ids, to be merged.
pub(super) struct OldIds<'a> {
    pub(super) folder: &'a Path,
    pub(super) entry: &'a SheetEntry,
    pub(super) hashes: [&'a [u64]; 3],
    pub(super) parts: &'a [Part],
    pub(super) file_id: [u8; 16],
}

impl OldIds<'_> {
    /// Tells whether the segment of a position stays as it is.
    pub(super) fn stays(&self, position: u64) -> bool {
        let part = position / (SEGMENT_BLOCKS * BLOCK);
        let part = usize::try_from(part)
            .ok()
            .and_then(|part| self.parts.get(part));
        part.is_some_and(|part| part.stays && position < part.end * BLOCK)
    }
}

impl Part {
    pub(super) fn blocks(&self) -> u64 {
        self.end - self.start
    }
}

/// The segments of a file, as its block table has them.
fn parts(reader: &BlockReader) -> Result<Vec<Part>, ReadError> {
    let full = reader.len() / BLOCK;
    let starts = (0..full).step_by(SEGMENT_BLOCKS as usize);
    let part = |start: u64| (start, full.min(start + SEGMENT_BLOCKS));
    let ranges: Vec<_> = starts.map(part).collect();
    let ends: Vec<_> = ranges.iter().map(|(_, end)| *end).collect();
    let chains = reader.table_chains(&ends)?;
    let parts = ranges
        .into_iter()
        .zip(chains)
        .map(|((start, end), chain)| Part {
            start,
            end,
            chain,
            stays: false,
        });
    Ok(parts.collect())
}

impl Wanted {
    /// All columns and spaces in their order, each once.
    fn new(options: &BuildOptions, old: Option<&Manifest>) -> Self {
        let old = old.filter(|_| !options.only);
        let wanted = old.map(|old| &old.wanted);
        let columns: Vec<_> = wanted.iter().flat_map(|old| old.columns()).collect();
        let spaces: Vec<_> = wanted.iter().flat_map(|old| old.boxes()).collect();
        let is_column =
            |column: &Column| options.columns.contains(column) || columns.contains(column);
        let is_space = |space: &Space| options.boxes.contains(space) || spaces.contains(space);
        Self {
            columns: Column::ALL.into_iter().filter(is_column).collect(),
            boxes: Space::ALL.into_iter().filter(is_space).collect(),
            ids: options.ids || wanted.is_some_and(|old| old.ids),
        }
    }

    pub(super) fn to_entry(&self) -> WantedEntry {
        WantedEntry::new(&self.columns, &self.boxes, self.ids)
    }

    fn are_in(&self, segment: &SegmentEntry) -> bool {
        let columns = segment.columns.iter().flat_map(stored_columns);
        let spaces = segment.boxes.iter().flat_map(stored_spaces);
        columns.eq(self.columns.iter().copied()) && spaces.eq(self.boxes.iter().copied())
    }
}

/// Tells whether the files of a segment exist and have their lengths.
fn is_there(segment: &SegmentEntry, folder: &Path) -> bool {
    let sheets = [Kind::Columns, Kind::Boxes]
        .into_iter()
        .filter_map(|kind| segment.sheet(kind));
    let is_whole =
        |sheet: &SheetEntry| open_file(&folder.join(&sheet.file), sheet.size_bytes).is_ok();
    sheets.into_iter().all(is_whole)
}

/// Tells whether a formerly damaged block is whole now.
fn is_mended(segment: &SegmentEntry, reader: &BlockReader) -> bool {
    let mut tokens = Vec::new();
    let mut is_whole = |block: &u64| reader.read_block(*block, &mut tokens).is_ok();
    segment.damaged.iter().any(&mut is_whole)
}

impl Old {
    fn read(folder: &Path, manifest: Manifest, blocks: u64) -> Result<Self, IndexWarning> {
        Ok(Self {
            zones: read_zones(folder, &manifest, blocks)?,
            pieces: read_pieces(folder, &manifest)?,
            manifest,
        })
    }

    fn has_ids(&self, folder: &Path) -> bool {
        let ids = self.manifest.ids.as_ref();
        ids.is_some_and(|ids| open_file(&folder.join(&ids.file), ids.size_bytes).is_ok())
    }

    /// Returns the zones of a segment.
    pub(super) fn zones_of(&self, number: usize, part: &Part) -> Vec<Option<Zone>> {
        let damaged = &self.manifest.segments[number].damaged;
        let zone = |block: u64| (!damaged.contains(&block)).then(|| self.zones[block as usize]);
        (part.start..part.end).map(zone).collect()
    }
}
