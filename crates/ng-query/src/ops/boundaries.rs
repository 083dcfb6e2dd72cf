//! Every form of a condition at every end of every column, evaluated on blocks: from records and
//! from columns, by both sets of loops, and where zones decide whole blocks.
//!
//! Other tests compare a filter on one token with exact fractions.

use std::ops::ControlFlow;

use ng_arrow::Column;
use ng_parallel::Workers;
use ng_store::{BLOCK_TOKENS, BlockReader, CreateOptions, VecStore};
use ng_token::{Flags, Space, Token};
use tempfile::TempDir;

use crate::amount::count;
use crate::ends::{WEIGHT_TEXTS, WEIGHTS, ends, steps, values, with_step};
use crate::index::{BuildOptions, Index, build};
use crate::kernels::Kernels;
use crate::{Comparison, Filter, Query, QueryError, Source, Stats};

/// Every n-th filter in a debug build, different ones for each column; all of them in release.
const STEP: usize = if cfg!(debug_assertions) { 13 } else { 1 };

/// A file whose blocks end where conditions do: one block of the first sample alone, one of the
/// first half of the samples, one of the second half, and a partial block with all of them.
struct Blocks {
    tokens: Vec<Token>,
    /// Which sample is at which position.
    samples: Vec<usize>,
    count: usize,
    _folder: TempDir,
    reader: BlockReader,
    zones: Index,
    columns: Index,
}

impl Blocks {
    fn of(samples: &[Token], columns: &[Column]) -> Self {
        let middle = samples.len() / 2;
        let sample = |place: usize| match place / BLOCK_TOKENS {
            0 => 0,
            1 => place % (middle + 1),
            2 => middle + place % (samples.len() - middle),
            _ => place % samples.len(),
        };
        let places: Vec<usize> = (0..3 * BLOCK_TOKENS + samples.len()).map(sample).collect();
        let tokens: Vec<Token> = places.iter().map(|sample| samples[*sample]).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.ngt");
        let store = VecStore::from(tokens.clone());
        store.save(&path, &CreateOptions::new()).unwrap();
        let reader = BlockReader::open(&path).unwrap();
        let index = |options: &BuildOptions| {
            build(&Workers::new(1).unwrap(), &reader, options, |_, _| ()).unwrap();
            Index::load(&reader).unwrap()
        };
        let zones = index(&BuildOptions::new());
        let columns = index(&BuildOptions::new().columns(columns.iter().copied()));
        Self {
            tokens,
            count: samples.len(),
            samples: places,
            _folder: folder,
            reader,
            zones,
            columns,
        }
    }

    /// Asks for the positions of a filter's tokens on every path, and for those of its complement.
    fn check(&self, filter: &Filter, seen: &mut Seen) {
        for filter in [filter.clone(), !filter.clone()] {
            let expected = self.expected(&filter);
            let workers = Workers::new(2).unwrap();
            let (records, file) = (Source::from(&self.tokens), Source::from(&self.reader));
            let (baseline, best) = (Kernels::BASELINE, Kernels::detect());
            for (source, index, kernels) in [
                (records, None, baseline),
                (records, None, best),
                (file, Some(&self.columns), baseline),
                (file, Some(&self.columns), best),
                (file, Some(&self.zones), best),
            ] {
                let query = Query::new(source, &workers).kernels(kernels);
                let query = query.filter_at(&filter, NOW);
                let query = match index {
                    Some(index) => query.index(index).unwrap(),
                    None => query,
                };
                let (found, stats) = positions(&query);
                let way = (index.map(Index::columns), kernels.name());
                assert!(
                    found == expected,
                    "{filter}, by {way:?}: {}",
                    told(&found, &expected)
                );
                seen.add(&stats);
            }
        }
    }

    /// By looking at each sample, or at each token for conditions on positions.
    fn expected(&self, filter: &Filter) -> Vec<u64> {
        let holds = |place: usize| filter.matches(&self.tokens[place], place as u64, NOW);
        let is_of_places = filter.to_string().contains("position");
        let mut by_sample = vec![None; self.count];
        let holds = |place: &usize| match is_of_places {
            true => holds(*place),
            false => *by_sample[self.samples[*place]].get_or_insert_with(|| holds(*place)),
        };
        let places = (0..self.tokens.len()).filter(holds);
        places.map(|place| place as u64).collect()
    }
}

