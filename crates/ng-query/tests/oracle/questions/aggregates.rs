//! Every measure of every column, and every kind of group.

use std::collections::BTreeMap;

use ng_query::ng_token::{Axis, Flags, Space, Token};
use ng_query::{Column, GroupBy, Key, Measure, QueryError};

use super::{Asked, Question, Questions, Selected};
use crate::columns::{scale, steps, stored, value};
use crate::reply::Reply;

pub(crate) fn questions() -> Questions {
    let questions = asked().into_iter().map(|(group_by, measures)| {
        let question = Aggregate { group_by, measures };
        Box::new(question) as Box<dyn Question>
    });
    questions.collect()
}

/// What is grouped by, and what is measured.
pub(crate) fn asked() -> Vec<(Vec<GroupBy>, Vec<Measure>)> {
    let mut asked = Vec::new();
    for columns in stored().collect::<Vec<_>>().chunks(6) {
        let of_columns = columns.iter().flat_map(|column| measures(*column));
        let measures = [Measure::Count].into_iter().chain(of_columns).collect();
        asked.push((Vec::new(), measures));
    }
    asked.extend(
        groupings()
            .into_iter()
            .map(|group_by| (group_by, of_groups())),
    );
    // More groups than are allowed with quantiles.
    asked.push((
        GroupBy::list("time(1), flags_entity_type").unwrap(),
        Measure::list("count, min(weight), max(id), sum(weight), mean(radius)").unwrap(),
    ));
    asked
}

/// Every measure of a column except the count.
fn measures(column: Column) -> Vec<Measure> {
    let mut measures = vec![
        Measure::Min(column),
        Measure::Max(column),
        Measure::Sum(column),
        Measure::Mean(column),
        Measure::StdDev(column),
    ];
    measures.extend([0.0, 0.1, 0.5, 0.99, 1.0].map(|share| Measure::Quantile(column, share)));
    if column != Column::Weight {
        measures.push(Measure::Distinct(column));
    }
    measures
}

/// Every kind of group, and some together.
fn groupings() -> Vec<Vec<GroupBy>> {
    let mut all = vec![
        vec![GroupBy::EntityType],
        vec![GroupBy::FlagsEntityType],
        vec![GroupBy::Domain],
        vec![GroupBy::Time(600.try_into().unwrap())],
        vec![GroupBy::Cell(Space::Physical, 7_000.try_into().unwrap())],
        vec![GroupBy::Cell(Space::Social, 65_536.try_into().unwrap())],
        vec![GroupBy::Domain, flag(7), GroupBy::EntityType],
        vec![
            GroupBy::Cell(Space::Motor, 30_000.try_into().unwrap()),
            flag(0),
        ],
    ];
    // System flags and user flags.
    let flags: Vec<GroupBy> = (0..8).chain(12..16).map(flag).collect();
    all.extend(flags.chunks(2).map(<[GroupBy]>::to_vec));
    all
}

fn flag(bit: u32) -> GroupBy {
    GroupBy::Flag(Flags::from_bits(1 << bit))
}

/// Every measure, of columns of every width.
fn of_groups() -> Vec<Measure> {
    let x = Column::Coordinate(Space::Physical, Axis::X);
    vec![
        Measure::Count,
        Measure::Min(Column::Weight),
        Measure::Max(Column::Timestamp),
        Measure::Sum(Column::Weight),
        Measure::Sum(x),
        Measure::Mean(Column::Weight),
        Measure::Mean(Column::Strength),
        Measure::StdDev(Column::Weight),
        Measure::StdDev(Column::Id),
        Measure::Quantile(Column::Weight, 0.5),
        Measure::Quantile(x, 0.25),
        Measure::Distinct(Column::LocalId),
        Measure::Distinct(Column::Flags),
    ]
}

struct Aggregate {
    group_by: Vec<GroupBy>,
    measures: Vec<Measure>,
}

