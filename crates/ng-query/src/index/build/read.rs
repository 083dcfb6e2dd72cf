use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;

use ng_parallel::{Shards, map_shards};
use ng_store::{BLOCK_TOKENS, BlockPass, ReadError};
use ng_token::{Space, Token};

use super::Build;
use super::plan::{Part, Plan, Wanted};
use super::runs::{Run, Runs};
use crate::index::hash::{column_seed, xxh3};
use crate::index::manifest::SheetEntry;
use crate::index::sheet::{ColumnSpec, Kind, SheetWriter};
use crate::index::{BLOCK, IndexError, PAGE_TOKENS, columns};
use crate::pool::Pool;
use crate::zone::Zone;

/// Blocks that a thread reads at a time, as many as a window of a pass has.
const JOB_BLOCKS: u64 = 8;

/// Segments read before their results are written out: 2^24 tokens.
const BATCH_PARTS: usize = 16;

/// A segment that was made, or that stays.
#[derive(Debug, Default)]
pub(super) struct MadePart {
    pub(super) zones: Vec<Option<Zone>>,
    pub(super) columns: Option<SheetEntry>,
    pub(super) boxes: Option<SheetEntry>,
    /// The hashes of the pieces: column by column, then those of the boxes.
    pub(super) hashes: Vec<u64>,
}

/// What `watch` is called with.
struct Watch<'a> {
    told: &'a (dyn Fn(u64, u64) + Sync),
    done: AtomicU64,
    total: u64,
}

/// The files of a segment being made.
struct Writers {
    sheets: Vec<(Kind, SheetWriter, Vec<u64>)>,
    /// How many blocks are still to be written.
    blocks_left: AtomicU64,
}

/// A thread's buffers, reused from job to job.
#[derive(Default)]
struct Room {
    tokens: Vec<Token>,
    /// For each column of each sheet.
    values: Vec<Vec<u8>>,
}

/// A few blocks of a segment.
struct Job<'a> {
    part: usize,
    blocks: Range<u64>,
    first_block: u64,
    writers: &'a Writers,
}

/// The results.
struct Done {
    zones: Vec<Option<Zone>>,
    /// The hashes of each column of each sheet, one a block.
    hashes: Vec<Vec<u64>>,
    /// The ids of the whole blocks.
    ids: Vec<u32>,
}

