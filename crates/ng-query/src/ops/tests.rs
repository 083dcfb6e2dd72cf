//! Every operation against the simplest answer: from slices and files, with one thread and several,
//! by both sets of loops.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use ng_parallel::Workers;
use ng_store::{BlockReader, CreateOptions, TokenStore, VecStore};
use ng_token::Token;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::arbitrary::{filter, matches, tokens};
use crate::bound::Bound;
use crate::index::{BuildOptions, Index, build};
use crate::kernels::Kernels;
use crate::ordered::number_of;
use crate::{Answer, Column, Filter, Query, QueryError, Source};

/// A few tokens, repeated up to a count.
#[derive(Clone, Debug)]
struct Case {
    tokens: Vec<Token>,
    filter: Bound,
}

impl Case {
    fn selected(&self) -> Vec<(u64, Token)> {
        let all = (0..).zip(self.tokens.iter().copied());
        all.filter(|(position, token)| matches(&self.filter, *position, token))
            .collect()
    }

    /// Compares the answer on each path with the one from the selected tokens.
    fn check<T: PartialEq + std::fmt::Debug>(
        &self,
        expected: &T,
        ask: impl Fn(&Query<'_>) -> Result<T, QueryError>,
    ) -> Result<(), TestCaseError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens.ngt");
        let store = VecStore::from(self.tokens.clone());
        store.save(&path, &CreateOptions::new()).unwrap();
        let reader = BlockReader::open(&path).unwrap();
        let (slice, file) = (Source::from(&self.tokens), Source::from(&reader));
        let (baseline, best) = (Kernels::BASELINE, Kernels::detect());
        let zones = index(&reader, &BuildOptions::new());
        let whole = BuildOptions::new().columns(stored()).ids(true);
        let ways = [
            (slice, None, 1, baseline),
            (slice, None, 7, best),
            (file, None, 1, best),
            (file, None, 2, baseline),
            (file, Some(zones), 2, best),
            (file, Some(index(&reader, &whole)), 7, best),
        ];
        for (source, index, threads, kernels) in &ways {
            let workers = Workers::new(*threads).unwrap();
            let query = Query::new(*source, &workers)
                .bound(self.filter.clone())
                .kernels(*kernels);
            let query = match index {
                Some(index) => query.index(index).unwrap(),
                None => query,
            };
            let told = format!(
                "{threads} threads, {:?}",
                index.as_ref().map(Index::columns)
            );
            prop_assert_eq!(&ask(&query).unwrap(), expected, "{}", told);
        }
        Ok(())
    }
}

/// Makes the index of a file, or another version of it, and reads it.
fn index(reader: &BlockReader, options: &BuildOptions) -> Index {
    let workers = Workers::new(2).unwrap();
    build(&workers, reader, options, |_, _| ()).unwrap();
    Index::load(reader).unwrap()
}

fn case() -> impl Strategy<Value = Case> {
    let lengths = prop_oneof![0usize..200, 4000usize..4200, 8000usize..13_000];
    (tokens(), lengths, filter()).prop_map(|(few, len, filter)| Case {
        tokens: few.iter().copied().cycle().take(len).collect(),
        filter,
    })
}

/// The columns that are stored.
fn stored() -> impl Iterator<Item = Column> {
    Column::ALL.into_iter().skip(1)
}

/// The value of a column in its units.
fn number(column: Column, token: &Token) -> f64 {
    match column {
        Column::Position => unreachable!(),
        Column::Id => token.id().raw().into(),
        Column::Domain => token.id().domain().into(),
        Column::EntityType => token.id().entity_type().bits().into(),
        Column::LocalId => token.id().local().into(),
        Column::Flags => token.flags().bits().into(),
        Column::FlagsEntityType => token.flags().entity_type().bits().into(),
        Column::Weight => token.weight().into(),
        Column::Radius => f64::from(token.radius_raw()) / 100.0,
        Column::Strength => f64::from(token.strength_raw()) / 255.0,
        Column::Timestamp => token.timestamp().into(),
        Column::Coordinate(space, axis) => {
            f64::from(token.steps(space)[axis as usize]) / f64::from(space.scale())
        }
    }
}

/// The values that are not NaN, ascending, with -0.0 as 0.0.
fn sorted(column: Column, selected: &[(u64, Token)]) -> Vec<f64> {
    let mut values: Vec<_> = selected
        .iter()
        .map(|(_, token)| number(column, token) + 0.0)
        .filter(|value| !value.is_nan())
        .collect();
    values.sort_by(f64::total_cmp);
    values
}

