//! Sorting files: the same bytes for any threads and memory, or no file at all.

mod parts;

use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use ng_query::ng_parallel::{StopFlag, Workers};
use ng_query::ng_store::{
    BLOCK_TOKENS, BlockReader, CachePolicy, CreateError, CreateOptions, FileWriter, OpenError,
    ReadError, TokenSink, TokenStore, VecStore,
};
use ng_query::ng_token::{Space, Token};
use ng_query::order::{
    Order, SortError, SortOptions, SortPhase, SortProgress, SortReport, sort_file, sort_positions,
};
use proptest::prelude::*;
use tempfile::TempDir;

const ORDERS: [&str; 10] = [
    "physical",
    "motor",
    "time",
    "id",
    "weight",
    "entity_type,time",
    "domain,physical",
    "weight,id",
    "flags,radius,strength,social_z",
    "flags_entity_type,local_id",
];

/// The least memory that one thread and two accept.
fn least(threads: u64) -> u64 {
    (32 + 16 + 10 * threads) << 20
}

fn workers(threads: usize) -> Workers {
    Workers::new(threads).unwrap()
}

fn order(text: &str) -> Order {
    text.parse().unwrap()
}

/// What a stable sort compares positions by, each part in its own way.
fn oracle(tokens: &[Token], by: &str) -> Vec<Token> {
    let mut sorted = tokens.to_vec();
    // The last part first, as each sort is stable.
    for part in by.rsplit(',') {
        match part {
            "physical" => sorted.sort_by_cached_key(|token| curve(token.steps(Space::Physical))),
            "motor" => sorted.sort_by_cached_key(|token| curve(token.steps(Space::Motor))),
            "time" => sorted.sort_by_key(Token::timestamp),
            "id" => sorted.sort_by_key(|token| token.id().raw()),
            "local_id" => sorted.sort_by_key(|token| token.id().local()),
            "domain" => sorted.sort_by_key(|token| token.id().domain()),
            "entity_type" => sorted.sort_by_key(|token| token.id().raw() >> 24 & 0xf),
            "flags" => sorted.sort_by_key(|token| token.flags().bits()),
            "flags_entity_type" => sorted.sort_by_key(|token| token.flags().bits() >> 8 & 0xf),
            "radius" => sorted.sort_by_key(Token::radius_raw),
            "strength" => sorted.sort_by_key(Token::strength_raw),
            "social_z" => sorted.sort_by_key(|token| token.steps(Space::Social)[2]),
            "weight" => sorted.sort_by(|left, right| {
                let (left, right) = (left.weight(), right.weight());
                let by_nan = left.is_nan().cmp(&right.is_nan());
                left.partial_cmp(&right).unwrap_or(by_nan)
            }),
            _ => panic!("no oracle for {part}"),
        }
    }
    sorted
}

/// The place on the curve by the crate that ours is checked against.
fn curve(steps: [i16; 3]) -> u64 {
    lindel::hilbert_encode(steps.map(|steps| steps.cast_unsigned() ^ 1 << 15))
}

/// Tokens of few values each, and of weights that are hard to compare.
fn varied(count: usize, seed: u64) -> Vec<Token> {
    let mut state = seed | 1;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let weights = [
        0.0,
        -0.0,
        f32::NAN,
        -f32::NAN,
        f32::INFINITY,
        -1.5,
        0.25,
        f32::MIN,
    ];
    let token = |_| {
        let (bits, more) = (next(), next());
        let weight = match bits % 3 {
            0 => weights[bits as usize >> 8 & 7],
            _ => f32::from_bits(more as u32),
        };
        Token::new((bits >> 40) as u32 & 0xf300_00ff)
            .with_coordinate(
                Space::Physical,
                [more, more >> 16, more >> 32].map(|bits| bits as i16),
            )
            .with_coordinate(
                Space::Motor,
                [(more >> 3 & 3) as i16, -((more >> 5 & 3) as i16), 7],
            )
            .with_coordinate(Space::Social, [0, 0, (more >> 9 & 1) as i16 - 1])
            .with_weight(weight)
            .with_radius_raw((more >> 11 & 1) as u8)
            .with_strength_raw((more >> 12 & 1) as u8)
            .with_timestamp(1_700_000_000 + (bits >> 20 & 0x3ff) as u32)
    };
    (0..count).map(token).collect()
}

/// A file to sort and a place for the sorted one.
struct Place {
    folder: TempDir,
    from: PathBuf,
    to: PathBuf,
}

