//! Small files with an index, and the oracle: answers are compared with the records.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use ng_parallel::Workers;
use ng_query::index::{BuildOptions, BuildReport, Index, IndexError, build, index_folder};
use ng_query::{Column, Zone};
use ng_store::{BLOCK_TOKENS, BlockReader, CreateOptions, FileWriter, TokenSink, VecStore};
use ng_token::{Flags, Space, Token};
use tempfile::TempDir;

use crate::amount::count;

/// A temporary folder, with a token file and its index.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A place with a file of some number of tokens.
    pub(crate) fn of(count: usize) -> Self {
        let place = Self::new();
        save(&place.file(), &tokens(0, count));
        place
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.named("t.ngt")
    }

    pub(crate) fn named(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn index(&self) -> PathBuf {
        index_folder(&self.file())
    }

    pub(crate) fn reader(&self) -> BlockReader {
        BlockReader::open(self.file()).unwrap()
    }

    pub(crate) fn load(&self) -> Option<Index> {
        Index::load(&self.reader())
    }

    pub(crate) fn build(&self, options: &BuildOptions) -> BuildReport {
        self.try_build(options).unwrap()
    }

    pub(crate) fn try_build(&self, options: &BuildOptions) -> Result<BuildReport, IndexError> {
        build(
            &Workers::new(2).unwrap(),
            &self.reader(),
            options,
            |_, _| (),
        )
    }

    /// The name of the index's only file with this prefix.
    pub(crate) fn index_file(&self, begin: &str) -> PathBuf {
        let names = names(&self.index());
        let mut files = names.iter().filter(|name| name.starts_with(begin));
        let file = files.next().unwrap();
        assert_eq!(files.next(), None, "{names:?}");
        self.index().join(file)
    }
}

pub(crate) fn save(path: &Path, tokens: &[Token]) {
    let options = CreateOptions::new().max_tokens(1 << 24);
    VecStore::from_iter(tokens.iter().copied())
        .save(path, &options)
        .unwrap();
}

pub(crate) fn append(path: &Path, tokens: &[Token]) {
    let mut writer = FileWriter::open_append(path).unwrap();
    writer.append(tokens).unwrap();
    writer.commit().unwrap();
}

/// The token at a position: every column has many values, ids repeat, and some weights are NaN.
/// Another `seed` gives other tokens.
pub(crate) fn token(seed: u64, position: usize) -> Token {
    let random = (position as u64 + 1 + (seed << 40)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let random = random ^ random >> 29;
    let mut coordinates = [[0; 3]; 8];
    for (lane, steps) in coordinates.as_flattened_mut().iter_mut().enumerate() {
        *steps = (random >> (lane % 40)) as i16 >> (lane % 5);
    }
    let weight = match random % 50 {
        0 => f32::NAN,
        _ => (random >> 8 & 0xFFFF) as f32 / 256.0 - 20.0,
    };
    Token::new(((random >> 20) as u32 % 60_000) << 12)
        .with_flags(Flags::from_bits((random >> 17) as u16))
        .with_weight(weight)
        .with_radius_raw((random >> 9) as u8)
        .with_strength_raw((random >> 13) as u8 / 2)
        .with_timestamp((random >> 30) as u32)
        .with_coordinates(coordinates)
}

pub(crate) fn tokens(seed: u64, count: usize) -> Vec<Token> {
    (0..count).map(|position| token(seed, position)).collect()
}

/// Everything that an index can have.
pub(crate) fn everything() -> BuildOptions {
    BuildOptions::new()
        .columns(Column::ALL.into_iter().skip(1))
        .boxes(Space::ALL)
        .ids(true)
}

/// The names in a folder, in order.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// The stored values of a column, as an index has them.
pub(crate) fn stored(column: Column, tokens: &[Token]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for token in tokens {
        let id = token.id();
        match column {
            Column::Position => unreachable!("is not stored"),
            Column::Id => bytes.extend(id.raw().to_le_bytes()),
            Column::Domain => bytes.push((id.raw() >> 28) as u8),
            Column::EntityType => bytes.push((id.raw() >> 24 & 15) as u8),
            Column::LocalId => bytes.extend((id.raw() & 0xFF_FFFF).to_le_bytes()),
            Column::Flags => bytes.extend(token.flags().bits().to_le_bytes()),
            Column::FlagsEntityType => bytes.push((token.flags().bits() >> 8 & 15) as u8),
            Column::Weight => bytes.extend(token.weight().to_bits().to_le_bytes()),
            Column::Radius => bytes.push(token.radius_raw()),
            Column::Strength => bytes.push(token.strength_raw()),
            Column::Timestamp => bytes.extend(token.timestamp().to_le_bytes()),
            Column::Coordinate(space, axis) => {
                bytes.extend(token.steps(space)[axis as usize].to_le_bytes());
            }
        }
    }
    bytes
}

/// What a complete index of some tokens answers.
pub(crate) struct Oracle {
    zones: Vec<Zone>,
    columns: Vec<(Column, Vec<Vec<u8>>)>,
    /// For each space and block, the least and greatest of its pages, axis by axis.
    boxes: Vec<(Space, Vec<[Vec<i16>; 6]>)>,
    ids: Vec<(u32, u64)>,
}

/// How much an index answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) zones: usize,
    pub(crate) pieces: usize,
    pub(crate) boxes: usize,
    pub(crate) id_pieces: usize,
}

