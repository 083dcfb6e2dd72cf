//! The same queries over files of a tenth of the tokens, of all, and of ten times as many: by which
//! exponent does the time grow?

use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::path::Path;

use anyhow::Result;
use ng_parallel::Workers;
use ng_query::index::{BuildOptions, Index};
use ng_query::{Filter, Neighbours, Points, Query, Squared};
use ng_token::{Space, Token};

use crate::scratch::Scratch;
use crate::size::{bytes_of, ensure_memory};
use crate::suite::Known;
use crate::varied::{Varied, axes, heavy};
use crate::{Case, Exponent, Pace, Ratio, Suite};

/// The required exponent of a pass.
const PASS_BAR: RangeInclusive<f64> = 0.95..=1.05;
/// The required exponent of the nearest in an ordered file.
const NEAREST_BAR: RangeInclusive<f64> = f64::NEG_INFINITY..=0.35;

/// The factor from one size to the next.
const FACTOR: usize = 10;

/// How many neighbours of how many points are searched, and for how many of these an oracle looks
/// at all tokens.
const NEAREST: usize = 10;
const POINTS: usize = 1_000;
const CHECKED_EACH: usize = 50;

/// Radius in steps of the ball that is counted.
const RADIUS: u64 = 300;

/// The bytes of a token in a file's index, and in that of a sorted copy: a space, and boxes.
const INDEX_BYTES: usize = 6 + 6 + 1;

/// The work for each size, and its required exponent. Bare reads have none: small files are in the
/// machine's caches.
const DONE: [(&str, Option<RangeInclusive<f64>>); 5] = [
    (COUNT, Some(PASS_BAR)),
    (READ_RECORDS, None),
    (BALL, Some(PASS_BAR)),
    (READ_COLUMNS, None),
    ("nearest-1000-ordered", Some(NEAREST_BAR)),
];
const COUNT: &str = "count-records";
const READ_RECORDS: &str = "read-records";
const BALL: &str = "ball-columns";
const READ_COLUMNS: &str = "read-columns";

/// The suite `growth`.
pub struct Growth {
    sizes: Vec<OfSize>,
    points: Points,
    workers: Workers,
    _scratch: Scratch,
}

/// A file of one size, and a copy along a curve.
struct OfSize {
    file: Varied,
    columns: Index,
    ordered: Varied,
    boxes: Index,
    expected: [u64; 3],
}

impl Growth {
    /// Makes files of a tenth of `count` tokens and of `count` in a new folder within `folder`, and
    /// of ten times as many if it `is_long`; `threads` threads make them, and one queries.
    ///
    /// # Errors
    ///
    /// If disk or memory is too small, or threads cannot be started.
    pub fn new(count: usize, is_long: bool, threads: NonZeroUsize, folder: &Path) -> Result<Self> {
        let mut counts = vec![count.div_ceil(FACTOR), count];
        counts.extend(is_long.then_some(count * FACTOR));
        let total: usize = counts.iter().sum();
        let size_bytes = 2 * bytes_of(total) + total * INDEX_BYTES;
        ensure_memory(size_bytes)?;
        let scratch = Scratch::with_room(folder, size_bytes as u64)?;
        let makers = Workers::new(threads.get())?;
        // From the smallest file, so that they are near tokens of all files.
        let points = points(&Varied::create(
            scratch.file("points.ngt"),
            counts[0],
            &makers,
        )?);
        let of_size = |count: &usize| OfSize::new(*count, &points, &scratch, &makers);
        let sizes = counts.iter().map(of_size).collect::<Result<_>>()?;
        Ok(Self {
            sizes,
            points: of_tokens(&points),
            workers: Workers::new(1)?,
            _scratch: scratch,
        })
    }

    /// Returns the cases and their ratios. One "token" of each case is a whole run.
    ///
    /// # Errors
    ///
    /// An index is not that of its file.
    pub fn suite(&self) -> Result<Suite<'_>> {
        let mut cases = Vec::new();
        for size in &self.sizes {
            cases.extend(self.cases_of(size)?);
        }
        let beside = [(COUNT, READ_RECORDS), (BALL, READ_COLUMNS)];
        let ratios = self.sizes.iter().flat_map(|size| {
            beside.map(|(asked, read)| Ratio::new(size.name(asked), size.name(read), None))
        });
        let counts = self.sizes.iter().map(|size| size.count().to_string());
        Ok(Suite {
            name: "growth",
            about: format!(
                "files of {} tokens; a token of a case is a whole run",
                counts.collect::<Vec<_>>().join(", ")
            ),
            cases,
            ratios: ratios.collect(),
            pace: Pace::PASSES,
        })
    }

    fn cases_of<'a>(&'a self, size: &'a OfSize) -> Result<[Case<'a>; 5]> {
        let records = Query::new(&size.file.snapshot, &self.workers);
        let columns = records.clone().index(&size.columns)?;
        let ordered = Query::new(&size.ordered.snapshot, &self.workers).index(&size.boxes)?;
        let (heavy, in_ball) = (heavy()?, ball_filter(&size.file)?);
        let count = move || Ok(records.clone().filter(&heavy).count()?.value);
        let ball = move || Ok(columns.clone().filter(&in_ball).count()?.value);
        let near = move || {
            ordered
                .nearest(&self.points, NEAREST)
                .map(|found| found.value)
        };
        let near = move || Ok(sum_of_checked(&near()?));
        let [of_records, of_columns] = [
            size.file.records(),
            size.file.columns(&size.columns, &axes(Space::Physical))?,
        ];
        let [of_count, of_ball, of_nearest] = size.expected;
        let [read, read_columns] = [of_records.expected_sum(), of_columns.expected_sum()];
        let names = DONE.map(|(done, _)| size.name(done));
        let [counted, records, balled, columns, nearest] = names;
        Ok([
            Case::new(counted, 1, Known::new(of_count, count)),
            Case::new(records, 1, Known::new(read, move || Ok(of_records.sum(1)))),
            Case::new(balled, 1, Known::new(of_ball, ball)),
            Case::new(
                columns,
                1,
                Known::new(read_columns, move || Ok(of_columns.sum(1))),
            ),
            Case::new(nearest, 1, Known::new(of_nearest, near)),
        ])
    }

    /// Returns the exponents from the rounds of the suite: of each size and the previous one, and
    /// of the largest and the smallest.
    pub fn exponents(&self) -> Vec<Exponent> {
        let sizes = &self.sizes;
        let mut pairs: Vec<_> = sizes.windows(2).map(|pair| (&pair[1], &pair[0])).collect();
        if let [first, _, .., last] = &sizes[..]
            && sizes.len() > 2
        {
            pairs.push((last, first));
        }
        let of = |done, bar: &Option<_>, (larger, smaller): &(&OfSize, &OfSize)| {
            let factor = larger.count() as f64 / smaller.count() as f64;
            Exponent::new(larger.name(done), smaller.name(done), factor, bar.clone())
        };
        let exponents = DONE
            .iter()
            .flat_map(|(done, bar)| pairs.iter().map(move |pair| of(done, bar, pair)));
        exponents.collect()
    }
}