impl Place {
    fn new(tokens: &[Token]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("a.ngt"), folder.path().join("b.ngt"));
        let options = CreateOptions::new().max_tokens(1 << 20);
        VecStore::from(tokens.to_vec())
            .save(&from, &options)
            .unwrap();
        Self { folder, from, to }
    }

    fn sort(
        &self,
        threads: usize,
        by: &str,
        options: &SortOptions,
    ) -> Result<SortReport, SortError> {
        self.sort_watched(&workers(threads), by, options, |_| ())
    }

    fn sort_watched(
        &self,
        workers: &Workers,
        by: &str,
        options: &SortOptions,
        watch: impl Fn(SortProgress) + Sync,
    ) -> Result<SortReport, SortError> {
        let reader = BlockReader::open(&self.from).unwrap();
        let to = (self.to.as_path(), CreateOptions::new().max_tokens(1 << 20));
        sort_file(workers, &reader, to, &order(by), options, watch)
    }

    /// Takes the sorted file away.
    fn taken(&self) -> Vec<Token> {
        let sorted = VecStore::load(&self.to).unwrap();
        fs::remove_file(&self.to).unwrap();
        sorted.tokens().to_vec()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    /// Checks that there is the file to sort and nothing else.
    fn assert_untouched(&self) {
        assert_eq!(self.names(), ["a.ngt"]);
    }
}

