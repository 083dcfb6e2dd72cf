use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Write};
use std::iter;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use ng_parallel::{ParallelError, Workers};

use super::plan::OldIds;
use crate::index::folder::Durability;
use crate::index::hash::{column_seed, xxh3};
use crate::index::manifest::SheetEntry;
use crate::index::sheet::{Kind, SheetWriter};
use crate::index::{BLOCK, IndexError, ids};
use crate::order::Sorted;
use crate::zone::Zone;

/// Bytes of an id and its position in the file of a run.
const PAIR_BYTES: usize = 12;

/// An id and its position.
type Pair = (u32, u64);

/// The sorted ids of some tokens.
#[derive(Default)]
pub(super) struct Run {
    /// The whole blocks, in order, however far apart they are in the file.
    blocks: Vec<u64>,
    /// The ids, sorted, each with its token's index among the tokens of `blocks`.
    ids: Option<Sorted>,
}

impl Run {
    /// Sorts the ids of blocks. Each part comes with its first block, and with the zones that tell
    /// which of its blocks are whole.
    pub(super) fn sorted<'a>(
        workers: &Workers,
        blocks: impl Iterator<Item = (u64, &'a [Option<Zone>], &'a [u32])> + Clone,
    ) -> Result<Self, ParallelError> {
        let whole = |(first, zones): (u64, &'a [Option<Zone>])| {
            let zones = (first..).zip(zones);
            zones.filter_map(|(block, zone)| zone.is_some().then_some(block))
        };
        let ids = blocks.clone().flat_map(|(_, _, ids)| ids).copied();
        Ok(Self {
            ids: Some(Sorted::new(workers, ids)?),
            blocks: blocks
                .flat_map(|(first, zones, _)| whole((first, zones)))
                .collect(),
        })
    }

    fn len(&self) -> u64 {
        self.ids.as_ref().map_or(0, |ids| ids.len() as u64)
    }

    fn pairs(self) -> impl Iterator<Item = Pair> {
        let Self { blocks, ids } = self;
        ids.into_iter()
            .flat_map(Sorted::into_pairs)
            .map(move |(id, place)| {
                let place = place as u64;
                (id, blocks[(place / BLOCK) as usize] * BLOCK + place % BLOCK)
            })
    }
}

/// The sorted runs of a build. All but the last one are in files.
pub(super) struct Runs<'a> {
    folder: &'a Path,
    build: u64,
    durability: Durability,
    files: Vec<PathBuf>,
    last: Option<Run>,
    count: u64,
}

/// The sorted ids that were written, and the hashes of both columns' pieces, followed by each
/// piece's first id.
pub(super) struct WrittenIds {
    pub(super) entry: SheetEntry,
    pub(super) numbers: Vec<u64>,
}

/// Why there is no next pair.
enum Broken {
    /// The old ids fail their hashes.
    Old,
    Failed(IndexError),
}

type Source<'a> = Box<dyn Iterator<Item = Result<Pair, Broken>> + 'a>;

impl<'a> Runs<'a> {
    pub(super) fn new(folder: &'a Path, build: u64, durability: Durability) -> Self {
        Self {
            folder,
            build,
            durability,
            files: Vec::new(),
            last: None,
            count: 0,
        }
    }

    /// Keeps a run.
    ///
    /// # Panics
    ///
    /// If one is in memory, see [`make_room`](Self::make_room).
    pub(super) fn add(&mut self, run: Run) {
        assert!(self.last.is_none(), "two runs in memory, expected one");
        self.count += run.len();
        self.last = Some(run);
    }

    /// Moves the run in memory into a file, before another one is read.
    pub(super) fn make_room(&mut self) -> Result<(), IndexError> {
        if let Some(before) = self.last.take() {
            let name = format!("run-{:05}-{:016x}.bin", self.files.len(), self.build);
            let path = self.folder.join(name);
            write_pairs(&path, before).map_err(IndexError::io(&path, "write"))?;
            self.files.push(path);
        }
        Ok(())
    }

