//! Counts and sums over all tokens and by entity type, on records and columns.

use ng_lab::{Cell, Failure, Headline, Limit, Run, Scenario, Variant};
use ng_query::index::BuildOptions;
use ng_query::{Column, Group, GroupBy, Key, Measure, Query, Value};
use ng_store::BLOCK_TOKENS;
use ng_token::{EntityType, Token};

use crate::proof::prove_figures;
use crate::scenarios::file::disk_bytes_of;
use crate::scenarios::fill::bytes_of;
use crate::scenarios::varied::{
    Asked, MAPPED, MEMORY, VERIFIED, created, index_bytes_of, on_each, over_records,
};

const COLUMNS: &str = "columns";
/// Bytes per token of weights, and of entity types.
const WEIGHT_BYTES: u64 = 4;
const TYPE_BYTES: u64 = 1;
const TYPES: usize = 16;

/// Aggregation.
pub(super) struct Aggregate;

impl Scenario for Aggregate {
    fn name(&self) -> &'static str {
        "aggregate"
    }

    fn about(&self) -> &'static str {
        "extremes and sum of the weights of varied tokens, and number and mean weight by entity \
         type: over the records of a mapped file, of verified blocks and in memory, and over an \
         index's columns"
    }

    fn variants(&self, threads: &[usize]) -> Vec<Variant> {
        over_records(threads)
            .chain(on_each(COLUMNS, threads))
            .collect()
    }

    fn headline(&self) -> Headline {
        Headline::of("by_type").variant(COLUMNS)
    }

    fn needs_bytes(&self, cell: &Cell) -> u64 {
        bytes_of(cell.items) + self.limit_bytes(cell).unwrap_or(0)
    }

    fn needs_disk_bytes(&self, cell: &Cell) -> u64 {
        match cell.variant.name.as_str() {
            MEMORY => 0,
            COLUMNS => {
                let index = index_bytes_of(cell.items, WEIGHT_BYTES + TYPE_BYTES);
                disk_bytes_of(cell.items) + index
            }
            _ => disk_bytes_of(cell.items),
        }
    }

    fn limit_bytes(&self, cell: &Cell) -> Option<u64> {
        let width = WEIGHT_BYTES + TYPE_BYTES;
        (cell.variant.name == COLUMNS).then_some(cell.items * width)
    }

    fn run(&self, cell: &Cell, run: &mut Run) -> Result<(), Failure> {
        let record = bytes_of(1);
        let (asked, [whole_width, by_type_width]) = match cell.variant.name.as_str() {
            MAPPED | VERIFIED | MEMORY => (Asked::records(run, cell)?, [record; 2]),
            COLUMNS => {
                let file = created(run, cell.items)?;
                let columns = [Column::Weight, Column::EntityType];
                let options = BuildOptions::new().columns(columns);
                let widths = [WEIGHT_BYTES, WEIGHT_BYTES + TYPE_BYTES];
                (Asked::indexed(&file, cell, &options)?, widths)
            }
            other => return Err(format!("aggregate has no variant {other}").into()),
        };
        let whole = measure(run, &asked, "whole", whole_width, of_all)?;
        prove_figures(run, "whole", &whole, &oracle::of_all(asked.tokens()))?;
        let by_type = measure(run, &asked, "by_type", by_type_width, by_types)?;
        prove_figures(run, "by_type", &by_type, &oracle::by_types(asked.tokens()))?;
        asked.prove(run, cell.items)
    }
}

/// Figures, bytes read, and blocks skipped.
struct Measured {
    figures: Vec<u64>,
    bytes_read: u64,
    blocks_skipped: u64,
}

