//! The same questions to a dataset and to one file of the same tokens.

use std::path::PathBuf;

use ng_dataset::ng_parallel::Workers;
use ng_lab::{Cell, Failure, Headline, Limit, Run, Scenario, Variant};
use ng_query::index::{BuildOptions, Index, build};
use ng_query::{Column, Comparison, Filter, Measure, Query, Value};
use ng_store::{BlockReader, CachePolicy, Snapshot};
use ng_token::Token;

use crate::oracle::{varied, varied_id_sum};
use crate::own_file::{OwnFile, mapped};
use crate::proof::Pieces;
use crate::scenarios::fill::{bytes_of, workers};
use crate::scenarios::varied::on_each;
use crate::scenarios::{dataset, varied as file};

const FILE_MAPPED: &str = "file-mapped";
const DATASET_MAPPED: &str = "dataset-mapped";
const FILE_VERIFIED: &str = "file-verified";
const DATASET_VERIFIED: &str = "dataset-verified";

/// Shards of the dataset: not more than a snapshot keeps open.
const SHARDS: u64 = 10;
const HEAVY: f64 = 0.9;

/// Scanning many files as one.
pub(super) struct DatasetScan;

impl Scenario for DatasetScan {
    fn name(&self) -> &'static str {
        "dataset-scan"
    }

    fn about(&self) -> &'static str {
        "counting varied tokens by their weight and summing their timestamps, over the records of \
         a dataset of ten shards and of one file with the same tokens: mapped, or verified block \
         by block"
    }

    fn variants(&self, threads: &[usize]) -> Vec<Variant> {
        // The base is what datasets are held against.
        [FILE_MAPPED, DATASET_MAPPED, FILE_VERIFIED, DATASET_VERIFIED]
            .into_iter()
            .flat_map(|name| on_each(name, threads))
            .collect()
    }

    fn headline(&self) -> Headline {
        Headline::of("count").variant(DATASET_MAPPED)
    }

    /// The whole source in the page cache.
    fn needs_bytes(&self, cell: &Cell) -> u64 {
        bytes_of(cell.items)
    }

    fn needs_disk_bytes(&self, cell: &Cell) -> u64 {
        dataset::disk_bytes_of(cell.items, SHARDS)
    }

    fn run(&self, cell: &Cell, run: &mut Run) -> Result<(), Failure> {
        let asked = Asked::of(cell, run)?;
        let expected = asked.looked_at(run, cell.items)?;
        let heavy = Filter::compare(Column::Weight, Comparison::Greater, HEAVY)?;
        let count = |query: Query<'_>| {
            let answer = query.filter(&heavy).count()?;
            Ok(Answered {
                value: answer.value,
                bytes_read: answer.stats.bytes_read,
            })
        };
        asked.ask(run, "count", cell.items, expected.heavy, count)?;
        asked.ask(run, "sum", cell.items, expected.timestamp_sum, timestamps)
    }
}

struct Answered {
    value: u64,
    bytes_read: u64,
}

fn timestamps(query: Query<'_>) -> Result<Answered, Failure> {
    let answer = query.aggregate(&[], &[Measure::Sum(Column::Timestamp)])?;
    let values = answer.value.groups.first().map(|group| &group.values[..]);
    match values {
        Some([Value::Integer(sum)]) => Ok(Answered {
            value: u64::try_from(*sum)?,
            bytes_read: answer.stats.bytes_read,
        }),
        other => Err(format!("{other:?}, expected the sum of the timestamps").into()),
    }
}

/// What the questions are put to.
struct Asked {
    held: Held,
    paths: Vec<PathBuf>,
    workers: Workers,
}

enum Held {
    Mapped(Snapshot, Box<Index>),
    Verified(Box<BlockReader>, Box<Index>),
    Dataset(ng_dataset::Snapshot),
}

/// The answers, by a look at each token.
#[derive(Default)]
struct Looked {
    heavy: u64,
    timestamp_sum: u64,
}

