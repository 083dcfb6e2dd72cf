use std::fmt;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use ng_store::disk::Dir;
use ng_store::disk::sim::{SimDir, SimFile, SimFs};
use ng_store::file::{Draft, Identity, Stamp, Writer};
use ng_store::ng_token::Token;
use ng_store::{
    AppendOptions, BLOCK_TOKENS, BlockHasher, CachePolicy, CreateError, CreateOptions, OpenError,
    WriteError, whole_blocks,
};

use crate::workload::{Random, Step, Workload};

/// The name of the file.
pub(crate) const NAME: &str = "a.ngt";

/// Its maximum: more than any workload appends.
const MAX_TOKENS: u64 = 1 << 20;

/// What a commit holds.
pub(crate) struct Content {
    pub(crate) generation: u64,
    pub(crate) tag: u64,
    pub(crate) tokens: Arc<Vec<Token>>,
}

impl fmt::Debug for Content {
    /// Shows how many tokens there are, not the tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (generation, tag, tokens) = (self.generation, self.tag, self.tokens.len());
        write!(f, "generation {generation}, tag {tag}, {tokens} tokens")
    }
}

impl Content {
    /// The same, as repeated by an opening to append.
    fn confirmed(&self) -> Arc<Self> {
        Arc::new(Self {
            generation: self.generation + 1,
            tag: self.tag,
            tokens: Arc::clone(&self.tokens),
        })
    }
}

/// A program that writes a token file, and the results it saw.
pub(crate) struct Session {
    fs: SimFs,
    writer: Option<Writer<SimFile>>,
    appended: Vec<Token>,
    /// What was acknowledged last.
    acked: Option<Arc<Content>>,
    /// The possible outcomes of the current or failed commit or opening.
    next: Vec<Arc<Content>>,
    began_with: Allowed,
    commits: Vec<Commit>,
    /// The operations during drops of a writer, which report nothing.
    quiet: Vec<Range<u64>>,
    /// Makes no two appends and no two files alike.
    salt: u32,
}

/// An acknowledged commit, with the number of operations before it started and when it
/// returned.
struct Commit {
    began: u64,
    returned: u64,
    content: Arc<Content>,
    /// What may exist before it returned, besides the previous commit.
    may: Vec<Arc<Content>>,
}

/// What a file may hold.
#[derive(Clone, Debug, Default)]
pub(crate) struct Allowed {
    /// The minimum content; `None` for no file.
    pub(crate) acked: Option<Arc<Content>>,
    /// What it may hold instead.
    pub(crate) next: Vec<Arc<Content>>,
}

impl Allowed {
    pub(crate) fn contents(&self) -> impl Iterator<Item = &Arc<Content>> + Clone {
        self.acked.iter().chain(&self.next)
    }
}

/// Why a step failed.
#[derive(Debug)]
#[expect(dead_code, reason = "read by Debug")]
pub(crate) enum Failed {
    Create(CreateError),
    File(io::Error),
    Open(OpenError),
    Write(WriteError),
}

impl Session {
    /// A program on `fs`, where there is no file.
    pub(crate) fn new(fs: &SimFs) -> Self {
        Self::after(fs, Allowed::default())
    }

    /// A program on `fs`, where others were at work.
    pub(crate) fn after(fs: &SimFs, began_with: Allowed) -> Self {
        Self {
            fs: fs.clone(),
            writer: None,
            appended: Vec::new(),
            acked: began_with.acked.clone(),
            next: began_with.next.clone(),
            began_with,
            commits: Vec::new(),
            quiet: Vec::new(),
            salt: 1 + fs.operations() as u32,
        }
    }

    /// Runs a whole workload, nothing of which may fail.
    pub(crate) fn run(&mut self, workload: &Workload) {
        let seed = workload.seed;
        let created = self.create(workload);
        created.unwrap_or_else(|error| panic!("seed {seed}: create: {error:?}"));
        for step in &workload.steps {
            let done = self.step(step);
            done.unwrap_or_else(|error| panic!("seed {seed}: {step:?}: {error:?}"));
        }
    }

