//! Which parts of an index are believed of a commit.

use std::fs::{self, File};
use std::io;
use std::io::ErrorKind;
use std::iter;
use std::path::Path;
use std::sync::Arc;

use ng_arrow::Column;
use ng_store::BlockReader;
use ng_store::disk::Disk;
use ng_token::Space;

use super::folder::MANIFEST;
use super::hash::{file_seed, xxh3};
use super::ids::SortedIds;
use super::manifest::{Manifest, PlainEntry, SegmentEntry, SheetEntry, WholeEntry};
use super::opened::Index;
use super::pieces::Pieces;
use super::segment::{Placed, Segment};
use super::sheet::{Kind, Sheet};
use super::warnings::Warnings;
use super::{BLOCK, IndexWarning, ManifestFlaw, SEGMENT_BLOCKS, columns, zones};
use crate::boxes::Trees;
use crate::map::{FileBytes, Look};
use crate::zone::Zone;

/// More than the manifest of 2^40 tokens takes: about 1 KiB a segment.
const MANIFEST_MAX_BYTES: u64 = 1 << 30;

/// How much of a manifest is true of a commit.
#[derive(Debug)]
pub(super) struct Belief {
    pub(super) segments: usize,
    pub(super) blocks: u64,
    /// Why the rest is not.
    pub(super) warning: Option<IndexWarning>,
}

/// Reads the manifest of a folder, if there is one.
pub(super) fn read_manifest(folder: &Path) -> Option<Result<Manifest, IndexWarning>> {
    let path = folder.join(MANIFEST);
    let bytes = match read_small(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return None,
        Err(error) => return Some(Err(unreadable(&path, error))),
        Ok(bytes) => bytes,
    };
    let flaw = |flaw| IndexWarning::Manifest { path, flaw };
    Some(Manifest::parse(&bytes).map_err(flaw))
}

/// Reads a regular file no longer than a manifest can be.
fn read_small(path: &Path) -> io::Result<Vec<u8>> {
    let metadata = fs::metadata(path)?;
    // Opening a pipe of that name would block.
    if !metadata.is_file() || metadata.len() > MANIFEST_MAX_BYTES {
        return Err(ErrorKind::InvalidInput.into());
    }
    fs::read(path)
}

/// Finds the longest run of segments that the block table of the commit vouches for.
pub(super) fn believe<D: Disk>(
    manifest: &Manifest,
    reader: &BlockReader<D>,
    folder: &Path,
) -> Belief {
    let path = folder.join(MANIFEST);
    let commit = reader.commit();
    if manifest.file_id.0 != commit.file_id {
        return Belief::nothing(IndexWarning::OtherFile {
            path,
            found: manifest.file_id.0,
            expected: commit.file_id,
        });
    }
    let have = commit.tokens / BLOCK;
    let ends = ends(manifest)
        .take_while(|end| *end <= have)
        .collect::<Vec<_>>();
    let chains = match reader.table_chains(&ends) {
        Ok(chains) => chains,
        Err(source) => {
            let source = Arc::new(source);
            return Belief::nothing(IndexWarning::Table { path, source });
        }
    };
    let theirs = manifest.segments.iter().map(|segment| segment.chain.0);
    let segments = chains
        .iter()
        .zip(theirs)
        .take_while(|(own, theirs)| *own == theirs)
        .count();
    let blocks = segments.checked_sub(1).map_or(0, |last| ends[last]);
    let covered = manifest.blocks;
    let warning = match (segments < ends.len(), covered > have) {
        (true, _) => Some(IndexWarning::TakenBack {
            path,
            believed: blocks,
        }),
        (false, true) => Some(IndexWarning::Beyond {
            path,
            covered,
            have,
        }),
        (false, false) => None,
    };
    Belief {
        segments,
        blocks,
        warning,
    }
}

/// The blocks before the end of each segment.
fn ends(manifest: &Manifest) -> impl Iterator<Item = u64> {
    let blocks = manifest.segments.iter().map(|segment| segment.blocks);
    blocks.scan(0, |end, blocks| {
        *end += blocks;
        Some(*end)
    })
}

impl Belief {
    fn nothing(warning: IndexWarning) -> Self {
        Self {
            segments: 0,
            blocks: 0,
            warning: Some(warning),
        }
    }
}

/// Reads the hashes of the pieces.
pub(super) fn read_pieces(folder: &Path, manifest: &Manifest) -> Result<Pieces, IndexWarning> {
    let WholeEntry {
        entry: PlainEntry { file, size_bytes },
        hash,
    } = &manifest.pieces;
    let path = folder.join(file);
    let bytes = read_whole(&path, *size_bytes, hash.0, manifest)?;
    Pieces::parse(&bytes, manifest).ok_or_else(|| IndexWarning::Manifest {
        path: folder.join(MANIFEST),
        flaw: ManifestFlaw::Field { field: "pieces" },
    })
}