/// The bits of a number, so that NaN equals itself.
fn bits(values: &[Option<f64>]) -> Vec<Option<u64>> {
    let one_nan = |value: f64| if value.is_nan() { f64::NAN } else { value };
    let bits = values
        .iter()
        .map(|value| value.map(|value| one_nan(value).to_bits()));
    bits.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn counts_are_those_of_a_look_at_each_token(case in case()) {
        let expected = case.selected().len() as u64;
        case.check(&expected, |query| Ok(query.count()?.value))?;
        case.check(&(expected > 0), |query| Ok(query.any()?.value))?;
    }

    #[test]
    fn each_of_some_filters_counts_its_own(case in case(), now: u32) {
        let texts = ["true", "valid", "not (weight >= 0.5)", "active and object or id < 1000"];
        let filters = texts.map(|text| text.parse::<Filter>().unwrap());
        let selected = case.selected();
        let expected = filters.each_ref().map(|filter| {
            let bound = filter.bind(now);
            let matching = selected.iter().filter(|(at, token)| matches(&bound, *at, token));
            matching.count() as u64
        });
        case.check(&expected.to_vec(), |query| Ok(query.count_each_at(&filters, now)?.value))?;
    }

    #[test]
    fn positions_and_tokens_come_in_order(case in case()) {
        let expected = case.selected();
        case.check(&expected, |query| {
            let mut found = Vec::new();
            query.tokens::<QueryError>(|positions, tokens| {
                found.extend(positions.iter().copied().zip(tokens.iter().copied()));
                Ok(ControlFlow::Continue(()))
            })?;
            Ok(found)
        })?;
        let positions: Vec<u64> = expected.iter().map(|(position, _)| *position).collect();
        case.check(&positions, |query| {
            let mut found = Vec::new();
            query.positions::<QueryError>(|positions| {
                found.extend_from_slice(positions);
                Ok(ControlFlow::Continue(()))
            })?;
            Ok(found)
        })?;
    }

    #[test]
    fn extremes_quantiles_and_distinct_values_are_exact(case in case(), share in 0.0..=1.0) {
        let selected = case.selected();
        let mut expected = Vec::new();
        let mut measures = Vec::new();
        for column in stored() {
            let values = sorted(column, &selected);
            let at = |share: f64| {
                let last = values.len().checked_sub(1)?;
                Some(values[(share * last as f64).round() as usize])
            };
            expected.extend([values.first().copied(), values.last().copied(), at(share)]);
            measures.extend([
                Measure::Min(column),
                Measure::Max(column),
                Measure::Quantile(column, share),
            ]);
            if column != Column::Weight {
                let distinct: BTreeSet<u64> = values.iter().map(|value| value.to_bits()).collect();
                expected.push(Some(distinct.len() as f64));
                measures.push(Measure::Distinct(column));
            }
        }
        case.check(&bits(&expected), |query| {
            let answer = query.aggregate(&[], &measures)?;
            let values = answer.value.groups[0].values.iter();
            Ok(bits(&values.map(Value::number).collect::<Vec<_>>()))
        })?;
    }

    #[test]
    fn sums_are_exact_or_of_blocks_in_their_order(case in case()) {
        let selected = case.selected();
        let mut expected = Vec::new();
        let mut measures = Vec::new();
        for column in stored() {
            let sum = match column {
                Column::Weight => sum_of_blocks(&selected),
                _ => {
                    let steps = crate::ordered::steps_per_unit(column).map_or(1.0, f64::from);
                    let stored = |token: &Token| (number(column, token) * steps).round() as i128;
                    let sum: i128 = selected.iter().map(|(_, token)| stored(token)).sum();
                    sum as f64 / steps
                }
            };
            expected.push((!selected.is_empty()).then_some(sum));
            measures.push(Measure::Sum(column));
        }
        case.check(&bits(&expected), |query| {
            let answer = query.aggregate(&[], &measures)?;
            let values = answer.value.groups[0].values.iter();
            Ok(bits(&values.map(Value::number).collect::<Vec<_>>()))
        })?;
    }

    #[test]
    fn means_and_deviations_of_whole_numbers_are_those_of_exact_sums(case in case()) {
        let selected = case.selected();
        let count = selected.len() as i128;
        let mut expected = Vec::new();
        let mut measures = Vec::new();
        for column in stored().filter(|column| *column != Column::Weight) {
            let steps = crate::ordered::steps_per_unit(column).map_or(1.0, f64::from);
            let stored = |token: &Token| (number(column, token) * steps).round() as i128;
            let sum: i128 = selected.iter().map(|(_, token)| stored(token)).sum();
            let squares: i128 = selected.iter().map(|(_, token)| stored(token).pow(2)).sum();
            let spread = (count * squares - sum * sum) as f64;
            let variance = spread / (count as f64 * (count - 1) as f64);
            expected.push((count > 0).then(|| sum as f64 / count as f64 / steps));
            expected.push((count > 1).then(|| variance.sqrt() / steps));
            measures.extend([Measure::Mean(column), Measure::StdDev(column)]);
        }
        case.check(&bits(&expected), |query| {
            let answer = query.aggregate(&[], &measures)?;
            let values = answer.value.groups[0].values.iter();
            Ok(bits(&values.map(Value::number).collect::<Vec<_>>()))
        })?;
    }

    #[test]
    fn groups_have_the_tokens_of_their_keys(
        case in case(),
        seconds in 1u32..4,
        size in 1u32..40_000,
        flag in prop::sample::select(crate::filter::FLAGS.map(|(_, bit)| bit).to_vec()),
    ) {
        let cell = GroupBy::Cell(ng_token::Space::Motor, size.try_into().unwrap());
        let group_by = [
            GroupBy::EntityType,
            GroupBy::Flag(ng_token::Flags::from_bits(flag)),
            GroupBy::Time(seconds.try_into().unwrap()),
        ];
        let mut expected: BTreeMap<Vec<Key>, u64> = BTreeMap::new();
        let mut cells: BTreeMap<Vec<Key>, u64> = BTreeMap::new();
        for (_, token) in case.selected() {
            let key = vec![
                Key::EntityType(token.id().entity_type()),
                Key::Flag(token.flags().bits() & flag != 0),
                Key::Time(token.timestamp() / seconds * seconds),
            ];
            *expected.entry(key).or_default() += 1;
            let corner = token.steps(ng_token::Space::Motor).map(|steps| {
                i32::from(steps).div_euclid(size as i32) * size as i32
            });
            *cells.entry(vec![Key::Cell(corner)]).or_default() += 1;
        }
        let counts = |query: &Query<'_>, group_by: &[GroupBy]| {
            let groups = query.aggregate(group_by, &[Measure::Count])?.value.groups;
            let count = |group: Group| match group.values[0] {
                Value::Integer(count) => (group.key, count as u64),
                _ => unreachable!(),
            };
            Ok(groups.into_iter().map(count).collect::<BTreeMap<_, _>>())
        };
        case.check(&expected, |query| counts(query, &group_by))?;
        case.check(&cells, |query| counts(query, &[cell]))?;
    }

    #[test]
    fn the_mean_and_deviation_of_groups_agree_with_two_passes(case in case()) {
        let selected: Vec<_> = case.selected();
        let weights: Vec<f64> = selected.iter().map(|(_, token)| token.weight().into()).collect();
        prop_assume!(weights.iter().all(|weight| weight.abs() < 1e6));
        let count = weights.len() as f64;
        let mean = weights.iter().sum::<f64>() / count;
        let squares: f64 = weights.iter().map(|weight| (weight - mean).powi(2)).sum();
        let expected = (squares / (count - 1.0)).sqrt();
        let workers = Workers::new(2).unwrap();
        let query = Query::new(&case.tokens, &workers).bound(case.filter.clone());
        let measures = [Measure::Mean(Column::Weight), Measure::StdDev(Column::Weight)];
        let values = query.aggregate(&[], &measures).unwrap().value.groups[0].values.clone();
        let near = |value: Value, expected: f64| match value.number() {
            None => true,
            Some(value) => (value - expected).abs() <= 1e-9 * (1.0 + expected.abs()),
        };
        prop_assert_eq!(values[0] == Value::Missing, weights.is_empty());
        prop_assert_eq!(values[1] == Value::Missing, weights.len() < 2);
        prop_assert!(near(values[0], mean) && near(values[1], expected), "{:?}", values);
    }

    #[test]
    fn the_top_are_the_first_of_a_stable_sort(case in case(), k in 1usize..300, place in 1usize..35) {
        let column = Column::ALL[place];
        for end in [End::Greatest, End::Least] {
            let mut ranked: Vec<(u64, f64)> = case
                .selected()
                .iter()
                .map(|(position, token)| (*position, number(column, token) + 0.0))
                .filter(|(_, value)| !value.is_nan())
                .collect();
            ranked.sort_by(|left, right| match end {
                End::Least => left.1.total_cmp(&right.1),
                End::Greatest => right.1.total_cmp(&left.1),
            });
            ranked.truncate(k);
            let is_nan = |token: &Token| column == Column::Weight && token.weight().is_nan();
            let nan = case.selected().iter().filter(|(_, token)| is_nan(token)).count() as u64;
            case.check(&(ranked, nan), |query| {
                let top = query.top(k, column, end)?.value;
                let number = |ranked: &Ranked| (ranked.position, ranked.value.number().unwrap());
                Ok((top.ranked.iter().map(number).collect(), top.nan_weights))
            })?;
        }
    }

    #[test]
    fn histograms_count_each_value_once(case in case(), count in 1usize..50, place in 1usize..35) {
        let column = Column::ALL[place];
        let (low, high) = (-1.0, 2.5);
        let mut expected = (vec![0_u64; count], 0_u64, 0_u64, 0_u64);
        for (_, token) in case.selected() {
            let value = number(column, &token);
            if value.is_nan() {
                expected.3 += 1;
            } else if value < low {
                expected.1 += 1;
            } else if value > high {
                expected.2 += 1;
            } else {
                let bin = ((value - low) / (high - low) * count as f64) as usize;
                expected.0[bin.min(count - 1)] += 1;
            }
        }
        case.check(&expected, |query| {
            let bins = Bins::new(count).range(low, high);
            let found = query.histogram(column, &bins)?.value.unwrap();
            Ok((found.counts, found.below, found.above, found.nan))
        })?;
    }

    #[test]
    fn histograms_of_several_columns_are_those_of_each(case in case(), count in 1usize..50) {
        let open = Bins::new(count);
        let columns: Vec<_> = stored()
            .map(|column| match column {
                Column::Radius | Column::Id => (column, open.range(0.5, 1e6)),
                _ => (column, open),
            })
            .collect();
        let workers = Workers::new(1).unwrap();
        let query = Query::new(&case.tokens, &workers).bound(case.filter.clone());
        let alone = columns.iter().map(|(column, bins)| query.histogram(*column, bins).unwrap());
        let expected: Vec<_> = alone.map(|answer| answer.value).collect();
        case.check(&expected, |query| Ok(query.histograms(&columns)?.value))?;
    }

    #[test]
    fn a_histogram_without_a_range_has_every_finite_value_within(case in case(), place in 1usize..35) {
        let column = Column::ALL[place];
        let values = sorted(column, &case.selected());
        let workers = Workers::new(1).unwrap();
        let query = Query::new(&case.tokens, &workers).bound(case.filter.clone());
        let found = query.histogram(column, &Bins::new(7)).unwrap().value;
        prop_assert_eq!(found.is_none(), !values.iter().any(|value| value.is_finite()));
        if let Some(found) = found {
            let infinite = values.iter().filter(|value| value.is_infinite()).count() as u64;
            let within: u64 = found.counts.iter().sum();
            prop_assert_eq!(within, values.len() as u64 - infinite);
            prop_assert_eq!(found.above + found.below, infinite);
        }
    }

    #[test]
    fn cells_of_two_columns_count_each_token_once(
        case in case(),
        columns in [1usize..35, 1usize..35],
        count in 1usize..20,
        more in 0usize..3,
    ) {
        let columns = columns.map(|place| Column::ALL[place]);
        // Columns with the same bins are kept apart.
        let (low, high, counts) = ([-1.0; 2], [2.5; 2], [count, count + more]);
        let mut expected = (vec![0_u64; counts[0] * counts[1]], 0_u64, 0_u64);
        for (_, token) in case.selected() {
            let values = columns.map(|column| number(column, &token));
            if values.iter().any(|value| value.is_nan()) {
                expected.2 += 1;
                continue;
            }
            if (0..2).any(|axis| values[axis] < low[axis] || values[axis] > high[axis]) {
                expected.1 += 1;
                continue;
            }
            let bins = [0, 1].map(|axis| {
                let share = (values[axis] - low[axis]) / (high[axis] - low[axis]);
                ((share * counts[axis] as f64) as usize).min(counts[axis] - 1)
            });
            expected.0[bins[0] + counts[0] * bins[1]] += 1;
        }
        let axis = |axis: usize| (columns[axis], Bins::new(counts[axis]).range(low[axis], high[axis]));
        case.check(&expected, |query| {
            let found = query.histograms_2d(&[[axis(0), axis(1)]])?.value.remove(0).unwrap();
            assert_eq!((found.columns, found.low, found.high), (columns, low, high));
            Ok((found.counts, found.outside, found.nan))
        })?;
    }

    /// Whatever the columns, the cells of a bin add up to that bin of one of them.
    #[test]
    fn cells_add_up_to_the_bins_of_each_column(
        case in case(),
        first in 0usize..31,
        count in 1usize..12,
    ) {
        let columns = stored().filter(|column| *column != Column::Weight);
        let columns: Vec<_> = columns.map(|column| (column, Bins::new(count))).collect();
        let columns = &columns[first..first + 3];
        let pairs = [[columns[0], columns[1]], [columns[1], columns[2]]];
        let workers = Workers::new(1).unwrap();
        let query = Query::new(&case.tokens, &workers).bound(case.filter.clone());
        let singles = query.histograms(columns).unwrap().value;
        let found = query.histograms_2d(&pairs).unwrap().value;
        case.check(&found, |query| Ok(query.histograms_2d(&pairs)?.value))?;
        for (two, found) in singles.windows(2).zip(&found) {
            let (Some(one), Some(other), Some(found)) = (&two[0], &two[1], found) else {
                prop_assert!(two.iter().all(Option::is_none) && found.is_none());
                continue;
            };
            let rows = || found.counts.chunks_exact(count);
            let of_one: Vec<u64> = (0..count).map(|bin| rows().map(|row| row[bin]).sum()).collect();
            let of_other: Vec<u64> = rows().map(|row| row.iter().sum()).collect();
            prop_assert_eq!((&of_one, &of_other), (&one.counts, &other.counts));
            prop_assert_eq!((found.outside, found.nan), (0, 0));
        }
    }

    #[test]
    fn ids_are_found_where_they_are(case in case(), more in proptest::collection::vec(any::<u32>(), 0..4)) {
        let mut ids: Vec<ng_token::TokenId> = more.into_iter().map(Into::into).collect();
        ids.extend(case.tokens.iter().step_by(3).take(5).map(Token::id));
        let selected = case.selected();
        let at = |id| {
            let found = selected.iter().filter(move |(_, token)| token.id() == id);
            found.map(|(position, _)| *position).collect::<Vec<u64>>()
        };
        let expected: Vec<Vec<u64>> = ids.iter().map(|id| at(*id)).collect();
        case.check(&expected, |query| {
            let found = query.find(&ids)?.value;
            prop_ids(&found, &ids);
            Ok(found.into_iter().map(|found| found.positions).collect())
        })?;
    }

    #[test]
    fn duplicates_are_the_ids_of_more_than_one(case in case(), limit in 0usize..4) {
        let mut by_id: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
        for (position, token) in case.selected() {
            by_id.entry(token.id().raw()).or_default().push(position);
        }
        by_id.retain(|_, positions| positions.len() > 1);
        let count = by_id.len() as u64;
        let repeats: usize = by_id.values().map(|positions| positions.len() - 1).sum();
        let least: Vec<(u32, Vec<u64>)> = by_id.into_iter().take(limit).collect();
        case.check(&(count, repeats as u64, least), |query| {
            let found = query.duplicates(limit)?.value;
            let ids = found.ids.into_iter().map(|found| (found.id.raw(), found.positions));
            Ok((found.id_count, found.repeats, ids.collect()))
        })?;
        // With little room there are more passes, and the same answer.
        let workers = Workers::new(2).unwrap();
        let query = Query::new(&case.tokens, &workers).bound(case.filter.clone());
        let found = query.duplicates_in(seen::Seen::with_room(8), limit).unwrap().value;
        prop_assert_eq!((found.id_count, found.repeats), (count, repeats as u64));
        prop_assert!(query.duplicates(limit).unwrap().value == found);
    }

    /// Lists of any length select what equals one of their values, in every column.
    #[test]
    fn lists_hold_for_their_values(
        case in case(),
        place in 0usize..35,
        some in vec(any::<prop::sample::Index>(), 1..60),
        others in vec(-60i32..300, 0..60),
    ) {
        let column = Column::ALL[place];
        let value = |position: u64, token: &Token| match column {
            Column::Position => position as f64,
            column => number(column, token),
        };
        // The decimals of strengths are those of every 51st step.
        let is_decimal = |value: &f64| column != Column::Strength || (value * 5.0).fract() == 0.0;
        let scale = crate::ordered::steps_per_unit(column).map_or(1.0, f64::from);
        let of_tokens = some.iter().filter(|_| !case.tokens.is_empty()).map(|index| {
            let position = index.index(case.tokens.len());
            value(position as u64, &case.tokens[position])
        });
        let others = others.iter().map(|step| f64::from(*step) / scale);
        let values: Vec<f64> = of_tokens.chain(others).filter(|value| value.is_finite() && is_decimal(value)).collect();
        let list = Filter::one_of(column, values.iter().copied());
        let Ok(list) = list else { return Ok(()) };
        let is_one = |position, token: &Token| {
            let own = value(position, token);
            values.iter().any(|value| *value == own || *value as f32 == own as f32 && column == Column::Weight)
        };
        let count = |holds: bool| case.selected().iter()
            .filter(|(position, token)| is_one(*position, token) == holds)
            .count() as u64;
        for (list, expected) in [(list.clone(), count(true)), (!list, count(false))] {
            case.check(&expected, |query| Ok(query.clone().filter(&list).count()?.value))?;
        }
    }

    #[test]
    fn a_sample_is_the_same_on_every_way(case in case(), count in 1usize..300, seed: u64) {
        let selected: Vec<u64> = case.selected().iter().map(|(position, _)| *position).collect();
        let workers = Workers::new(1).unwrap();
        let query = Query::new(&case.tokens, &workers).bound(case.filter.clone());
        let drawn = query.sample(count, seed).unwrap().value;
        prop_assert_eq!(drawn.len(), count.min(selected.len()));
        prop_assert!(drawn.windows(2).all(|pair| pair[0] < pair[1]));
        prop_assert!(drawn.iter().all(|position| selected.binary_search(position).is_ok()));
        case.check(&drawn, |query| Ok(query.sample(count, seed)?.value))?;
    }
}