    /// Creates the file.
    pub(crate) fn create(&mut self, workload: &Workload) -> Result<(), Failed> {
        let dir = self.let_go();
        let began = self.fs.operations();
        let mut draft = self.begin(dir, workload)?;
        self.appended = self.make(0, workload.first);
        draft.writer().append(&self.appended)?;
        let mut content = Content {
            generation: 0,
            tag: 0,
            tokens: Arc::default(),
        };
        if workload.commit_first {
            draft.writer().commit(stamp(7))?;
            content.generation = draft.writer().generation();
            content.tag = 7;
            content.tokens = Arc::new(self.appended.clone());
        }
        self.next = vec![Arc::new(content)];
        let made = Arc::clone(&self.next[0]);
        self.writer = Some(draft.publish()?);
        self.acknowledge(began, made);
        Ok(())
    }

    /// Drops the writer, and returns this process's folder; the process may have been
    /// killed meanwhile.
    fn let_go(&mut self) -> SimDir {
        let dir = self.fs.dir();
        let began = self.fs.operations();
        self.writer = None;
        self.quiet.push(began..self.fs.operations());
        dir
    }

    fn begin(&mut self, dir: SimDir, workload: &Workload) -> Result<Draft<SimDir>, CreateError> {
        self.salt += 1;
        let mut random = Random::new(workload.seed ^ u64::from(self.salt) << 40);
        let id = u128::from(random.next()) << 64 | u128::from(random.next());
        let identity = Identity {
            file_id: id.to_le_bytes(),
            created_ns: 1,
        };
        let options = CreateOptions::new()
            .max_tokens(MAX_TOKENS)
            .reserve(workload.reserve)
            .replace(workload.replace)
            .cache(cache_of(workload.seed));
        Draft::begin(dir, NAME, Path::new(NAME), &options, identity)
    }

    /// Opens the file for appending, and adopts its content: the acknowledged one, or what
    /// a failed commit left.
    pub(crate) fn reopen(&mut self) -> Result<(), Failed> {
        self.reopen_with(&AppendOptions::new().cache(cache_of(self.salt.into())))
    }

    /// As [`reopen`](Self::reopen), for a damaged file.
    pub(crate) fn reopen_with(&mut self, options: &AppendOptions) -> Result<(), Failed> {
        let dir = self.let_go();
        let began = self.fs.operations();
        let allowed = self.allowed();
        let confirmed = allowed.contents().map(|content| content.confirmed());
        let confirmed: Vec<_> = confirmed.collect();
        self.next.extend(confirmed.iter().cloned());
        let file = uninterrupted(|| dir.open(NAME, true))?;
        let writer = Writer::open_with(&dir, file, NAME, options)?;
        let info = writer.info();
        let is_it = |content: &&Arc<Content>| {
            let has = (content.generation, content.tag, content.tokens.len() as u64);
            has == (info.generation, info.tag, info.tokens)
        };
        let found = confirmed.iter().find(is_it).cloned();
        let found = found.unwrap_or_else(|| panic!("{info:?}, expected one of {allowed:?}"));
        self.appended.clone_from(&found.tokens);
        self.writer = Some(writer);
        self.acknowledge(began, found);
        Ok(())
    }

    /// Runs one step. One that failed for lack of space may be repeated.
    pub(crate) fn step(&mut self, step: &Step) -> Result<(), Failed> {
        match *step {
            Step::Append(count) => {
                let tokens = self.make(self.appended.len(), count);
                self.writer().append(&tokens)?;
                self.appended.extend(tokens);
            }
            Step::AppendWith(count) => {
                let tokens = self.make(self.appended.len(), count);
                self.writer().append_with(count, |index| tokens[index])?;
                self.appended.extend(tokens);
            }
            Step::AppendHashed(count) => {
                let tokens = self.make(self.appended.len(), count);
                let hashes = self.hash(&tokens);
                self.writer().append_hashed(&tokens, &hashes)?;
                self.appended.extend(tokens);
            }
            Step::Reserve(count) => self.writer().reserve(count)?,
            Step::ReserveExact(count) => self.writer().reserve_exact(count)?,
            Step::Commit { tag } => self.commit(tag)?,
            Step::Reopen => self.reopen()?,
        }
        Ok(())
    }