/// Reads the zones of the first blocks.
pub(super) fn read_zones(
    folder: &Path,
    manifest: &Manifest,
    blocks: u64,
) -> Result<Vec<Zone>, IndexWarning> {
    let WholeEntry { entry, hash } = &manifest.zones;
    let path = folder.join(&entry.file);
    let bytes = read_whole(&path, entry.size_bytes, hash.0, manifest)?;
    Ok(zones::from_file(&bytes, entry, blocks as usize))
}

/// Reads a file that is hashed as a whole.
fn read_whole(
    path: &Path,
    size_bytes: u64,
    hash: u64,
    manifest: &Manifest,
) -> Result<FileBytes, IndexWarning> {
    let mut file = open_file(path, size_bytes)?;
    let bytes = FileBytes::read(&mut file, size_bytes as usize);
    let bytes = bytes.map_err(|error| unreadable(path, error))?;
    let found = xxh3(file_seed(manifest.file_id.0), &bytes);
    match found == hash {
        true => Ok(bytes),
        false => Err(IndexWarning::Rotten {
            path: path.to_owned(),
            found,
            expected: hash,
        }),
    }
}

/// Opens a file, which must have the length in the manifest.
pub(super) fn open_file(path: &Path, size_bytes: u64) -> Result<File, IndexWarning> {
    let metadata = fs::metadata(path).map_err(|error| unreadable(path, error))?;
    // Opening a pipe of that name would block.
    if !metadata.is_file() {
        return Err(unreadable(path, ErrorKind::InvalidInput.into()));
    }
    let file = File::open(path).map_err(|error| unreadable(path, error))?;
    let have = file
        .metadata()
        .map_err(|error| unreadable(path, error))?
        .len();
    match have == size_bytes {
        true => Ok(file),
        false => Err(IndexWarning::Length {
            path: path.to_owned(),
            have,
            expected: size_bytes,
        }),
    }
}

fn unreadable(path: &Path, source: std::io::Error) -> IndexWarning {
    IndexWarning::Unreadable {
        path: path.to_owned(),
        source: Arc::new(source),
    }
}

/// An index that is being opened.
pub(super) struct Opening<'a> {
    pub(super) folder: &'a Path,
    pub(super) look: &'a Look,
    /// Whether more than the zones is opened.
    pub(super) is_whole: bool,
}