    /// Merges the runs, and the old ids that stay, into one file. `None` if the old ids fail their
    /// hashes.
    pub(super) fn finish(
        self,
        old: Option<OldIds<'_>>,
        file_id: [u8; 16],
        workers: &Workers,
    ) -> Result<Option<WrittenIds>, IndexError> {
        let room = self.count + old.as_ref().map_or(0, |old| old.entry.rows);
        let name = format!("ids-{:016x}.arrow", self.build);
        let sheet = (self.folder, &name[..], self.durability);
        let mut writer = IdsWriter::create(sheet, room, file_id)?;
        let old = old.map(OldRun::open).transpose()?;
        let old = old.map(|old| Box::new(old) as Source<'_>);
        let last = self
            .last
            .map(|run| Box::new(run.pairs().map(Ok)) as Source<'_>);
        let files = self.files.iter().map(|path| read_pairs(path));
        let mut sources = files.collect::<Result<Vec<_>, _>>()?;
        sources.extend(last.into_iter().chain(old));
        match merge(sources, workers, |pair| writer.push(pair)) {
            Ok(()) => writer.finish().map(Some),
            Err(Broken::Old) => Ok(None),
            Err(Broken::Failed(error)) => Err(error),
        }
    }
}

/// Yields the pairs of all sources in order; each source is sorted.
fn merge(
    mut sources: Vec<Source<'_>>,
    workers: &Workers,
    mut put: impl FnMut(Pair) -> Result<(), IndexError>,
) -> Result<(), Broken> {
    let mut heap = BinaryHeap::new();
    for (number, source) in sources.iter_mut().enumerate() {
        heap.extend(next(source)?.map(|pair| Reverse((pair, number))));
    }
    let stop = workers.stop_flag();
    while let Some(Reverse((pair, number))) = heap.pop() {
        if stop.is_stopped() {
            let (shards_done, shards) = (0, 1);
            return Err(Broken::Failed(
                ParallelError::Stopped {
                    shards_done,
                    shards,
                }
                .into(),
            ));
        }
        put(pair).map_err(Broken::Failed)?;
        // As long as one source stays first, the others need no look.
        let bound = heap.peek().map(|Reverse((pair, _))| *pair);
        while let Some(pair) = next(&mut sources[number])? {
            if bound.is_some_and(|bound| bound < pair) {
                heap.push(Reverse((pair, number)));
                break;
            }
            put(pair).map_err(Broken::Failed)?;
        }
    }
    Ok(())
}

fn next(source: &mut Source<'_>) -> Result<Option<Pair>, Broken> {
    source.next().transpose()
}

/// Writes a run to a file of its own.
fn write_pairs(path: &Path, run: Run) -> io::Result<()> {
    let mut file = BufWriter::new(File::create_new(path)?);
    for (id, position) in run.pairs() {
        file.write_all(&id.to_le_bytes())?;
        file.write_all(&position.to_le_bytes())?;
    }
    file.flush()
}

fn read_pairs(path: &Path) -> Result<Source<'_>, IndexError> {
    let file = File::open(path).map_err(IndexError::io(path, "open"))?;
    let mut file = BufReader::with_capacity(1 << 16, file);
    Ok(Box::new(iter::from_fn(move || {
        let mut bytes = [0; PAIR_BYTES];
        match file.read_exact(&mut bytes) {
            Ok(()) => Some(Ok(pair_of(&bytes))),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => None,
            Err(error) => Some(Err(Broken::Failed(IndexError::io(path, "read")(error)))),
        }
    })))
}

fn pair_of(bytes: &[u8; PAIR_BYTES]) -> Pair {
    let [a, b, c, d, position @ ..] = *bytes;
    (
        u32::from_le_bytes([a, b, c, d]),
        u64::from_le_bytes(position),
    )
}

/// The old sorted ids without those that do not stay; each piece is hashed.
struct OldRun<'a> {
    ids: OldIds<'a>,
    file: File,
    seeds: [u64; 2],
    piece: u64,
    /// The pairs of the last piece read, the next one at the end.
    pairs: Vec<Pair>,
}