impl OfSize {
    fn new(count: usize, points: &[Token], scratch: &Scratch, workers: &Workers) -> Result<Self> {
        let path = |what: &str| scratch.file(&format!("{what}-{count}.ngt"));
        let file = Varied::create(path("plain"), count, workers)?;
        let columns = file.index(workers, &BuildOptions::new().columns(axes(Space::Physical)))?;
        let ordered = file.sorted(path("ordered"), workers)?;
        let options = BuildOptions::new()
            .columns(axes(Space::Physical))
            .boxes([Space::Physical]);
        Ok(Self {
            expected: expected(&file, points)?,
            boxes: ordered.index(workers, &options)?,
            file,
            columns,
            ordered,
        })
    }

    fn count(&self) -> usize {
        self.file.tokens().len()
    }

    fn name(&self, asked: &str) -> String {
        format!("{asked}-{}", self.count())
    }
}

/// Around the token in the middle, in units: exact, as decimals of steps.
fn ball_filter(file: &Varied) -> Result<Filter> {
    let scale = f64::from(Space::Physical.scale());
    let centre = file.centre()?.steps(Space::Physical);
    let centre = centre.map(|steps| f64::from(steps) / scale);
    Ok(Filter::in_ball(
        Space::Physical,
        centre,
        RADIUS as f64 / scale,
    )?)
}

/// The answers, by a look at each token; for the nearest, only for some points.
fn expected(file: &Varied, points: &[Token]) -> Result<[u64; 3]> {
    let (tokens, centre) = (file.tokens(), file.centre()?);
    let is_near =
        |token: &&Token| token.squared_distance(&centre, Space::Physical) <= RADIUS * RADIUS;
    let ball = tokens.iter().filter(is_near);
    let checked = points.iter().step_by(CHECKED_EACH);
    let nearest = checked.map(|point| sum_of_nearest(tokens, point)).sum();
    Ok([file.heavy_count(), ball.count() as u64, nearest])
}

fn sum_of_nearest(tokens: &[Token], point: &Token) -> u64 {
    let mut best = Vec::with_capacity(NEAREST + 1);
    for token in tokens {
        let squared = token.squared_distance(point, Space::Physical);
        if best.len() < NEAREST || best.last().is_some_and(|last| squared < *last) {
            best.insert(best.partition_point(|other| *other <= squared), squared);
            best.truncate(NEAREST);
        }
    }
    best.into_iter().sum()
}

/// The squared distances, in steps, of the points that the oracle searched.
fn sum_of_checked(found: &[Neighbours]) -> u64 {
    let checked = found.iter().step_by(CHECKED_EACH);
    let neighbours = checked.flat_map(|found| &found.neighbours);
    let squares = neighbours.map(|neighbour| match neighbour.squared {
        Squared::Steps(squared) => squared,
        _ => u64::MAX / 2,
    });
    squares.fold(0, u64::wrapping_add)
}

/// Points near tokens spread over a file.
fn points(file: &Varied) -> Vec<Token> {
    let tokens = file.tokens();
    let at = |number: usize| {
        let steps =
            tokens[number * (tokens.len() / POINTS).max(1) % tokens.len()].steps(Space::Physical);
        let beside = [37, 13, 29].map(|by| (number * by % 101) as i16 - 50);
        let steps = std::array::from_fn(|axis| steps[axis].saturating_add(beside[axis]));
        Token::ZERO.with_coordinate(Space::Physical, steps)
    };
    (0..POINTS).map(at).collect()
}

fn of_tokens(tokens: &[Token]) -> Points {
    let mut points = Points::in_space(Space::Physical);
    tokens.iter().for_each(|token| points.add_token(token));
    points
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rounds;

    #[test]
    fn every_case_runs_tiny() {
        for (count, is_long) in [(1_000, true), (9_000, false), (5_000, true)] {
            let folder = tempfile::tempdir().unwrap();
            let threads = NonZeroUsize::new(2).unwrap();
            let growth = Growth::new(count, is_long, threads, folder.path()).unwrap();
            crate::suite::check(growth.suite().unwrap());
            let rounds = Rounds::measure(&mut growth.suite().unwrap(), 1).unwrap();
            let table = Exponent::table(&growth.exponents(), &rounds);
            let rows = DONE.len() * if is_long { 3 } else { 1 };
            assert_eq!(table.lines().count(), 2 + rows, "{table}");
        }
    }
}
