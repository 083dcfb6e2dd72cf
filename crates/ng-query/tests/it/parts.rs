//! What is opened of parts, and what is not.

use std::fs::OpenOptions;
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex};

use ng_query::index::{BuildOptions, Index, build};
use ng_query::ng_parallel::{ParallelError, StopFlag, Workers};
use ng_query::ng_store::{BLOCK_TOKENS, BlockReader, CreateOptions, VecStore};
use ng_query::ng_token::{Space, Token, TokenId};
use ng_query::{
    Ball, Column, End, Filter, GroupBy, Measure, OpenPart, Operation, Parts, Points, Query,
    QueryError, QuestionError, Source, Zone,
};

/// Parts in memory that note which of them are opened.
#[derive(Debug)]
struct Noting {
    parts: Vec<Arc<[Token]>>,
    zones: Vec<Zone>,
    opened: Mutex<Vec<usize>>,
}

impl Noting {
    fn new(parts: Vec<Vec<Token>>) -> Self {
        Self {
            zones: parts.iter().map(|part| Zone::of(part)).collect(),
            parts: parts.into_iter().map(Arc::from).collect(),
            opened: Mutex::default(),
        }
    }

    /// Which parts were opened since the last call.
    fn opened(&self) -> Vec<usize> {
        std::mem::take(&mut *self.opened.lock().unwrap())
    }

    fn query(&self) -> Query<'_> {
        Query::new(Source::Parts(self), &Workers::new(2).unwrap())
    }
}

impl Parts for Noting {
    fn part_count(&self) -> usize {
        self.parts.len()
    }

    fn part_tokens(&self, part: usize) -> u64 {
        self.parts[part].len() as u64
    }

    fn part_zone(&self, part: usize) -> Option<&Zone> {
        Some(&self.zones[part])
    }

    fn open_part(&self, part: usize) -> Result<Arc<OpenPart>, QueryError> {
        self.opened.lock().unwrap().push(part);
        Ok(Arc::new(OpenPart::of_tokens(Arc::clone(&self.parts[part]))))
    }
}

/// Tokens of part `number`: their times, ids and places follow one another.
fn part(number: u32, tokens: u32) -> Vec<Token> {
    let token = |place: u32| {
        let id = number * 100_000 + place;
        let x = (number * 100 + place % 50) as i16;
        Token::new(id)
            .with_timestamp(1_000 * number + place % 500)
            .with_weight(number as f32)
            .with_coordinate(Space::Physical, [x, 0, 0])
    };
    (0..tokens).map(token).collect()
}

/// Ten parts of two blocks and a little.
fn ten() -> Noting {
    Noting::new((0..10).map(|number| part(number, 9_000)).collect())
}

fn filter(text: &str) -> Filter {
    text.parse().unwrap()
}