fn prop_ids(found: &[Found], ids: &[ng_token::TokenId]) {
    assert!(found.iter().map(|found| found.id).eq(ids.iter().copied()));
}

/// Four partial sums a block, each of the tokens at every fourth index.
fn sum_of_blocks(selected: &[(u64, Token)]) -> f64 {
    let mut blocks: BTreeMap<u64, [f64; 4]> = BTreeMap::new();
    for (position, token) in selected {
        let lanes = blocks.entry(position / 4096).or_default();
        lanes[(position % 4) as usize] += f64::from(token.weight());
    }
    let blocks = blocks.values().map(|[a, b, c, d]| (a + b) + (c + d));
    blocks.fold(0.0, |sum, block| sum + block)
}

#[test]
fn every_flag_can_be_grouped_by_and_no_other_bits() {
    for (name, bits) in crate::filter::FLAGS {
        let flag = GroupBy::Flag(ng_token::Flags::from_bits(bits));
        assert_eq!(name.parse(), Ok(flag));
        assert_eq!(flag.to_string(), name);
    }
    let workers = Workers::new(1).unwrap();
    let tokens = [Token::new(1)];
    for bits in [0, 0x100, 3] {
        let flags = GroupBy::Flag(ng_token::Flags::from_bits(bits));
        let asked = Query::new(&tokens[..], &workers).aggregate(&[flags], &[Measure::Count]);
        assert!(asked.is_err(), "{bits}");
    }
}