impl Opening<'_> {
    /// Opens what is believed, if there is a manifest.
    pub(super) fn open<D: Disk>(&self, reader: &BlockReader<D>) -> Option<Index> {
        let mut index = self.nothing(reader);
        match read_manifest(self.folder)? {
            Err(warning) => index.warnings.push(warning),
            Ok(manifest) => {
                let belief = believe(&manifest, reader, self.folder);
                self.fill(&mut index, &manifest, &belief);
                index.warnings.name_by(manifest);
                belief
                    .warning
                    .into_iter()
                    .for_each(|warning| index.warnings.push(warning));
            }
        }
        Some(index)
    }

    fn fill(&self, index: &mut Index, manifest: &Manifest, belief: &Belief) {
        index.size_bytes = manifest.size_bytes();
        if belief.blocks == 0 {
            return;
        }
        let segments = &manifest.segments[..belief.segments];
        index.covered = belief.blocks;
        index.damaged = segments
            .iter()
            .flat_map(|segment| &segment.damaged)
            .copied()
            .collect();
        if self.is_whole {
            index.columns = columns_of(segments);
            index.spaces = spaces_of(segments);
        }
        index.segments = segments.iter().map(|_| Segment::default()).collect();
        index.zones =
            kept(index, read_zones(self.folder, manifest, belief.blocks)).unwrap_or_default();
        if self.is_whole
            && let Some(pieces) = kept(index, read_pieces(self.folder, manifest))
        {
            self.fill_sheets(index, manifest, &pieces);
        }
    }

    fn fill_sheets(&self, index: &mut Index, manifest: &Manifest, pieces: &Pieces) {
        for number in 0..index.segments.len() {
            let columns = kept(index, self.columns(manifest, number, pieces)).flatten();
            let boxes = kept(index, self.boxes(manifest, number, pieces)).flatten();
            index.segments[number] = Segment { columns, boxes };
        }
        index.ids = kept(index, self.ids(manifest, index.covered, pieces)).flatten();
    }

    fn columns(
        &self,
        manifest: &Manifest,
        number: usize,
        pieces: &Pieces,
    ) -> Result<Option<Placed<{ columns::COUNT }>>, IndexWarning> {
        let Some(entry) = &manifest.segments[number].columns else {
            return Ok(None);
        };
        let hashes = pieces.of_segment(number, Kind::Columns);
        let sheet = self.sheet(Kind::Columns, entry, manifest, number, hashes)?;
        let mut places = [None; columns::COUNT];
        for (place, column) in (0..).zip(stored_columns(entry)) {
            places[column.index()] = Some(place);
        }
        Ok(Some((sheet, places)))
    }

    fn boxes(
        &self,
        manifest: &Manifest,
        number: usize,
        pieces: &Pieces,
    ) -> Result<Option<Placed<8>>, IndexWarning> {
        let Some(entry) = &manifest.segments[number].boxes else {
            return Ok(None);
        };
        let hashes = pieces.of_segment(number, Kind::Boxes);
        let sheet = self.sheet(Kind::Boxes, entry, manifest, number, hashes)?;
        let mut places = [None; 8];
        for (place, space) in (0..).step_by(BOX_COLUMNS).zip(stored_spaces(entry)) {
            places[space as usize] = Some(place);
        }
        Ok(Some((sheet, places)))
    }

    fn ids(
        &self,
        manifest: &Manifest,
        covered: u64,
        pieces: &Pieces,
    ) -> Result<Option<SortedIds>, IndexWarning> {
        let Some(entry) = &manifest.ids else {
            return Ok(None);
        };
        let [ids, positions, firsts] = pieces.of_ids();
        let hashes = [ids, positions].concat();
        let sheet = self.sheet(Kind::Ids, entry, manifest, 0, &hashes)?;
        SortedIds::new(sheet, firsts, covered)
            .map(Some)
            .ok_or_else(|| IndexWarning::Manifest {
                path: self.folder.join(MANIFEST),
                flaw: ManifestFlaw::Field { field: "ids" },
            })
    }

    /// Opens the file of a sheet, whose hashes come column by column.
    fn sheet(
        &self,
        kind: Kind,
        entry: &SheetEntry,
        manifest: &Manifest,
        segment: usize,
        hashes: &[u64],
    ) -> Result<Sheet, IndexWarning> {
        let path = self.folder.join(&entry.file);
        let mut file = open_file(&path, entry.size_bytes)?;
        let bytes = self.look.bytes(&mut file, entry.size_bytes as usize);
        let bytes = bytes.map_err(|error| unreadable(&path, error))?;
        let columns = entry.specs(kind).unwrap_or_default();
        // No chunk is empty: without a piece there is no hash, and no file to open either.
        let pieces = (hashes.len() / columns.len()).max(1);
        let hashes = hashes.chunks(pieces).chain(iter::repeat(&[][..]));
        let first_piece = segment as u64 * SEGMENT_BLOCKS;
        let columns = columns.into_iter().zip(hashes).collect();
        Ok(Sheet::new(
            bytes,
            kind,
            entry,
            first_piece,
            columns,
            manifest.file_id.0,
        ))
    }

    fn nothing<D: Disk>(&self, reader: &BlockReader<D>) -> Index {
        Index {
            commit: reader.commit(),
            folder: self.folder.to_owned(),
            covered: 0,
            zones: Vec::new(),
            damaged: Vec::new(),
            segments: Vec::new(),
            columns: Vec::new(),
            spaces: Vec::new(),
            ids: None,
            size_bytes: 0,
            warnings: Warnings::new(self.folder),
            trees: Trees::default(),
        }
    }
}

/// Columns of the boxes of a space.
const BOX_COLUMNS: usize = 6;

/// Returns what could be read, or puts it aside.
fn kept<T>(index: &Index, read: Result<T, IndexWarning>) -> Option<T> {
    read.map_err(|warning| index.warnings.push(warning)).ok()
}

/// Returns the columns that every segment has.
pub(super) fn columns_of(segments: &[SegmentEntry]) -> Vec<Column> {
    in_all(segments, |segment| {
        let columns = segment.columns.iter();
        columns.flat_map(stored_columns).collect()
    })
}

/// Returns the spaces of which every segment has boxes.
pub(super) fn spaces_of(segments: &[SegmentEntry]) -> Vec<Space> {
    in_all(segments, |segment| {
        let boxes = segment.boxes.iter();
        boxes.flat_map(stored_spaces).collect()
    })
}

/// Returns what every segment has, in the order of the first one.
fn in_all<T: PartialEq>(segments: &[SegmentEntry], of: impl Fn(&SegmentEntry) -> Vec<T>) -> Vec<T> {
    let mut all = segments.iter().map(of);
    let first = all.next().unwrap_or_default();
    all.fold(first, |mut common, own| {
        common.retain(|one| own.contains(one));
        common
    })
}

/// Returns the columns of a sheet, in order.
pub(super) fn stored_columns(entry: &SheetEntry) -> impl Iterator<Item = Column> {
    entry
        .columns
        .iter()
        .filter_map(|place| Column::of_name(&place.name))
}

/// Returns the spaces of a sheet of boxes, in order.
pub(super) fn stored_spaces(entry: &SheetEntry) -> impl Iterator<Item = Space> {
    let firsts = entry.columns.iter().step_by(BOX_COLUMNS);
    firsts.filter_map(|place| {
        let starts = |space: &Space| {
            columns::box_specs(*space)
                .next()
                .is_some_and(|first| first.name == place.name)
        };
        Space::ALL.into_iter().find(starts)
    })
}