impl<'a> OldRun<'a> {
    fn open(ids: OldIds<'a>) -> Result<Self, IndexError> {
        let path = ids.folder.join(&ids.entry.file);
        Ok(Self {
            file: File::open(&path).map_err(IndexError::io(path, "open"))?,
            seeds: seeds(ids.file_id),
            ids,
            piece: 0,
            pairs: Vec::new(),
        })
    }

    /// Reads the next piece, if there is one.
    fn read(&mut self) -> Result<bool, Broken> {
        let rows = self.ids.entry.rows;
        let start = self.piece * BLOCK;
        let count = rows.saturating_sub(start).min(BLOCK);
        if count == 0 {
            return Ok(false);
        }
        let [ids, positions] =
            [(0, 4), (1, 8)].map(|(column, width)| self.column(column, start, count, width));
        let (ids, positions) = (ids?, positions?);
        let (ids, _) = ids.as_chunks();
        let (positions, _) = positions.as_chunks();
        let pairs = ids.iter().zip(positions);
        let pairs =
            pairs.map(|(id, position)| (u32::from_le_bytes(*id), u64::from_le_bytes(*position)));
        let stays = |(_, position): &Pair| self.ids.stays(*position);
        self.pairs = pairs.filter(stays).rev().collect();
        self.piece += 1;
        Ok(true)
    }

    fn column(&self, column: usize, row: u64, count: u64, width: u64) -> Result<Vec<u8>, Broken> {
        let mut bytes = vec![0; (count * width) as usize];
        let offset = self.ids.entry.columns[column].offset + row * width;
        self.file
            .read_exact_at(&mut bytes, offset)
            .map_err(|_| Broken::Old)?;
        let found = xxh3(self.seeds[column].wrapping_add(self.piece), &bytes);
        match found == self.ids.hashes[column][self.piece as usize] {
            true => Ok(bytes),
            false => Err(Broken::Old),
        }
    }
}

impl Iterator for OldRun<'_> {
    type Item = Result<Pair, Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.pairs.is_empty() {
            match self.read() {
                Ok(true) => (),
                Ok(false) => return None,
                Err(broken) => return Some(Err(broken)),
            }
        }
        self.pairs.pop().map(Ok)
    }
}

fn seeds(file_id: [u8; 16]) -> [u64; 2] {
    ["id", "position"].map(|column| column_seed(file_id, Kind::Ids.name(), column))
}

/// Writes the file of the sorted ids, piece by piece.
struct IdsWriter {
    sheet: SheetWriter,
    seeds: [u64; 2],
    ids: Vec<u32>,
    positions: Vec<u64>,
    /// How many ids were written.
    rows: u64,
    /// Hashes of ids and of positions, and the first ids.
    numbers: [Vec<u64>; 3],
}

impl IdsWriter {
    fn create(
        (folder, name, durability): (&Path, &str, Durability),
        room: u64,
        file_id: [u8; 16],
    ) -> Result<Self, IndexError> {
        Ok(Self {
            sheet: SheetWriter::create(folder, name, ids::specs(), room, durability)?,
            seeds: seeds(file_id),
            ids: Vec::new(),
            positions: Vec::new(),
            rows: 0,
            numbers: Default::default(),
        })
    }

    #[inline]
    fn push(&mut self, (id, position): Pair) -> Result<(), IndexError> {
        self.ids.push(id);
        self.positions.push(position);
        match self.ids.len() < BLOCK as usize {
            true => Ok(()),
            false => self.write(),
        }
    }

    fn write(&mut self) -> Result<(), IndexError> {
        let columns: [&[u8]; 2] = [
            bytemuck::cast_slice(&self.ids),
            bytemuck::cast_slice(&self.positions),
        ];
        let piece = self.rows / BLOCK;
        for (column, bytes) in columns.into_iter().enumerate() {
            self.sheet.write(column, self.rows, bytes)?;
            self.numbers[column].push(xxh3(self.seeds[column].wrapping_add(piece), bytes));
        }
        self.numbers[2].extend(self.ids.first().map(|id| u64::from(*id)));
        self.rows += self.ids.len() as u64;
        self.ids.clear();
        self.positions.clear();
        Ok(())
    }

