use std::path::Path;
use std::sync::{Arc, Mutex};

use ng_store::disk::Dir;
use ng_store::disk::Disk;
use ng_store::disk::sim::{Atomicity, CallKind, Failure, Fault, Seeded, SimFile, SimFs, When};
use ng_store::file::{Draft, Follower, Identity, Stamp, Writer};
use ng_store::ng_token::{Token, as_bytes, as_bytes_mut};
use ng_store::{AppendOptions, BlockReader, CreateOptions, OpenError, ReadError};

use crate::amount::{count, scale};
use crate::session::NAME;
use crate::size::all;
use crate::watched::{Between, Folder, Watched};
use crate::workload::Random;

const SEEDS: u64 = 150;

/// How many appenders open the file in turn.
const APPENDERS: usize = 24;

const READERS: usize = 3;

/// At one moment in this many, a reader reads the file.
const LOOKS: usize = 3;

/// The maximum number of moments before and after the cache evicts pages.
const REST: usize = 24;

/// At one moment in this many, the power is cut in a copy of the world.
const CUTS: usize = 32;

const FAULTS: [Fault; 4] = [
    Fault::FailForgetting(Failure::Io),
    Fault::FailForgetting(Failure::NoSpace),
    Fault::FailForgetting(Failure::Interrupted),
    Fault::Fail(Failure::Io),
];

/// Appenders come and go, their syncs and the readers' fail, dropped pages are evicted, and
/// commits are remade under the same numbers.
#[test]
fn what_a_reader_shows_was_made_and_what_it_synced_is_never_contradicted() {
    all(SEEDS * scale(), |seed| {
        let world = World::new(seed);
        let told = run(&world, seed);
        told.count();
    });
}

fn run(world: &Arc<Mutex<World>>, seed: u64) -> Told {
    let mut random = Random::new(seed ^ 0x5EED);
    for _ in 0..APPENDERS {
        world.lock().unwrap().rest();
        if let Some(writer) = open(world) {
            append(world, writer, &mut random);
        }
    }
    let mut world = world.lock().unwrap();
    std::mem::take(&mut world.told)
}

/// Opens the file for appending, which makes durable what was found.
fn open(world: &Arc<Mutex<World>>) -> Option<Writer<Watched>> {
    let open = |options: &AppendOptions| {
        let file = world.lock().unwrap().before_an_appender();
        let between: Arc<Mutex<dyn Between>> = Arc::clone(world) as _;
        Writer::open_with(&Folder, Watched { file, between }, NAME, options)
    };
    let mut opened = open(&AppendOptions::new());
    if let Err(OpenError::SlotLost { .. }) = &opened {
        world.lock().unwrap().check_slot_lost();
        opened = open(&AppendOptions::new().older_commit(true));
    }
    let mut world = world.lock().unwrap();
    world.notice_faults();
    match opened {
        Ok(writer) => {
            world.is_failed = false;
            Some(writer)
        }
        Err(OpenError::Io(_)) => None,
        Err(error) => panic!("{}: {error}", world.context()),
    }
}

/// Makes some commits, until one fails.
fn append(world: &Arc<Mutex<World>>, mut writer: Writer<Watched>, random: &mut Random) {
    let mut tokens = world.lock().unwrap().newest(writer.generation());
    for commit in 0..random.below(5) {
        let new = world.lock().unwrap().make(tokens.len(), random);
        if writer.append(&new).is_err() {
            return;
        }
        tokens.extend(new);
        let generation = writer.generation() + 1;
        world.lock().unwrap().may_make(generation, &tokens);
        let stamp = Stamp {
            committed_at_ns: world.lock().unwrap().salt.into(),
            tag: commit as u64,
        };
        if writer.commit(stamp).is_err() {
            return;
        }
    }
}

/// A commit that was made, or may have been.
struct Made {
    generation: u64,
    tokens: Arc<Vec<Token>>,
}