impl Build<'_> {
    /// Makes every segment that does not stay.
    pub(super) fn read(
        &self,
        plan: &Plan,
        runs: &mut Runs<'_>,
        watch: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<Vec<MadePart>, IndexError> {
        let mut made: Vec<_> = (0..)
            .zip(&plan.parts)
            .map(|(number, part)| staying(plan, number, part))
            .collect();
        let missing: Vec<_> = (0..plan.parts.len())
            .filter(|part| !plan.parts[*part].stays)
            .collect();
        let blocks: u64 = missing.iter().map(|part| plan.parts[*part].blocks()).sum();
        let start = missing.first().map_or(0, |part| plan.parts[*part].start);
        let pass = self.reader.pass_over(start * BLOCK..self.reader.len());
        let watch = Watch {
            told: watch,
            done: AtomicU64::new(0),
            total: blocks * BLOCK,
        };
        for batch in missing.chunks(BATCH_PARTS) {
            runs.make_room()?;
            let run = self.read_batch(plan, batch, &pass, &mut made, &watch)?;
            if plan.wanted.ids {
                runs.add(run);
            }
        }
        Ok(made)
    }

    /// Makes some segments, and returns their ids.
    fn read_batch(
        &self,
        plan: &Plan,
        batch: &[usize],
        pass: &BlockPass<'_>,
        made: &mut [MadePart],
        watch: &Watch<'_>,
    ) -> Result<Run, IndexError> {
        let writers = batch.iter().map(|part| self.writers(plan, *part));
        let writers = writers.collect::<Result<Vec<_>, _>>()?;
        let jobs: Vec<_> = batch
            .iter()
            .zip(&writers)
            .flat_map(|(part, writers)| jobs(*part, &plan.parts[*part], writers))
            .collect();
        let done = self.do_all(&jobs, &plan.wanted, pass, watch)?;
        let starts = jobs.iter().map(|job| job.blocks.start).zip(&done);
        let blocks = starts.map(|(block, done)| (block, &done.zones[..], &done.ids[..]));
        let run = match plan.wanted.ids {
            true => Run::sorted(self.workers, blocks)?,
            false => Run::default(),
        };
        let mut done = jobs
            .iter()
            .map(|job| job.part)
            .zip(done)
            .collect::<Vec<_>>();
        drop(jobs);
        for (part, writers) in batch.iter().zip(writers) {
            let count = done.partition_point(|(of, _)| of <= part);
            let rest = done.split_off(count);
            let own = std::mem::replace(&mut done, rest)
                .into_iter()
                .map(|(_, done)| done)
                .collect();
            made[*part] = writers.finish(own, plan.parts[*part].blocks())?;
        }
        Ok(run)
    }

    fn do_all(
        &self,
        jobs: &[Job<'_>],
        wanted: &Wanted,
        pass: &BlockPass<'_>,
        watch: &Watch<'_>,
    ) -> Result<Vec<Done>, IndexError> {
        thread::scope(|scope| {
            // The disk writes full segments while other blocks are read.
            let (full, segments) = mpsc::channel::<&Writers>();
            let sync = move || segments.iter().try_for_each(Writers::sync);
            // Without a thread for it, everything is synced at the end.
            let syncing = thread::Builder::new().spawn_scoped(scope, sync).ok();
            let done = self.do_each(jobs, wanted, pass, |job| {
                watch.add(&job.blocks);
                if job.writers.is_full_with(&job.blocks) {
                    // It ends early only on failure, which it reports at its end.
                    let _ = full.send(job.writers);
                }
            });
            drop(full);
            let synced = syncing.map(thread::ScopedJoinHandle::join);
            let done = done?;
            if let Some(synced) = synced {
                synced.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            }
            Ok(done)
        })
    }

    fn do_each<'j>(
        &self,
        jobs: &'j [Job<'j>],
        wanted: &Wanted,
        pass: &BlockPass<'_>,
        after: impl Fn(&'j Job<'j>) + Sync,
    ) -> Result<Vec<Done>, IndexError> {
        // A shard is a job: `map_shards` counts tokens, and its least shard is a block.
        let shards = Shards::with_shard_tokens(jobs.len() * BLOCK_TOKENS, BLOCK_TOKENS);
        let failed = AtomicBool::new(false);
        let rooms = Pool::new();
        let done = map_shards(self.workers, shards, |shard| {
            if failed.load(Ordering::Relaxed) {
                return None;
            }
            let job = &jobs[shard.number];
            let done = rooms.with(Room::default, |room| job.run(wanted, pass, room));
            failed.fetch_or(done.is_err(), Ordering::Relaxed);
            after(job);
            Some(done)
        })?;
        // Jobs are begun in order, so the first error is always among those kept.
        done.into_iter().flatten().collect()
    }

    /// Creates the files of a segment.
    fn writers(&self, plan: &Plan, number: usize) -> Result<Writers, IndexError> {
        let (part, wanted) = (&plan.parts[number], &plan.wanted);
        let columns = wanted
            .columns
            .iter()
            .copied()
            .filter_map(columns::spec)
            .collect::<Vec<_>>();
        let boxes = wanted
            .boxes
            .iter()
            .copied()
            .flat_map(columns::box_specs)
            .collect::<Vec<_>>();
        let kinds = [(Kind::Columns, columns), (Kind::Boxes, boxes)];
        let kinds = kinds.into_iter().filter(|(_, specs)| !specs.is_empty());
        let sheets = kinds.map(|(kind, specs)| {
            let name = self.name(&format!("{}-{number:05}", kind.name()), "arrow");
            let seed = |spec: &ColumnSpec| column_seed(plan.file_id, kind.name(), &spec.name);
            let seeds = specs.iter().map(seed).collect();
            let rows = part.blocks() * kind.piece_rows();
            let writer =
                SheetWriter::create(self.folder.path(), &name, specs, rows, self.durability)?;
            Ok((kind, writer, seeds))
        });
        Ok(Writers {
            sheets: sheets.collect::<Result<_, IndexError>>()?,
            blocks_left: AtomicU64::new(part.blocks()),
        })
    }
}