/// How many answers were compared with the records and not reported yet.
static HELD: AtomicU64 = AtomicU64::new(0);

/// Reports how many answers were compared with the records, all of them right.
pub(crate) fn tell_answers() {
    count(
        "index: answers that were right",
        HELD.swap(0, Ordering::Relaxed),
    );
}

impl Said {
    fn answers(&self) -> usize {
        self.zones + self.pieces + self.boxes + self.id_pieces
    }
}

impl Oracle {
    pub(crate) fn new(tokens: &[Token], columns: &[Column], spaces: &[Space]) -> Self {
        let (blocks, _) = tokens.as_chunks::<BLOCK_TOKENS>();
        let of_column = |column: &Column| {
            let values = blocks.iter().map(|block| stored(*column, block));
            (*column, values.collect())
        };
        let of_space = |space: &Space| {
            let boxes = blocks.iter().map(|block| boxes_of(*space, block));
            (*space, boxes.collect())
        };
        let ids = blocks.as_flattened().iter().zip(0..);
        let mut ids: Vec<_> = ids
            .map(|(token, position)| (token.id().raw(), position))
            .collect();
        ids.sort_unstable();
        Self {
            zones: blocks.iter().map(|block| Zone::of(block)).collect(),
            columns: columns.iter().map(of_column).collect(),
            boxes: spaces.iter().map(of_space).collect(),
            ids,
        }
    }

    pub(crate) fn of_everything(tokens: &[Token]) -> Self {
        Self::new(tokens, &Column::ALL[1..], &Space::ALL)
    }

    /// Compares every answer of an index with the records, and counts them.
    #[track_caller]
    pub(crate) fn check(&self, index: &Index) -> Said {
        let blocks = self.zones.len() as u64;
        assert!(index.covered_blocks() <= blocks, "{index:?}");
        let mut said = Said::default();
        for block in 0..blocks + 2 {
            let place = block as usize;
            if let Some(zone) = index.zone(block) {
                assert!(zone == &self.zones[place], "zone of {block}");
                said.zones += 1;
            }
            for (column, values) in &self.columns {
                if let Some(found) = index.column(*column, block) {
                    assert!(found == values[place], "{column} of {block}");
                    assert_eq!(found.as_ptr() as usize % 64, 0, "{column} of {block}");
                    said.pieces += 1;
                }
            }
            for (space, boxes) in &self.boxes {
                if let Some(found) = index.page_boxes(*space, block) {
                    let own = boxes[place].each_ref().map(|axis| &axis[..]);
                    assert!(
                        [found.min, found.max].as_flattened() == own,
                        "{space} of {block}"
                    );
                    said.boxes += 1;
                }
            }
        }
        said.id_pieces = self.check_ids(index);
        HELD.fetch_add(said.answers() as u64, Ordering::Relaxed);
        said
    }

    fn check_ids(&self, index: &Index) -> usize {
        let Some(ids) = index.ids() else { return 0 };
        // Positions in damaged blocks are missing.
        let is_known = |pair: &&(u32, u64)| {
            pair.1 < ids.end() && !index.damaged_blocks().contains(&(pair.1 / 4096))
        };
        let own: Cow<'_, [(u32, u64)]> = match index.covered_blocks() == self.zones.len() as u64
            && index.damaged_blocks().is_empty()
        {
            true => Cow::Borrowed(&self.ids),
            false => self.ids.iter().filter(is_known).copied().collect(),
        };
        let (mut next, mut pieces, mut is_whole) = (0, 0, true);
        for piece in 0..ids.pieces() {
            let Some(piece) = index.id_piece(piece) else {
                is_whole = false;
                continue;
            };
            pieces += 1;
            let pairs = piece
                .ids
                .iter()
                .copied()
                .zip(piece.positions.iter().copied());
            let pairs: Vec<_> = pairs.filter(|pair| pair.1 < ids.end()).collect();
            // What is between two sound pieces may be missing.
            if let Some(first) = pairs.first() {
                let start = own.partition_point(|pair| pair < first);
                assert!(start >= next && is_whole <= (start == next), "sorted ids");
                assert!(own[start..].starts_with(&pairs), "sorted ids");
                next = start + pairs.len();
            }
        }
        assert!(!is_whole || next == own.len(), "sorted ids");
        assert!(index.id_piece(ids.pieces()).is_none());
        for (id, _) in own.iter().step_by(997) {
            let start = own.partition_point(|pair| pair.0 < *id);
            let expected = own[start..].iter().take_while(|pair| pair.0 == *id);
            if let Some(positions) = index.positions(*id) {
                assert!(
                    expected.map(|pair| pair.1).eq(positions),
                    "positions of {id}"
                );
            }
        }
        pieces
    }

    /// The answers of a complete index.
    pub(crate) fn whole(&self) -> Said {
        let blocks = self.zones.len();
        Said {
            zones: blocks,
            pieces: blocks * self.columns.len(),
            boxes: blocks * self.boxes.len(),
            id_pieces: self.ids.len().div_ceil(4096),
        }
    }
}

fn boxes_of(space: Space, block: &[Token]) -> [Vec<i16>; 6] {
    std::array::from_fn(|at| {
        let pages = block.chunks(64).map(|page| {
            let steps = page.iter().map(|token| token.steps(space)[at % 3]);
            if at < 3 { steps.min() } else { steps.max() }
        });
        pages.map(Option::unwrap).collect()
    })
}