/// The file, its readers, and what is known about it.
struct World {
    seed: u64,
    random: Random,
    fs: SimFs,
    made: Vec<Made>,
    readers: Vec<Reader>,
    /// What readers have shown after a sync.
    durable: Vec<Arc<Vec<Token>>>,
    /// Whether a sync has failed since an appender made the file durable.
    is_failed: bool,
    pending_faults: usize,
    /// A bit for each active reader.
    awake: u64,
    /// Makes no two appends and no two commits alike.
    salt: u32,
    told: Told,
}

struct Reader {
    follower: Follower<SimFile>,
    shown: Arc<Vec<Token>>,
    /// Whether its last refresh that showed something was a synced one.
    is_synced: bool,
    /// Whether it was opened without any earlier failed sync that it cannot know of.
    is_sure: bool,
}

/// What was seen.
#[derive(Default)]
struct Told {
    shown: u64,
    synced: u64,
    not_durable: u64,
    taken_back: u64,
    cuts: u64,
    failed_syncs: u64,
    slots_lost: u64,
}

impl Told {
    fn count(&self) {
        count("readers: commits shown", self.shown);
        count("readers: commits shown after a sync", self.synced);
        count(
            "readers: commits refused after a failed sync",
            self.not_durable,
        );
        count("readers: commits found to be taken back", self.taken_back);
        count("readers: failed syncs", self.failed_syncs);
        count("readers: slots lost to two failed syncs", self.slots_lost);
        count("crash images: under readers", self.cuts);
    }
}

impl Between for World {
    fn act(&mut self) {
        self.notice_faults();
        if self.random.below(LOOKS) == 0 {
            let index = self.random.below(READERS);
            if self.awake >> index & 1 == 1 {
                self.look(index);
            }
        }
        if self.random.below(CUTS) == 0 {
            self.cut();
        }
    }
}

impl World {
    fn new(seed: u64) -> Arc<Mutex<Self>> {
        let fs = SimFs::new();
        let identity = Identity {
            file_id: [7; 16],
            created_ns: 1,
        };
        let options = CreateOptions::new().max_tokens(1 << 20);
        let draft = Draft::begin(fs.dir(), NAME, Path::new(NAME), &options, identity);
        drop(draft.unwrap().publish().unwrap());
        let mut world = Self {
            seed,
            random: Random::new(seed),
            fs,
            made: Vec::new(),
            readers: Vec::new(),
            durable: Vec::new(),
            is_failed: false,
            pending_faults: 0,
            awake: 0,
            salt: 0,
            told: Told::default(),
        };
        world.may_make(0, &[]);
        world.readers = (0..READERS).map(|_| world.reader()).collect();
        Arc::new(Mutex::new(world))
    }

    fn context(&self) -> String {
        format!("seed {}, operation {}", self.seed, self.fs.operations())
    }

    /// A pause without writes: the cache may evict pages dropped by failed syncs, readers
    /// pause or resume, and a coming sync may fail.
    fn rest(&mut self) {
        self.pass();
        if self.random.below(2) == 0 {
            self.fs.evict();
            self.pass();
        }
        self.awake = self.random.next();
        if self.random.below(4) > 0 {
            let next = self.fs.operations_of(CallKind::Sync);
            let at = next + self.random.below(8) as u64;
            let fault = FAULTS[self.random.below(FAULTS.len())];
            self.fs.inject(When::Nth(CallKind::Sync, at), fault);
            self.pending_faults = self.fs.pending_faults();
        }
    }

    /// A slot is lost where the syncs of its first commit and of the next failed and
    /// were forgotten: neither was acknowledged, and no reader has synced one.
    fn check_slot_lost(&mut self) {
        assert!(self.told.failed_syncs > 1, "{}", self.context());
        let file = self.fs.dir().open(NAME, false).unwrap();
        let found = self.find(&BlockReader::of_disk(file, NAME).unwrap());
        let (_, tokens) = found.unwrap_or_else(|why| self.fail(&why));
        for kept in &self.durable {
            assert!(begins_with(&tokens, kept), "{}", self.context());
        }
        self.told.slots_lost += 1;
    }

