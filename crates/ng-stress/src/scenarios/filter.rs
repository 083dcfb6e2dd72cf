//! Counting the tokens that a filter selects, over records and over cached columns.

use ng_lab::{Cell, Failure, Headline, Limit, Run, Scenario, Variant};
use ng_query::index::BuildOptions;
use ng_query::{Column, Comparison, Filter, FilterError};
use ng_token::{Axis, EntityType, Space, Token};

use crate::scenarios::file::disk_bytes_of;
use crate::scenarios::fill::bytes_of;
use crate::scenarios::varied::{
    Asked, MAPPED, MEMORY, VERIFIED, created, index_bytes_of, on_each, over_records,
};

/// Bytes of a point's coordinates in one space.
pub(super) const POINT_BYTES: u64 = 6;
/// Radius in steps of the small ball, and of the ball among other conditions.
const RADIUS: u64 = 300;
const WIDE_RADIUS: u64 = 3000;
const HEAVY: f64 = 0.9;
const HALF: f64 = 0.5;

/// Filters.
pub(super) struct FilterTokens;

/// A query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    /// Tokens heavier than 0.9.
    Weight,
    /// Those within 300 steps of the token in the middle.
    Ball,
    /// Objects and events of weight 0.5 and more within 3000 steps of it.
    Three,
}

impl Scenario for FilterTokens {
    fn name(&self) -> &'static str {
        "filter"
    }

    fn about(&self) -> &'static str {
        "counting varied tokens by a weight, a ball and three conditions at once: over the records \
         of a mapped file, of verified blocks and in memory, and over an index's columns, as many \
         bytes as each needs"
    }

    fn variants(&self, threads: &[usize]) -> Vec<Variant> {
        let over_columns = Question::ALL
            .into_iter()
            .flat_map(|question| on_each(question.variant(), threads));
        over_records(threads).chain(over_columns).collect()
    }

    fn headline(&self) -> Headline {
        Headline::of("weight").variant(Question::Weight.variant())
    }

    fn needs_bytes(&self, cell: &Cell) -> u64 {
        bytes_of(cell.items) + cell.items * width_of(cell)
    }

    fn needs_disk_bytes(&self, cell: &Cell) -> u64 {
        match (cell.variant.name.as_str(), width_of(cell)) {
            (MEMORY, _) => 0,
            (_, 0) => disk_bytes_of(cell.items),
            (_, width) => disk_bytes_of(cell.items) + index_bytes_of(cell.items, width),
        }
    }

    fn limit_bytes(&self, cell: &Cell) -> Option<u64> {
        let width = width_of(cell);
        (width > 0).then_some(cell.items * width)
    }

    fn run(&self, cell: &Cell, run: &mut Run) -> Result<(), Failure> {
        match cell.variant.name.as_str() {
            MAPPED | VERIFIED | MEMORY => {
                let asked = Asked::records(run, cell)?;
                for question in Question::ALL {
                    count(run, &asked, question, bytes_of(1))?;
                }
                asked.prove(run, cell.items)
            }
            name => {
                let question = Question::of_variant(name)
                    .ok_or_else(|| format!("filter has no variant {name}"))?;
                let file = created(run, cell.items)?;
                let options = BuildOptions::new().columns(question.columns());
                let asked = Asked::indexed(&file, cell, &options)?;
                count(run, &asked, question, question.width())?;
                asked.prove(run, cell.items)
            }
        }
    }
}

/// Bytes per token of a cell's columns; 0 over records.
fn width_of(cell: &Cell) -> u64 {
    Question::of_variant(&cell.variant.name).map_or(0, Question::width)
}

/// Runs the query twice and times the second run, when pages are in the page table and
/// pieces of columns are hashed.
fn count(run: &mut Run, asked: &Asked, question: Question, width: u64) -> Result<(), Failure> {
    let (tokens, name) = (asked.tokens(), question.name());
    let centre = tokens[tokens.len() / 2];
    let filter = question.filter(&centre)?;
    let answer = || -> Result<_, Failure> { Ok(asked.query()?.filter(&filter).count()?) };
    let stats = answer()?.stats;
    let found = asked
        .phase(run, name, tokens.len() as u64)
        .bounded_by(Limit::Read, asked.workers.threads(), stats.bytes_read)
        .time(answer)?;
    let expected = tokens.iter().filter(|token| question.holds(token, &centre));
    run.prove_equal(name, found.value, expected.count() as u64)?;
    // With several conditions the cheap one may leave no blocks to the others.
    if question != Question::Three || width == bytes_of(1) {
        let expected = asked.bytes_of_pass(stats.blocks_skipped, width);
        run.prove_equal(&format!("{name}_bytes"), stats.bytes_read, expected)?;
    }
    Ok(())
}

impl Question {
    const ALL: [Self; 3] = [Self::Weight, Self::Ball, Self::Three];

    /// The phase.
    fn name(self) -> &'static str {
        match self {
            Self::Weight => "weight",
            Self::Ball => "ball",
            Self::Three => "three",
        }
    }

    /// The variant over columns.
    fn variant(self) -> &'static str {
        match self {
            Self::Weight => "weight-column",
            Self::Ball => "ball-columns",
            Self::Three => "three-columns",
        }
    }

    fn of_variant(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|question| question.variant() == name)
    }

    fn columns(self) -> Vec<Column> {
        let point = Axis::ALL.map(|axis| Column::Coordinate(Space::Physical, axis));
        match self {
            Self::Weight => vec![Column::Weight],
            Self::Ball => point.to_vec(),
            Self::Three => [&[Column::Weight, Column::EntityType][..], &point].concat(),
        }
    }

    /// Bytes per token of its columns.
    fn width(self) -> u64 {
        match self {
            Self::Weight => 4,
            Self::Ball => POINT_BYTES,
            Self::Three => 4 + 1 + POINT_BYTES,
        }
    }

    fn filter(self, centre: &Token) -> Result<Filter, FilterError> {
        let weighs = |comparison, weight| Filter::compare(Column::Weight, comparison, weight);
        match self {
            Self::Weight => weighs(Comparison::Greater, HEAVY),
            Self::Ball => in_ball(centre, RADIUS),
            Self::Three => {
                let types = [EntityType::Object, EntityType::Event].map(Filter::entity_type);
                let weighs = weighs(Comparison::GreaterOrEqual, HALF)?;
                Ok(weighs & Filter::any_of(types) & in_ball(centre, WIDE_RADIUS)?)
            }
        }
    }

    /// The same without `ng-query`.
    fn holds(self, token: &Token, centre: &Token) -> bool {
        let is_within =
            |radius: u64| token.squared_distance(centre, Space::Physical) <= radius * radius;
        match self {
            Self::Weight => token.weight() > HEAVY as f32,
            Self::Ball => is_within(RADIUS),
            Self::Three => {
                let entity_type = token.id().entity_type();
                let is_meant = matches!(entity_type, EntityType::Object | EntityType::Event);
                token.weight() >= HALF as f32 && is_meant && is_within(WIDE_RADIUS)
            }
        }
    }
}

/// The ball around a token, in units: exact, as decimals of steps.
fn in_ball(centre: &Token, radius: u64) -> Result<Filter, FilterError> {
    let scale = f64::from(Space::Physical.scale());
    let steps = centre.steps(Space::Physical);
    let centre = steps.map(|steps| f64::from(steps) / scale);
    Filter::in_ball(Space::Physical, centre, radius as f64 / scale)
}
