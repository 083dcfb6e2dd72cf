//! The nearest tokens to a point: by a pass, and with boxes of a sorted file.

use std::path::Path;

use ng_lab::{Cell, Failure, Headline, Limit, Run, Scenario, Variant};
use ng_parallel::Workers;
use ng_query::index::BuildOptions;
use ng_query::order::{Order, SortOptions, sort_file};
use ng_query::{Column, Neighbours, Points, Squared};
use ng_store::{BlockReader, CreateOptions, TokenStore};
use ng_token::{Axis, Space, Token};

use crate::oracle::varied;
use crate::own_file::OwnFile;
use crate::proof::{prove_figures, prove_varied, sum_hashes};
use crate::scenarios::file::disk_bytes_of;
use crate::scenarios::fill::{bytes_of, workers};
use crate::scenarios::filter::POINT_BYTES;
use crate::scenarios::varied::{
    Asked, MAPPED, MEMORY, VERIFIED, created, index_bytes_of, on_each, over_records,
};

const COLUMNS: &str = "columns";
const ORDERED: &str = "ordered";

const SPACE: Space = Space::Physical;
/// How many tokens are searched for.
const NEAREST: usize = 10;
/// Query points in an ordered file, and how many of them are checked by a plain loop.
const POINTS: usize = 1000;
const LOOPED: usize = 10;
/// Bytes per token of a sort in memory, besides the token and its copy.
const KEY_BYTES: u64 = 16;
/// Bytes per token of the columns and boxes of a space in an ordered file.
const ORDERED_BYTES: u64 = POINT_BYTES + 1;

/// Nearest tokens.
pub(super) struct Nearest;

impl Scenario for Nearest {
    fn name(&self) -> &'static str {
        "nearest"
    }

    fn about(&self) -> &'static str {
        "the ten varied tokens nearest to a point: a pass over the records of a mapped file, of \
         verified blocks and in memory, and over an index's columns; and those nearest to a \
         thousand points in a file sorted by the space, with boxes"
    }

    fn variants(&self, threads: &[usize]) -> Vec<Variant> {
        over_records(threads)
            .chain(on_each(COLUMNS, threads))
            .chain(on_each(ORDERED, threads))
            .collect()
    }

    fn headline(&self) -> Headline {
        Headline::of("nearest").variant(COLUMNS)
    }

    /// An ordered file is sorted in memory.
    fn needs_bytes(&self, cell: &Cell) -> u64 {
        let records = bytes_of(cell.items);
        match cell.variant.name.as_str() {
            COLUMNS => records + cell.items * POINT_BYTES,
            ORDERED => 3 * records + cell.items * KEY_BYTES,
            _ => records,
        }
    }

    fn needs_disk_bytes(&self, cell: &Cell) -> u64 {
        let file = disk_bytes_of(cell.items);
        match cell.variant.name.as_str() {
            MEMORY => 0,
            COLUMNS => file + index_bytes_of(cell.items, POINT_BYTES),
            ORDERED => 2 * file + index_bytes_of(cell.items, ORDERED_BYTES),
            _ => file,
        }
    }

    fn limit_bytes(&self, cell: &Cell) -> Option<u64> {
        (cell.variant.name == COLUMNS).then_some(cell.items * POINT_BYTES)
    }

    fn run(&self, cell: &Cell, run: &mut Run) -> Result<(), Failure> {
        let columns = Axis::ALL.map(|axis| Column::Coordinate(SPACE, axis));
        let options = BuildOptions::new().columns(columns);
        match cell.variant.name.as_str() {
            MAPPED | VERIFIED | MEMORY => {
                let asked = Asked::records(run, cell)?;
                pass(run, &asked, bytes_of(1))?;
                asked.prove(run, cell.items)
            }
            COLUMNS => {
                let asked = Asked::indexed(&created(run, cell.items)?, cell, &options)?;
                pass(run, &asked, POINT_BYTES)?;
                asked.prove(run, cell.items)
            }
            ORDERED => {
                let (file, sorted) = (created(run, cell.items)?, OwnFile::new(run, "sorted")?);
                let by_all = workers(cell.variant.threads)?;
                sort(&by_all, &file, sorted.path())?;
                let asked = Asked::indexed(&sorted, cell, &options.boxes([SPACE]))?;
                around_many(run, &asked)?;
                prove_copy(run, &file, asked.tokens(), cell.items)
            }
            other => Err(format!("nearest has no variant {other}").into()),
        }
    }
}

fn sort(workers: &Workers, file: &OwnFile, to: &Path) -> Result<(), Failure> {
    let reader = BlockReader::open(file.path())?;
    let (to, order) = ((to, CreateOptions::new()), Order::by_space(SPACE));
    sort_file(workers, &reader, to, &order, &SortOptions::new(), |_| ())?;
    Ok(())
}

