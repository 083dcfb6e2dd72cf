use std::fmt;
use std::io::{self, Write};
use std::ops::Range;
use std::process::ExitCode;

use anyhow::Result;
use ng_store::{BlockPass, CreateOptions, FileDraft, RawDraft, ReadError, Shown, TokenSink};
use ng_token::{Token, as_bytes};
use serde::Serialize;

use crate::args::CopyArgs;
use crate::count::TokenRange;
use crate::fill::fill;
use crate::found::{Found, warning};
use crate::in_order::in_order;
use crate::progress::Progress;
use crate::say::{Report, to_stdout};
use crate::source::{Source, ended};
use crate::tool::{Tool, workers};

/// Copies tokens. No block is written that was not verified.
pub(crate) fn copy(args: &CopyArgs, tool: &Tool) -> Result<ExitCode> {
    let source = Source::open(&args.source)?;
    let wanted = args.range.unwrap_or(TokenRange::ALL);
    let range = wanted.within(&source.reader, &args.source)?;
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

/// Other programs would take the head of the file for records.
const RAW_NAME: &str = "is written as a token file, --raw writes plain records";

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
        let workers = workers(self.args.threads)?;
        let hold = self.tool.interrupt.hold()?;
        let mut draft = FileDraft::begin(&self.args.destination, &options)?;
        let progress = self.progress();
        let read = |piece, tokens: &mut Vec<_>| self.read(piece, tokens);
        fill(
            draft.writer(),
            &workers,
            self.range.clone(),
            read,
            |count| {
                progress.add(count);
                Ok(hold.check()?)
            },
        )?;
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

    /// Hands all tokens over in order, verified.
    fn each(&self, mut take: impl FnMut(&[Token]) -> Result<()>) -> Result<()> {
        let workers = workers(self.args.threads)?;
        let progress = self.progress();
        let read = |piece, tokens: &mut Vec<_>| self.read(piece, tokens);
        in_order(&workers, self.range.clone(), read, |tokens, ()| {
            take(tokens)?;
            progress.add(tokens.len() as u64);
            Ok(())
        })
    }

    fn read(&self, piece: Range<u64>, tokens: &mut Vec<Token>) -> Result<()> {
        Ok(self.pass.for_each(piece, |verified| {
            tokens.extend_from_slice(verified);
            Ok::<_, ReadError>(())
        })?)
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
    /// Of what was asked for, and not of the source.
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
