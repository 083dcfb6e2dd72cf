//! `index.json`: which files there are, which file's blocks they cover, and where their columns
//! begin. Everything is checked before any of it is used.

use ng_arrow::Column;
use ng_token::Space;
use serde::{Deserialize, Serialize};

use super::error::ManifestFlaw;
use super::sheet::{ColumnSpec, Kind};
use super::{BLOCK, BLOCK_PAGES, SEGMENT_BLOCKS, columns, folder, ids, open, zones};
use crate::sealed::{FileId, Hex, seal, unseal};

const VERSION: u32 = 1;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    pub(super) version: u32,
    /// The random number in the names of the newest build's files.
    pub(super) build: Hex,
    pub(super) file_id: FileId,
    /// How many full blocks are covered.
    pub(super) blocks: u64,
    pub(super) zones: WholeEntry<SheetEntry>,
    pub(super) pieces: WholeEntry<PlainEntry>,
    pub(super) segments: Vec<SegmentEntry>,
    pub(super) ids: Option<SheetEntry>,
    /// What was asked for, which updates keep up.
    pub(super) wanted: WantedEntry,
}

/// What an index has besides its zones; for a file without a full block nothing else records it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WantedEntry {
    columns: Vec<String>,
    boxes: Vec<String>,
    pub(super) ids: bool,
}

/// A file hashed as a whole.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WholeEntry<E> {
    pub(super) entry: E,
    pub(super) hash: Hex,
}

/// A file without columns.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlainEntry {
    pub(super) file: String,
    pub(super) size_bytes: u64,
}

/// An Arrow file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SheetEntry {
    pub(super) file: String,
    pub(super) size_bytes: u64,
    pub(super) rows: u64,
    pub(super) columns: Vec<ColumnPlace>,
}

/// Where the values of a column begin in their file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ColumnPlace {
    pub(super) name: String,
    pub(super) offset: u64,
}

/// Some blocks, one after the other.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SegmentEntry {
    pub(super) blocks: u64,
    /// The chain of the file's block table at the end of the segment.
    pub(super) chain: Hex,
    /// Blocks that were damaged when the segment was made, ascending.
    pub(super) damaged: Vec<u64>,
    pub(super) columns: Option<SheetEntry>,
    pub(super) boxes: Option<SheetEntry>,
}

impl Manifest {
    pub(super) fn new(
        build: u64,
        file_id: [u8; 16],
        zones: WholeEntry<SheetEntry>,
        pieces: WholeEntry<PlainEntry>,
        segments: Vec<SegmentEntry>,
        ids: Option<SheetEntry>,
        wanted: WantedEntry,
    ) -> Self {
        Self {
            version: VERSION,
            build: Hex(build),
            file_id: FileId(file_id),
            blocks: segments.iter().map(|segment| segment.blocks).sum(),
            zones,
            pieces,
            segments,
            ids,
            wanted,
        }
    }

    /// Parses and checks a manifest.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, ManifestFlaw> {
        let (_, json) = unseal(bytes)?;
        let manifest: Self = serde_json::from_slice(&json).map_err(|error| ManifestFlaw::Json {
            line: error.line(),
            column: error.column(),
        })?;
        manifest.check()?;
        Ok(manifest)
    }

    /// Returns the bytes of the file.
    pub(super) fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let (_, bytes) = seal(serde_json::to_vec_pretty(self)?);
        Ok(bytes)
    }

    fn check(&self) -> Result<(), ManifestFlaw> {
        if self.version != VERSION {
            return Err(ManifestFlaw::Version {
                found: self.version,
                expected: VERSION,
            });
        }
        expect(self.segments_are_in_order(), "segments")?;
        expect(
            self.zones.entry.is_sound(self.blocks, &zones::specs()),
            "zones",
        )?;
        expect(folder::is_own_name(&self.pieces.entry.file), "pieces")?;
        for (segment, first) in self
            .segments
            .iter()
            .zip((0..).step_by(SEGMENT_BLOCKS as usize))
        {
            expect(segment.damaged_is_sound(first), "damaged")?;
            expect(segment.sheet_is_sound(Kind::Columns), "columns")?;
            expect(segment.sheet_is_sound(Kind::Boxes), "boxes")?;
        }
        expect(self.ids_are_sound(), "ids")?;
        expect(self.wanted.is_sound(), "wanted")
    }

    /// All but the last have 256 blocks, and none is empty.
    fn segments_are_in_order(&self) -> bool {
        let Some((last, before)) = self.segments.split_last() else {
            return self.blocks == 0;
        };
        let full = before.len() as u64 * SEGMENT_BLOCKS;
        before
            .iter()
            .all(|segment| segment.blocks == SEGMENT_BLOCKS)
            && (1..=SEGMENT_BLOCKS).contains(&last.blocks)
            && self.blocks == full + last.blocks
    }

    fn ids_are_sound(&self) -> bool {
        self.ids.as_ref().is_none_or(|ids| {
            ids.rows <= self.blocks * BLOCK && ids.is_sound(ids.rows, &ids::specs())
        })
    }

    /// Returns the names of all files that belong to it.
    pub(super) fn files(&self) -> impl Iterator<Item = &str> {
        let of_segments = self.segments.iter().flat_map(SegmentEntry::sheets);
        let sheets = of_segments.chain(&self.ids).chain([&self.zones.entry]);
        let names = sheets.map(|sheet| &*sheet.file);
        names.chain([&*self.pieces.entry.file])
    }

    /// Returns the bytes of all files except the manifest.
    pub(super) fn size_bytes(&self) -> u64 {
        let of_segments = self.segments.iter().flat_map(SegmentEntry::sheets);
        let sheets = of_segments.chain(&self.ids).chain([&self.zones.entry]);
        let sizes = sheets.map(|sheet| sheet.size_bytes);
        sizes.fold(self.pieces.entry.size_bytes, u64::saturating_add)
    }
}