/// What a segment that stays has; empty for one that does not.
pub(super) fn staying(plan: &Plan, number: usize, part: &Part) -> MadePart {
    let Some(old) = plan.old.as_ref().filter(|_| part.stays) else {
        return MadePart::default();
    };
    let entry = &old.manifest.segments[number];
    let hashes = [Kind::Columns, Kind::Boxes].map(|kind| old.pieces.of_segment(number, kind));
    MadePart {
        zones: old.zones_of(number, part),
        columns: entry.columns.clone(),
        boxes: entry.boxes.clone(),
        hashes: hashes.concat(),
    }
}

fn jobs<'a>(part: usize, of: &Part, writers: &'a Writers) -> impl Iterator<Item = Job<'a>> {
    let (first_block, end) = (of.start, of.end);
    let starts = (first_block..end).step_by(JOB_BLOCKS as usize);
    starts.map(move |start| Job {
        part,
        blocks: start..end.min(start + JOB_BLOCKS),
        first_block,
        writers,
    })
}

impl Watch<'_> {
    fn add(&self, blocks: &Range<u64>) {
        let tokens = (blocks.end - blocks.start) * BLOCK;
        let done = self.done.fetch_add(tokens, Ordering::Relaxed) + tokens;
        (self.told)(done, self.total);
    }
}

impl Job<'_> {
    fn run(
        &self,
        wanted: &Wanted,
        pass: &BlockPass<'_>,
        Room { tokens, values }: &mut Room,
    ) -> Result<Done, IndexError> {
        let columns = self.columns().count();
        values.resize_with(columns, Vec::new);
        values.iter_mut().for_each(Vec::clear);
        let mut done = Done {
            zones: Vec::new(),
            hashes: vec![Vec::new(); columns],
            ids: Vec::new(),
        };
        for block in self.blocks.clone() {
            let is_whole = read_whole(pass, block, tokens)?;
            done.zones.push(is_whole.then(|| Zone::of(tokens)));
            let before: Vec<_> = values.iter().map(Vec::len).collect();
            match is_whole {
                true => extend(wanted, tokens, values),
                false => self.extend_by_nothing(values),
            }
            self.hash(block, is_whole, values, &before, &mut done.hashes);
            if wanted.ids && is_whole {
                done.ids.extend(tokens.iter().map(|token| token.id().raw()));
            }
        }
        self.write(values)?;
        Ok(done)
    }

    /// The columns of all sheets, with their seeds.
    fn columns(&self) -> impl Iterator<Item = (Kind, &SheetWriter, usize, u64)> {
        let sheets = self.writers.sheets.iter();
        sheets.flat_map(|(kind, writer, seeds)| {
            let columns = seeds.iter().enumerate();
            columns.map(move |(column, seed)| (*kind, writer, column, *seed))
        })
    }

    /// Zeros in place of a damaged block.
    fn extend_by_nothing(&self, values: &mut [Vec<u8>]) {
        for ((kind, writer, column, _), values) in self.columns().zip(values) {
            let bytes = kind.piece_rows() * writer.width(column);
            values.resize(values.len() + bytes as usize, 0);
        }
    }

    fn hash(
        &self,
        block: u64,
        is_whole: bool,
        values: &[Vec<u8>],
        before: &[usize],
        hashes: &mut [Vec<u64>],
    ) {
        let columns = self.columns().zip(values).zip(before).zip(hashes);
        for ((((_, _, _, seed), values), start), hashes) in columns {
            let hash = xxh3(seed.wrapping_add(block), &values[*start..]);
            hashes.push(if is_whole { hash } else { 0 });
        }
    }

    fn write(&self, values: &[Vec<u8>]) -> Result<(), IndexError> {
        let first = self.blocks.start - self.first_block;
        for ((kind, writer, column, _), values) in self.columns().zip(values) {
            writer.write(column, first * kind.piece_rows(), values)?;
        }
        Ok(())
    }
}