#[test]
fn parts_that_zones_and_positions_rule_out_are_not_opened() {
    let parts = ten();
    for (text, expected, count) in [
        ("timestamp between 3100 and 4200", &[3, 4][..], 10_818),
        ("id = 700005", &[7], 1),
        (
            "position between 17999 and 27000 and weight >= 0",
            &[1, 3],
            9_002,
        ),
        ("weight > 20", &[], 0),
    ] {
        let query = parts.query().filter_at(&filter(text), 0);
        let tokens = query.count().unwrap();
        assert_eq!(
            (tokens.value, parts.opened()),
            (count, expected.to_vec()),
            "{text}"
        );
        let stats = tokens.stats;
        assert_eq!(
            (stats.parts, stats.parts_opened),
            (10, expected.len() as u64),
            "{text}"
        );
        let seen = stats.blocks_looked_at + stats.blocks_skipped + stats.blocks_unread;
        assert_eq!((stats.blocks, seen), (30, 30), "{text}");
        let plan = query.explain();
        assert_eq!(parts.opened(), [0; 0], "explained: {text}");
        let open = expected.len() + usize::from(text.starts_with("position"));
        assert_eq!(
            (plan.parts, plan.parts_skipped),
            (10, 10 - open as u64),
            "{text}"
        );
    }
    let within = Ball::of_steps(Space::Physical, [510.0, 0.0, 0.0], 30.0).unwrap();
    let mut found = 0;
    let stats = parts.query().within(&within, |near| {
        found += near.len();
        Ok::<_, QueryError>(ControlFlow::Continue(()))
    });
    assert_eq!(
        (found, parts.opened(), stats.unwrap().parts_opened),
        (7_380, vec![5], 1)
    );
    assert_eq!(
        parts.query().within_counts(&[within]).unwrap().value,
        [7_380]
    );
    assert_eq!(parts.opened(), [5]);
    parts.query().influence(&within).unwrap();
    assert_eq!(parts.opened(), [5]);
    let ids = [
        TokenId::from_raw(200_001),
        TokenId::from_raw(900_000),
        TokenId::from_raw(99_999),
    ];
    let found = parts.query().find(&ids).unwrap().value;
    let positions: Vec<_> = found.into_iter().map(|found| found.positions).collect();
    assert_eq!(
        (positions, parts.opened()),
        (vec![vec![18_001], vec![81_000], vec![]], vec![2, 9])
    );
    let tokens = Source::Parts(&parts)
        .tokens_at(&[81_000, 18_001, 81_002])
        .unwrap();
    assert_eq!((tokens.stats.parts_opened, parts.opened()), (2, vec![2, 9]));
    assert_eq!(tokens.value[1], part(2, 2)[1]);
}

#[test]
fn parts_that_are_selected_as_a_whole_are_counted_unopened() {
    let parts = ten();
    for (text, count, opened) in [
        ("true", 90_000, &[][..]),
        ("timestamp >= 4000", 54_000, &[]),
        ("timestamp >= 4400", 46_800, &[4]),
        ("position >= 9005", 80_995, &[1]),
    ] {
        let query = parts.query().filter_at(&filter(text), 0);
        assert_eq!(query.count().unwrap().value, count, "{text}");
        assert_eq!(parts.opened(), opened, "{text}");
        let mut positions = 0;
        query
            .positions(|some| {
                positions += some.len() as u64;
                Ok::<_, QueryError>(ControlFlow::Continue(()))
            })
            .unwrap();
        assert_eq!(
            (positions, parts.opened()),
            (count, opened.to_vec()),
            "{text}"
        );
        assert_eq!(query.sample(7, 1).unwrap().value.len(), 7);
        assert_eq!(parts.opened(), opened, "{text}");
    }
    let everything = Ball::of_steps(Space::Physical, [0.0; 3], 1e6).unwrap();
    assert_eq!(
        parts.query().within_counts(&[everything]).unwrap().value,
        [90_000]
    );
    assert_eq!(parts.opened(), [0; 0]);
    // If damaged blocks are to be left out, each is read.
    let counted = parts.query().skip_damaged(true).count().unwrap();
    assert_eq!((counted.value, parts.opened().len()), (90_000, 10));
}