    fn finish(mut self) -> Result<WrittenIds, IndexError> {
        if !self.ids.is_empty() {
            self.write()?;
        }
        Ok(WrittenIds {
            entry: self.sheet.finish(self.rows, &[])?,
            numbers: self.numbers.concat(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use bytemuck::Zeroable;

    use super::*;

    /// Mostly few ids, so that many are equal; sometimes any.
    fn ids(count: usize) -> impl Iterator<Item = u64> {
        let random = (0..count as u64).map(|n| xxh3(n, b"ids"));
        random.map(|random| {
            if random % 3 == 0 {
                random % 7
            } else {
                random >> 32
            }
        })
    }

    /// Places were counted from the first block of a run, in 32 bits: with segments that stay in
    /// between, the second segment may be 2^32 tokens behind it or more.
    #[test]
    fn a_run_has_blocks_that_stand_far_apart() -> Result<(), ParallelError> {
        let workers = Workers::new(2).unwrap();
        let zone = [Some(Zone::zeroed()), None, Some(Zone::zeroed())];
        let ids: Vec<u32> = (0..2 * BLOCK as u32).rev().map(|id| id / 2).collect();
        for firsts in [[0, 1 << 20], [5, 1 << 40]] {
            let blocks = firsts.map(|first| (first, &zone[..], &ids[..]));
            let mut expected: Vec<Pair> = Vec::new();
            for first in firsts {
                for (place, &id) in (0..).zip(&ids) {
                    let block = first + 2 * (place / BLOCK);
                    expected.push((id, block * BLOCK + place % BLOCK));
                }
            }
            expected.sort_unstable();
            let run = Run::sorted(&workers, blocks.into_iter())?;
            assert!(run.pairs().eq(expected), "{firsts:?}");
        }
        Ok(())
    }

    /// The previous run was in memory while the next one was read and sorted.
    #[test]
    fn a_run_is_in_a_file_before_the_next_is_read() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let mut runs = Runs::new(folder.path(), 7, Durability::Synced);
        let zones = [Some(Zone::zeroed())];
        for files in 0..3 {
            runs.make_room()?;
            assert!(runs.last.is_none());
            assert_eq!(fs::read_dir(folder.path())?.count(), files);
            let ids: Vec<u32> = (0..BLOCK as u32).rev().collect();
            let blocks = [(files as u64, &zones[..], &ids[..])];
            runs.add(Run::sorted(&Workers::new(1)?, blocks.into_iter())?);
        }
        let written = runs.finish(None, [0; 16], &Workers::new(1)?)?;
        assert_eq!(written.map(|ids| ids.entry.rows), Some(3 * BLOCK));
        Ok(())
    }

    #[test]
    fn runs_are_merged_in_the_order_of_their_pairs() -> Result<(), Box<dyn std::error::Error>> {
        let workers = Workers::new(1)?;
        let mut all: Vec<Pair> = ids(10_000)
            .zip(0..)
            .map(|(id, at)| (id as u32, at))
            .collect();
        for runs in [1, 2, 7] {
            let mut sorted: Vec<Vec<Pair>> = vec![Vec::new(); runs];
            all.iter()
                .for_each(|pair| sorted[pair.1 as usize * runs / all.len()].push(*pair));
            sorted.iter_mut().for_each(|run| run.sort_unstable());
            let sources = sorted
                .into_iter()
                .map(|run| Box::new(run.into_iter().map(Ok)) as Source<'_>);
            let mut merged = Vec::new();
            let put = |pair| {
                merged.push(pair);
                Ok(())
            };
            assert!(merge(sources.collect(), &workers, put).is_ok());
            let mut expected = all.clone();
            expected.sort_unstable();
            assert!(merged == expected, "{runs}");
        }
        all.clear();
        Ok(())
    }
}
