//! Queries over a mapped file of varied tokens, over its records and over columns of its index,
//! each beside a read of the bytes it must read; and look-ups of ids.
//!
//! - `oracle` has the answers, by a look at each token;
//! - `asked` has the queries, and reduces an answer to a number.

mod asked;
mod oracle;

use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use ng_query::index::{BuildOptions, Index};
use ng_query::{Column, Query};
use ng_token::Space;

use crate::scratch::Scratch;
use crate::size::{bytes_of, ensure_memory};
use crate::suite::Known;
use crate::teams::{Teams, case_name};
use crate::varied::{Varied, axes, heavy};
use crate::{Case, Pace, Ratio, Suite};
use asked::Asked;
use oracle::{Parameters, SortedIds};

/// The share of a read's speed that a count over records must reach.
const RECORDS_BAR: f64 = 0.95;
/// The same for a count, a ball and the nearest over columns.
const COLUMNS_BAR: f64 = 0.7;
/// The same for a count in the loops that every processor runs.
const BASELINE_BAR: f64 = 0.4;
/// The same for three conditions: at most 1.3 times the read's time.
const THREE_BAR: f64 = 1.0 / 1.3;
/// The same for the nearest in all spaces.
const ALL_SPACES_BAR: f64 = 0.85;
/// How long looking up 1,000 ids may take.
const FIND_TIME: Duration = Duration::from_millis(1);

/// The bytes of a token in an index: two columns of four bytes, one of one, 24 coordinates, and an
/// id with its position.
const INDEX_BYTES: usize = 4 + 4 + 1 + 48 + 12;

/// The suite `query`.
pub struct Questions {
    file: Varied,
    index: Index,
    parameters: Parameters,
    sorted_ids: SortedIds,
    teams: Teams,
    _scratch: Scratch,
}

impl Questions {
    /// Makes a file of `count` tokens and its index in a new folder within `folder`, for one thread
    /// and `threads` to query.
    ///
    /// # Errors
    ///
    /// If disk or memory is too small, or threads cannot be started.
    pub fn new(count: usize, threads: NonZeroUsize, folder: &Path) -> Result<Self> {
        let size_bytes = bytes_of(count) + count * INDEX_BYTES;
        ensure_memory(size_bytes + count * size_of::<(u32, u32)>())?;
        let scratch = Scratch::with_room(folder, size_bytes as u64)?;
        let teams = Teams::new(threads)?;
        let file = Varied::create(scratch.file("tokens.ngt"), count, teams.all())?;
        let hot = [Column::Weight, Column::Timestamp, Column::EntityType];
        let columns = hot.into_iter().chain(Space::ALL.into_iter().flat_map(axes));
        let options = BuildOptions::new().columns(columns).ids(true);
        Ok(Self {
            index: file.index(teams.all(), &options)?,
            parameters: Parameters::of(file.tokens())?,
            sorted_ids: SortedIds::of(file.tokens()),
            file,
            teams,
            _scratch: scratch,
        })
    }