/// If the only values were NaN, a quantile of an empty list was looked for.
#[test]
fn of_nan_alone_there_is_no_quantile_and_no_extreme() {
    let tokens = [Token::new(1).with_weight(f32::NAN); 5000];
    let workers = Workers::new(1).unwrap();
    let weight = Column::Weight;
    let measures = [
        Measure::Quantile(weight, 0.5),
        Measure::Min(weight),
        Measure::Max(weight),
    ];
    for group_by in [&[][..], &[GroupBy::EntityType]] {
        let answer = Query::new(&tokens[..], &workers).aggregate(group_by, &measures);
        let groups = answer.unwrap().value.groups;
        assert_eq!(groups[0].values, [Value::Missing; 3]);
        assert_eq!(groups[0].nan_weights, 5000);
        let batch = Query::new(&tokens[..], &workers).aggregate(group_by, &measures);
        let batch = batch.unwrap().value.to_batch();
        let last = batch.schema().fields().last().unwrap().name().clone();
        assert_eq!(last, Groups::NAN_WEIGHTS);
    }
}

#[test]
fn keys_have_the_numbers_of_their_columns() {
    assert_eq!(number_of(Column::Radius, 255), 2.55);
}

/// Every sample of a size is equally likely: positions are drawn uniformly.
#[test]
fn samples_are_even() {
    let tokens: Vec<Token> = (0..100).map(Token::new).collect();
    let workers = Workers::new(1).unwrap();
    let query = Query::new(&tokens, &workers);
    let mut drawn = [0_u32; 100];
    for seed in 0..10_000 {
        for position in query.sample(10, seed).unwrap().value {
            drawn[position as usize] += 1;
        }
    }
    // 1000 each, with a standard deviation of 30.
    assert!(
        drawn.iter().all(|count| (850..1150).contains(count)),
        "{drawn:?}"
    );
}

