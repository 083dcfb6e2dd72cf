//! Tokens that are cut in parts answer as they do in one piece.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ng_query::index::BuildOptions;
use ng_query::ng_parallel::Workers;
use ng_query::ng_store::{BLOCK_TOKENS, BlockReader};
use ng_query::ng_token::{Space, Token};
use ng_query::{
    Column, Groups, Measure, Neighbours, OpenPart, Partial, Parts, Points, Query, QueryError,
    Source, Zone,
};

use crate::amount::count;
use crate::filters::{EACH, Meant, NOW, WHOLE};
use crate::place::{Place, Way, everything, zones};
use crate::questions::{self, Questions, Selected};
use crate::tokens;
use crate::whole::{ask, looked_at, tell, told};

/// How a part holds its tokens.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Memory,
    Reader,
    ReaderWith(fn() -> BuildOptions),
    Mapped,
    MappedWith(fn() -> BuildOptions),
    /// Rows of the file that has all tokens.
    RowsOfAll,
    /// Rows of a file that has others before and behind them.
    Rows,
}

const KINDS: [Kind; 9] = [
    Kind::ReaderWith(zones),
    Kind::Memory,
    Kind::MappedWith(everything),
    Kind::RowsOfAll,
    Kind::Rows,
    Kind::ReaderWith(everything),
    Kind::Mapped,
    Kind::Rows,
    Kind::Reader,
];

/// Tokens in parts.
#[derive(Debug)]
pub(crate) struct Cut {
    parts: Vec<Part>,
    most_open: AtomicUsize,
}

#[derive(Debug)]
struct Part {
    tokens: u64,
    zone: Option<Zone>,
    open: Arc<OpenPart>,
}

impl Cut {
    /// Cuts tokens at some places; every `zoned`-th part has no zone.
    fn new(
        tokens: &[Token],
        whole: &BlockReader,
        ends: &[usize],
        turn: usize,
        zoned: usize,
    ) -> Self {
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let ranges = starts.zip(ends.iter().copied().chain([tokens.len()]));
        let parts = ranges.enumerate().map(|(number, (start, end))| {
            let own = &tokens[start..end];
            let kind = KINDS[(number + turn) % KINDS.len()];
            Part {
                tokens: own.len() as u64,
                zone: (!own.is_empty() && number % zoned != 0).then(|| Zone::of(own)),
                open: Arc::new(opened(kind, own, whole, start as u64..end as u64)),
            }
        });
        Self {
            parts: parts.collect(),
            most_open: AtomicUsize::new(0),
        }
    }
}

fn opened(kind: Kind, own: &[Token], whole: &BlockReader, rows: Range<u64>) -> OpenPart {
    let place = || Place::of(own);
    match kind {
        Kind::Memory => OpenPart::of_tokens(own.to_vec()),
        Kind::RowsOfAll => OpenPart::of_reader_rows(whole.clone(), rows),
        Kind::Rows => {
            let (before, behind) = (tokens::tokens(77), tokens::tokens(5));
            let end = 77 + own.len() as u64;
            let all = Place::of(&[&before, own, &behind].concat());
            OpenPart::of_reader_rows(all.reader.clone(), 77..end)
        }
        Kind::Reader => OpenPart::of_reader(place().reader.clone(), None).unwrap(),
        Kind::Mapped => OpenPart::of_snapshot(place().snapshot.clone(), None).unwrap(),
        Kind::ReaderWith(options) => {
            let place = place();
            let index = place.index(&options());
            OpenPart::of_reader(place.reader.clone(), Some(index)).unwrap()
        }
        Kind::MappedWith(options) => {
            let place = place();
            let index = place.index(&options());
            OpenPart::of_snapshot(place.snapshot.clone(), Some(index)).unwrap()
        }
    }
}

impl Parts for Cut {
    fn part_count(&self) -> usize {
        self.parts.len()
    }

    fn part_tokens(&self, part: usize) -> u64 {
        self.parts[part].tokens
    }

    fn part_zone(&self, part: usize) -> Option<&Zone> {
        self.parts[part].zone.as_ref()
    }

    fn open_part(&self, part: usize) -> Result<Arc<OpenPart>, QueryError> {
        let open = &self.parts[part].open;
        self.most_open
            .fetch_max(Arc::strong_count(open), Ordering::Relaxed);
        Ok(Arc::clone(open))
    }
}

