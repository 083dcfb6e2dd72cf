//! An appender killed at a random moment, including while opening and creating.

use std::fs::{self, File};
use std::hint;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ng_store::{
    AppendOptions, BlockHasher, CachePolicy, Finding, MmapStore, TokenSink, TokenStore, WriteError,
    whole_blocks,
};
use tempfile::TempDir;

use crate::actor::{Actor, numbers, say};
use crate::amount;
use crate::course::{Course, Sizes};
use crate::fixture::{create, open, open_append, open_append_with, small, verify};
use crate::folders::{in_memory, is_temporary, named, names, on_disk, word};
use crate::workload::Random;

/// The kills at scale 1.
const KILLS: u64 = 200;

/// At least one kill in this many hits while the file is created.
const CREATE_SHARE: u64 = 10;

/// How many commits are waited for at most before a kill.
const COMMITS_MAX: usize = 8;

/// The size at which a file is abandoned, to keep full checks fast.
const TOKENS_MAX: u64 = 60_000;

/// What the actor prints before it creates a file.
const CREATING: &str = "creating";

pub(crate) fn test() {
    let (kills, creations) = (AtomicU64::new(0), AtomicU64::new(0));
    let target = KILLS * amount::scale();
    let lanes = thread::available_parallelism()
        .map_or(1, usize::from)
        .max(2);
    thread::scope(|scope| {
        for number in 0..lanes as u64 {
            let (kills, creations) = (&kills, &creations);
            scope.spawn(move || {
                let mut lane = Lane::new(number);
                while kills.fetch_add(1, Ordering::Relaxed) < target {
                    lane.kill(creations);
                }
            });
        }
    });
    let (creations, wanted) = (creations.into_inner(), target / CREATE_SHARE);
    assert!(creations >= wanted, "{creations} of {wanted} creations");
}

/// A series of files, and what is known about the current one.
struct Lane {
    folder: TempDir,
    random: Random,
    path: PathBuf,
    seed: u64,
    course: Course,
    /// The commit that the file has at least; `None` if it may not be there.
    acked: Option<u64>,
    kills: u64,
    creations: u64,
    /// How long it usually takes to start and open, to commit, and to create.
    opening: Usual,
    committing: Usual,
    creating: Usual,
}

impl Lane {
    /// The lanes alternate between disk and memory.
    fn new(number: u64) -> Self {
        let folder = match number % 2 {
            0 => on_disk(),
            _ => in_memory(),
        };
        let mut lane = Self {
            path: PathBuf::new(),
            folder,
            random: Random::new(number),
            seed: 0,
            course: Course::new(0, Sizes::Mixed),
            acked: None,
            kills: 0,
            creations: 0,
            opening: Usual::new(),
            committing: Usual::new(),
            creating: Usual::new(),
        };
        lane.begin_file();
        lane
    }

    /// Abandons the file, and creators' leftovers with it.
    fn begin_file(&mut self) {
        for name in names(self.folder.path()) {
            fs::remove_file(named(&self.folder, &name)).unwrap();
        }
        self.seed = self.random.next() >> 1;
        self.course = Course::new(self.seed, Sizes::Mixed);
        self.path = named(&self.folder, &format!("{}.ngt", self.seed));
        self.acked = None;
    }

    /// Lets an actor append, kills it, and checks what it left.
    fn kill(&mut self, creations: &AtomicU64) {
        // A little ahead: some strike too late.
        let due = self.creations * CREATE_SHARE < self.kills + 2 * CREATE_SHARE;
        if due && self.acked.is_some() {
            self.begin_file();
        }
        let mut actor = Actor::start("append", &[word(&self.path), &self.seed.to_string()]);
        if due {
            self.strike_in_creation(&mut actor);
        } else {
            self.strike(&mut actor);
        }
        actor.kill();
        let created = self.hear(&mut actor);
        self.kills += 1;
        amount::count("kills", 1);
        if due && !created {
            self.creations += 1;
            creations.fetch_add(1, Ordering::Relaxed);
            amount::count("kills: while a file is created", 1);
        }
        self.check();
    }

    /// Waits for a moment during the creation of the file.
    fn strike_in_creation(&mut self, actor: &mut Actor) {
        assert_eq!(actor.line().as_deref(), Some(CREATING));
        self.creating.spin(&mut self.random);
    }

    /// Waits for a moment after the start, or after some commits.
    fn strike(&mut self, actor: &mut Actor) {
        let commits = self.random.below(COMMITS_MAX + 1);
        if commits == 0 {
            return self.opening.spin(&mut self.random);
        }
        let mut before = Instant::now();
        let mut usual = &mut self.opening;
        for _ in 0..commits {
            let line = actor.line().expect("an actor goes on for ever");
            let began = line == CREATING;
            usual = match began {
                true => &mut self.creating,
                false => {
                    usual.learn(before.elapsed());
                    &mut self.committing
                }
            };
            self.acked = acked(&line).or(self.acked);
            before = Instant::now();
        }
        usual.spin(&mut self.random);
    }