/// Two threads might each have counted fewer groups than all have together.
#[test]
fn more_groups_than_can_be_kept_are_refused() {
    let token = |time| Token::new(0).with_timestamp(time);
    let tokens: Vec<Token> = (0..20_000).map(token).collect();
    let workers = Workers::new(2).unwrap();
    let query = Query::new(&tokens, &workers);
    let group_by = ["time(1)".parse().unwrap()];
    let counted = query.aggregate(&group_by, &[Measure::Count]).unwrap();
    assert_eq!(counted.value.groups.len(), 20_000);
    let refused = query.aggregate(&group_by, &[Measure::Quantile(Column::Weight, 0.5)]);
    let refused = refused.unwrap_err().to_string();
    assert!(
        refused.starts_with("more than 4096 groups, expected"),
        "{refused}"
    );
    let huge = GroupBy::Cell(ng_token::Space::Motor, 65_537.try_into().unwrap());
    assert!(query.aggregate(&[huge], &[Measure::Count]).is_err());
}

/// Whichever file of an index is broken, each operation answers as without one. With rotten zones
/// and sound sorted ids, each position was found twice.
#[test]
fn over_a_broken_index_every_answer_is_that_of_the_records() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.ngt");
    let steps = |index: u32| (index.wrapping_mul(0x9E37_79B1) >> 16) as u16 as i16;
    let token = |index: u32| {
        let point = [steps(index), steps(index + 7), steps(index + 11)];
        Token::new(index / 2)
            .with_weight(f32::from(steps(index + 3)))
            .with_timestamp(index)
            .with_coordinate(ng_token::Space::Physical, point)
    };
    let store = VecStore::from_iter((0..13_000).map(token));
    store.save(&path, &CreateOptions::new()).unwrap();
    let reader = BlockReader::open(&path).unwrap();
    let workers = Workers::new(2).unwrap();
    let options = BuildOptions::new().columns(stored()).ids(true);
    let options = options.boxes([ng_token::Space::Physical]);
    build(&workers, &reader, &options, |_, _| ()).unwrap();
    let expected = every_answer(&Query::new(&reader, &workers));
    let files: Vec<_> = std::fs::read_dir(folder.path().join("tokens.ngt.index"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some())
        .collect();
    assert!(files.len() >= 5, "{files:?}");
    for file in &files {
        let whole = std::fs::read(file).unwrap();
        let broken = [0, whole.len() / 2, whole.len() - 1].map(|place| {
            let mut bytes = whole.clone();
            bytes[place] ^= 0x10;
            bytes
        });
        for bytes in broken
            .into_iter()
            .chain([whole[..whole.len() / 2].to_vec(), Vec::new()])
        {
            std::fs::write(file, bytes).unwrap();
            if let Some(index) = Index::load(&reader) {
                let query = Query::new(&reader, &workers).index(&index).unwrap();
                assert_eq!(every_answer(&query), expected, "{}", file.display());
            }
        }
        std::fs::remove_file(file).unwrap();
        if let Some(index) = Index::load(&reader) {
            let query = Query::new(&reader, &workers).index(&index).unwrap();
            assert_eq!(every_answer(&query), expected, "without {}", file.display());
        }
        std::fs::write(file, whole).unwrap();
    }
}

