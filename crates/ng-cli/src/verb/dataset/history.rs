//! What works with generations: `log`, `checkout`.

use std::collections::BTreeMap;
use std::fmt;
use std::process::ExitCode;

use anyhow::Result;
use comfy_table::Table;
use comfy_table::presets::NOTHING;
use ng_dataset::{Dataset, GenerationInfo, GenerationSummary, ParentState};
use ng_store::Shown;
use serde::Serialize;

use crate::args::{DatasetCheckoutArgs, DatasetLogArgs};
use crate::found::warning;
use crate::say::Report;
use crate::tool::Tool;
use crate::verb::info::rfc_3339;

/// Lists the generations that are there.
pub(super) fn log(args: &DatasetLogArgs, tool: &Tool) -> Result<ExitCode> {
    let log = Dataset::open(&args.path)?.log()?;
    let told = Log {
        path: args.path.display().to_string(),
        generations: log.iter().map(ToldGeneration::new).collect(),
    };
    let problems = told.generations.iter().filter_map(|it| it.problem.as_ref());
    let lines = problems.map(|problem| warning(&args.path, problem));
    tool.say.warn(&lines.collect::<Vec<_>>());
    tool.say.answer(&told)
}

#[derive(Serialize)]
struct Log {
    path: String,
    generations: Vec<ToldGeneration>,
}

#[derive(Serialize)]
struct ToldGeneration {
    generation: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    #[serde(flatten)]
    sound: Option<Sound>,
}

/// What a generation says that can be read.
#[derive(Serialize)]
struct Sound {
    verb: String,
    committed: String,
    oldest_kept: u64,
    shards: u64,
    open_tails: u64,
    /// Of the sealed shards.
    tokens: u64,
    /// The generation that it follows; `None` for the first.
    follows: Option<u64>,
    tags: BTreeMap<String, String>,
}

impl ToldGeneration {
    fn new(info: &GenerationInfo) -> Self {
        let generation = info.generation;
        match &info.summary {
            Ok(summary) => Self {
                generation,
                problem: problem(generation, summary),
                sound: Some(Sound::new(summary)),
            },
            Err(flaw) => Self {
                generation,
                problem: Some(format!("generation {generation}: {flaw}")),
                sound: None,
            },
        }
    }

    fn row(&self) -> [String; 6] {
        let generation = self.generation.to_string();
        let Some(sound) = &self.sound else {
            let dash = || "-".to_owned();
            return [
                generation,
                "damaged".to_owned(),
                dash(),
                dash(),
                dash(),
                dash(),
            ];
        };
        let tags = sound
            .tags
            .iter()
            .map(|(name, text)| format!("{name}={text}"));
        let shards = match sound.open_tails {
            0 => sound.shards.to_string(),
            open => format!("{}, {open} open", sound.shards),
        };
        [
            generation,
            sound.verb.clone(),
            sound.committed.clone(),
            sound.tokens.to_string(),
            shards,
            Shown(tags.collect::<Vec<_>>().join(" ").as_ref()).to_string(),
        ]
    }
}

impl Sound {
    fn new(summary: &GenerationSummary) -> Self {
        Self {
            verb: summary.verb.to_string(),
            committed: rfc_3339(summary.committed_ns),
            oldest_kept: summary.oldest_kept,
            shards: summary.shards,
            open_tails: summary.tails,
            tokens: summary.rows,
            follows: summary.follows,
            tags: summary.tags.clone(),
        }
    }
}

fn problem(generation: u64, summary: &GenerationSummary) -> Option<String> {
    match summary.parent {
        ParentState::Differs => Some(format!(
            "generation {generation} was made from another one than the one before it that is there"
        )),
        _ => None,
    }
}

impl Report for Log {
    fn is_good(&self) -> bool {
        self.generations.iter().all(|it| it.problem.is_none())
    }
}

const COLUMNS: [&str; 6] = [
    "generation",
    "made by",
    "committed",
    "sealed tokens",
    "shards",
    "tags",
];

impl fmt::Display for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new();
        table.load_style(NOTHING).set_header(COLUMNS);
        table.add_rows(self.generations.iter().map(ToldGeneration::row));
        writeln!(f, "{}", table.trim_fmt())
    }
}

/// Makes an old generation the newest again.
pub(super) fn checkout(args: &DatasetCheckoutArgs, tool: &Tool) -> Result<ExitCode> {
    let generation = Dataset::open(&args.path)?.checkout(args.generation)?;
    tool.say.report(&CheckedOut {
        path: args.path.display().to_string(),
        generation,
        of: args.generation,
    })
}

#[derive(Serialize)]
struct CheckedOut {
    path: String,
    /// The new one.
    generation: u64,
    /// The old one.
    of: u64,
}

impl Report for CheckedOut {}

impl fmt::Display for CheckedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = Shown(self.path.as_ref());
        match self.generation == self.of {
            true => writeln!(f, "{path}: generation {} is the newest", self.of),
            false => writeln!(
                f,
                "{path}: generation {} is that of {}",
                self.generation, self.of
            ),
        }
    }
}
