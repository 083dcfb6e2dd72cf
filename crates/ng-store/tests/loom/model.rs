use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use loom::thread::{Builder, JoinHandle};
use ng_store::disk::sim::SimFs;
use ng_store::disk::{Dir, Disk};
use ng_store::file::{Draft, Follower, Identity, Stamp, Writer};
use ng_store::ng_token::{Token, as_bytes, as_bytes_mut};
use ng_store::{BlockReader, CreateOptions, Finding, ReadError};

use crate::amount;
use crate::file::{File, Folder};

const NAME: &str = "a.ngt";

/// Where the tokens begin in a file for few of them.
const DATA: usize = 2 << 20;

const TABLE: usize = 0x10000;

/// A loom thread's stack, in words: the head of a file is 20 KiB.
const STACK_WORDS: usize = 1 << 16;

/// The start of every model: a file, and which parts may change.
#[derive(Clone)]
pub(crate) struct Scene {
    base: Arc<[u8]>,
    pieces: Vec<Range<usize>>,
}

impl Scene {
    /// A file with a commit for each total count, and space in the model for `more`.
    pub(crate) fn new(counts: &[usize], more: usize) -> Self {
        let base = base(counts);
        let count = counts[counts.len() - 1];
        // A write of half a kilobyte is not a single step.
        let copies = [0x1000, 0x1800, 0x3000, 0x3800];
        let halves = copies.map(|at| [at..at + 256, at + 256..at + 512]);
        let mut pieces = halves.concat();
        pieces.extend([0x2000..0x3000, 0x4000..0x5000]);
        pieces.push(TABLE..TABLE + 8);
        pieces.push(DATA + count * 64..DATA + (count + more) * 64);
        Self { base, pieces }
    }

    /// Damages the file before the model begins.
    pub(crate) fn damage(&mut self, range: Range<usize>) {
        let mut base = self.base.to_vec();
        base[range].fill(0xAA);
        self.base = base.into();
    }

    /// Lets the model change another piece of the file.
    pub(crate) fn may_change(&mut self, range: Range<usize>) {
        self.pieces.push(range);
    }

    pub(crate) fn file(&self) -> File {
        File::new(&self.base, &self.pieces)
    }

    /// Runs a model on the file: `act` once for every interleaving with this many
    /// preemptions, plus one at a larger scale.
    pub(crate) fn check(
        &self,
        name: &str,
        preemptions: usize,
        act: impl Fn(&Self) + Send + Sync + 'static,
    ) {
        let mut model = loom::model::Builder::new();
        model.preemption_bound = Some(preemptions + usize::from(amount::scale() > 1));
        let executions = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&executions);
        let (scene, act) = (self.clone(), Arc::new(act));
        model.check(move || {
            counter.fetch_add(1, Ordering::Relaxed);
            let (scene, act) = (scene.clone(), Arc::clone(&act));
            spawn(move || act(&scene)).join().unwrap();
        });
        let count = executions.load(Ordering::Relaxed);
        amount::count(&format!("loom executions: {name}"), count);
    }
}

pub(crate) fn token_offset(index: usize) -> usize {
    DATA + index * 64
}

pub(crate) fn spawn(act: impl FnOnce() + Send + 'static) -> JoinHandle<()> {
    Builder::new().stack_size(STACK_WORDS).spawn(act).unwrap()
}

/// Opens the file for appending.
pub(crate) fn appender(file: &File) -> Writer<File> {
    Writer::open(&Folder, file.clone(), NAME).unwrap()
}

/// Appends this many tokens and commits them.
pub(crate) fn commit(writer: &mut Writer<File>, count: usize) {
    let start = writer.appended_tokens() as usize;
    let append = writer.append_with(count, |index| token(start + index));
    append.unwrap();
    writer.commit(Stamp::default()).unwrap();
}

/// What a reader saw.
pub(crate) struct Seen {
    pub(crate) generation: u64,
    pub(crate) tokens: u64,
    pub(crate) findings: Vec<Finding>,
}

/// Opens the file for reading and reads all of it, every token of which must be
/// right.
pub(crate) fn read(file: &File) -> Seen {
    let reader = BlockReader::of_disk(file.clone(), NAME).unwrap();
    let mut index = 0;
    let compare = |tokens: &[Token]| {
        let expected: Vec<Token> = (index..index + tokens.len()).map(token).collect();
        assert!(as_bytes(tokens) == as_bytes(&expected), "from {index} on");
        index += tokens.len();
        Ok::<_, ReadError>(())
    };
    reader.for_each(0..reader.len(), compare).unwrap();
    Seen {
        generation: reader.info().generation,
        tokens: reader.len(),
        findings: reader.recovery().to_vec(),
    }
}

/// Opens the file to follow its commits.
pub(crate) fn follower(file: &File) -> Follower<File> {
    Follower::of_disk(file.clone(), NAME).unwrap()
}

/// What a follower shows, every token of which must be right.
pub(crate) fn shown(follower: &Follower<File>) -> Seen {
    let info = follower.info();
    let mut tokens = vec![Token::ZERO; follower.tokens() as usize];
    let bytes = as_bytes_mut(&mut tokens);
    follower.disk().read_at(bytes, info.data_offset).unwrap();
    let expected: Vec<Token> = (0..tokens.len()).map(token).collect();
    assert!(as_bytes(&tokens) == as_bytes(&expected));
    Seen {
        generation: info.generation,
        tokens: follower.tokens(),
        findings: info.findings,
    }
}

fn token(index: usize) -> Token {
    Token::new(index as u32).with_timestamp(!(index as u32))
}

fn base(counts: &[usize]) -> Arc<[u8]> {
    let fs = SimFs::new();
    let options = CreateOptions::new().max_tokens(1 << 14);
    let identity = Identity {
        file_id: [7; 16],
        created_ns: 1,
    };
    let draft = Draft::begin(fs.dir(), NAME, Path::new(NAME), &options, identity);
    let mut writer = draft.unwrap().publish().unwrap();
    let mut start = 0;
    for &count in counts {
        let append = writer.append_with(count - start, |index| token(start + index));
        append.unwrap();
        writer.commit(Stamp::default()).unwrap();
        start = count;
    }
    // Without space allocated beyond the tokens: the model grows the file.
    let mut bytes = vec![0; token_offset(start)];
    let file = fs.dir().open(NAME, false).unwrap();
    assert_eq!(file.read_at(&mut bytes, 0).unwrap(), bytes.len());
    bytes.into()
}