#[test]
fn only_parts_that_can_have_a_nearer_token_are_opened() {
    let parts = ten();
    let around = |xs: &[f64], k: usize| {
        let mut points = Points::in_space(Space::Physical);
        xs.iter()
            .for_each(|&x| points.add_steps(&[[x, 0.0, 0.0]]).unwrap());
        let found = parts.query().nearest(&points, k).unwrap();
        let stats = found.stats;
        let seen = stats.blocks_looked_at + stats.blocks_skipped;
        assert_eq!((stats.parts, stats.blocks, seen), (10, 30, 30), "{xs:?}");
        let first: Vec<_> = found
            .value
            .iter()
            .map(|found| found.neighbours[0].position)
            .collect();
        let opened = parts.opened();
        assert_eq!(stats.parts_opened, opened.len() as u64, "{xs:?}");
        (first, opened)
    };
    // Part n has x from 100 n to 100 n + 49, each 180 times.
    assert_eq!(around(&[310.0], 5), (vec![27_010], vec![3]));
    assert_eq!(around(&[374.0], 1), (vec![27_049], vec![3]));
    assert_eq!(around(&[376.0], 1), (vec![36_000], vec![4]));
    // Equally far from both: the lower position counts, whichever part is opened first.
    assert_eq!(around(&[374.5], 1), (vec![27_049], vec![3]));
    assert_eq!(around(&[374.5], 181), (vec![27_049], vec![3, 4]));
    assert_eq!(around(&[349.0], 200), (vec![27_049], vec![3]));
    assert_eq!(
        around(&[901.0, 12.0, 910.0], 3),
        (vec![81_001, 12, 81_010], vec![0, 9])
    );
    assert_eq!(around(&[-5.0], 9_000), (vec![0], vec![0]));
    assert_eq!(around(&[-5.0], 9_001), (vec![0], vec![0, 1]));
    assert_eq!(around(&[1e9], 1), (vec![81_049], vec![9]));
}

/// A token as far as the worst one counts if its position is lower, so only a part before that one
/// is opened for it.
#[test]
fn a_part_of_equally_far_tokens_is_opened_if_it_comes_before() {
    let at = |xs: &[i16]| -> Vec<Token> {
        let token = |&x: &i16| Token::new(0).with_coordinate(Space::Physical, [x, 0, 0]);
        xs.iter().map(token).collect()
    };
    let mut points = Points::in_space(Space::Physical);
    points.add_steps(&[[10.0, 0.0, 0.0]]).unwrap();
    for (parts, positions, opened) in [
        ([at(&[0]), at(&[10, 20])], [1, 0], &[1, 0][..]),
        ([at(&[10, 20]), at(&[0])], [0, 1], &[0]),
    ] {
        let parts = Noting::new(parts.to_vec());
        let found = parts.query().nearest(&points, 2).unwrap().value;
        let near = found[0].neighbours.iter().map(|near| near.position);
        assert_eq!(near.collect::<Vec<_>>(), positions);
        assert_eq!(parts.opened(), opened);
    }
}

/// As many points as there are, each part is opened once.
#[test]
fn many_points_share_what_is_opened() {
    let parts = ten();
    let mut points = Points::in_space(Space::Physical);
    (0..1_000).for_each(|x| points.add_steps(&[[f64::from(x), 0.0, 0.0]]).unwrap());
    let found = parts.query().nearest(&points, 4).unwrap();
    let mut opened = parts.opened();
    opened.sort_unstable();
    assert_eq!(opened, (0..10).collect::<Vec<_>>());
    assert_eq!((found.value.len(), found.stats.parts_opened), (1_000, 10));
}

#[test]
fn without_zones_ties_stop_at_the_first_parts() {
    #[derive(Debug)]
    struct Unzoned(Noting);
    impl Parts for Unzoned {
        fn part_count(&self) -> usize {
            self.0.part_count()
        }
        fn part_tokens(&self, part: usize) -> u64 {
            self.0.part_tokens(part)
        }
        fn part_zone(&self, _: usize) -> Option<&Zone> {
            None
        }
        fn open_part(&self, part: usize) -> Result<Arc<OpenPart>, QueryError> {
            self.0.open_part(part)
        }
    }
    let parts = Unzoned(ten());
    let query = Query::new(Source::Parts(&parts), &Workers::new(2).unwrap());
    let mut points = Points::in_space(Space::Physical);
    points.add_steps(&[[201.0, 0.0, 0.0]]).unwrap();
    let found = query.nearest(&points, 3).unwrap();
    assert_eq!(found.value[0].neighbours[2].position, 18_101);
    // Parts beyond could have nearer ones only if any were nearer than 0.
    assert_eq!(parts.0.opened(), [0, 1, 2]);
}