impl Question for Aggregate {
    fn operation(&self) -> &'static str {
        "aggregate"
    }

    fn detail(&self) -> String {
        let list = |parts: Vec<String>| parts.join(", ");
        let groups = list(self.group_by.iter().map(ToString::to_string).collect());
        let measures = list(self.measures.iter().map(ToString::to_string).collect());
        format!("by ({groups}): {measures}")
    }

    fn ask(&self, asked: &Asked<'_>, reply: &mut Reply) -> Result<(), QueryError> {
        let groups = asked.query.aggregate(&self.group_by, &self.measures)?.value;
        for group in &groups.groups {
            group.key.iter().for_each(|key| tell_key(reply, key));
            reply.exact(group.nan_weights);
            for (measure, value) in self.measures.iter().zip(&group.values) {
                match is_of_order(*measure) {
                    true => reply.sum(value.number(), 0.0),
                    false => reply.measured(*value),
                }
            }
        }
        Ok(())
    }

    fn look(&self, selected: &Selected<'_>, reply: &mut Reply) {
        let mut groups: BTreeMap<Vec<Key>, Vec<&Token>> = BTreeMap::new();
        if self.group_by.is_empty() {
            groups.insert(Vec::new(), Vec::new());
        }
        for (_, token) in selected.each() {
            let key = self
                .group_by
                .iter()
                .map(|group_by| key_of(*group_by, token));
            groups.entry(key.collect()).or_default().push(token);
        }
        for (key, tokens) in &groups {
            key.iter().for_each(|key| tell_key(reply, key));
            reply.exact_count(self.left_out(tokens));
            for measure in &self.measures {
                look_at(reply, *measure, tokens);
            }
        }
    }
}

impl Aggregate {
    /// How many NaN there are, where it matters.
    fn left_out(&self, tokens: &[&Token]) -> usize {
        let weight = Column::Weight;
        let leaves_out = |measure: &Measure| match measure {
            Measure::Min(column) | Measure::Max(column) | Measure::Quantile(column, _) => {
                *column == weight
            }
            _ => false,
        };
        match self.measures.iter().any(leaves_out) {
            true => tokens
                .iter()
                .filter(|token| token.weight().is_nan())
                .count(),
            false => 0,
        }
    }
}

/// Whether the measure adds floats.
fn is_of_order(measure: Measure) -> bool {
    matches!(
        measure,
        Measure::Sum(Column::Weight)
            | Measure::Mean(Column::Weight)
            | Measure::StdDev(Column::Weight)
    )
}

fn key_of(group_by: GroupBy, token: &Token) -> Key {
    match group_by {
        GroupBy::EntityType => Key::EntityType(token.id().entity_type()),
        GroupBy::FlagsEntityType => Key::EntityType(token.flags().entity_type()),
        GroupBy::Domain => Key::Domain((token.id().raw() >> 28) as u8),
        GroupBy::Flag(flag) => Key::Flag(token.flags().bits() & flag.bits() != 0),
        GroupBy::Time(seconds) => Key::Time(token.timestamp() / seconds * seconds.get()),
        GroupBy::Cell(space, size) => {
            let size = size.get() as i32;
            let corner = |steps: i16| i32::from(steps).div_euclid(size) * size;
            Key::Cell(token.steps(space).map(corner))
        }
        other => panic!("no oracle for {other}"),
    }
}

fn tell_key(reply: &mut Reply, key: &Key) {
    match key {
        Key::EntityType(kind) => reply.exact(kind.bits()),
        Key::Domain(domain) => reply.exact(*domain),
        Key::Flag(is_set) => reply.exact(*is_set),
        Key::Time(second) => reply.exact(*second),
        Key::Cell(corner) => corner
            .iter()
            .for_each(|steps| reply.exact(steps.cast_unsigned())),
        other => panic!("no oracle for {other:?}"),
    }
}