    fn commit(&mut self, tag: u64) -> Result<(), Failed> {
        let began = self.fs.operations();
        let next = self.made_by_commit(tag);
        let outcome = self.writer().commit(stamp(tag));
        // Only this failure leaves the file's content uncertain.
        if matches!(outcome, Ok(()) | Err(WriteError::OutcomeUnknown { .. })) {
            self.next = next.iter().cloned().collect();
        }
        outcome?;
        if let Some(made) = next {
            self.acknowledge(began, made);
        }
        Ok(())
    }

    /// What a commit would make; nothing if there is nothing to commit.
    fn made_by_commit(&self, tag: u64) -> Option<Arc<Content>> {
        let acked = self.acked.as_ref().expect("there is a file");
        if acked.tokens.len() == self.appended.len() && acked.tag == tag {
            return None;
        }
        Some(Arc::new(Content {
            generation: acked.generation + 1,
            tag,
            tokens: Arc::new(self.appended.clone()),
        }))
    }

    fn acknowledge(&mut self, began: u64, made: Arc<Content>) {
        self.acked = Some(Arc::clone(&made));
        self.commits.push(Commit {
            began,
            returned: self.fs.operations(),
            content: made,
            may: std::mem::take(&mut self.next),
        });
    }

    /// What the file may hold after this many operations have started.
    pub(crate) fn allowed_at(&self, operations: u64) -> Allowed {
        let returned = |commit: &&Commit| commit.returned <= operations;
        let last = self.commits.iter().rev().find(returned);
        let next = self.commits.iter().find(|commit| !returned(commit));
        let next = next.filter(|commit| commit.began < operations);
        let before = match last {
            Some(_) => &[][..],
            None => &self.began_with.next,
        };
        Allowed {
            acked: last
                .map(|commit| Arc::clone(&commit.content))
                .or_else(|| self.began_with.acked.clone()),
            next: before
                .iter()
                .chain(next.iter().flat_map(|commit| &commit.may))
                .cloned()
                .collect(),
        }
    }

    /// What it may hold now.
    pub(crate) fn allowed(&self) -> Allowed {
        Allowed {
            acked: self.acked.clone(),
            next: self.next.clone(),
        }
    }

    /// Whether a failure of this operation goes unreported.
    pub(crate) fn is_quiet(&self, operation: u64) -> bool {
        self.quiet.iter().any(|range| range.contains(&operation))
    }

    pub(crate) fn has_writer(&self) -> bool {
        self.writer.is_some()
    }

    pub(crate) fn writer(&mut self) -> &mut Writer<SimFile> {
        self.writer
            .as_mut()
            .expect("the file was created or opened")
    }

    fn make(&mut self, start: usize, count: usize) -> Vec<Token> {
        self.salt += 1;
        let token = |index| Token::new(index as u32).with_timestamp(self.salt);
        (start..start + count).map(token).collect()
    }

    fn hash(&mut self, tokens: &[Token]) -> Vec<u64> {
        let start = self.appended.len();
        let hasher = self.writer().block_hasher();
        whole_blocks(start, tokens.len())
            .map(|block| {
                let from = block * BLOCK_TOKENS - start;
                let tokens = &tokens[from..from + BLOCK_TOKENS];
                hasher.hash_block(block as u64, tokens)
            })
            .collect()
    }
}

fn uninterrupted<T>(call: impl Fn() -> io::Result<T>) -> Result<T, Failed> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other.map_err(Failed::File),
        }
    }
}

/// Alternating, so that both ways of writing get cuts and failures; the first large
/// workload bypasses the page cache.
fn cache_of(seed: u64) -> CachePolicy {
    match seed % 2 {
        0 => CachePolicy::Keep,
        _ => CachePolicy::Bypass,
    }
}

fn stamp(tag: u64) -> Stamp {
    Stamp {
        committed_at_ns: 2,
        tag,
    }
}

impl Failed {
    /// Whether it was only a lack of space.
    pub(crate) fn is_no_room(&self) -> bool {
        matches!(
            self,
            Self::Write(WriteError::NoSpace { .. })
                | Self::Create(CreateError::Write(WriteError::NoSpace { .. }))
        )
    }
}

impl From<CreateError> for Failed {
    fn from(error: CreateError) -> Self {
        Self::Create(error)
    }
}

impl From<OpenError> for Failed {
    fn from(error: OpenError) -> Self {
        Self::Open(error)
    }
}

impl From<WriteError> for Failed {
    fn from(error: WriteError) -> Self {
        Self::Write(error)
    }
}