/// The answer of each operation, as text.
fn every_answer(query: &Query<'_>) -> Vec<String> {
    let filter = "timestamp between 3000 and 9000 and weight > 0"
        .parse()
        .unwrap();
    let filtered = query.clone().filter(&filter);
    let measures = [
        Measure::Mean(Column::Weight),
        Measure::Quantile(Column::Timestamp, 0.3),
    ];
    let ids: Vec<ng_token::TokenId> = [5, 5000, 6499, 7000].map(Into::into).into();
    let mut points = Points::in_space(ng_token::Space::Physical);
    points.add_units(&[[1.0, 2.0, 3.0]]).unwrap();
    let ball = Ball::of_units(ng_token::Space::Physical, [0.0; 3], 90.0).unwrap();
    vec![
        format!("{:?}", filtered.count().unwrap().value),
        format!("{:?}", filtered.any().unwrap().value),
        format!(
            "{:?}",
            filtered
                .aggregate(&[GroupBy::EntityType], &measures)
                .unwrap()
                .value
        ),
        format!(
            "{:?}",
            query.top(7, Column::Weight, End::Greatest).unwrap().value
        ),
        format!("{:?}", query.find(&ids).unwrap().value),
        format!("{:?}", filtered.find(&ids).unwrap().value),
        format!("{:?}", query.duplicates(3).unwrap().value),
        format!(
            "{:?}",
            query
                .histogram(Column::Weight, &Bins::new(5))
                .unwrap()
                .value
        ),
        format!("{:?}", filtered.sample(9, 1).unwrap().value),
        format!(
            "{:?}",
            query.nearest(&points, 5).unwrap().value[0].neighbours
        ),
        format!("{:?}", query.within_counts(&[ball]).unwrap().value),
        format!("{:?}", query.influence(&ball).unwrap().value),
    ]
}

/// Tokens that are read from a file for an answer count as part of its work.
#[test]
fn tokens_at_positions_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.ngt");
    let store = VecStore::from_iter((0..13_000).map(Token::new));
    store.save(&path, &CreateOptions::new()).unwrap();
    let reader = BlockReader::open(&path).unwrap();
    let positions = [12_999, 12_290, 1];
    let expected = positions.map(|position| Token::new(position as u32));
    // The last block has 712 tokens.
    for (source, bytes) in [
        (Source::from(&reader), 64 * (4096 + 712)),
        (Source::from(&store), 64 * 3),
    ] {
        let Answer { value, stats } = source.tokens_at(&positions).unwrap();
        assert_eq!(value, expected);
        let blocks = (stats.blocks, stats.blocks_looked_at, stats.blocks_skipped);
        assert_eq!(
            (blocks, stats.bytes_read, stats.records),
            ((4, 2, 2), bytes, true)
        );
    }
    let nothing = Source::from(&reader).tokens_at(&[]).unwrap().stats;
    assert_eq!((nothing.blocks_looked_at, nothing.records), (0, false));
}