#[test]
fn a_search_that_may_end_soon_opens_few_parts() {
    let parts = ten();
    let query = parts
        .query()
        .filter_at(&filter("weight >= 0 and timestamp != 4"), 0);
    assert!(query.any().unwrap().value);
    assert!(parts.opened().len() <= 3);
    let mut taken = 0;
    let stats = query.tokens(|positions, _| {
        taken += positions.len();
        Ok::<_, QueryError>(ControlFlow::Break(()))
    });
    assert!(taken > 0 && stats.unwrap().parts_opened <= 3);
}

/// Parts of which one fails in some way.
#[derive(Debug)]
struct Failing(Noting, fn(usize) -> Result<Vec<Token>, std::io::Error>);

impl Parts for Failing {
    fn part_count(&self) -> usize {
        self.0.part_count()
    }

    fn part_tokens(&self, part: usize) -> u64 {
        self.0.part_tokens(part)
    }

    fn part_zone(&self, part: usize) -> Option<&Zone> {
        self.0.part_zone(part)
    }

    fn open_part(&self, part: usize) -> Result<Arc<OpenPart>, QueryError> {
        match self.1(part) {
            Ok(tokens) => Ok(Arc::new(OpenPart::of_tokens(tokens))),
            Err(error) => Err(QueryError::Part {
                part,
                source: error.into(),
            }),
        }
    }
}

/// What every operation says, as text; of a sample and a plan nothing but whether it fails.
fn ask_all(query: &Query<'_>, source: Source<'_>) -> Vec<Result<(), QueryError>> {
    let ball = Ball::of_steps(Space::Physical, [400.0, 0.0, 0.0], 900.0).unwrap();
    let mut points = Points::in_space(Space::Physical);
    points.add_steps(&[[100.0, 0.0, 0.0]]).unwrap();
    let weight = query
        .clone()
        .filter_at(&filter("weight != 0.5 and timestamp != 2077"), 0);
    let measures = [
        Measure::Quantile(Column::Id, 0.5),
        Measure::Sum(Column::Weight),
    ];
    let go_on = || Ok::<_, QueryError>(ControlFlow::Continue(()));
    vec![
        weight.count().map(drop),
        weight.positions(|_| go_on()).map(drop),
        query.tokens(|_, _| go_on()).map(drop),
        query.aggregate(&[GroupBy::EntityType], &measures).map(drop),
        query
            .histogram(Column::Weight, &ng_query::Bins::new(9))
            .map(drop),
        query.top(90_000, Column::Weight, End::Least).map(drop),
        query.nearest(&points, 90_000).map(drop),
        query.within(&ball, |_| go_on()).map(drop),
        weight.within_counts(&[ball]).map(drop),
        query
            .influence(&Ball::of_steps(Space::Physical, [250.0, 0.0, 0.0], 255.0).unwrap())
            .map(drop),
        weight.find(&[TokenId::from_raw(200_004)]).map(drop),
        query.duplicates(3).map(drop),
        weight.sample(5, 1).map(drop),
        source.tokens_at(&[0, 18_005, 27_000]).map(drop),
    ]
}

#[test]
fn a_part_that_cannot_be_opened_is_the_error_of_every_operation() {
    let open = |number| match number {
        2 => Err(std::io::Error::other("no such shard")),
        number => Ok(part(number as u32, 9_000)),
    };
    let parts = Failing(ten(), open);
    let query = Query::new(Source::Parts(&parts), &Workers::new(2).unwrap());
    for (number, outcome) in ask_all(&query, Source::Parts(&parts))
        .into_iter()
        .enumerate()
    {
        let error = outcome.expect_err(&number.to_string());
        assert!(
            matches!(error, QueryError::Part { part: 2, .. }),
            "{number}: {error}"
        );
        assert_eq!(error.to_string(), "part 2 cannot be opened: no such shard");
    }
}