/// Reads a block, and tells whether it is whole.
pub(super) fn read_whole(
    pass: &BlockPass<'_>,
    block: u64,
    tokens: &mut Vec<Token>,
) -> Result<bool, IndexError> {
    match pass.read_block(block, tokens) {
        Ok(()) => Ok(true),
        // A block that the disk cannot read is damaged as well.
        Err(ReadError::BadBlock { .. } | ReadError::Io(_)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn extend(wanted: &Wanted, tokens: &[Token], values: &mut [Vec<u8>]) {
    let (of_columns, of_boxes) = values.split_at_mut(wanted.columns.len());
    for (column, values) in wanted.columns.iter().zip(of_columns) {
        columns::extend(*column, tokens, values);
    }
    for (space, values) in wanted.boxes.iter().zip(of_boxes.chunks_mut(6)) {
        for page in tokens.chunks(PAGE_TOKENS as usize) {
            let ends = box_of(page, *space);
            for (value, values) in ends.as_flattened().iter().zip(values.iter_mut()) {
                values.extend_from_slice(&value.to_le_bytes());
            }
        }
    }
}

/// The least and the greatest coordinates.
fn box_of(tokens: &[Token], space: Space) -> [[i16; 3]; 2] {
    let mut ends = [[i16::MAX; 3], [i16::MIN; 3]];
    for token in tokens {
        let steps = token.steps(space);
        for axis in 0..3 {
            ends[0][axis] = ends[0][axis].min(steps[axis]);
            ends[1][axis] = ends[1][axis].max(steps[axis]);
        }
    }
    ends
}

impl Writers {
    /// Notes blocks as written, and tells whether they were the last ones missing.
    fn is_full_with(&self, blocks: &Range<u64>) -> bool {
        let count = blocks.end - blocks.start;
        self.blocks_left.fetch_sub(count, Ordering::Relaxed) == count
    }

    /// Makes durable what was written so far.
    fn sync(&self) -> Result<(), IndexError> {
        let mut sheets = self.sheets.iter();
        sheets.try_for_each(|(_, writer, _)| writer.sync())
    }

    /// Writes the metadata around the columns.
    fn finish(self, done: Vec<Done>, blocks: u64) -> Result<MadePart, IndexError> {
        let mut made = MadePart::default();
        let columns = done.first().map_or(0, |done| done.hashes.len());
        for column in 0..columns {
            made.hashes
                .extend(done.iter().flat_map(|done| &done.hashes[column]));
        }
        made.zones = done.into_iter().flat_map(|done| done.zones).collect();
        for (kind, writer, _) in self.sheets {
            let rows = kind.piece_rows();
            let nulls: Vec<_> = missing(&made.zones)
                .map(|block| block * rows..(block + 1) * rows)
                .collect();
            let entry = writer.finish(blocks * rows, &nulls)?;
            match kind {
                Kind::Columns => made.columns = Some(entry),
                Kind::Boxes | Kind::Ids => made.boxes = Some(entry),
            }
        }
        Ok(made)
    }
}

/// Returns the indices without a zone.
pub(super) fn missing(zones: &[Option<Zone>]) -> impl Iterator<Item = u64> {
    let places = (0..).zip(zones);
    places
        .filter(|(_, zone)| zone.is_none())
        .map(|(place, _)| place)
}