/// A look-up in sorted ids counts as work: a piece has 12 bytes an id.
#[test]
fn sorted_ids_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.ngt");
    let ids = (0..8192 * 2).map(|index: u32| index.wrapping_mul(0x9E37_79B1));
    let store = VecStore::from_iter(ids.map(Token::new));
    store.save(&path, &CreateOptions::new()).unwrap();
    let reader = BlockReader::open(&path).unwrap();
    let index = index(&reader, &BuildOptions::new().ids(true));
    let workers = Workers::new(1).unwrap();
    let query = Query::new(&reader, &workers).index(&index).unwrap();
    let mut sorted: Vec<u32> = store
        .tokens()
        .iter()
        .map(|token| token.id().raw())
        .collect();
    sorted.sort_unstable();
    let looked = |places: &[usize]| {
        let ids: Vec<ng_token::TokenId> =
            places.iter().map(|place| sorted[*place].into()).collect();
        let stats = query.find(&ids).unwrap().stats;
        assert_eq!(
            (stats.records, stats.columns, stats.blocks_looked_at),
            (false, true, 0)
        );
        stats.bytes_read
    };
    // The first of a piece may begin in the one before it.
    assert_eq!(looked(&[5]), 12 * 4096);
    assert_eq!(looked(&[6, 5, 7]), 12 * 4096);
    assert_eq!(looked(&[5000, 5, 15_000]), 3 * 12 * 4096);
    assert_eq!(looked(&[8192]), 2 * 12 * 4096);
}

/// Each thread counted its own groups, so one thread refused more groups than several did.
#[test]
fn as_many_groups_are_refused_by_any_number_of_threads() {
    let group_by = ["time(1)".parse().unwrap()];
    let weight = Column::Weight;
    for (groups, is_refused) in [(4096, false), (4097, true), (5000, true)] {
        let count = 200_000;
        let token = |index| Token::new(0).with_timestamp((index * groups / count) as u32);
        let tokens: Vec<Token> = (0..count).map(token).collect();
        let answers = [1, 2, 3, 7].map(|threads| {
            let workers = Workers::new(threads).unwrap();
            let query = Query::new(&tokens, &workers);
            query.aggregate(
                &group_by,
                &[Measure::Quantile(weight, 0.5), Measure::StdDev(weight)],
            )
        });
        for answer in &answers {
            match answer {
                Ok(answer) => {
                    assert!(!is_refused, "{groups} groups");
                    assert_eq!(answer.value, answers[0].as_ref().unwrap().value);
                }
                Err(error) => {
                    let told = error.to_string();
                    assert!(
                        is_refused && told.starts_with("more than 4096 groups"),
                        "{told}"
                    );
                }
            }
        }
    }
}

/// A file of 20,000 tokens whose block 2 is damaged.
fn damaged_file(folder: &std::path::Path) -> BlockReader {
    let path = folder.join("tokens.ngt");
    let store = VecStore::from_iter((0..20_000).map(Token::new));
    store.save(&path, &CreateOptions::new()).unwrap();
    let reader = BlockReader::open(&path).unwrap();
    build(
        &Workers::new(1).unwrap(),
        &reader,
        &BuildOptions::new().columns(stored()).ids(true),
        |_, _| (),
    )
    .unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let token = Token::new(2 * 4096 + 7);
    let record = ng_token::as_bytes(std::slice::from_ref(&token));
    let place = bytes.windows(64).position(|window| window == record);
    bytes[place.unwrap() + 40] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    BlockReader::open(&path).unwrap()
}

/// Counts without a condition, and counts answered by zones or columns, looked at no record, and so
/// counted the tokens of damaged blocks that were to be left out.
#[test]
fn what_leaves_damaged_blocks_out_looks_at_what_it_counts() {
    let folder = tempfile::tempdir().unwrap();
    let reader = damaged_file(folder.path());
    let index = Index::load(&reader).unwrap();
    let workers = Workers::new(2).unwrap();
    let all = "id >= 0".parse().unwrap();
    let some = "id < 19000 and timestamp = 0".parse().unwrap();
    let plain = Query::new(&reader, &workers);
    let indexed = plain.clone().index(&index).unwrap();
    for (query, expected) in [
        (plain.clone(), 20_000),
        (plain.clone().filter(&all), 20_000),
        (indexed.clone(), 20_000),
        (indexed.clone().filter(&all), 20_000),
        (indexed.clone().filter(&some), 19_000),
    ] {
        let query = query.skip_damaged(true);
        let count = |measures: &[Measure]| {
            let answer = query.aggregate(&[], measures).unwrap();
            (answer.value.groups[0].values[0], answer.stats)
        };
        let counts =
            [Measure::Count, Measure::Distinct(Column::Id)].map(|measure| count(&[measure]));
        let left = expected - 4096;
        for (value, stats) in &counts {
            assert_eq!(*value, Value::Integer(left.into()));
            assert_eq!((stats.damaged_blocks, stats.damaged_tokens), (1, 4096));
        }
        let answer = query.count().unwrap();
        assert_eq!((answer.value, answer.stats.damaged_tokens), (left, 4096));
        let each = query.count_each_at(std::slice::from_ref(&all), 0).unwrap();
        assert_eq!((each.value, each.stats.damaged_tokens), (vec![left], 4096));
        let bins = Bins::new(3).range(0.0, 3.0);
        let bins = query.histogram(Column::Weight, &bins).unwrap();
        assert_eq!(bins.value.unwrap().counts.iter().sum::<u64>(), left);
        let axis = (Column::Radius, Bins::new(2));
        let cells = query.histograms_2d(&[[axis; 2]]).unwrap();
        assert_eq!(
            cells.value[0].as_ref().unwrap().counts.iter().sum::<u64>(),
            left
        );
        let sample = query.sample(50_000, 1).unwrap();
        assert_eq!(sample.value.len() as u64, left);
    }
    // Nothing is read for a count of everything that leaves nothing out.
    let answer = plain.count().unwrap();
    assert_eq!((answer.value, answer.stats.bytes_read), (20_000, 0));
}