/// One query point. Runs the query twice and times the second run, when pages are in the
/// page table and pieces of columns are hashed.
fn pass(run: &mut Run, asked: &Asked, width: u64) -> Result<(), Failure> {
    let tokens = asked.tokens();
    let (points, places) = points_beyond(tokens.len(), 1);
    let answer = || -> Result<_, Failure> { Ok(asked.query()?.nearest(&points, NEAREST)?) };
    let stats = answer()?.stats;
    // Boxes of zones are tried first, and the blocks they led to are read again.
    let (found, least) = (
        stats.bytes_read,
        asked.bytes_of_pass(stats.blocks_skipped, width),
    );
    if found < least {
        return Err(format!("looked at {found} bytes, expected {least} at least").into());
    }
    let found = asked
        .phase(run, "nearest", tokens.len() as u64)
        .bounded_by(Limit::Read, asked.workers.threads(), least)
        .time(answer)?;
    prove_nearest(run, &found.value, &places, tokens, 1)
}

/// Many query points, by boxes. No probed limit is that small.
fn around_many(run: &mut Run, asked: &Asked) -> Result<(), Failure> {
    let tokens = asked.tokens();
    let (points, places) = points_beyond(tokens.len(), POINTS);
    let answer = || -> Result<_, Failure> { Ok(asked.query()?.nearest(&points, NEAREST)?.value) };
    answer()?;
    let phase = asked.phase(run, "nearest_1000", POINTS as u64).constant();
    let found = phase.time(answer)?;
    prove_nearest(run, &found, &places, tokens, POINTS / LOOPED)
}

/// The points of the next varied tokens after the first `tokens`.
fn points_beyond(tokens: usize, count: usize) -> (Points, Vec<Token>) {
    let synth = varied();
    let places: Vec<_> = (tokens..tokens + count)
        .map(|index| synth.token(index as u64))
        .collect();
    let mut points = Points::in_space(SPACE);
    places.iter().for_each(|place| points.add_token(place));
    (points, places)
}

/// Checks all distances against the records, and the answers to every `step`th point
/// against a plain loop.
fn prove_nearest(
    run: &mut Run,
    found: &[Neighbours],
    places: &[Token],
    tokens: &[Token],
    step: usize,
) -> Result<(), Failure> {
    run.prove_equal("answers", found.len() as u64, places.len() as u64)?;
    let mut distances = [Vec::new(), Vec::new()];
    let mut looped = [Vec::new(), Vec::new()];
    for (number, (found, place)) in found.iter().zip(places).enumerate() {
        let found = figures_of(found);
        for &(squared, position) in &found {
            let token = &tokens[position as usize];
            distances[0].push(squared);
            distances[1].push(token.squared_distance(place, SPACE));
        }
        if number % step == 0 {
            let flat = |pairs: Vec<(u64, u64)>| pairs.into_iter().flat_map(<[u64; 2]>::from);
            looped[0].extend(flat(found));
            looped[1].extend(flat(looped_nearest(tokens, place)));
        }
    }
    prove_figures(run, "distances", &distances[0], &distances[1])?;
    prove_figures(run, "nearest", &looped[0], &looped[1])
}

/// Squared distances with positions, without distances that are not whole numbers.
fn figures_of(found: &Neighbours) -> Vec<(u64, u64)> {
    let neighbours = found.neighbours.iter();
    neighbours
        .filter_map(|neighbour| match neighbour.squared {
            Squared::Steps(squared) => Some((squared, neighbour.position)),
            _ => None,
        })
        .collect()
}

/// The nearest by a loop over all tokens, ordered by distance, then position.
fn looped_nearest(tokens: &[Token], place: &Token) -> Vec<(u64, u64)> {
    let mut nearest: Vec<(u64, u64)> = Vec::with_capacity(NEAREST + 1);
    for (token, position) in tokens.iter().zip(0..) {
        let found = (token.squared_distance(place, SPACE), position);
        if nearest.len() < NEAREST || nearest.last().is_some_and(|last| found < *last) {
            nearest.insert(nearest.partition_point(|other| *other < found), found);
            nearest.truncate(NEAREST);
        }
    }
    nearest
}

/// Proves `file`, and that `sorted` has the same tokens in any order.
fn prove_copy(run: &mut Run, file: &OwnFile, sorted: &[Token], count: u64) -> Result<(), Failure> {
    let store = file.open()?;
    run.prove_equal("hashes", sum_hashes(sorted), sum_hashes(store.tokens()))?;
    prove_varied(run, store.tokens(), count)
}