#[test]
fn a_part_of_another_length_is_refused() {
    let open = |number| Ok(part(number as u32, if number == 2 { 8_999 } else { 9_000 }));
    let parts = Failing(ten(), open);
    let query = Query::new(Source::Parts(&parts), &Workers::new(2).unwrap());
    for (number, outcome) in ask_all(&query, Source::Parts(&parts))
        .into_iter()
        .enumerate()
    {
        let error = outcome.expect_err(&number.to_string());
        assert_eq!(
            error.to_string(),
            "part 2 has 8999 tokens, expected 9000",
            "{number}"
        );
    }
}

#[test]
fn a_query_that_is_to_stop_opens_no_more_parts() {
    let parts = ten();
    let stop = StopFlag::new();
    let workers = Workers::new(2).unwrap().with_stop_flag(stop.clone());
    stop.stop();
    let query = Query::new(Source::Parts(&parts), &workers);
    let text = filter("weight >= 1 and timestamp != 4");
    let stopped = query.filter_at(&text, 0).count().unwrap_err();
    assert!(matches!(
        stopped,
        QueryError::Parallel(ParallelError::Stopped { .. })
    ));
    assert_eq!(parts.opened(), [0; 0]);
}

/// Files as parts.
#[derive(Debug)]
struct Files(Vec<Arc<OpenPart>>);

impl Parts for Files {
    fn part_count(&self) -> usize {
        self.0.len()
    }

    fn part_tokens(&self, part: usize) -> u64 {
        self.0[part].source().len()
    }

    fn part_zone(&self, _: usize) -> Option<&Zone> {
        None
    }

    fn open_part(&self, part: usize) -> Result<Arc<OpenPart>, QueryError> {
        Ok(Arc::clone(&self.0[part]))
    }
}

fn saved(folder: &tempfile::TempDir, number: u32) -> BlockReader {
    let path = folder.path().join(format!("{number}.ngt"));
    let store = VecStore::from_iter(part(number, 9_000));
    store.save(&path, &CreateOptions::new()).unwrap();
    BlockReader::open(&path).unwrap()
}

#[test]
fn damage_of_one_part_is_of_one_block() {
    let folder = tempfile::tempdir().unwrap();
    let readers: Vec<_> = (0..3).map(|number| saved(&folder, number)).collect();
    let offset = readers[1].info().data_offset + 64 * (BLOCK_TOKENS as u64 + 3);
    let file = OpenOptions::new()
        .write(true)
        .open(readers[1].path())
        .unwrap();
    file.write_all_at(&[0x5A; 20], offset).unwrap();
    let whole = |reader: &BlockReader| OpenPart::of_reader(reader.clone(), None).unwrap();
    let rows = |reader: &BlockReader| OpenPart::of_reader_rows(reader.clone(), 100..9_000);
    for (name, open, blocks, tokens) in [
        (
            "whole",
            &whole as &dyn Fn(&BlockReader) -> OpenPart,
            1,
            4_096,
        ),
        // Its first rows are in the block before.
        ("rows", &rows, 2, 2 * 4_096),
    ] {
        let parts = Files(
            readers
                .iter()
                .map(|reader| Arc::new(open(reader)))
                .collect(),
        );
        let query = Query::new(Source::Parts(&parts), &Workers::new(2).unwrap());
        let query = query.filter_at(&filter("weight >= 0"), 0);
        let refused = query.count().unwrap_err();
        assert!(matches!(refused, QueryError::Read(_)), "{name}: {refused}");
        let counted = query.clone().skip_damaged(true).count().unwrap();
        assert_eq!(
            counted.value,
            Source::Parts(&parts).len() - tokens,
            "{name}"
        );
        let stats = counted.stats;
        assert_eq!(
            (stats.damaged_blocks, stats.damaged_tokens),
            (blocks, tokens),
            "{name}"
        );
        assert_eq!((stats.blocks, stats.parts_opened), (9, 3), "{name}");
        let mut points = Points::in_space(Space::Physical);
        points.add_steps(&[[100.0, 0.0, 0.0]]).unwrap();
        let near = query.skip_damaged(true).nearest(&points, 27_000).unwrap();
        assert_eq!(
            near.value[0].neighbours.len() as u64,
            counted.value,
            "{name}"
        );
        assert_eq!(near.stats.damaged_blocks, blocks, "{name}");
    }
}