    /// Reads the actor's last lines, and tells whether they were about the file.
    fn hear(&mut self, actor: &mut Actor) -> bool {
        let mut heard = false;
        while let Some(line) = actor.line() {
            let acked = acked(&line);
            heard |= acked.is_some();
            self.acked = acked.or(self.acked);
        }
        heard
    }

    fn check(&mut self) {
        self.check_names();
        if !self.path.exists() {
            assert_eq!(self.acked, None, "the file is gone");
            return;
        }
        self.check_file();
        if self.course.end(self.acked.unwrap_or(0)) > TOKENS_MAX {
            self.begin_file();
        }
    }

    /// Nothing else in the folder could be mistaken for the file.
    fn check_names(&self) {
        let own = self.path.file_name().and_then(|name| name.to_str());
        for name in names(self.folder.path()) {
            assert!(is_temporary(&name) || Some(&*name) == own, "{name}");
        }
    }

    fn check_file(&mut self) {
        let least = self.acked.unwrap_or(0);
        // The lock is free for everyone.
        let file = File::open(&self.path).unwrap();
        file.try_lock().unwrap();
        // Closing is not enough: another lane may fork at that moment.
        file.unlock().unwrap();
        let reader = open(&self.path).unwrap();
        self.check_store(&reader, least..=least + 1);
        assert!(verify(&self.path).unwrap().is_clean());
        let commit = reader.info().tag;
        // Otherwise the next actor opens the leftovers.
        if self.random.below(2) == 0 {
            let appender = open_append(&self.path).unwrap();
            self.check_store(&appender, commit..=commit);
        }
        self.acked = Some(commit);
    }

    fn check_store(&mut self, store: &MmapStore, allowed: std::ops::RangeInclusive<u64>) {
        let commit = store.info().tag;
        let seed = self.seed;
        assert!(
            allowed.contains(&commit),
            "seed {seed}: {commit}, expected {allowed:?}"
        );
        assert_eq!(store.len() as u64, self.course.end(commit));
        self.course.check(store.tokens(), 0);
        // A kill comes between the copies of a slot, never inside one.
        let between = |finding: &Finding| {
            matches!(
                finding,
                Finding::CopiesDiffer { .. }
                    | Finding::SlotCopy { slot: 1, copy: 1 }
                    | Finding::FirstCommitMissing
            )
        };
        assert!(
            store.recovery().iter().all(between),
            "seed {seed}: {:?}",
            store.recovery()
        );
    }
}

/// The commit that a line acknowledges.
fn acked(line: &str) -> Option<u64> {
    (line != CREATING).then(|| numbers::<2>(line)[0])
}

/// How long something usually takes.
struct Usual(Duration);

impl Usual {
    fn new() -> Self {
        Self(Duration::from_millis(1))
    }

    fn learn(&mut self, took: Duration) {
        self.0 = (self.0 * 7 + took) / 8;
    }

    /// Spins for a random part of that, which is the moment of the kill.
    fn spin(&self, random: &mut Random) {
        let start = Instant::now();
        let delay = self.0 * random.below(1200) as u32 / 1000;
        while start.elapsed() < delay {
            hint::spin_loop();
        }
    }
}

/// The actor: appends forever, half of the time bypassing the page cache, and prints each
/// acknowledged commit. Tags count the commits, since an opening takes a generation, too.
pub(crate) fn append(path: &Path, seed: u64) {
    let mut course = Course::new(seed, Sizes::Mixed);
    let mut random = Random::new(u64::from(std::process::id()));
    let cache = [CachePolicy::Keep, CachePolicy::Bypass][random.below(2)];
    let mut store = match path.exists() {
        true => open_append_with(path, &AppendOptions::new().cache(cache)).unwrap(),
        false => {
            say(CREATING);
            create(path, &small().cache(cache)).unwrap()
        }
    };
    loop {
        let commit = store.info().tag;
        let end = course.end(commit);
        assert_eq!(store.len() as u64, end);
        say(&format!("{commit} {end}"));
        let next_end = course.end(commit + 1);
        let middle = end + random.below((next_end - end) as usize) as u64;
        for range in [end..middle, middle..next_end] {
            let start = range.start as usize;
            let tokens = course.tokens(range);
            append_somehow(&mut store, random.below(3), start, tokens).unwrap();
        }
        store.commit_tagged(commit + 1).unwrap();
    }
}

/// Appends in one of several ways.
fn append_somehow(
    store: &mut MmapStore,
    way: usize,
    start: usize,
    tokens: &[ng_store::ng_token::Token],
) -> Result<(), WriteError> {
    match way {
        0 => store.append(tokens),
        1 => store.append_with(tokens.len(), |index| tokens[index]),
        _ => {
            let hasher = store.block_hasher();
            let hash = |block: usize| {
                let from = block * ng_store::BLOCK_TOKENS - start;
                let tokens = &tokens[from..from + ng_store::BLOCK_TOKENS];
                hasher.hash_block(block as u64, tokens)
            };
            let hashes: Vec<u64> = whole_blocks(start, tokens.len()).map(hash).collect();
            store.append_hashed(tokens, &hashes)
        }
    }
}