/// Ends of parts: all kinds of blocks, empty parts, tiny ones, and long ones.
fn ends(count: usize, seed: u64) -> Vec<usize> {
    let mut random = seed;
    let mut drawn = |most: usize| {
        random = random
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .wrapping_add(0x1234_5678_9ABC);
        (random >> 33) as usize % most
    };
    let block = BLOCK_TOKENS;
    let (mut ends, mut at) = (Vec::new(), 0);
    while at < count {
        at += match drawn(6) {
            0 => 0,
            1 => 1 + drawn(70),
            2 => block - at % block,
            3 => block * (1 + drawn(3)),
            4 => drawn(block) + block,
            _ => drawn(5 * block),
        };
        ends.push(at.min(count));
    }
    ends
}

/// Parts of whole blocks.
fn ends_of_blocks(count: usize) -> Vec<usize> {
    let blocks = [1, 1, 4, 4, 9, 14, 16, 17].into_iter();
    let ends = blocks.map(|blocks| blocks * BLOCK_TOKENS);
    ends.filter(|end| *end <= count).collect()
}

#[test]
fn every_operation_says_of_parts_what_it_says_of_one_piece() {
    let tokens = tokens::tokens(tokens::count());
    let place = Place::of(&tokens);
    let slice = Way::new(("one slice", Source::from(&tokens)), ("no index", None), 2);
    let even = [Cut::new(
        &tokens,
        &place.reader,
        &ends_of_blocks(tokens.len()),
        0,
        3,
    )];
    let uneven = [1, 2, 3].map(|seed| {
        let ends = ends(tokens.len(), seed);
        Cut::new(
            &tokens,
            &place.reader,
            &ends,
            seed as usize,
            1 + 2 * seed as usize,
        )
    });
    let (light, step) = (tokens::step(5, 1), tokens::step(12, 1));
    let each = EACH.into_iter().skip(light - 1).step_by(light);
    let each = each.map(|meant| (meant, questions::of_each_filter()));
    let whole = WHOLE.into_iter().zip(4..).map(|(meant, turn)| {
        let all = questions::all(&tokens).into_iter();
        (meant, all.skip(turn % step).step_by(step).collect())
    });
    for (meant, questions) in each.chain(whole) {
        hold(&tokens, meant, &questions, &slice, &even, true);
        hold(&tokens, meant, &questions, &slice, &uneven, false);
    }
    for cut in even.iter().chain(&uneven) {
        let open = cut.most_open.load(Ordering::Relaxed);
        assert_eq!(open, 1, "a part is opened while it is open");
    }
}

/// Compares the answers of parts with those of one slice; of parts of whole blocks, bit by bit.
fn hold(
    tokens: &[Token],
    meant: Meant,
    questions: &Questions,
    slice: &Way<'_>,
    cuts: &[Cut],
    is_even: bool,
) {
    let expected = looked_at(questions, &Selected::of(tokens, meant));
    for (question, expected) in questions.iter().zip(&expected) {
        let in_one = ask(question.as_ref(), meant, slice);
        for (number, cut) in cuts.iter().enumerate() {
            let mut first = is_even.then(|| in_one.clone());
            for threads in [1, 2, 7] {
                let name = format!("cut {number} in {} parts", cut.parts.len());
                let way = Way::new(
                    (&name, Source::Parts(cut)),
                    ("their indexes", None),
                    threads,
                );
                let reply = ask(question.as_ref(), meant, &way);
                let held = expected.check(&reply, false);
                let held = held.and_then(|()| match &first {
                    Some(first) => first.check_bytes(&reply),
                    None => Ok(()),
                });
                if let Err(why) = held {
                    panic!("{}", told(question.as_ref(), meant, &way, &why));
                }
                first.get_or_insert(reply);
            }
        }
        tell(question.as_ref(), 3 * cuts.len());
    }
    count("query: cuts in parts that were asked", cuts.len() as u64);
}

/// The measures that take one pass.
fn of_one_pass(measures: Vec<Measure>) -> Vec<Measure> {
    let wide = [
        Column::Id,
        Column::LocalId,
        Column::Timestamp,
        Column::Weight,
    ];
    let is_of_two = |measure: &Measure| matches!(measure, Measure::Quantile(column, _) if wide.contains(column));
    measures
        .into_iter()
        .filter(|measure| !is_of_two(measure))
        .collect()
}

