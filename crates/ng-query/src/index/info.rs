use ng_arrow::Column;
use ng_store::BlockReader;
use ng_token::Space;

use super::IndexWarning;
use super::folder::index_folder;
use super::manifest::Manifest;
use super::open::{believe, columns_of, read_manifest, spaces_of};

/// What an index says about itself, as far as it can be believed of a commit. The files of its
/// columns are not read.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct IndexInfo {
    /// How many blocks are covered.
    pub blocks: u64,
    /// The covered blocks that are damaged and unindexed.
    pub damaged: Vec<u64>,
    /// The columns; for an index that covers no block, those it is to have.
    pub columns: Vec<Column>,
    /// The spaces that have boxes.
    pub boxes: Vec<Space>,
    /// Whether there are sorted ids.
    pub ids: bool,
    /// The bytes of all files except the manifest.
    pub size_bytes: u64,
    /// What is put aside.
    pub warnings: Vec<IndexWarning>,
}

impl IndexInfo {
    /// Reads the manifest beside the file of `reader`; `None` where there is none.
    pub fn read(reader: &BlockReader) -> Option<Self> {
        let folder = index_folder(reader.path());
        let manifest = match read_manifest(&folder)? {
            Ok(manifest) => manifest,
            Err(warning) => {
                let warnings = vec![warning];
                return Some(Self {
                    warnings,
                    ..Self::default()
                });
            }
        };
        let belief = believe(&manifest, reader, &folder);
        let warnings = belief.warning.into_iter().collect();
        Some(Self::of(&manifest, belief.segments, warnings))
    }

    /// What the first segments of a manifest have.
    pub(super) fn of(manifest: &Manifest, segments: usize, warnings: Vec<IndexWarning>) -> Self {
        let wanted = &manifest.wanted;
        if manifest.segments.is_empty() {
            return Self {
                columns: wanted.columns().collect(),
                boxes: wanted.boxes().collect(),
                ids: wanted.ids,
                size_bytes: manifest.size_bytes(),
                warnings,
                ..Self::default()
            };
        }
        let segments = &manifest.segments[..segments];
        let damaged = segments.iter().flat_map(|segment| &segment.damaged);
        Self {
            blocks: segments.iter().map(|segment| segment.blocks).sum(),
            damaged: damaged.copied().collect(),
            columns: columns_of(segments),
            boxes: spaces_of(segments),
            ids: manifest.ids.is_some() && !segments.is_empty(),
            size_bytes: manifest.size_bytes(),
            warnings,
        }
    }
}