const NOW: u32 = 1_700_000_000;

fn positions(query: &Query<'_>) -> (Vec<u64>, Stats) {
    let mut found = Vec::new();
    let stats = query.positions::<QueryError>(|positions| {
        found.extend_from_slice(positions);
        Ok(ControlFlow::Continue(()))
    });
    (found, stats.unwrap())
}

fn told(found: &[u64], expected: &[u64]) -> String {
    let at = found
        .iter()
        .zip(expected)
        .position(|(left, right)| left != right);
    let at = at.unwrap_or(found.len().min(expected.len()));
    let [left, right] = [found, expected].map(|list| list.get(at));
    format!(
        "{} found, expected {}; number {at} is {left:?}, expected {right:?}",
        found.len(),
        expected.len()
    )
}

/// Checks that each path had something to see.
#[derive(Default)]
struct Seen {
    answers: u64,
    skipped: u64,
    unread: u64,
    of_columns: u64,
}

impl Seen {
    fn add(&mut self, stats: &Stats) {
        self.answers += 1;
        self.skipped += u64::from(stats.blocks_skipped > 0);
        self.unread += u64::from(stats.blocks_unread > 0);
        self.of_columns += u64::from(stats.columns);
    }

    #[track_caller]
    fn tell(&self, form: &str) {
        assert!(
            self.skipped > 0 && self.of_columns > 0,
            "{form}: nothing to see"
        );
        let part = if STEP > 1 {
            ", a thirteenth of them in debug"
        } else {
            ""
        };
        count(&format!("query: boundaries, {form}{part}"), self.answers);
    }
}

/// Tokens with each step of a column that is tested.
fn samples(column: Column) -> Vec<Token> {
    match column {
        Column::Weight => WEIGHTS
            .map(|weight| Token::ZERO.with_weight(weight))
            .to_vec(),
        _ => steps(column)
            .into_iter()
            .map(|step| with_step(column, step).0)
            .collect(),
    }
}

/// The values a column is compared with; for positions also the ends of blocks and of the file.
fn texts(column: Column) -> Vec<String> {
    match column {
        Column::Weight => WEIGHT_TEXTS.map(|(text, _)| text.to_owned()).to_vec(),
        Column::Position => {
            let ends = [4_095, 4_096, 8_191, 8_192, 12_287, 12_288, 12_292, 12_293];
            let ends = ends.map(|end: u64| end.to_string());
            values(column).into_iter().chain(ends).collect()
        }
        _ => values(column),
    }
}

#[test]
fn comparisons_ranges_and_lists_hold_at_every_end_of_every_column() {
    let mut seen = Seen::default();
    for column in Column::ALL {
        let stored = [column]
            .into_iter()
            .filter(|column| *column != Column::Position);
        let blocks = Blocks::of(&samples(column), &stored.collect::<Vec<_>>());
        let texts = texts(column);
        let compared = texts.iter().flat_map(|text| {
            Comparison::ALL.map(|comparison| format!("{column} {} {text}", comparison.symbol()))
        });
        let neighbours = texts.windows(2);
        let ranges = neighbours.flat_map(|pair| {
            [
                (&pair[0], &pair[1]),
                (&pair[1], &pair[0]),
                (&pair[0], &texts[0]),
            ]
            .map(|(low, high)| format!("{column} between {low} and {high}"))
        });
        let lists = texts.windows(4);
        let lists = lists.map(|texts| format!("{column} in ({})", texts.join(", ")));
        let filters: Vec<String> = compared.chain(ranges).chain(lists).collect();
        for filter in filters.iter().skip(column.index() % STEP).step_by(STEP) {
            blocks.check(&filter.parse().unwrap(), &mut seen);
        }
    }
    seen.tell("comparisons, ranges and lists");
}