fn filtered<'s>(source: Source<'s>, workers: &Workers, meant: Meant) -> Query<'s> {
    Query::new(source, workers).filter_at(&meant.filter(), NOW)
}

/// A partial answer, whose bytes are those that it was read from.
fn read_back(bytes: &[u8]) -> Partial {
    let read = Partial::from_bytes(bytes).unwrap();
    assert_eq!(read.to_bytes(), bytes);
    read
}

/// NaN is not equal to itself; its text is.
fn text(groups: &Groups) -> String {
    format!("{groups:?}")
}

#[test]
fn partial_answers_are_merged_to_the_whole_one() {
    let tokens = tokens::tokens(tokens::count());
    let place = Place::of(&tokens);
    let ends = [ends_of_blocks(tokens.len()), ends(tokens.len(), 5)];
    let cuts = ends.map(|ends| Cut::new(&tokens, &place.reader, &ends, 2, 3));
    let workers = Workers::new(2).unwrap();
    let asked = questions::aggregates::asked().into_iter();
    for ((group_by, measures), turn) in asked.step_by(tokens::step(5, 2)).zip(0..) {
        let measures = of_one_pass(measures);
        let meant = WHOLE[turn % WHOLE.len()];
        let in_one =
            filtered(Source::from(&tokens), &workers, meant).aggregate(&group_by, &measures);
        let in_one = text(&in_one.unwrap().value);
        for (cut, is_even) in cuts.iter().zip([true, false]) {
            let in_parts =
                filtered(Source::Parts(cut), &workers, meant).aggregate(&group_by, &measures);
            let in_parts = text(&in_parts.unwrap().value);
            assert!(!is_even || in_parts == in_one, "{group_by:?}");
            let partial = |part: &Part| {
                let partial = filtered(part.open.source(), &workers, meant)
                    .aggregate_partial(&group_by, &measures);
                partial.unwrap().value.to_bytes()
            };
            let partials: Vec<Vec<u8>> = cut.parts.iter().map(partial).collect();
            for folded in [usize::MAX, 0, 3] {
                let mut read = partials.iter().map(|bytes| read_back(bytes)).enumerate();
                let (_, mut all) = read.next().unwrap();
                for (number, next) in read {
                    if number > folded {
                        all.fold().unwrap();
                        all = read_back(&all.to_bytes());
                    }
                    all.merge(next).unwrap();
                }
                let merged = text(&all.finish().unwrap());
                assert_eq!(merged, in_parts, "{group_by:?}, {measures:?}");
            }
        }
    }
}

/// Where a filter looks at positions, a part has its own; so none does here.
#[test]
fn neighbours_of_parts_are_merged_to_those_of_all() {
    let tokens = tokens::tokens(tokens::count());
    let place = Place::of(&tokens);
    let cut = Cut::new(&tokens, &place.reader, &ends(tokens.len(), 9), 1, 4);
    let workers = Workers::new(2).unwrap();
    let mut kinds = [
        Points::in_space(Space::Physical),
        Points::weighted(&[(Space::Motor, 2.0), (Space::Social, 0.5)]).unwrap(),
    ];
    for token in tokens.iter().step_by(9_000) {
        kinds.iter_mut().for_each(|points| points.add_token(token));
    }
    kinds[0].add_steps(&[[0.5, -0.25, 1e7]]).unwrap();
    for (points, k) in kinds.iter().zip([70, 3]) {
        let nearest = |query: Query<'_>| query.nearest(points, k).unwrap().value;
        let whole = nearest(Query::new(&tokens, &workers));
        let mut merged = vec![Neighbours::default(); points.len()];
        let (mut base, mut of_parts) = (0, Vec::new());
        for part in &cut.parts {
            of_parts.push((base, nearest(Query::new(part.open.source(), &workers))));
            base += part.tokens;
        }
        // In any order.
        for (base, found) in of_parts.into_iter().rev() {
            for (all, found) in merged.iter_mut().zip(found) {
                all.merge(found, base);
            }
        }
        for (merged, whole) in merged.iter().zip(&whole) {
            assert_eq!(merged.neighbours, whole.neighbours);
            assert_eq!(merged.missing, whole.missing);
        }
    }
}
