//! Changing a few tokens of a dataset, which rewrites their shard, beside a plain copy of it.

use std::ops::Range;

use ng_dataset::ng_parallel::Workers;
use ng_dataset::{ChangeOptions, ChangeReport, Dataset};
use ng_lab::{Cell, Failure, Headline, Limit, Pages, Phase, Run, Scenario, Variant};
use ng_query::{Assignments, Filter};
use ng_store::{BlockReader, CachePolicy, CreateOptions, FileWriter, ReadError, TokenSink};
use ng_token::Token;

use crate::own_file::OwnFile;
use crate::proof::Pieces;
use crate::scenarios::dataset::{created, disk_bytes_of, shard_tokens};
use crate::scenarios::file::cache_bytes_of;
use crate::scenarios::fill::{bytes_of, token, workers};

/// Shards of the dataset.
const SHARDS: u64 = 10;
/// One of this many tokens is changed.
const OF_TOKENS: u64 = 100;
/// What they weigh then.
const WEIGHT: f32 = 0.25;
/// Below this size of a shard, syncs take most of the time, and do not grow.
const GROWS_FROM_BYTES: u64 = 32 << 20;

/// Updates.
pub(super) struct Update;

impl Scenario for Update {
    fn name(&self) -> &'static str {
        "update"
    }

    fn about(&self) -> &'static str {
        "1 % of the tokens changed, all in one of ten shards, which is rewritten and published; and \
         a verified copy of as many bytes into a new file, both durable at the end"
    }

    fn variants(&self, _threads: &[usize]) -> Vec<Variant> {
        vec![Variant::new("one-shard").pages(Pages::Small)]
    }

    fn headline(&self) -> Headline {
        Headline::of("update")
    }

    fn needs_bytes(&self, cell: &Cell) -> u64 {
        cache_bytes_of(cell.items)
    }

    /// The dataset, its new shard, and the copy of the old one.
    fn needs_disk_bytes(&self, cell: &Cell) -> u64 {
        let shard = shard_tokens(cell.items, SHARDS);
        disk_bytes_of(cell.items, SHARDS) + 2 * disk_bytes_of(shard, 1)
    }

    fn run(&self, cell: &Cell, run: &mut Run) -> Result<(), Failure> {
        let shard = shard_tokens(cell.items, SHARDS);
        let changed = Changed::of(cell.items, shard);
        let dataset = created(run, cell.items, shard, token)?;
        let before = dataset.snapshot()?.open_shard(changed.shard)?;
        let before = before.with_cache(CachePolicy::Keep);
        // Into the page cache.
        let wrong = wrong_in(&before, |at| token(changed.rows.start + at))?;
        run.prove_equal("wrong_before", wrong, 0)?;
        let workers = workers(1)?;
        let report = phase(run, "update", &before).time(|| update(&dataset, &changed, &workers))?;
        let copy = OwnFile::new(run, "copy")?;
        phase(run, "copy", &before).time(|| copied(&before, &copy))?;
        prove_report(run, &report, &changed, before.len())?;
        let copy = BlockReader::open(copy.path())?;
        run.prove_equal("copied", copy.len(), before.len())?;
        let wrong = wrong_in(&copy, |at| token(changed.rows.start + at))?;
        run.prove_equal("wrong_in_copy", wrong, 0)?;
        prove_tokens(run, &dataset, &changed, cell.items)
    }
}

/// Which tokens are changed.
struct Changed {
    /// The shard in the middle, and the positions of its tokens.
    shard: usize,
    rows: Range<usize>,
    /// Positions, which are ids.
    positions: Range<usize>,
}

impl Changed {
    /// From the middle of a shard on: what comes before is read twice.
    fn of(count: u64, shard: u64) -> Self {
        let number = count.div_ceil(shard) / 2;
        let (first, end) = (number * shard, count.min((number + 1) * shard));
        let middle = first + (end - first) / 2;
        let changed = (count / OF_TOKENS).clamp(1, end - middle);
        Self {
            shard: number as usize,
            rows: first as usize..end as usize,
            positions: middle as usize..(middle + changed) as usize,
        }
    }

