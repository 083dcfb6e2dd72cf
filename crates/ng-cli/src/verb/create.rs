use std::fmt;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use ng_parallel::ingest;
use ng_store::{Counted, CreateOptions, DEFAULT_MAX_TOKENS, FileDraft, FileInfo, Shown, TokenSink};
use ng_token::Token;
use serde::Serialize;

use crate::args::CreateArgs;
use crate::found::warning;
use crate::ids::Ids;
use crate::input::{Input, Reading};
use crate::like::Like;
use crate::own_output::refuse_own_output;
use crate::pour::{Check, Pour, pour};
use crate::say::Report;
use crate::tool::{Tool, workers};
use crate::watched::{Watched, cause_of};

pub(crate) fn create(args: &CreateArgs, tool: &Tool) -> Result<ExitCode> {
    let warnings = unasked(args);
    let lines = warnings.map(|line| warning(&args.file, line));
    tool.say.warn(lines.as_slice());
    let info = match &args.from {
        Some(from) => create_from(args, from, tool)?,
        None => generate_asked(args, tool)?,
    };
    tool.say.report(&Created {
        path: args.file.display().to_string(),
        tokens: info.tokens,
        generation: info.generation,
        max_tokens: info.max_tokens,
        tag: info.tag,
        length: info.length,
        ids: args.ids(),
        like: args.like,
        seed: args.like.map(|_| args.seed()),
        warnings: warnings.into_iter().collect(),
    })
}

/// The warnings about generated tokens, if nothing was chosen.
fn unasked(args: &CreateArgs) -> Option<&'static str> {
    let tokens = args.tokens?;
    match (args.like, args.ids) {
        (Some(_), _) => Like::unasked(tokens),
        (None, None) => Ids::unasked(tokens),
        (None, Some(_)) => None,
    }
}

fn generate_asked(args: &CreateArgs, tool: &Tool) -> Result<FileInfo> {
    if let Some(like) = args.like {
        let synth = like.synth(args.seed());
        return generate(args, |index| synth.token(index as u64), tool);
    }
    let ids = args.ids().unwrap_or_default();
    generate(args, |index| ids.token(index), tool)
}

/// Creates a file of tokens generated from their indices.
fn generate(
    args: &CreateArgs,
    token: impl Fn(usize) -> Token + Sync,
    tool: &Tool,
) -> Result<FileInfo> {
    let tokens = args.tokens.unwrap_or(0);
    let workers = workers(args.threads)?;
    let hold = tool.interrupt.hold()?;
    let options = options(args, tokens).reserve(tokens);
    let mut draft = FileDraft::begin(&args.file, &options)?;
    let progress = tool.progress("creating", Some(tokens));
    let mut sink = Watched {
        writer: draft.writer(),
        progress: &progress,
        hold: &hold,
    };
    // There is room for them, so they can be counted.
    let count = usize::try_from(tokens)?;
    let filled = ingest(&workers, &mut sink, count, token);
    filled.map_err(cause_of)?;
    draft.writer().commit()?;
    Ok(draft.publish()?.info())
}

fn create_from(args: &CreateArgs, from: &Path, tool: &Tool) -> Result<FileInfo> {
    let hold = tool.interrupt.hold()?;
    // Errors in the input must be known before there is a file.
    let reading = Reading {
        kind: args.from_args.of(from),
        expected: args.count.expect,
        cache: args.cache.policy(),
        is_stream: false,
    };
    let input = Input::open(from, reading, &hold)?;
    refuse_own_output(from, &args.file)?;
    let mut draft = FileDraft::begin(&args.file, &options(args, 0))?;
    let what = Pour {
        input,
        check: Check::by(args.from_args.validate),
        doing: "creating",
    };
    pour(what, draft.writer(), tool, &hold)?;
    draft.writer().commit()?;
    Ok(draft.publish()?.info())
}

fn options(args: &CreateArgs, tokens: u64) -> CreateOptions {
    let max_tokens = args.max_tokens.unwrap_or(DEFAULT_MAX_TOKENS.max(tokens));
    CreateOptions::new()
        .max_tokens(max_tokens)
        .tag(args.tag)
        .replace(args.replace)
        .cache(args.cache.policy())
}

#[derive(Serialize)]
struct Created {
    path: String,
    tokens: u64,
    generation: u64,
    max_tokens: u64,
    tag: u64,
    length: u64,
    /// For generated tokens that are not varied.
    ids: Option<Ids>,
    /// For varied ones.
    like: Option<Like>,
    seed: Option<u64>,
    warnings: Vec<&'static str>,
}

impl Report for Created {}

impl fmt::Display for Created {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}: {}, generation {}, {} long",
            Shown(self.path.as_ref()),
            Counted(self.tokens, "token"),
            self.generation,
            Counted(self.length, "byte")
        )
    }
}