#[test]
fn boxes_and_balls_hold_at_every_end_of_every_space() {
    let mut seen = Seen::default();
    for space in Space::ALL {
        let axes = crate::select::axes(space);
        let samples: Vec<Token> = axes.into_iter().flat_map(samples).collect();
        let blocks = Blocks::of(&samples, &axes);
        for (axis, column) in axes.into_iter().enumerate() {
            for filter in near(space, axis, column)
                .skip(space as usize % STEP)
                .step_by(STEP)
            {
                blocks.check(&filter.parse().unwrap(), &mut seen);
            }
        }
    }
    seen.tell("boxes and balls");
}

/// Boxes that end, and balls whose surface lies, at the steps of an axis and next to them.
fn near(space: Space, axis: usize, column: Column) -> impl Iterator<Item = String> {
    let texts = values(column);
    let pairs: Vec<_> = texts
        .windows(2)
        .map(|pair| [pair[0].clone(), pair[1].clone()])
        .collect();
    let boxes = pairs.into_iter().map(move |[low, high]| {
        let mut ends = [["-inf", "-inf", "-inf"], ["0", "inf", "inf"]];
        ends[0][axis] = &low;
        ends[1][axis] = &high;
        let [low, high] = ends.map(|end| end.join(", "));
        format!("{space} in box({low}; {high})")
    });
    let (min, max, scale) = ends(column);
    let unit = move |thousandths: i128| {
        format!("{}e-15", thousandths * 10_i128.pow(12) / i128::from(scale))
    };
    let centres = [
        min * 1_000,
        min * 1_000 - 1_500,
        0,
        500,
        max * 1_000,
        max * 1_000 + 7_000,
    ];
    let balls = centres.into_iter().flat_map(move |centre| {
        let surfaces = steps(column)
            .into_iter()
            .map(move |step| (step * 1_000 - centre).abs());
        surfaces.flat_map(move |apart| {
            [apart, apart + 1, (apart - 1).max(0), apart + 1_000].map(|radius| {
                let mut point = ["0".to_owned(), "0".to_owned(), "0".to_owned()];
                point[axis] = unit(centre);
                format!("{space} in ball({}; {})", point.join(", "), unit(radius))
            })
        })
    });
    boxes.chain(balls)
}

/// The system flags and the user's.
const FLAGS: [&str; 12] = [
    "active",
    "persistent",
    "mutable",
    "synchronized",
    "compressed",
    "encrypted",
    "dirty",
    "locked",
    "user_0",
    "user_1",
    "user_2",
    "user_3",
];

#[test]
fn flags_kinds_and_validity_hold_for_every_bit() {
    let bits = (0..16)
        .map(|bit| 1 << bit)
        .chain([0, u16::MAX, 0x8001, 0x7FFE]);
    let samples = bits.flat_map(|bits| {
        [0, 0x0100_0000, 0xF000_0001].map(|id| {
            let token = Token::new(id).with_flags(Flags::from_bits(bits));
            token
                .with_timestamp(NOW + 3_600 + u32::from(bits & 1))
                .with_weight(f32::from(bits))
        })
    });
    let columns = [
        Column::Flags,
        Column::Id,
        Column::EntityType,
        Column::FlagsEntityType,
    ];
    let columns = [&columns[..], &[Column::Weight, Column::Timestamp]].concat();
    let blocks = Blocks::of(&samples.collect::<Vec<_>>(), &columns);
    let mut filters: Vec<String> = ["valid", "valid(upstream)", "true", "false"]
        .map(str::to_owned)
        .into();
    for name in FLAGS {
        filters.push(name.to_owned());
        for test in ["all", "any", "none"] {
            filters.push(format!("flags {test} ({name})"));
            filters.push(format!("flags {test} ({name}, user_3, active)"));
        }
    }
    for kind in ng_token::EntityType::ALL {
        let name = kind.to_string().to_lowercase();
        filters.push(name.clone());
        filters.push(format!("flags_entity_type != {name}"));
        filters.push(format!("entity_type in ({name}, 15, undefined)"));
    }
    let mut seen = Seen::default();
    for filter in &filters {
        blocks.check(&filter.parse().unwrap(), &mut seen);
    }
    seen.tell("flags, kinds and validity");
}
