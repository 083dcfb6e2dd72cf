use std::ops::Range;
use std::ptr;

use ng_arrow::Column;
use ng_store::{BLOCK_TOKENS, MapWindow};
use ng_token::Token;

use super::lanes::{whole_of, width};
use super::{Lanes, Opened, Scan, Stop};
use crate::kernels::Kernels;
use crate::reader_rows::LastBlock;
use crate::{QueryError, Stats};

/// A byte for each token of a block, 0 or 1.
type Mask = Box<[u8; BLOCK_TOKENS]>;

/// One worker's place in the tokens: a block, its columns, and which of its tokens the filter
/// selects.
pub(crate) struct Stage<'s> {
    pub(crate) kernels: Kernels,
    pub(crate) lanes: Lanes<'s>,
    pub(crate) masks: Masks,
    pub(super) stats: Stats,
    opened: &'s Opened<'s>,
    stop: &'s Stop,
    block: u64,
    /// The places of the block's tokens in the source that is open.
    places: Range<u64>,
    /// The block read from a file; `None` if it was not.
    read: Option<u64>,
    buffer: Vec<Token>,
    last: LastBlock,
    /// The block of a map that may be larger than memory, while its records are needed.
    window: Option<MapWindow<'s>>,
    /// `None` if all are selected.
    selected: Option<Mask>,
}

/// What a worker keeps when the sources that are open change: its buffers, and its counts.
#[derive(Default)]
pub(super) struct Kit {
    lanes: Lanes<'static>,
    masks: Masks,
    buffer: Vec<Token>,
    pub(super) stats: Stats,
}

impl<'s> Stage<'s> {
    pub(super) fn new(scan: &'s Scan<'_>, opened: &'s Opened<'s>) -> Self {
        Self::with_kit(scan, opened, Kit::default())
    }

    pub(super) fn with_kit(scan: &'s Scan<'_>, opened: &'s Opened<'s>, kit: Kit) -> Self {
        Self::of(scan.kernels, &scan.stop, opened, kit)
    }

    pub(super) fn of(kernels: Kernels, stop: &'s Stop, opened: &'s Opened<'s>, kit: Kit) -> Self {
        Self {
            kernels,
            lanes: kit.lanes,
            masks: kit.masks,
            stats: kit.stats,
            opened,
            stop,
            block: 0,
            places: 0..0,
            read: None,
            buffer: kit.buffer,
            last: LastBlock::default(),
            window: None,
            selected: None,
        }
    }

    pub(super) fn into_kit(mut self) -> Kit {
        self.select_all();
        Kit {
            lanes: self.lanes.into_free(),
            masks: self.masks,
            buffer: self.buffer,
            stats: self.stats,
        }
    }

    /// Moves to a source that is open.
    pub(super) fn move_to(&mut self, opened: &'s Opened<'s>) {
        if !ptr::eq(self.opened, opened) {
            self.opened = opened;
            self.last.forget();
        }
    }

    /// Fails once the query is to stop: for work that stays long in one block.
    pub(crate) fn check_stop(&self) -> Result<(), QueryError> {
        self.stop.check()
    }

    /// Moves to a block, all of whose tokens are selected.
    pub(super) fn enter(&mut self, block: u64) {
        self.block = block;
        self.places = self.opened.places(block);
        self.read = None;
        self.window = None;
        self.lanes.clear(self.len());
        self.select_all();
    }

    fn select_all(&mut self) {
        if let Some(mask) = self.selected.take() {
            self.masks.give(mask);
        }
    }

    /// Sets which tokens are selected.
    pub(super) fn select(&mut self, mask: Mask) {
        self.select_all();
        self.selected = Some(mask);
    }

    /// The number of the block in the source that is open.
    pub(crate) fn block(&self) -> u64 {
        self.block
    }

    /// The position of the block's first token.
    pub(crate) fn first(&self) -> u64 {
        self.opened.base + self.places.start
    }

    /// How many tokens the block has.
    pub(crate) fn len(&self) -> usize {
        (self.places.end - self.places.start) as usize
    }

    /// How many of them are selected.
    pub(crate) fn selected_count(&self) -> usize {
        match &self.selected {
            None => self.len(),
            Some(mask) => self.kernels.count(&mask[..self.len()]),
        }
    }

    /// The mask of the selected tokens; `None` if all are.
    pub(crate) fn selected(&self) -> Option<&[u8]> {
        self.selected.as_ref().map(|mask| &mask[..self.len()])
    }

