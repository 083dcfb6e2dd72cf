use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::page::{PAGE_BYTES, Page};
use super::sectors::{Sectors, sectors_of};
use super::{Atomicity, Choose, SECTOR_BYTES};

const PAGE: u64 = PAGE_BYTES as u64;

/// A file without its name. Offsets and lengths are in bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct Inode {
    pages: BTreeMap<u64, Arc<Page>>,
    durable_len: u64,
    /// Every length since the last sync, oldest first.
    unsynced_lens: Vec<u64>,
    space: Sectors,
    durable_space: Sectors,
    unsynced_allocations: Vec<Range<u64>>,
}

impl Inode {
    pub(super) fn len(&self) -> u64 {
        *self.unsynced_lens.last().unwrap_or(&self.durable_len)
    }

    pub(super) fn space(&self) -> &Sectors {
        &self.space
    }

    pub(super) fn read(&self, buffer: &mut [u8], offset: u64) -> usize {
        self.read_by(buffer, offset, |page, at, into| {
            into.copy_from_slice(&page.cached()[at]);
        })
    }

    /// Reads what is on the disk or on its way there.
    pub(super) fn read_uncached(&self, buffer: &mut [u8], offset: u64) -> usize {
        self.read_by(buffer, offset, |page, at, into| {
            into.copy_from_slice(&page.written_out()[at]);
        })
    }

    fn read_by(
        &self,
        buffer: &mut [u8],
        offset: u64,
        copy: impl Fn(&Page, Range<usize>, &mut [u8]),
    ) -> usize {
        let there = self.len().saturating_sub(offset).min(buffer.len() as u64);
        for piece in pieces(offset, there as usize) {
            let into = &mut buffer[piece.of_buffer];
            match self.pages.get(&piece.page) {
                Some(page) => copy(page, piece.of_page, into),
                None => into.fill(0),
            }
        }
        there as usize
    }

    pub(super) fn write(&mut self, buffer: &[u8], offset: u64) {
        for piece in pieces(offset, buffer.len()) {
            self.page_mut(piece.page)
                .write(piece.of_page.start, &buffer[piece.of_buffer]);
        }
        let end = offset + buffer.len() as u64;
        self.space.insert(sectors_of(offset..end));
        self.extend(end);
    }

    pub(super) fn set_len(&mut self, len: u64) {
        if len < self.len() {
            self.zero_from(len);
            self.space.cut(len.div_ceil(SECTOR_BYTES));
        }
        self.unsynced_lens.push(len);
    }

    pub(super) fn allocate(&mut self, bytes: Range<u64>) {
        let sectors = sectors_of(bytes.clone());
        self.space.insert(sectors.clone());
        self.unsynced_allocations.push(sectors);
        self.extend(bytes.end);
    }

    pub(super) fn sync(&mut self) {
        for page in self.pages.values_mut().filter(|page| !page.is_synced()) {
            Arc::make_mut(page).sync();
        }
        self.durable_len = self.len();
        self.unsynced_lens.clear();
        self.durable_space = self.space.clone();
        self.unsynced_allocations.clear();
    }

    /// Marks the pages of the range to be dropped once clean.
    pub(super) fn set_uncached(&mut self, bytes: Range<u64>) {
        let pages = bytes.start.div_ceil(PAGE)..bytes.end / PAGE;
        for (_, page) in self.pages.range_mut(pages.start.min(pages.end)..pages.end) {
            Arc::make_mut(page).set_uncached();
        }
    }

    /// Marks the unsynced pages of the range clean, without making them durable.
    pub(super) fn forget(&mut self, bytes: Range<u64>) {
        self.each_unsynced(bytes, Page::forget);
    }

    /// Evicts the pages of the range that count as clean.
    pub(super) fn evict(&mut self, bytes: Range<u64>) {
        self.each_unsynced(bytes, Page::evict);
    }

    fn each_unsynced(&mut self, bytes: Range<u64>, act: impl Fn(&mut Page)) {
        let pages = bytes.start / PAGE..bytes.end.div_ceil(PAGE);
        for (_, page) in self.pages.range_mut(pages) {
            if !page.is_synced() {
                act(Arc::make_mut(page));
            }
        }
    }

    /// The file after a power cut.
    pub(super) fn crash(&self, choices: &mut impl Choose, atomicity: Atomicity) -> Self {
        let len = self.crash_len(choices);
        let mut after = Self {
            pages: self.pages.clone(),
            durable_len: len,
            space: self.crash_space(choices),
            ..Self::default()
        };
        after.pages.split_off(&len.div_ceil(PAGE));
        for (index, page) in &mut after.pages {
            if !page.is_synced() {
                let survivor = page.crash(choices, atomicity);
                for sector in page.sectors_changed_in(&survivor) {
                    let sector = index * PAGE / SECTOR_BYTES + sector;
                    after.space.insert(sector..sector + 1);
                }
                *page = Arc::new(survivor);
            }
        }
        after.zero_from(len);
        after.space.cut(len.div_ceil(SECTOR_BYTES));
        after.sync();
        after
    }

    fn crash_len(&self, choices: &mut impl Choose) -> u64 {
        let mut lens = vec![self.durable_len];
        lens.extend(&self.unsynced_lens);
        lens.dedup();
        if lens.len() == 1 {
            return lens[0];
        }
        lens[choices.choose(lens.len())]
    }

    fn crash_space(&self, choices: &mut impl Choose) -> Sectors {
        let mut space = self.durable_space.clone();
        for sectors in &self.unsynced_allocations {
            if choices.choose(2) == 1 {
                space.insert(sectors.clone());
            }
        }
        space
    }

    fn zero_from(&mut self, len: u64) {
        for (index, page) in self.pages.range_mut(len / PAGE..) {
            let at = len.saturating_sub(index * PAGE);
            Arc::make_mut(page).zero_from(at as usize);
        }
    }

    fn extend(&mut self, end: u64) {
        if end > self.len() {
            self.unsynced_lens.push(end);
        }
    }

    fn page_mut(&mut self, index: u64) -> &mut Page {
        let page = self.pages.entry(index);
        Arc::make_mut(page.or_insert_with(|| Arc::new(Page::zeroed())))
    }
}

/// The part of an access within one page.
struct Piece {
    page: u64,
    of_page: Range<usize>,
    of_buffer: Range<usize>,
}

fn pieces(offset: u64, len: usize) -> impl Iterator<Item = Piece> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let at = offset + done as u64;
        let of_page = (at % PAGE) as usize;
        let count = (PAGE_BYTES - of_page).min(len - done);
        let piece = Piece {
            page: at / PAGE,
            of_page: of_page..of_page + count,
            of_buffer: done..done + count,
        };
        done += count;
        (count > 0).then_some(piece)
    })
}
