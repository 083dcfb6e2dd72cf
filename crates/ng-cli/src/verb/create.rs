use std::fmt;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use ng_parallel::ingest;
use ng_store::{Counted, CreateOptions, DEFAULT_MAX_TOKENS, FileDraft, FileInfo, Shown, TokenSink};
use ng_token::Validation;
use serde::Serialize;

use crate::args::CreateArgs;
use crate::found::warning;
use crate::ids::Ids;
use crate::input::Input;
use crate::pour::{Pour, pour};
use crate::say::Report;
use crate::tool::{Tool, workers};
use crate::watched::{Watched, cause_of};

pub(crate) fn create(args: &CreateArgs, tool: &Tool) -> Result<ExitCode> {
    let ids = args.ids.unwrap_or_default();
    let warnings = match (args.tokens, args.ids) {
        (Some(tokens), None) => Ids::unasked(tokens),
        _ => None,
    };
    let lines = warnings.map(|line| warning(&args.file, line));
    tool.say.warn(lines.as_slice());
    let info = match (&args.from, args.tokens) {
        (Some(from), _) => create_from(args, from, tool)?,
        (None, tokens) => generate(args, ids, tokens.unwrap_or(0), tool)?,
    };
    tool.say.report(&Created {
        path: args.file.display().to_string(),
        tokens: info.tokens,
        generation: info.generation,
        max_tokens: info.max_tokens,
        tag: info.tag,
        length: info.length,
        ids: args.tokens.map(|_| ids),
        warnings: warnings.into_iter().collect(),
    })
}

/// Creates a file of tokens whose ids are made of their indices.
fn generate(args: &CreateArgs, ids: Ids, tokens: u64, tool: &Tool) -> Result<FileInfo> {
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
    let filled = ingest(&workers, &mut sink, count, |index| ids.token(index));
    filled.map_err(cause_of)?;
    draft.writer().commit()?;
    Ok(draft.publish()?.info())
}

fn create_from(args: &CreateArgs, from: &Path, tool: &Tool) -> Result<FileInfo> {
    let hold = tool.interrupt.hold()?;
    // What is wrong with it shall be known before there is a file.
    let input = Input::open(from, args.count.expect, args.cache.policy(), &hold)?;
    let mut draft = FileDraft::begin(&args.file, &options(args, 0))?;
    let what = Pour {
        input,
        validation: args.validate.map(Validation::from),
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
    /// Of generated tokens.
    ids: Option<Ids>,
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