    /// Calls `each` with the index in the block of each selected token, in order.
    pub(crate) fn for_each_selected(&self, mut each: impl FnMut(usize)) {
        match self.selected() {
            None => (0..self.len()).for_each(each),
            Some(mask) => for_each_one(mask, &mut each),
        }
    }

    /// The columns and the records at once, if both are loaded.
    pub(crate) fn held_records(&self) -> &[Token] {
        match self.opened.tokens() {
            Some(tokens) => &tokens[self.places.start as usize..self.places.end as usize],
            None => &self.buffer,
        }
    }

    /// Counts records that are looked at one by one.
    pub(crate) fn count_records(&mut self, count: usize) {
        if self.read != Some(self.block) {
            self.stats.records = true;
            self.stats.bytes_read += (count * Token::SIZE) as u64;
        }
    }

    /// Whether looking at a single record needs no block to be read.
    pub(crate) fn has_records(&self) -> bool {
        self.read == Some(self.block) || self.opened.tokens().is_some()
    }

    /// Reads the records of a file, which verifies them; those of a map are trusted.
    pub(super) fn verify(&mut self) -> Result<(), QueryError> {
        match self.opened.tokens() {
            None => self.bring_records(),
            Some(_) => Ok(()),
        }
    }

    pub(crate) fn bring_records(&mut self) -> Result<(), QueryError> {
        if self.read == Some(self.block) {
            return Ok(());
        }
        match self.opened.tokens() {
            None => {
                let (block, last) = (self.block, &mut self.last);
                self.opened.read_block(block, &mut self.buffer, last)?;
            }
            Some(_) => self.window = self.opened.window(self.places.clone())?,
        }
        self.read = Some(self.block);
        self.stats.records = true;
        self.stats.bytes_read += (self.len() * Token::SIZE) as u64;
        Ok(())
    }

    /// Loads columns of the block, from the index if it has them.
    pub(crate) fn load(&mut self, columns: &[Column]) -> Result<(), QueryError> {
        for &column in columns {
            if !self.lanes.holds(column) {
                self.load_one(column)?;
            }
        }
        Ok(())
    }

    /// Takes columns of the block from the index; `false` if it lacks any of them.
    pub(super) fn map_all(&mut self, columns: &[Column]) -> bool {
        columns
            .iter()
            .all(|&column| self.lanes.holds(column) || self.map(column))
    }

    fn load_one(&mut self, column: Column) -> Result<(), QueryError> {
        if self.map(column) {
            return Ok(());
        }
        match whole_of(column) {
            Some(whole) if self.lanes.holds(whole) || self.map(whole) => {
                self.lanes.derive(column, whole);
            }
            _ => {
                self.bring_records()?;
                let records = match self.opened.tokens() {
                    Some(tokens) => &tokens[self.places.start as usize..self.places.end as usize],
                    None => &self.buffer,
                };
                self.lanes.extract(column, records);
            }
        }
        Ok(())
    }

    /// Takes a column from the index; `false` if it has no sound one.
    fn map(&mut self, column: Column) -> bool {
        let index = self.opened.index;
        let Some(values) = index.and_then(|index| index.column(column, self.block)) else {
            return false;
        };
        let bytes = self.len() * width(column);
        // The index covers only full blocks.
        let Some(values) = values.get(..bytes) else {
            return false;
        };
        self.lanes.map(column, values);
        self.stats.columns = true;
        self.stats.bytes_read += bytes as u64;
        true
    }
}

/// Calls `each` with the index of each 1, in order.
pub(crate) fn for_each_one(mask: &[u8], mut each: impl FnMut(usize)) {
    let words = mask.chunks_exact(8);
    let rest = words.remainder();
    let whole = mask.len() - rest.len();
    for (number, word) in words.enumerate() {
        let mut word = u64::from_le_bytes(word.try_into().unwrap_or_default());
        while word != 0 {
            each(8 * number + word.trailing_zeros() as usize / 8);
            word &= word - 1;
        }
    }
    for (place, &byte) in (whole..).zip(rest) {
        if byte != 0 {
            each(place);
        }
    }
}

/// Free masks, so that no block allocates one.
#[derive(Default)]
pub(crate) struct Masks(Vec<Mask>);

impl Masks {
    /// Takes a mask, with arbitrary contents.
    pub(crate) fn take(&mut self) -> Mask {
        self.0.pop().unwrap_or_else(|| Box::new([0; BLOCK_TOKENS]))
    }

    pub(crate) fn give(&mut self, mask: Mask) {
        self.0.push(mask);
    }
}