/// Runs the query twice and times the second run, when pages are in the page table and
/// pieces of columns are hashed.
fn measure(
    run: &mut Run,
    asked: &Asked,
    name: &str,
    width: u64,
    answer: fn(&Query<'_>) -> Result<Measured, Failure>,
) -> Result<Vec<u64>, Failure> {
    let before = answer(&asked.query()?)?;
    let expected = asked.bytes_of_pass(before.blocks_skipped, width);
    run.prove_equal(&format!("{name}_bytes"), before.bytes_read, expected)?;
    let found = asked
        .phase(run, name, asked.tokens().len() as u64)
        .bounded_by(Limit::Read, asked.workers.threads(), expected)
        .time(|| answer(&asked.query()?))?;
    Ok(found.figures)
}

/// Number, sum, least and greatest of all weights.
fn of_all(query: &Query<'_>) -> Result<Measured, Failure> {
    let weight = Column::Weight;
    let measures = [
        Measure::Count,
        Measure::Sum(weight),
        Measure::Min(weight),
        Measure::Max(weight),
    ];
    groups(query, &[], &measures, |_| None)
}

/// Each entity type with its number and mean weight.
fn by_types(query: &Query<'_>) -> Result<Measured, Failure> {
    let measures = [Measure::Count, Measure::Mean(Column::Weight)];
    groups(query, &[GroupBy::EntityType], &measures, |group| {
        let [Key::EntityType(entity_type)] = group.key[..] else {
            return None;
        };
        Some(u64::from(entity_type.bits()))
    })
}

fn groups(
    query: &Query<'_>,
    group_by: &[GroupBy],
    measures: &[Measure],
    key: fn(&Group) -> Option<u64>,
) -> Result<Measured, Failure> {
    let answer = query.aggregate(group_by, measures)?;
    let groups = answer.value.groups.iter();
    let figures = groups.flat_map(|group| key(group).into_iter().chain(figures_of(group)));
    Ok(Measured {
        figures: figures.collect(),
        bytes_read: answer.stats.bytes_read,
        blocks_skipped: answer.stats.blocks_skipped,
    })
}

/// Whole numbers as they are, other values as bits.
fn figures_of(group: &Group) -> impl Iterator<Item = u64> + '_ {
    group.values.iter().map(|value| match value {
        Value::Integer(number) => *number as u64,
        value => value.number().unwrap_or(f64::NAN).to_bits(),
    })
}

/// The same figures by plain loops.
///
/// Weights are multiples of 2^-24, so the sum of a block is exact. Blocks are added in
/// order, as in queries, so that sums of any size agree.
mod oracle {
    use super::{BLOCK_TOKENS, EntityType, TYPES, Token};

    pub(super) fn of_all(tokens: &[Token]) -> Vec<u64> {
        let (mut sum, mut least, mut greatest) = (0.0, f64::INFINITY, f64::NEG_INFINITY);
        for block in tokens.chunks(BLOCK_TOKENS) {
            let mut of_block = 0.0;
            for token in block {
                let weight = f64::from(token.weight());
                of_block += weight;
                least = weight.min(least);
                greatest = weight.max(greatest);
            }
            sum += of_block;
        }
        let mut figures = vec![tokens.len() as u64];
        figures.extend([sum, least, greatest].map(f64::to_bits));
        figures
    }

    pub(super) fn by_types(tokens: &[Token]) -> Vec<u64> {
        let (mut counts, mut sums) = ([0u64; TYPES], [0.0; TYPES]);
        for block in tokens.chunks(BLOCK_TOKENS) {
            let mut of_block = [0.0; TYPES];
            for token in block {
                let number = usize::from(token.id().entity_type().bits());
                counts[number] += 1;
                of_block[number] += f64::from(token.weight());
            }
            for (sum, of_block) in sums.iter_mut().zip(of_block) {
                *sum += of_block;
            }
        }
        let types = EntityType::ALL.map(EntityType::bits).into_iter();
        types
            .map(usize::from)
            .filter(|&number| counts[number] > 0)
            .flat_map(|number| {
                let mean = sums[number] / counts[number] as f64;
                [number as u64, counts[number], mean.to_bits()]
            })
            .collect()
    }
}