impl Asked {
    fn of(cell: &Cell, run: &Run) -> Result<Self, Failure> {
        let workers = workers(cell.variant.threads)?;
        let (held, paths) = match cell.variant.name.as_str() {
            name @ (FILE_MAPPED | FILE_VERIFIED) => {
                let file = file::created(run, cell.items)?;
                let held = of_file(&file, name == FILE_MAPPED, &workers)?;
                (held, vec![file.path().to_owned()])
            }
            name @ (DATASET_MAPPED | DATASET_VERIFIED) => {
                let snapshot = of_dataset(run, cell.items)?;
                let paths = paths_of(&snapshot)?;
                let is_mapped = name == DATASET_MAPPED;
                let snapshot = if is_mapped {
                    mapped(&snapshot)
                } else {
                    snapshot
                };
                (Held::Dataset(snapshot), paths)
            }
            other => return Err(format!("dataset-scan has no variant {other}").into()),
        };
        Ok(Self {
            held,
            paths,
            workers,
        })
    }

    fn query(&self) -> Result<Query<'_>, Failure> {
        Ok(match &self.held {
            Held::Mapped(snapshot, index) => Query::new(snapshot, &self.workers).index(index)?,
            Held::Verified(reader, index) => Query::new(&**reader, &self.workers).index(index)?,
            Held::Dataset(snapshot) => Query::new(snapshot.source(), &self.workers),
        })
    }

    /// Reads and verifies everything, which brings it into the page cache, and proves that
    /// the tokens are the first `count` varied ones.
    fn looked_at(&self, run: &mut Run, count: u64) -> Result<Looked, Failure> {
        let (mut pieces, mut looked) = (Pieces::default(), Looked::default());
        for path in &self.paths {
            let reader = BlockReader::open(path)?.with_cache(CachePolicy::Keep);
            reader.for_each(0..reader.len(), |tokens| -> Result<(), Failure> {
                pieces.add(tokens);
                looked.add(tokens);
                Ok(())
            })?;
        }
        pieces.prove_sum(run, count, varied_id_sum(count))?;
        Ok(looked)
    }

    /// Asks twice and times the second answer, when pages are in the page table and shards
    /// are open.
    fn ask(
        &self,
        run: &mut Run,
        name: &str,
        items: u64,
        expected: u64,
        question: impl Fn(Query<'_>) -> Result<Answered, Failure>,
    ) -> Result<(), Failure> {
        let bytes_read = question(self.query()?)?.bytes_read;
        let found = run
            .phase(name, items)
            .all_warm(self.paths.clone())
            .bounded_by(Limit::Read, self.workers.threads(), bytes_read)
            .time(|| question(self.query()?))?;
        run.prove_equal(name, found.value, expected)
    }
}

/// A file with the zones of its blocks, as shards have them.
fn of_file(file: &OwnFile, is_mapped: bool, workers: &Workers) -> Result<Held, Failure> {
    let reader = BlockReader::open(file.path())?;
    build(workers, &reader, &BuildOptions::new(), |_, _| ())?;
    let missing = "the built index is missing";
    Ok(match is_mapped {
        true => {
            let index = OwnFile::open_index(&reader).ok_or(missing)?;
            Held::Mapped(file.open()?.snapshot(), Box::new(index))
        }
        false => {
            let index = Index::load(&reader).ok_or(missing)?;
            Held::Verified(Box::new(reader), Box::new(index))
        }
    })
}

fn of_dataset(run: &Run, count: u64) -> Result<ng_dataset::Snapshot, Failure> {
    let synth = varied();
    let token = |index| synth.token(index as u64);
    let shard = dataset::shard_tokens(count, SHARDS);
    let dataset = dataset::created(run, count, shard, token)?;
    Ok(dataset.snapshot()?)
}

fn paths_of(snapshot: &ng_dataset::Snapshot) -> Result<Vec<PathBuf>, Failure> {
    let shards = 0..snapshot.shards().len();
    shards
        .map(|shard| Ok(snapshot.open_shard(shard)?.path().to_owned()))
        .collect()
}

impl Looked {
    fn add(&mut self, tokens: &[Token]) {
        let heavy = tokens.iter().filter(|token| token.weight() > HEAVY as f32);
        self.heavy += heavy.count() as u64;
        let timestamps = tokens.iter().map(|token| u64::from(token.timestamp()));
        self.timestamp_sum += timestamps.sum::<u64>();
    }
}
