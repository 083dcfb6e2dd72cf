//! A writer on a disk that fails, held against a vector.

use std::error::Error;
use std::path::Path;

use ng_store::disk::Dir;
use ng_store::disk::sim::{Atomicity, PowerCut, Seeded, SimFile, SimFs};
use ng_store::file::{Draft, Identity, Stamp, Writer};
use ng_store::ng_token::Token;
use ng_store::{BlockReader, CreateOptions, WriteError};

const NAME: &str = "a.ngt";

/// More tokens than this are not appended: enough for ten blocks.
const MOST_TOKENS: usize = 10 * 4096;

/// What a commit holds.
#[derive(Clone)]
struct Content {
    generation: u64,
    tag: u64,
    tokens: Vec<Token>,
}

/// The writer, and what it must hold.
pub struct Model {
    fs: SimFs,
    writer: Option<Writer<SimFile>>,
    appended: Vec<Token>,
    acked: Content,
    /// What a failed commit may have made.
    next: Option<Content>,
    /// Makes no two appends alike.
    salt: u32,
}

impl Model {
    /// An empty file on a sound disk.
    ///
    /// # Panics
    ///
    /// When a sound disk is not enough.
    pub fn new() -> Self {
        let fs = SimFs::new();
        let identity = Identity {
            file_id: [7; 16],
            created_ns: 1,
        };
        let options = CreateOptions::new().max_tokens(1 << 20);
        let draft = Draft::begin(fs.dir(), NAME, Path::new(NAME), &options, identity);
        let writer = draft.and_then(Draft::publish).expect("a sound disk");
        Self {
            fs,
            writer: Some(writer),
            appended: Vec::new(),
            acked: Content {
                generation: 0,
                tag: 0,
                tokens: Vec::new(),
            },
            next: None,
            salt: 0,
        }
    }

    /// The disk, for its faults.
    pub fn fs(&self) -> &SimFs {
        &self.fs
    }

    /// Appends `count` tokens, by a slice or by a closure.
    pub fn append(&mut self, count: usize, by_closure: bool) {
        let count = count.min(MOST_TOKENS - self.appended.len());
        self.salt += 1;
        let (start, salt) = (self.appended.len(), self.salt);
        let token = move |index: usize| Token::new((start + index) as u32).with_timestamp(salt);
        let Some(writer) = &mut self.writer else {
            return;
        };
        let outcome = match by_closure {
            true => writer.append_with(count, token),
            false => writer.append(&(0..count).map(token).collect::<Vec<_>>()),
        };
        if outcome.is_ok() {
            self.appended.extend((0..count).map(token));
        }
        self.check_appended();
        self.after(outcome);
    }

    /// Makes room.
    pub fn reserve(&mut self, count: u64, exact: bool) {
        let Some(writer) = &mut self.writer else {
            return;
        };
        let outcome = match exact {
            true => writer.reserve_exact(count),
            false => writer.reserve(count),
        };
        self.check_appended();
        self.after(outcome);
    }

    /// Commits.
    pub fn commit(&mut self, tag: u64) {
        let Some(writer) = &mut self.writer else {
            return;
        };
        let stamp = Stamp {
            committed_at_ns: 2,
            tag,
        };
        let outcome = writer.commit(stamp);
        let changes = self.appended.len() != self.acked.tokens.len() || tag != self.acked.tag;
        let made = Content {
            generation: self.acked.generation + u64::from(changes),
            tag,
            tokens: self.appended.clone(),
        };
        match &outcome {
            Ok(()) => self.acked = made,
            Err(WriteError::OutcomeUnknown { .. }) => self.next = Some(made),
            Err(_) => {}
        }
        self.after(outcome);
    }

    /// Cuts the power, with what was unsynced kept, lost or torn by `seed`.
    pub fn cut_power(&mut self, seed: u64) {
        self.writer = None;
        self.fs = self.fs.crash(&mut Seeded::new(seed), Atomicity::Sector);
        self.reopen();
    }

    /// Lets another writer take over.
    ///
    /// # Panics
    ///
    /// When the file holds anything else than the last commit or the one under
    /// way, or cannot be opened although nothing fails.
    pub fn reopen(&mut self) {
        self.writer = None;
        let dir = self.fs.dir();
        let opened = match dir.open(NAME, true) {
            Ok(file) => Writer::open(&dir, file, NAME).map_err(Box::from),
            Err(error) => Err(Box::<dyn Error>::from(error)),
        };
        match opened {
            Ok(writer) => self.take_over(writer),
            Err(error) => self.check_excused(&*error),
        }
    }

    fn take_over(&mut self, writer: Writer<SimFile>) {
        let generation = writer.generation();
        if let Some(next) = self.next.take_if(|next| next.generation == generation) {
            self.acked = next;
        }
        assert_eq!(generation, self.acked.generation, "generation");
        assert_eq!(writer.info().tag, self.acked.tag, "tag");
        assert_eq!(writer.committed_tokens(), self.acked.tokens.len() as u64);
        self.next = None;
        self.appended.clone_from(&self.acked.tokens);
        self.writer = Some(writer);
    }

    /// Reads all that is committed, verified, once no fault is pending.
    ///
    /// # Panics
    ///
    /// When it is not what was committed.
    pub fn check_content(&self) {
        if self.writer.is_none() || self.fs.pending_faults() > 0 {
            return;
        }
        let file = self.fs.dir().open(NAME, false).expect("a sound disk");
        let reader = BlockReader::of_disk(file, NAME).expect("a sound file");
        let mut found = Vec::new();
        let read = reader.for_each::<ng_store::ReadError>(0..reader.len(), |tokens| {
            found.extend_from_slice(tokens);
            Ok(())
        });
        read.expect("sound blocks");
        assert!(
            found == self.acked.tokens,
            "other tokens than were committed"
        );
        assert!(reader.verify().expect("a sound disk").is_clean());
    }

    fn check_appended(&self) {
        if let Some(writer) = &self.writer {
            assert_eq!(
                writer.appended_tokens(),
                self.appended.len() as u64,
                "appended"
            );
        }
    }

    /// A failure that poisons ends the writer; want of room does not.
    fn after(&mut self, outcome: Result<(), WriteError>) {
        let Err(error) = outcome else {
            return;
        };
        if matches!(error, WriteError::NoSpace { .. } | WriteError::Full { .. }) {
            return;
        }
        self.writer = None;
        if self.is_powered_off() {
            self.cut_power(u64::from(self.salt));
        }
    }

    /// Opening may fail where the disk does: then the next opening tells.
    fn check_excused(&mut self, error: &(dyn Error + 'static)) {
        if self.is_powered_off() {
            self.cut_power(u64::from(self.salt));
            return;
        }
        let causes = std::iter::successors(Some(error), |&error| error.source());
        let excused = causes
            .last()
            .is_some_and(|cause| cause.is::<std::io::Error>());
        assert!(excused, "opening failed: {error}");
    }

    fn is_powered_off(&self) -> bool {
        let looked = self.fs.dir().exists(NAME);
        looked.is_err_and(|error| error.get_ref().is_some_and(|cause| cause.is::<PowerCut>()))
    }
}

impl Default for Model {
    fn default() -> Self {
        Self::new()
    }
}
