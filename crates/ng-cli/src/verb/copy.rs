use std::fmt;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::ops::Range;
use std::process::ExitCode;

use anyhow::Result;
use ng_parallel::{DEFAULT_SHARD_TOKENS, IngestOptions, Workers, ingest_batches_with};
use ng_store::{BlockPass, CreateOptions, FileDraft, RawDraft, ReadError, Shown, TokenSink};
use ng_token::{Token, as_bytes};
use serde::Serialize;

use crate::args::CopyArgs;
use crate::count::TokenRange;
use crate::found::{Found, warning};
use crate::own_output::{OwnOutput, refuse_index, refuse_own_output};
use crate::progress::Progress;
use crate::say::{Report, to_stdout};
use crate::source::{Source, ended};
use crate::taken::Taken;
use crate::tool::{Tool, threads_for};
use crate::watched::{NotAppended, Watched, cause_of};

/// Copies tokens. Only verified blocks are written.
pub(crate) fn copy(args: &CopyArgs, tool: &Tool) -> Result<ExitCode> {
    refuse_output(args)?;
    let source = Source::open(&args.source)?;
    let wanted = args.range.unwrap_or(TokenRange::ALL);
    let range = wanted.within(source.reader.len(), &args.source)?;
    let found = source.look()?;
    source.warn(&found, tool.say);
    let warnings = args.has_raw_name().then_some(RAW_NAME);
    let lines = warnings.map(|line| warning(&args.destination, line));
    tool.say.warn(lines.as_slice());
    let copied = Copied {
        source: args.source.display().to_string(),
        destination: args.destination.display().to_string(),
        first_token: range.start,
        end_token: range.end,
        tokens: range.end - range.start,
        raw: args.raw,
        found,
        warnings: warnings.into_iter().collect(),
    };
    let reader = source.reader.with_cache(args.cache.policy());
    let job = Job {
        args,
        tool,
        pass: reader.pass_over(range.clone()),
        range,
    };
    let given = match (args.raw, args.is_to_stdout()) {
        (true, true) => job.to_stdout(),
        (true, false) => job.to_raw_file(),
        (false, _) => job.to_token_file(),
    };
    if given.is_err() {
        return ended(given, &copied.found);
    }
    match args.is_to_stdout() {
        true => tool.say.report_aside(&copied),
        false => tool.say.report(&copied),
    }
}

/// A token file may be copied onto itself: it stays one, with the selected tokens.
fn refuse_output(args: &CopyArgs) -> Result<(), OwnOutput> {
    match (args.raw, args.is_to_stdout()) {
        (true, true) => Ok(()),
        (true, false) => refuse_own_output(&args.source, &args.destination),
        (false, _) => refuse_index(&args.source, &args.destination),
    }
}

/// Other programs would take the head of the file for records.
const RAW_NAME: &str = "is written as a token file, --raw writes plain records";

/// The threads that read and verify.
struct Readers {
    workers: Workers,
    options: IngestOptions,
}

impl Readers {
    /// Starts as many as asked for, besides the thread that writes, which mostly waits for a disk.
    /// They have four buffers each, 8 MiB.
    fn start(threads: Option<NonZeroUsize>) -> Result<Self> {
        let threads = threads_for(threads);
        Ok(Self {
            workers: Workers::new(threads + 1)?,
            options: IngestOptions::new()
                .buffer_tokens(DEFAULT_SHARD_TOKENS)
                .depth(2 * (threads - 1)),
        })
    }
}

/// What to copy, and from where.
struct Job<'a> {
    args: &'a CopyArgs,
    tool: &'a Tool,
    pass: BlockPass<'static>,
    range: Range<u64>,
}

impl Job<'_> {
    fn to_token_file(&self) -> Result<()> {
        let info = self.pass.info();
        let options = CreateOptions::new()
            .max_tokens(info.max_tokens)
            .tag(info.tag)
            .cache(self.args.cache.policy())
            .reserve(self.range.end - self.range.start)
            .replace(self.args.replace);
        let readers = self.readers()?;
        let hold = self.tool.interrupt.hold()?;
        let mut draft = FileDraft::begin(&self.args.destination, &options)?;
        let progress = self.progress();
        let mut sink = Watched {
            writer: draft.writer(),
            progress: &progress,
            hold: &hold,
        };
        self.copy_into(&mut sink, &readers)?;
        draft.writer().commit()?;
        draft.publish()?;
        Ok(())
    }

    fn to_raw_file(&self) -> Result<()> {
        let hold = self.tool.interrupt.hold()?;
        let mut draft = RawDraft::begin(&self.args.destination, self.args.replace)?;
        draft.set_cache(self.args.cache.policy());
        draft.announce(self.range.end - self.range.start);
        self.each(|tokens| {
            hold.check()?;
            Ok(draft.append(tokens)?)
        })?;
        Ok(draft.publish()?)
    }

    fn to_stdout(&self) -> Result<()> {
        let mut stdout = io::stdout().lock();
        self.each(|tokens| to_stdout(&mut stdout, |stdout| stdout.write_all(as_bytes(tokens))))?;
        to_stdout(&mut stdout, Write::flush)
    }

    /// Passes all tokens on in order, verified.
    fn each(&self, mut take: impl FnMut(&[Token]) -> Result<()>) -> Result<()> {
        let progress = self.progress();
        let mut sink = Taken::by(|tokens| {
            take(tokens)?;
            progress.add(tokens.len() as u64);
            Ok(())
        });
        self.copy_into(&mut sink, &self.readers()?)
    }

    fn readers(&self) -> Result<Readers> {
        Readers::start(self.args.threads)
    }

    /// Reads and verifies all tokens, and appends them in order, on the calling thread.
    fn copy_into<S>(&self, sink: &mut S, readers: &Readers) -> Result<()>
    where
        S: TokenSink<Error = NotAppended>,
    {
        let count = usize::try_from(self.range.end - self.range.start)?;
        let read = |piece: Range<usize>, tokens: &mut Vec<Token>| {
            let at = |index: usize| self.range.start + index as u64;
            self.pass
                .for_each(at(piece.start)..at(piece.end), |verified| {
                    tokens.extend_from_slice(verified);
                    Ok::<_, ReadError>(())
                })
        };
        let copied = ingest_batches_with(&readers.workers, &readers.options, sink, count, read);
        copied.map_err(cause_of)
    }

    fn progress(&self) -> Progress {
        let tokens = self.range.end - self.range.start;
        self.tool.progress("copying", Some(tokens))
    }
}

#[derive(Serialize)]
struct Copied {
    source: String,
    destination: String,
    first_token: u64,
    end_token: u64,
    tokens: u64,
    raw: bool,
    #[serde(flatten)]
    found: Found,
    /// About the request, not the source.
    warnings: Vec<&'static str>,
}

impl Report for Copied {
    fn is_good(&self) -> bool {
        !self.found.is_doubtful()
    }
}

impl fmt::Display for Copied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}: tokens {}..{} copied to {}, {} in all",
            Shown(self.source.as_ref()),
            self.first_token,
            self.end_token,
            Shown(self.destination.as_ref()),
            self.tokens
        )
    }
}