    fn filter(&self) -> Result<Filter, Failure> {
        let Range { start, end } = self.positions;
        Ok(format!("id >= {start} and id < {end}").parse()?)
    }

    /// The token at a position after the update.
    fn token(&self, position: usize) -> Token {
        match self.positions.contains(&position) {
            true => token(position).with_weight(WEIGHT),
            false => token(position),
        }
    }
}

fn phase<'r>(run: &'r mut Run, name: &str, shard: &BlockReader) -> Phase<'r> {
    let bytes = bytes_of(shard.len());
    let phase =
        run.phase(name, shard.len())
            .warm(shard.path())
            .bounded_by(Limit::DurableWrite, 1, bytes);
    match bytes < GROWS_FROM_BYTES {
        true => phase.constant(),
        false => phase,
    }
}

fn update(
    dataset: &Dataset,
    changed: &Changed,
    workers: &Workers,
) -> Result<ChangeReport, Failure> {
    let set: Assignments = format!("weight = {WEIGHT}").parse()?;
    let (filter, options) = (changed.filter()?, ChangeOptions::new());
    Ok(dataset.update(workers, &filter, &set, &options)?)
}

/// Copies the tokens into a new file, which is durable then.
fn copied(from: &BlockReader, to: &OwnFile) -> Result<(), Failure> {
    let mut copy = FileWriter::create(to.path(), &CreateOptions::new())?;
    copy.reserve_exact(from.len())?;
    from.for_each(0..from.len(), |tokens| -> Result<(), Failure> {
        Ok(copy.append(tokens)?)
    })?;
    Ok(copy.commit()?)
}

fn prove_report(
    run: &mut Run,
    report: &ChangeReport,
    changed: &Changed,
    shard_rows: u64,
) -> Result<(), Failure> {
    run.prove_equal("changed", report.changed, changed.positions.len() as u64)?;
    run.prove_equal("shards_rewritten", report.shards_rewritten, 1)?;
    // What comes before the first changed token is read again, to be written.
    let again = report.bytes_read.saturating_sub(bytes_of(shard_rows));
    let most = bytes_of((changed.positions.start - changed.rows.start) as u64);
    match again <= most {
        true => Ok(()),
        false => Err(format!("{again} bytes were read twice, expected {most} at most").into()),
    }
}

/// Proves that all tokens are as after the update.
fn prove_tokens(
    run: &mut Run,
    dataset: &Dataset,
    changed: &Changed,
    count: u64,
) -> Result<(), Failure> {
    let snapshot = dataset.snapshot()?;
    let (mut pieces, mut wrong) = (Pieces::default(), 0);
    snapshot.for_each(0..snapshot.len(), |first, tokens| -> Result<(), Failure> {
        pieces.add(tokens);
        wrong += count_wrong(tokens, |at| changed.token(first as usize + at));
        Ok(())
    })?;
    run.prove_equal("wrong", wrong, 0)?;
    pieces.prove(run, count)
}

/// How many tokens of a file are not as expected.
fn wrong_in(file: &BlockReader, expected: impl Fn(usize) -> Token) -> Result<u64, Failure> {
    let (mut first, mut wrong) = (0, 0);
    file.for_each(0..file.len(), |tokens| -> Result<(), ReadError> {
        wrong += count_wrong(tokens, |at| expected(first + at));
        first += tokens.len();
        Ok(())
    })?;
    Ok(wrong)
}

fn count_wrong(tokens: &[Token], expected: impl Fn(usize) -> Token) -> u64 {
    let pairs = tokens.iter().enumerate();
    pairs.filter(|(at, token)| **token != expected(*at)).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundredth_of_the_tokens_is_changed_within_one_shard() {
        for count in [1, 2, 9, 10, 11, 1000, 5000, 100_000, 1_000_000] {
            let shard = shard_tokens(count, SHARDS);
            let changed = Changed::of(count, shard);
            let Changed {
                rows, positions, ..
            } = &changed;
            assert!(rows.contains(&positions.start), "{count}");
            assert!(
                positions.end <= rows.end && rows.end <= count as usize,
                "{count}"
            );
            assert_eq!(
                positions.len() as u64,
                (count / OF_TOKENS).max(1),
                "{count}"
            );
        }
    }
}