/// Sorted ids answered for blocks that were damaged after they were indexed: a look-up that was to
/// leave those out read nothing, and left nothing out.
#[test]
fn a_look_up_that_leaves_damaged_blocks_out_reads_those_of_what_it_finds() {
    let folder = tempfile::tempdir().unwrap();
    let reader = damaged_file(folder.path());
    let index = Index::load(&reader).unwrap();
    let workers = Workers::new(2).unwrap();
    let plain = Query::new(&reader, &workers);
    let indexed = plain.clone().index(&index).unwrap();
    let ids = [2 * 4096 + 7, 5, 19_000, 50_000, 7].map(ng_token::TokenId::from_raw);
    let of = |found: Vec<Found>| found.into_iter().map(|found| found.positions);
    for (query, looked) in [(plain, 5), (indexed.clone(), 3)] {
        let Answer { value, stats } = query.skip_damaged(true).find(&ids).unwrap();
        let expected = [vec![], vec![5], vec![19_000], vec![], vec![7]];
        assert!(of(value).eq(expected));
        assert_eq!(stats.damaged_tokens, 4096);
        assert_eq!(stats.blocks_looked_at, looked);
    }
    // A query that leaves nothing out takes what the index says, which has all but the last block.
    let Answer { value, stats } = indexed.find(&ids).unwrap();
    assert!(of(value).eq([vec![2 * 4096 + 7], vec![5], vec![19_000], vec![], vec![7]]));
    assert_eq!((stats.damaged_tokens, stats.blocks_looked_at), (0, 1));
}

/// An infinity made the greatest value of an `f32` the end of the bins.
#[test]
fn bins_end_at_the_least_and_greatest_finite_value() {
    let workers = Workers::new(1).unwrap();
    let ends = |weights: &[f32]| {
        let token = |weight: &f32| Token::new(1).with_weight(*weight);
        let tokens: Vec<Token> = weights.iter().map(token).collect();
        let query = Query::new(&tokens, &workers);
        let found = query.histogram(Column::Weight, &Bins::new(2)).unwrap();
        let found = found.value?;
        Some((
            found.low,
            found.high,
            found.counts,
            found.below,
            found.above,
            found.nan,
        ))
    };
    let (inf, nan) = (f32::INFINITY, f32::NAN);
    assert_eq!(
        ends(&[0.5, 1.0, -1.0, inf, inf, -inf, nan]),
        Some((-1.0, 1.0, vec![1, 2], 1, 2, 1))
    );
    assert_eq!(ends(&[2.0, -inf]), Some((2.0, 2.0, vec![1, 0], 1, 0, 0)));
    assert_eq!(
        ends(&[f32::MAX, inf]),
        Some((f32::MAX.into(), f32::MAX.into(), vec![1, 0], 0, 1, 0))
    );
    assert_eq!(ends(&[inf, -inf, inf]), None);
    assert_eq!(ends(&[nan, inf]), None);
}

/// Two columns of one name are refused by readers of Parquet.
#[test]
fn columns_of_groups_have_different_names() {
    let tokens = [Token::new(1)];
    let workers = Workers::new(1).unwrap();
    let query = Query::new(&tokens[..], &workers);
    let ask = |group_by: &str, measures: &str| {
        let group_by = match group_by {
            "" => Vec::new(),
            list => GroupBy::list(list).unwrap(),
        };
        let answer = query.aggregate(&group_by, &Measure::list(measures).unwrap());
        let batch = answer.map_err(|error| error.to_string())?.value.to_batch();
        let fields = batch.schema().fields().clone();
        Ok::<_, String>(
            fields
                .iter()
                .map(|field| field.name().clone())
                .collect::<Vec<_>>(),
        )
    };
    assert_eq!(
        ask(
            "cell(physical,300),cell(physical,0.5),cell(motor,1)",
            "count"
        )
        .unwrap(),
        [
            "physical_x(300)",
            "physical_y(300)",
            "physical_z(300)",
            "physical_x(0.5)",
            "physical_y(0.5)",
            "physical_z(0.5)",
            "motor_x",
            "motor_y",
            "motor_z",
            "count"
        ]
    );
    for (group_by, measures, twice) in [
        ("", "count,max(weight),count", "count"),
        (
            "",
            "median(weight),quantile(weight,0.5)",
            "quantile(weight, 0.5)",
        ),
        ("entity_type,active,entity_type", "count", "entity_type"),
        ("cell(motor,1),cell(motor,1.0)", "count", "cell(motor, 1)"),
    ] {
        assert_eq!(
            ask(group_by, measures),
            Err(format!("{twice} is asked for twice, expected once"))
        );
    }
    // Two keys of one column are not one key twice.
    assert_eq!(
        ask("time(60),time(3600)", "count").unwrap(),
        ["time(60)", "time(3600)", "count"]
    );
}

/// As many bins as fill 128 MiB a thread were accepted, and their results took ten times as much.
#[test]
fn more_bins_than_memory_are_refused() {
    let tokens = [Token::new(1)];
    let workers = Workers::new(1).unwrap();
    let query = Query::new(&tokens[..], &workers);
    let ask = |count| query.histogram(Column::Weight, &Bins::new(count));
    assert!(ask(1 << 20).is_ok());
    let refused = ask((1 << 20) + 1).unwrap_err().to_string();
    assert_eq!(refused, "1048577 bins, expected 1 to 1048576");
    let cells = |one, other| {
        let axis = |count| (Column::Weight, Bins::new(count));
        query.histograms_2d(&[[axis(one), axis(other)]])
    };
    assert!(cells(1 << 10, 1 << 10).is_ok());
    for (one, other, told) in [
        (1 << 10, 1025, "1049600 bins"),
        (0, 1, "0 bins"),
        (1 << 20, 1 << 20, "1099511627776 bins"),
        (usize::MAX, 2, "18446744073709551615 bins"),
    ] {
        let refused = cells(one, other).unwrap_err().to_string();
        assert_eq!(refused, format!("{told}, expected 1 to 1048576"));
    }
}