    fn pass(&mut self) {
        for _ in 0..self.random.below(REST) {
            self.act();
        }
    }

    fn notice_faults(&mut self) {
        let pending = self.fs.pending_faults();
        self.is_failed |= pending < self.pending_faults;
        self.told.failed_syncs += (self.pending_faults - pending) as u64;
        self.pending_faults = pending;
    }

    /// Prepares for an appender, which may repeat the commit it finds.
    fn before_an_appender(&mut self) -> SimFile {
        let reader = self.fs.dir().open(NAME, false).unwrap();
        let reader = BlockReader::of_disk(reader, NAME).unwrap();
        let found = self.newest(reader.info().generation);
        self.may_make(reader.info().generation + 1, &found);
        self.fs.dir().open(NAME, true).unwrap()
    }

    fn may_make(&mut self, generation: u64, tokens: &[Token]) {
        self.salt += 1;
        self.made.push(Made {
            generation,
            tokens: Arc::new(tokens.to_vec()),
        });
    }

    fn make(&mut self, start: usize, random: &mut Random) -> Vec<Token> {
        self.salt += 1;
        let count = match random.below(8) {
            0 => 4_090 + random.below(10),
            _ => 1 + random.below(100),
        };
        let token = |index| Token::new(index as u32).with_timestamp(self.salt);
        (start..start + count).map(token).collect()
    }

    /// The tokens of the newest commit there is, of that number.
    fn newest(&self, generation: u64) -> Vec<Token> {
        let file = self.fs.dir().open(NAME, false).unwrap();
        let found = self.find(&BlockReader::of_disk(file, NAME).unwrap());
        let (found_generation, tokens) = found.unwrap_or_else(|why| self.fail(&why));
        assert_eq!(found_generation, generation, "{}", self.context());
        tokens.to_vec()
    }

    /// A file's content, which some appender must have made.
    fn find(&self, file: &BlockReader<SimFile>) -> Result<(u64, Arc<Vec<Token>>), String> {
        let mut tokens = Vec::new();
        let read = file.for_each(0..file.len(), |block| {
            tokens.extend_from_slice(block);
            Ok::<_, ReadError>(())
        });
        read.map_err(|error| error.to_string())?;
        let generation = file.info().generation;
        Ok((generation, self.is_made(generation, &tokens)?))
    }

    fn is_made(&self, generation: u64, tokens: &[Token]) -> Result<Arc<Vec<Token>>, String> {
        let is_it = |made: &&Made| {
            made.generation == generation && as_bytes(&made.tokens) == as_bytes(tokens)
        };
        let made = self.made.iter().find(is_it);
        made.map(|made| Arc::clone(&made.tokens))
            .ok_or_else(|| format!("nobody made this generation {generation}"))
    }

    fn fail(&self, why: &str) -> ! {
        panic!("{}: {why}", self.context())
    }

    fn reader(&self) -> Reader {
        let file = self.fs.dir().open(NAME, false).unwrap();
        let follower = Follower::of_disk(file, NAME);
        let follower = follower.unwrap_or_else(|error| self.fail(&error.to_string()));
        let shown = self.shown_by(&follower);
        Reader {
            shown: shown.unwrap_or_else(|why| self.fail(&why)),
            follower,
            is_synced: false,
            is_sure: !self.is_failed,
        }
    }

    /// What a reader shows, like a map of the file, which some appender must have made.
    fn shown_by(&self, follower: &Follower<SimFile>) -> Result<Arc<Vec<Token>>, String> {
        let tokens = tokens_of(follower, follower.tokens());
        self.is_made(follower.info().generation, &tokens)
    }