    /// Returns the cases and their ratios.
    ///
    /// # Errors
    ///
    /// If the index just built does not have its columns.
    pub fn suite(&self) -> Result<Suite<'_>> {
        let mut cases = self.cases_over_records();
        cases.extend(self.cases_over_columns()?);
        cases.extend(self.reads_of_columns()?);
        cases.extend(self.cases_of_ids()?);
        Ok(Suite {
            name: "query",
            about: format!(
                "{} varied tokens, mapped, {} blocks of them indexed; one id of find is a token",
                self.file.tokens().len(),
                self.index.covered_blocks()
            ),
            cases,
            ratios: self.ratios(),
            pace: Pace::PASSES,
        })
    }

    fn case<'a>(
        &self,
        name: impl Into<String>,
        expected: u64,
        run: impl Fn() -> Result<u64> + 'a,
    ) -> Case<'a> {
        Case::new(name, self.file.tokens().len(), Known::new(expected, run))
    }

    fn cases_over_records(&self) -> Vec<Case<'_>> {
        let expected = self.file.heavy_count();
        let mut cases = Vec::new();
        for workers in self.teams.iter() {
            let asked = Asked::new(Query::new(&self.file.snapshot, workers));
            let count = move || asked.count(heavy()?);
            cases.push(self.case(case_name("weight-records", workers), expected, count));
            let (lines, threads) = (self.file.records(), workers.threads());
            let name = case_name("read-records", workers);
            cases.push(self.case(name, lines.expected_sum(), move || Ok(lines.sum(threads))));
        }
        cases
    }

    /// On one thread.
    fn cases_over_columns(&self) -> Result<Vec<Case<'_>>> {
        let query = || Query::new(&self.file.snapshot, self.teams.one()).index(&self.index);
        let asked = || query().map(Asked::new);
        let (tokens, parameters) = (self.file.tokens(), &self.parameters);
        let [weight, three, ball, types, top] = [asked()?, asked()?, asked()?, asked()?, asked()?];
        let [baseline, nearest, all_spaces] = [Asked::new(query()?.baseline()), asked()?, asked()?];
        let expected = self.file.heavy_count();
        Ok(vec![
            self.case("weight", expected, move || weight.count(heavy()?)),
            self.case("weight-baseline", expected, move || {
                baseline.count(heavy()?)
            }),
            self.case("three", parameters.three(tokens), move || {
                three.count(parameters.filter_of_three()?)
            }),
            self.case("ball", parameters.ball(tokens), move || {
                ball.count(parameters.filter_of_ball()?)
            }),
            self.case("nearest", parameters.nearest(tokens), move || {
                nearest.nearest(&parameters.point())
            }),
            self.case(
                "nearest-24d",
                parameters.nearest_of_all(tokens),
                move || all_spaces.nearest(&parameters.point_in_all()?),
            ),
            self.case("by-type", oracle::by_type(tokens), move || types.by_type()),
            self.case("top-100", oracle::top(tokens), move || top.top()),
        ])
    }

    /// The bytes that the queries over columns must read.
    fn reads_of_columns(&self) -> Result<Vec<Case<'_>>> {
        let lines = |columns: &[Column]| self.file.columns(&self.index, columns);
        let physical = axes(Space::Physical);
        let [weight, entity_type] = [Column::Weight, Column::EntityType];
        let all: Vec<Column> = Space::ALL.into_iter().flat_map(axes).collect();
        let three = [&[weight, entity_type][..], &physical].concat();
        let mut cases = Vec::new();
        for (name, columns) in [
            ("read-weight", &[weight][..]),
            ("read-three", &three),
            ("read-ball", &physical),
            ("read-24d", &all),
            ("read-by-type", &[entity_type, weight]),
        ] {
            let lines = lines(columns)?;
            let expected = lines.expected_sum();
            cases.push(self.case(name, expected, move || Ok(lines.sum(1))));
        }
        let words = lines(&[weight])?;
        let expected = words.expected_sum_of_words();
        cases.push(self.case("words-weight", expected, move || Ok(words.sum_words())));
        Ok(cases)
    }

    /// One "token" of these cases is one id.
    fn cases_of_ids(&self) -> Result<Vec<Case<'_>>> {
        let query = Query::new(&self.file.snapshot, self.teams.one()).index(&self.index)?;
        let (asked, ids) = (Asked::new(query), oracle::wanted(self.file.tokens()));
        let (count, expected) = (ids.len(), oracle::found(self.file.tokens()));
        let raw: Vec<u32> = ids.iter().map(|id| id.raw()).collect();
        let find = Known::new(expected, move || asked.find(&ids));
        let search = Known::new(expected, move || Ok(self.sorted_ids.find(&raw)));
        Ok(vec![
            Case::new("find", count, find),
            Case::new("binary-search", count, search),
        ])
    }

    fn ratios(&self) -> Vec<Ratio> {
        let mut ratios: Vec<Ratio> = self
            .teams
            .iter()
            .map(|workers| {
                let [asked, read] =
                    ["weight-records", "read-records"].map(|name| case_name(name, workers));
                Ratio::new(asked, read, Some(RECORDS_BAR))
            })
            .collect();
        ratios.extend(BARS.map(|(asked, read, bar)| Ratio::new(asked, read, bar)));
        ratios.push(Ratio::new("find", "binary-search", None));
        ratios.push(Ratio::within("find", FIND_TIME));
        ratios
    }
}

/// Queries over columns, the bytes each must read, and the share of that read's speed to reach.
const BARS: [(&str, &str, Option<f64>); 9] = [
    ("weight", "read-weight", Some(COLUMNS_BAR)),
    ("weight", "words-weight", None),
    ("weight-baseline", "read-weight", Some(BASELINE_BAR)),
    ("three", "read-three", Some(THREE_BAR)),
    ("ball", "read-ball", Some(COLUMNS_BAR)),
    ("nearest", "read-ball", Some(COLUMNS_BAR)),
    ("nearest-24d", "read-24d", Some(ALL_SPACES_BAR)),
    ("by-type", "read-by-type", None),
    ("top-100", "read-weight", None),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_runs_tiny() {
        for (count, threads) in [(1, 1), (1_000, 2), (9_000, 3)] {
            let folder = tempfile::tempdir().unwrap();
            let threads = NonZeroUsize::new(threads).unwrap();
            let questions = Questions::new(count, threads, folder.path()).unwrap();
            crate::suite::check(questions.suite().unwrap());
        }
    }

    #[test]
    fn limits_read_the_bytes_that_questions_look_at() {
        let folder = tempfile::tempdir().unwrap();
        let questions = Questions::new(9_000, NonZeroUsize::MIN, folder.path()).unwrap();
        let (file, index) = (&questions.file, &questions.index);
        assert_eq!(file.records().size_bytes(), 9_000 * 64);
        let rest = (9_000 - 8_192) * 64;
        for (columns, width) in [(&[Column::Weight][..], 4), (&axes(Space::Motor), 6)] {
            let lines = file.columns(index, columns).unwrap();
            assert_eq!(lines.size_bytes(), 8_192 * width + rest);
        }
        let query = Query::new(&file.snapshot, questions.teams.one());
        let query = query.index(index).unwrap().filter(&heavy().unwrap());
        let stats = query.count().unwrap().stats;
        assert_eq!(stats.bytes_read as usize, 8_192 * 4 + rest);
    }
}
