use std::fmt;
use std::io::{self, IsTerminal, Stdout, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;
use ng_dataset::{Cursor, Dataset, Followed, Follower};
use ng_query::ng_arrow::arrow_schema::SchemaRef;
use ng_query::ng_arrow::{
    BatchWriter, Column, Compression, Form, Format, Positions, batch_with, schema,
};
use ng_store::{Counted, Shown};
use ng_token::{Token, as_bytes};
use serde::Serialize;

use crate::args::{DatasetFollowArgs, FollowFormat};
use crate::ending::Ending;
use crate::found::warning;
use crate::interrupt::Hold;
use crate::say::{Report, to_stdout};
use crate::tool::Tool;
use crate::verb::export::cause_of;

/// How often it looks whether it is to end.
const GLANCE: Duration = Duration::from_millis(100);

/// How long a dataset without a writer is waited for.
const WRITER_COMES: Duration = Duration::from_secs(1);

/// Follows a dataset on standard output, until that ends.
pub(super) fn follow(args: &DatasetFollowArgs, tool: &Tool) -> Result<ExitCode> {
    let follower = Dataset::open(&args.path)?.follow(&args.options())?;
    let hold = tool.interrupt.hold()?;
    hold.end_anyway();
    let mut following = Following {
        written: follower.cursor(),
        follower,
        out: Out::new(format(args, tool))?,
        tokens: 0,
        gap_tokens: 0,
        damaged_tokens: 0,
    };
    let ended = following.run(args, tool, &hold);
    let told = ToldEnd {
        path: args.path.display().to_string(),
        tokens: following.tokens,
        gap_tokens: following.gap_tokens,
        damaged_tokens: following.damaged_tokens,
        cursor: following.written.to_string(),
        ended: match &ended {
            Ok(ended) => ended,
            Err(error) => match error.downcast_ref() {
                Some(Ending::ReaderGone) => "reader gone",
                Some(Ending::Interrupted) => "interrupted",
                None => "error",
            },
        },
    };
    let code = tool.say.report_aside(&told)?;
    match ended {
        Err(error) if error.downcast_ref() != Some(&Ending::ReaderGone) => Err(error),
        _ => Ok(code),
    }
}

fn format(args: &DatasetFollowArgs, tool: &Tool) -> FollowFormat {
    let is_for_people = tool.say.is_json() || io::stdout().is_terminal();
    args.format.unwrap_or(match is_for_people {
        true => FollowFormat::Jsonl,
        false => FollowFormat::Raw,
    })
}

struct Following {
    follower: Follower,
    /// Where it was behind the last that was written or told.
    written: Cursor,
    out: Out,
    tokens: u64,
    gap_tokens: u64,
    damaged_tokens: u64,
}

impl Following {
    /// Writes what there is, and returns why no more comes.
    fn run(
        &mut self,
        args: &DatasetFollowArgs,
        tool: &Tool,
        hold: &Hold<'_>,
    ) -> Result<&'static str> {
        let began = Instant::now();
        let mut last = began;
        loop {
            hold.check()?;
            match self.follower.next(GLANCE)? {
                Followed::Tokens(batch) => {
                    self.out.write(batch.tokens)?;
                    self.tokens += batch.tokens.len() as u64;
                    last = Instant::now();
                }
                Followed::Gap { rows } => {
                    self.gap_tokens = self.gap_tokens.saturating_add(rows);
                    let gone = Counted(rows, "token");
                    let line = format!("gap: {gone} went by, removed before they were read");
                    tool.say.warn(&[warning(&args.path, &line)]);
                }
                Followed::Damaged { file, rows } => {
                    self.damaged_tokens = self.damaged_tokens.saturating_add(rows);
                    let lost = Counted(rows, "token");
                    let line = format!("damage: {lost} of shard {file} cannot be read");
                    tool.say.warn(&[warning(&args.path, &line)]);
                }
                Followed::Closed if began.elapsed() >= WRITER_COMES => return Ok("closed"),
                Followed::Closed => std::thread::sleep(GLANCE),
                _ => {}
            }
            self.written = self.follower.cursor();
            if args
                .timeout
                .is_some_and(|timeout| last.elapsed() >= timeout)
            {
                return Ok("timeout");
            }
        }
    }
}

/// Standard output, which gets all tokens at once.
enum Out {
    Raw(Stdout),
    Lines(Box<BatchWriter<Stdout>>, SchemaRef),
}

impl Out {
    fn new(format: FollowFormat) -> Result<Self> {
        let format = match format {
            FollowFormat::Raw => return Ok(Self::Raw(io::stdout())),
            FollowFormat::Jsonl => Format::JsonLines,
            FollowFormat::Csv => Format::Csv,
        };
        let schema = schema(&Column::DEFAULT, Form::Units);
        let writer = BatchWriter::new(io::stdout(), format, schema.clone(), Compression::default());
        Ok(Self::Lines(Box::new(writer.map_err(cause_of)?), schema))
    }

    fn write(&mut self, tokens: &[Token]) -> Result<()> {
        match self {
            Self::Raw(stdout) => {
                to_stdout(stdout, |stdout| stdout.write_all(as_bytes(tokens)))?;
                to_stdout(stdout, Write::flush)
            }
            // Every line is written as it ends.
            Self::Lines(writer, schema) => {
                let columns = Column::DEFAULT;
                let batch = batch_with(tokens, Positions::From(0), &columns, Form::Units, schema);
                writer.write(&batch).map_err(cause_of)
            }
        }
    }
}

#[derive(Serialize)]
struct ToldEnd {
    path: String,
    tokens: u64,
    /// How many were removed before they were read.
    gap_tokens: u64,
    damaged_tokens: u64,
    cursor: String,
    ended: &'static str,
}

impl Report for ToldEnd {
    fn is_good(&self) -> bool {
        self.gap_tokens == 0 && self.damaged_tokens == 0
    }
}

impl fmt::Display for ToldEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} followed",
            Shown(self.path.as_ref()),
            Counted(self.tokens, "token")
        )?;
        if self.gap_tokens > 0 {
            write!(f, ", {} went by", self.gap_tokens)?;
        }
        if self.damaged_tokens > 0 {
            write!(f, ", {} damaged", self.damaged_tokens)?;
        }
        writeln!(f, "; cursor {}", self.cursor)
    }
}