    /// Refreshes a reader, sometimes a new one.
    fn look(&mut self, index: usize) {
        if self.random.below(20) == 0 {
            self.readers[index] = self.reader();
        }
        let sync = self.random.below(2) == 0;
        let reader = &mut self.readers[index];
        let refreshed = match sync {
            true => reader.follower.refresh(),
            false => reader.follower.refresh_unsynced(),
        };
        self.notice_faults();
        let checked = match refreshed {
            Ok(true) => self.check_new(index, sync),
            Ok(false) => self.check_same(index, sync),
            Err(OpenError::NotDurable { .. }) => {
                self.told.not_durable += 1;
                self.check_same(index, false)
            }
            Err(OpenError::TakenBack { .. } | OpenError::WentBack { .. }) => {
                self.check_taken_back(index)
            }
            Err(error) => Err(error.to_string()),
        };
        checked.unwrap_or_else(|why| self.fail(&format!("reader {index}, sync {sync}: {why}")));
    }

    /// A new commit derives from the one shown before.
    fn check_new(&mut self, index: usize, sync: bool) -> Result<(), String> {
        let shown = self.shown_by(&self.readers[index].follower)?;
        let reader = &mut self.readers[index];
        if !begins_with(&shown, &reader.shown) {
            return Err("what was shown before was taken back".to_owned());
        }
        reader.shown = shown;
        reader.is_synced = sync;
        self.told.shown += 1;
        if sync {
            self.keep(index);
        }
        Ok(())
    }

    /// The view is unchanged, unless it may be taken back.
    fn check_same(&mut self, index: usize, sync: bool) -> Result<(), String> {
        let reader = &mut self.readers[index];
        let now = tokens_of(&reader.follower, reader.follower.tokens());
        let is_durable = reader.is_sure && reader.is_synced;
        let is_same = as_bytes(&now) == as_bytes(&reader.shown);
        if !is_same && (sync || is_durable) {
            return Err("other tokens are shown, and nothing is said".to_owned());
        }
        if sync {
            reader.is_synced = true;
            self.keep(index);
        }
        Ok(())
    }

    /// A reader shows no more than before, of what still exists.
    fn check_taken_back(&mut self, index: usize) -> Result<(), String> {
        let reader = &self.readers[index];
        let left = tokens_of(&reader.follower, reader.follower.tokens());
        if reader.is_sure && reader.is_synced {
            return Err("what was synced was taken back".to_owned());
        }
        if !begins_with(&reader.shown, &left) {
            return Err("what is left is not what was shown".to_owned());
        }
        self.told.taken_back += 1;
        self.readers[index] = self.reader();
        Ok(())
    }

    /// From here on the file must hold what a reader has synced.
    fn keep(&mut self, index: usize) {
        let reader = &self.readers[index];
        if reader.is_sure
            && !self
                .durable
                .iter()
                .any(|kept| Arc::ptr_eq(kept, &reader.shown))
        {
            self.durable.push(Arc::clone(&reader.shown));
        }
        self.told.synced += 1;
    }

    /// Cuts the power, and checks for what readers have synced.
    fn cut(&mut self) {
        let seed = self.seed << 32 | self.fs.operations();
        let image = self.fs.crash(&mut Seeded::new(seed), Atomicity::Sector);
        let file = image.dir().open(NAME, false).unwrap();
        let file = BlockReader::of_disk(file, NAME);
        let file = file.unwrap_or_else(|error| self.fail(&format!("after a cut: {error}")));
        let (_, tokens) = self
            .find(&file)
            .unwrap_or_else(|why| self.fail(&format!("after a cut: {why}")));
        for kept in &self.durable {
            if !begins_with(&tokens, kept) {
                self.fail("after a cut: what a reader had synced is gone");
            }
        }
        self.told.cuts += 1;
    }
}

fn tokens_of(follower: &Follower<SimFile>, count: u64) -> Vec<Token> {
    let mut tokens = vec![Token::ZERO; count as usize];
    let bytes = as_bytes_mut(&mut tokens);
    let offset = follower.info().data_offset;
    let read = follower.disk().read_at(bytes, offset).unwrap();
    assert_eq!(read, bytes.len());
    tokens
}

fn begins_with(tokens: &[Token], first: &[Token]) -> bool {
    as_bytes(tokens).starts_with(as_bytes(first))
}