fn expect(is_sound: bool, field: &'static str) -> Result<(), ManifestFlaw> {
    match is_sound {
        true => Ok(()),
        false => Err(ManifestFlaw::Field { field }),
    }
}

impl WantedEntry {
    pub(super) fn new(columns: &[Column], boxes: &[Space], ids: bool) -> Self {
        Self {
            columns: columns
                .iter()
                .map(|column| column.name().to_owned())
                .collect(),
            boxes: boxes.iter().map(|space| space.name().to_owned()).collect(),
            ids,
        }
    }

    pub(super) fn columns(&self) -> impl Iterator<Item = Column> {
        self.columns.iter().filter_map(|name| Column::of_name(name))
    }

    pub(super) fn boxes(&self) -> impl Iterator<Item = Space> {
        let of_name = |name: &String| Space::ALL.into_iter().find(|space| space.name() == name);
        self.boxes.iter().filter_map(of_name)
    }

    /// Tells whether each name is that of a stored column or a space.
    fn is_sound(&self) -> bool {
        let stored = self.columns().filter(|column| *column != Column::Position);
        stored.count() == self.columns.len() && self.boxes().count() == self.boxes.len()
    }
}

impl SheetEntry {
    /// Tells whether it has exactly these columns, each aligned and within the file.
    fn is_sound(&self, rows: u64, specs: &[ColumnSpec]) -> bool {
        let fits = |(place, spec): (&ColumnPlace, &ColumnSpec)| {
            let end = spec.values.width().checked_mul(rows);
            let end = end.and_then(|length| length.checked_add(place.offset));
            place.name == spec.name
                && place.offset.is_multiple_of(64)
                && end.is_some_and(|end| end <= self.size_bytes)
        };
        folder::is_own_name(&self.file)
            && self.rows == rows
            && !specs.is_empty()
            && usize::try_from(self.size_bytes).is_ok()
            && self.columns.len() == specs.len()
            && self.columns.iter().zip(specs).all(fits)
    }

    /// Returns the columns by their names, if all names are known.
    pub(super) fn specs(&self, kind: Kind) -> Option<Vec<ColumnSpec>> {
        match kind {
            Kind::Columns => {
                let spec = |place: &ColumnPlace| columns::spec(Column::of_name(&place.name)?);
                self.columns.iter().map(spec).collect()
            }
            Kind::Boxes => Some(
                open::stored_spaces(self)
                    .flat_map(columns::box_specs)
                    .collect(),
            ),
            Kind::Ids => Some(ids::specs()),
        }
    }
}

impl SegmentEntry {
    /// Returns the entry of a kind of sheet.
    pub(super) fn sheet(&self, kind: Kind) -> Option<&SheetEntry> {
        match kind {
            Kind::Columns => self.columns.as_ref(),
            Kind::Boxes => self.boxes.as_ref(),
            Kind::Ids => None,
        }
    }

    fn sheets(&self) -> impl Iterator<Item = &SheetEntry> {
        self.columns.iter().chain(&self.boxes)
    }

    fn sheet_is_sound(&self, kind: Kind) -> bool {
        let rows = self.blocks * kind.piece_rows();
        self.sheet(kind).is_none_or(|sheet| {
            let specs = sheet.specs(kind);
            specs.is_some_and(|specs| !has_twice(&specs) && sheet.is_sound(rows, &specs))
        })
    }

    fn damaged_is_sound(&self, first: u64) -> bool {
        let blocks = first..first + self.blocks;
        self.damaged.iter().all(|block| blocks.contains(block))
            && self.damaged.is_sorted_by(|left, right| left < right)
    }
}

fn has_twice(specs: &[ColumnSpec]) -> bool {
    let names = || specs.iter().map(|spec| &spec.name).enumerate();
    names().any(|(place, name)| names().any(|(other, same)| other > place && same == name))
}

const _: () = assert!(BLOCK_PAGES == 64);