#[test]
fn a_sorted_file_has_the_tokens_of_a_stable_sort() {
    for count in [
        0,
        1,
        2,
        BLOCK_TOKENS,
        BLOCK_TOKENS + 1,
        5 * BLOCK_TOKENS - 5,
    ] {
        let tokens = varied(count, count as u64);
        let place = Place::new(&tokens);
        for by in ORDERS {
            let oracle = oracle(&tokens, by);
            for threads in [1, 2, 7] {
                let report = place.sort(threads, by, &SortOptions::new()).unwrap();
                assert_eq!((report.tokens, report.temporary_files), (count as u64, 0));
                assert!(
                    place.taken() == oracle,
                    "{count} tokens by {by}, {threads} threads"
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_tokens_are_sorted_stably(
        tokens in prop::collection::vec(any::<[u64; 8]>(), 0..400),
        few: bool,
    ) {
        let mask = if few { 0x0003_0001_0000_8001 } else { u64::MAX };
        let token = |words: [u64; 8]| bytes_as_token(words.map(|word| word & mask));
        let tokens: Vec<Token> = tokens.into_iter().map(token).collect();
        for by in ORDERS {
            let sorted = sort_positions(&workers(1), &tokens, &order(by)).unwrap();
            let sorted: Vec<Token> = sorted.iter(0..tokens.len()).map(|at| tokens[at]).collect();
            prop_assert!(sorted == oracle(&tokens, by), "by {}", by);
        }
    }
}

fn bytes_as_token(words: [u64; 8]) -> Token {
    let mut token = [Token::ZERO];
    let bytes = ng_query::ng_token::as_bytes_mut(&mut token);
    for (bytes, word) in bytes.chunks_mut(8).zip(words) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    token[0]
}

/// A file that does not fit in the least memory.
const MANY: usize = 230_000;

#[test]
fn beyond_memory_the_file_is_the_same() {
    let tokens = varied(MANY, 5);
    let place = Place::new(&tokens);
    for (by, threads, cache) in [
        ("physical", 1, CachePolicy::Auto),
        ("physical", 2, CachePolicy::Bypass),
        ("weight,id", 2, CachePolicy::Keep),
    ] {
        let options = SortOptions::new().memory_bytes(least(threads)).cache(cache);
        let report = place.sort(threads as usize, by, &options).unwrap();
        assert!(report.temporary_files >= 2, "{by}: {report:?}");
        assert_eq!(place.names(), ["a.ngt", "b.ngt"]);
        assert!(
            place.taken() == oracle(&tokens, by),
            "by {by}, {threads} threads"
        );
    }
}

/// Equal keys take more than memory holds, and are never in it at once.
#[test]
fn a_key_of_more_tokens_than_memory_holds_streams_through() {
    let mut tokens = varied(MANY, 9);
    for (index, token) in tokens.iter_mut().enumerate() {
        let time = if index % 1_000 == 0 {
            index as u32
        } else {
            77_777
        };
        *token = token.with_timestamp(time);
    }
    let place = Place::new(&tokens);
    for by in ["time", "motor_z"] {
        let options = SortOptions::new().memory_bytes(least(2));
        let report = place.sort(2, by, &options).unwrap();
        assert!(report.temporary_files >= 1, "{by}: {report:?}");
        let oracle = match by {
            // All of them have the same key.
            "motor_z" => tokens.clone(),
            by => oracle(&tokens, by),
        };
        assert!(place.taken() == oracle, "by {by}");
    }
}

/// All blocks of the sample have two keys, and the others many: too many for one partition, which
/// nothing had shown.
#[test]
fn what_a_sample_misses_is_partitioned_again() {
    const COUNT: usize = 700_000;
    const PLACES: usize = 64;
    let blocks = COUNT.div_ceil(BLOCK_TOKENS);
    let sampled: HashSet<usize> = (0..PLACES)
        .map(|place| blocks * (2 * place + 1) / (2 * PLACES))
        .collect();
    let tokens: Vec<Token> = (0..COUNT as u32)
        .map(|index| {
            let time = match sampled.contains(&(index as usize / BLOCK_TOKENS)) {
                true => 5 + index % 2,
                false => 1_000 + index.wrapping_mul(7919) % 65_536,
            };
            Token::new(index).with_timestamp(time)
        })
        .collect();
    let place = Place::new(&tokens);
    let options = SortOptions::new().memory_bytes(least(1));
    let report = place.sort(1, "time", &options).unwrap();
    // One of fives, one of the rest, and those that the rest was cut into.
    assert!(report.temporary_files >= 4, "{report:?}");
    assert!(place.taken() == oracle(&tokens, "time"));
}

#[test]
fn a_damaged_block_fails_the_sort_and_is_named() {
    let place = Place::new(&varied(MANY, 3));
    let data = fs::metadata(&place.from).unwrap().len() - (MANY * Token::SIZE) as u64;
    let file = OpenOptions::new().write(true).open(&place.from).unwrap();
    let at = data + (31 * BLOCK_TOKENS * Token::SIZE) as u64 + 99;
    file.write_all_at(&[0xa5], at).unwrap();
    for memory in [least(2), 1 << 30] {
        let options = SortOptions::new().memory_bytes(memory);
        let error = place.sort(2, "id", &options).unwrap_err();
        let is_named = matches!(
            &error,
            SortError::Read(ReadError::BadBlock { block: 31, .. })
        );
        assert!(is_named, "{error}");
        place.assert_untouched();
    }
}

#[test]
fn a_stop_in_any_phase_leaves_nothing() {
    let place = Place::new(&varied(MANY, 4));
    for (memory, phases) in [
        (least(2), &[SortPhase::Partitioning, SortPhase::Writing][..]),
        (
            1 << 30,
            &[SortPhase::Loading, SortPhase::Sorting, SortPhase::Writing],
        ),
    ] {
        for phase in phases {
            let stop = StopFlag::new();
            let workers = workers(2).with_stop_flag(stop.clone());
            let options = SortOptions::new().memory_bytes(memory);
            let watch = |progress: SortProgress| {
                if progress.phase == *phase {
                    stop.stop();
                }
            };
            let error = place
                .sort_watched(&workers, "weight", &options, watch)
                .unwrap_err();
            assert!(matches!(error, SortError::Stopped), "{phase:?}: {error}");
            place.assert_untouched();
        }
    }
}

#[test]
fn progress_counts_every_token_of_every_phase() {
    let place = Place::new(&varied(MANY, 6));
    for (memory, phases) in [
        (least(2), vec![SortPhase::Partitioning, SortPhase::Writing]),
        (
            1 << 30,
            vec![SortPhase::Loading, SortPhase::Sorting, SortPhase::Writing],
        ),
    ] {
        let told = Mutex::new(Vec::new());
        let options = SortOptions::new().memory_bytes(memory);
        let watch = |progress: SortProgress| told.lock().unwrap().push(progress);
        place
            .sort_watched(&workers(2), "weight", &options, watch)
            .unwrap();
        place.taken();
        let told = told.into_inner().unwrap();
        let mut seen: Vec<SortPhase> = told.iter().map(|progress| progress.phase).collect();
        seen.dedup();
        assert_eq!(seen, phases);
        assert!(told.iter().all(|progress| progress.total == MANY as u64));
        for phase in phases {
            let done = told.iter().filter(|progress| progress.phase == phase);
            let done = done.map(|progress| progress.done).max();
            assert_eq!(done, Some(MANY as u64), "{phase:?}");
        }
    }
}

#[test]
fn a_file_is_not_sorted_into_itself() {
    let place = Place::new(&varied(10, 1));
    let link = place.folder.path().join("link.ngt");
    fs::hard_link(&place.from, &link).unwrap();
    let reader = BlockReader::open(&place.from).unwrap();
    for to in [&place.from, &link] {
        let create = CreateOptions::new().replace(true);
        let sorted = sort_file(
            &workers(1),
            &reader,
            (to, create),
            &order("id"),
            &SortOptions::new(),
            |_| (),
        );
        let error = sorted.unwrap_err();
        assert!(
            matches!(&error, SortError::SameFile { path } if path == to),
            "{error}"
        );
    }
    assert_eq!(VecStore::load(&place.from).unwrap().len(), 10);
}

#[test]
fn what_is_there_is_replaced_only_if_it_is_asked_for() {
    let tokens = varied(100, 1);
    let place = Place::new(&tokens);
    fs::write(&place.to, b"mine").unwrap();
    let error = place.sort(1, "id", &SortOptions::new()).unwrap_err();
    assert!(
        matches!(error, SortError::Create(CreateError::Exists { .. })),
        "{error}"
    );
    assert_eq!(fs::read(&place.to).unwrap(), b"mine");
    let reader = BlockReader::open(&place.from).unwrap();
    let to = (place.to.as_path(), CreateOptions::new().replace(true));
    sort_file(
        &workers(1),
        &reader,
        to,
        &order("id"),
        &SortOptions::new(),
        |_| (),
    )
    .unwrap();
    assert!(place.taken() == oracle(&tokens, "id"));
}

#[test]
fn too_little_memory_is_refused() {
    let place = Place::new(&varied(10, 1));
    for threads in [1, 2] {
        let options = SortOptions::new().memory_bytes(least(threads) - 1);
        let error = place.sort(threads as usize, "id", &options).unwrap_err();
        let expected = least(threads);
        let is_told = matches!(error, SortError::Memory { least, .. } if least == expected);
        assert!(is_told, "{error}");
        place.assert_untouched();
    }
}

#[test]
fn a_disk_without_room_for_temporary_files_and_what_is_beside_them_is_refused() {
    let place = Place::new(&varied(MANY, 2));
    let options = SortOptions::new().spare_bytes(u64::MAX);
    let error = place
        .sort(2, "id", &options.clone().memory_bytes(least(2)))
        .unwrap_err();
    let is_told = matches!(
        error,
        SortError::NoRoom {
            needed: u64::MAX,
            ..
        }
    );
    assert!(is_told, "{error}");
    place.assert_untouched();
    // Nothing temporary is written.
    place.sort(2, "id", &options.memory_bytes(1 << 30)).unwrap();
}

#[test]
fn temporary_files_are_where_they_are_asked_for() {
    let tokens = varied(MANY, 8);
    let place = Place::new(&tokens);
    let temp = tempfile::tempdir().unwrap();
    let left = temp.path().join(".ng-sort-0123456789abcdef");
    fs::create_dir(&left).unwrap();
    fs::write(left.join("lock"), b"").unwrap();
    fs::write(left.join("000001.raw"), b"x").unwrap();
    let seen = Mutex::new(0);
    let options = SortOptions::new().memory_bytes(least(2)).temp(temp.path());
    let watch = |_: SortProgress| {
        let count = fs::read_dir(temp.path()).unwrap().count();
        let mut seen = seen.lock().unwrap();
        *seen = count.max(*seen);
    };
    place
        .sort_watched(&workers(2), "id", &options, watch)
        .unwrap();
    assert_eq!(
        seen.into_inner().unwrap(),
        1,
        "the folder of this sort alone"
    );
    assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 0);
    assert!(place.taken() == oracle(&tokens, "id"));
    let nowhere = options.temp(temp.path().join("none"));
    let error = place.sort(2, "id", &nowhere).unwrap_err();
    assert!(
        matches!(&error, SortError::Temporary { path, .. } if path.ends_with("none")),
        "{error}"
    );
    place.assert_untouched();
}

/// A file whose newer slot is damaged may have lost its newest commit.
#[test]
fn a_file_that_may_have_lost_its_newest_commit_is_not_sorted() {
    let place = Place::new(&varied(MANY, 2));
    let mut writer = FileWriter::open_append(&place.from).unwrap();
    writer.append(&varied(10, 3)).unwrap();
    writer.commit().unwrap();
    let generation = writer.info().generation;
    drop(writer);
    spoil_slot(&place.from, generation % 2);
    for memory in [least(2), 1 << 30] {
        let options = SortOptions::new().memory_bytes(memory);
        let error = place.sort(2, "id", &options).unwrap_err();
        assert!(
            matches!(error, SortError::Open(OpenError::SlotLost { .. })),
            "{error}"
        );
        place.assert_untouched();
    }
}

fn spoil_slot(path: &Path, slot: u64) {
    let file = OpenOptions::new().write(true).open(path).unwrap();
    for copy in [0, 2048] {
        let at = 0x1000 + slot * 0x2000 + copy + 40;
        file.write_all_at(&[0xa5], at).unwrap();
    }
}