#[test]
fn an_index_is_of_one_part_not_of_all() {
    let folder = tempfile::tempdir().unwrap();
    let readers = [saved(&folder, 0), saved(&folder, 1)];
    let workers = Workers::new(2).unwrap();
    build(&workers, &readers[0], &BuildOptions::new(), |_, _| ()).unwrap();
    let index = || Index::load(&readers[0]).unwrap();
    let other = OpenPart::of_reader(readers[1].clone(), Some(index()));
    assert_eq!(other.unwrap_err(), QuestionError::OtherIndex);
    let own = OpenPart::of_reader(readers[0].clone(), Some(index())).unwrap();
    assert_eq!(own.index().map(Index::covered_blocks), Some(2));
    let parts = Files(vec![Arc::new(own)]);
    let index = index();
    let refused = Query::new(Source::Parts(&parts), &workers).index(&index);
    assert_eq!(refused.unwrap_err(), QuestionError::OtherIndex);
}

#[test]
fn no_parts_and_empty_ones_answer_as_no_tokens_do() {
    let empty = Files(vec![Arc::new(OpenPart::of_tokens(Vec::new()))]);
    for parts in [Files(Vec::new()), empty] {
        let query = Query::new(Source::Parts(&parts), &Workers::new(2).unwrap());
        assert_eq!(query.count().unwrap().value, 0);
        assert!(!query.any().unwrap().value);
        assert!(Source::Parts(&parts).is_empty());
        let mut points = Points::in_space(Space::Physical);
        points.add_steps(&[[1.0; 3]]).unwrap();
        assert_eq!(query.nearest(&points, 3).unwrap().value[0].missing, 3);
        assert_eq!(query.duplicates(3).unwrap().value.repeats, 0);
        let groups = query.aggregate(&[], &[Measure::Count]).unwrap().value;
        assert_eq!(groups.groups.len(), 1);
        assert!(
            Source::Parts(&parts)
                .tokens_at(&[])
                .unwrap()
                .value
                .is_empty()
        );
    }
}

#[test]
fn a_plan_tells_which_parts_are_left_out() {
    let parts = ten();
    let query = parts
        .query()
        .filter_at(&filter("timestamp between 3100 and 4200"), 0);
    let told = query.explain().to_string();
    let expected = "90000 tokens in 30 blocks of up to 4096: tokens of parts\n\
                    10 parts, 8 not opened as none of their tokens can match\n\
                    at most 6 blocks to search, 0 of which all tokens match, 24 skipped of which \
                    none can\n\
                    conditions in stored numbers, the cheapest first:\n  \
                    timestamp 3100 to 4200\n\
                    2 threads, ";
    assert!(told.starts_with(expected), "{told}");
    assert!(
        told.ends_with(", the index of each part, if it has one"),
        "{told}"
    );
    let mut points = Points::in_space(Space::Physical);
    points.add_steps(&[[1.0; 3]]).unwrap();
    let ball = Ball::of_steps(Space::Physical, [0.0; 3], 9.0).unwrap();
    for operation in [
        Operation::Find(&[TokenId::from_raw(1)]),
        Operation::Top(Column::Weight),
        Operation::Nearest(&points),
        Operation::Within(&ball),
        Operation::Density(&ball),
        Operation::Influence(&ball),
        Operation::Sample,
        Operation::Duplicates,
    ] {
        let plan = query.explain_operation(operation).unwrap();
        assert!(plan.operation.is_some() && plan.parts == 10, "{plan}");
    }
    assert_eq!(parts.opened(), [0; 0]);
}