fn look_at(reply: &mut Reply, measure: Measure, tokens: &[&Token]) {
    let values = |column| tokens.iter().filter_map(move |token| value(column, token));
    match measure {
        Measure::Count => reply.value(Some(tokens.len() as f64)),
        Measure::Min(column) => reply.value(values(column).reduce(f64::min)),
        Measure::Max(column) => reply.value(values(column).reduce(f64::max)),
        Measure::Quantile(column, share) => reply.value(quantile(values(column).collect(), share)),
        Measure::Distinct(column) => reply.value(Some(distinct(column, tokens) as f64)),
        Measure::Sum(Column::Weight) => Weights::of(tokens).sum(reply),
        Measure::Mean(Column::Weight) => Weights::of(tokens).mean(reply),
        Measure::StdDev(Column::Weight) => Weights::of(tokens).std_dev(reply),
        Measure::Sum(column) | Measure::Mean(column) | Measure::StdDev(column) => {
            reply.value(Whole::of(column, tokens).measure(measure));
        }
        other => panic!("no oracle for {other}"),
    }
}

fn quantile(mut values: Vec<f64>, share: f64) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    let at = (share * last as f64).round() as usize;
    Some(*values.select_nth_unstable_by(at, f64::total_cmp).1)
}

fn distinct(column: Column, tokens: &[&Token]) -> usize {
    let mut values: Vec<i64> = tokens.iter().map(|token| steps(column, token)).collect();
    values.sort_unstable();
    values.dedup();
    values.len()
}

/// Sums of whole numbers, exact.
struct Whole {
    column: Column,
    count: i128,
    sum: i128,
    squares: i128,
}

impl Whole {
    fn of(column: Column, tokens: &[&Token]) -> Self {
        let values = || tokens.iter().map(|token| i128::from(steps(column, token)));
        Self {
            column,
            count: tokens.len() as i128,
            sum: values().sum(),
            squares: values().map(|value| value * value).sum(),
        }
    }

    fn measure(&self, measure: Measure) -> Option<f64> {
        let (count, scale) = (self.count, scale(self.column));
        match measure {
            Measure::Sum(_) => (count > 0).then(|| self.sum as f64 / scale),
            Measure::Mean(_) => (count > 0).then(|| self.sum as f64 / count as f64 / scale),
            _ => (count > 1).then(|| {
                let spread = (count * self.squares - self.sum * self.sum) as f64;
                let variance = spread / (count as f64 * (count - 1) as f64);
                variance.sqrt() / scale
            }),
        }
    }
}

/// Sums of floats, one after the other.
struct Weights<'t> {
    tokens: &'t [&'t Token],
    sum: f64,
    size: f64,
    largest: f64,
}

impl<'t> Weights<'t> {
    fn of(tokens: &'t [&'t Token]) -> Self {
        let weights = || tokens.iter().map(|token| f64::from(token.weight()));
        Self {
            tokens,
            sum: weights().sum(),
            size: weights().map(f64::abs).sum(),
            largest: weights().map(f64::abs).fold(0.0, f64::max),
        }
    }

    fn count(&self) -> f64 {
        self.tokens.len() as f64
    }

    fn sum(&self, reply: &mut Reply) {
        reply.sum((self.count() > 0.0).then_some(self.sum), self.size);
    }

    fn mean(&self, reply: &mut Reply) {
        let mean = self.sum / self.count();
        reply.sum(
            (self.count() > 0.0).then_some(mean),
            self.size / self.count(),
        );
    }

    /// By two passes.
    fn std_dev(&self, reply: &mut Reply) {
        let mean = self.sum / self.count();
        let off = |token: &&Token| (f64::from(token.weight()) - mean).powi(2);
        let squares: f64 = self.tokens.iter().map(off).sum();
        let std_dev = (squares / (self.count() - 1.0)).sqrt();
        reply.sum((self.count() > 1.0).then_some(std_dev), self.largest);
    }
}
