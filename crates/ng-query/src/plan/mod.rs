//! The plan of a query: its conditions and blocks here, an operation's own part in `operation.rs`.

mod operation;

use std::fmt;

use ng_arrow::Column;
use ng_store::{BLOCK_TOKENS, Counted};

use crate::bound::{Ball, Bound, Condition};
use crate::filter::FLAGS;
use crate::index::Index;
use crate::scan::Scan;
use crate::{Query, Source};
pub use operation::Operation;

/// What a query is going to do.
///
/// It is shown as a few lines of text.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Plan {
    /// The number of parts; 0 for a source that is not of [`Parts`](crate::Parts). None is opened for
    /// the plan, so what the zones of blocks rule out is not in it.
    pub parts: u64,
    /// How many parts can have no selected token, and are not opened.
    pub parts_skipped: u64,
    /// The number of tokens.
    pub tokens: u64,
    /// The number of their blocks.
    pub blocks: u64,
    /// How many of the blocks have to be looked at.
    pub blocks_to_look_at: u64,
    /// How many blocks are selected as a whole, by zones or positions.
    pub blocks_selected: u64,
    /// How many blocks can have no selected token.
    pub blocks_skipped: u64,
    /// Where the tokens are, and whether they are verified.
    pub source: &'static str,
    /// Whether there is an index.
    pub has_index: bool,
    /// The number of threads.
    pub threads: usize,
    /// The instruction set of the hot loops.
    pub kernels: &'static str,
    /// The conditions, cheapest first.
    pub conditions: Vec<PlannedCondition>,
    /// Whether the operation may look at fewer blocks than those to search.
    pub is_at_most: bool,
    /// What the operation does beyond searching the blocks.
    pub operation: Option<String>,
}

/// A condition, and the columns it reads.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PlannedCondition {
    /// The condition, in stored numbers.
    pub text: String,
    /// The columns it needs, and whether the index has them; empty for parts, each of which has an
    /// index of its own, or none.
    pub columns: Vec<(Column, bool)>,
}

impl Query<'_> {
    /// Describes what the query is going to do. It reads the index, but no token, and opens no part.
    pub fn explain(&self) -> Plan {
        let scan = self.scan();
        let sight = Sight::of(&scan);
        let mut conditions = Vec::new();
        if sight.some > 0 {
            collect(scan.selector.bound(), &mut conditions);
        }
        conditions.sort_by_key(|(_, condition)| crate::select::cost(condition));
        let planned = conditions.into_iter().map(|(text, condition)| {
            let columns = crate::select::columns_of(condition);
            let has = |column| (column, is_indexed(scan.index, column, sight.first));
            let columns = columns.into_iter().filter(|_| sight.parts == 0);
            PlannedCondition {
                text,
                columns: columns.map(has).collect(),
            }
        });
        let conditions = planned.collect();
        let blocks = scan.blocks();
        Plan {
            parts: sight.parts,
            parts_skipped: sight.parts_skipped,
            tokens: scan.source.len(),
            blocks,
            blocks_to_look_at: sight.some,
            blocks_selected: sight.all,
            blocks_skipped: blocks - sight.some - sight.all,
            source: match scan.source {
                Source::Tokens(_) => "tokens in memory",
                Source::Snapshot(_) => "mapped tokens, not verified",
                Source::Reader(_) | Source::Rows(_) => "tokens read from the file, verified",
                Source::Parts(_) => "tokens of parts",
            },
            has_index: scan.index.is_some(),
            threads: scan.workers.threads(),
            kernels: scan.kernels.name(),
            conditions,
            is_at_most: sight.parts > 0,
            operation: None,
        }
    }
}

/// The blocks of a source, as seen before any token is looked at.
#[derive(Default)]
struct Sight {
    parts: u64,
    parts_skipped: u64,
    /// Blocks of which all tokens are selected, and of which some may be.
    all: u64,
    some: u64,
    /// The first of these, of a source that is not of parts.
    first: Option<u64>,
}

impl Sight {
    fn of(scan: &Scan<'_>) -> Self {
        let mut sight = Self::default();
        let mut add = |blocks, is_all| match is_all {
            true => sight.all += blocks,
            false => sight.some += blocks,
        };
        match scan.source {
            Source::Parts(parts) => {
                let (placed, stats) = scan.placed_parts(parts);
                for part in &placed {
                    add(part.blocks(), part.is_all);
                }
                sight.parts = stats.parts;
                sight.parts_skipped = stats.parts - placed.len() as u64;
            }
            _ => {
                let candidates = scan.candidates();
                candidates.iter().for_each(|block| add(1, block.is_all));
                sight.first = candidates.first().map(|candidate| candidate.block);
            }
        }
        sight
    }
}

impl Plan {
    fn with(self, operation: String) -> Self {
        Self {
            operation: Some(operation),
            ..self
        }
    }

    /// The plan of an operation that also has to look at blocks whose tokens are all selected.
    fn with_all(self) -> Self {
        Self {
            blocks_to_look_at: self.blocks_to_look_at + self.blocks_selected,
            ..self
        }
    }
}

/// Where a column comes from, as shown.
fn source_of(scan: &Scan<'_>, column: Column) -> &'static str {
    let sight = Sight::of(scan);
    match is_indexed(scan.index, column, sight.first) {
        _ if sight.parts > 0 => "each part",
        true => INDEX,
        false => RECORDS,
    }
}

const INDEX: &str = "the index";
const RECORDS: &str = "the records";

fn is_indexed(index: Option<&Index>, column: Column, block: Option<u64>) -> bool {
    match (index, block) {
        (Some(index), Some(block)) => {
            let has = |column| index.column(column, block).is_some();
            has(column) || crate::scan::whole_of(column).is_some_and(has)
        }
        _ => false,
    }
}

/// The conditions of a filter, as shown.
fn collect<'b>(bound: &'b Bound, conditions: &mut Vec<(String, &'b Condition)>) {
    match bound {
        Bound::All | Bound::Nothing => {}
        Bound::Is(condition) => conditions.push((text(condition), condition)),
        Bound::Not(inner) => {
            let before = conditions.len();
            collect(inner, conditions);
            for (text, _) in &mut conditions[before..] {
                *text = format!("not ({text})");
            }
        }
        Bound::And(parts) | Bound::Or(parts) => {
            parts.iter().for_each(|part| collect(part, conditions));
        }
    }
}

fn text(condition: &Condition) -> String {
    let range = |name: &str, low: &dyn fmt::Display, high: &dyn fmt::Display| {
        format!("{name} {low} to {high}")
    };
    match condition {
        Condition::Position(is) => range("position", is.start(), is.end()),
        Condition::Id(is) => range("id", is.start(), is.end()),
        Condition::LocalId(is) => range("local_id", is.start(), is.end()),
        Condition::Timestamp(is) => range("timestamp", is.start(), is.end()),
        Condition::OneOf(number, values) => {
            format!("{} one of {}", number.column(), values.len())
        }
        Condition::Runs(column, runs) => {
            format!("{} in one of {} ranges", column.column(), runs.len())
        }
        Condition::Kind(kind, set) => {
            let name = kind.column();
            let numbers = (0..16).filter(|number| set >> number & 1 != 0);
            let numbers: Vec<_> = numbers.map(|number: u32| number.to_string()).collect();
            format!("{name} one of {}", numbers.join(", "))
        }
        Condition::Flags(is) => range("flags", is.start(), is.end()),
        Condition::FlagBits { mask, value } => flags(*mask, *value),
        Condition::Weight(is) => range("weight", is.start(), is.end()),
        Condition::Radius(is) => range("radius in hundredths", is.start(), is.end()),
        Condition::Strength(is) => range("strength in 255ths", is.start(), is.end()),
        Condition::Coordinate(space, axis, is) => {
            range(&format!("{space}_{axis} in steps"), is.start(), is.end())
        }
        Condition::Ball(space, ball) => match ball {
            Ball::OnGrid {
                centre,
                squared_radius,
            } => format!("{space} within the square root of {squared_radius} steps of {centre:?}"),
            Ball::OffGrid {
                centre,
                squared_radius,
            } => format!("{space} within the square root of {squared_radius} steps of {centre:?}"),
        },
        Condition::TypesAgree => "entity_type is flags_entity_type".to_owned(),
    }
}

/// The flags that must be set, and those that must not.
fn flags(mask: u16, value: u16) -> String {
    let named = FLAGS.iter().filter(|(_, bit)| mask & bit != 0);
    let told = named.map(|(name, bit)| match value & bit {
        0 => format!("not {name}"),
        _ => (*name).to_owned(),
    });
    match mask & !FLAGS.iter().fold(0, |all, (_, bit)| all | bit) {
        0 => told.collect::<Vec<_>>().join(" and "),
        _ => format!("flags & {mask:#06x} is {value:#06x}"),
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} in {} of up to {BLOCK_TOKENS}: {}",
            Counted(self.tokens, "token"),
            Counted(self.blocks, "block"),
            self.source
        )?;
        if self.parts > 0 {
            let (parts, skipped) = (Counted(self.parts, "part"), self.parts_skipped);
            writeln!(
                f,
                "{parts}, {skipped} not opened as none of their tokens can match"
            )?;
        }
        let skipped = self.blocks_skipped;
        let at_most = if self.is_at_most { "at most " } else { "" };
        writeln!(
            f,
            "{at_most}{} to search, {} of which all tokens match, {skipped} skipped of which none can",
            Counted(self.blocks_to_look_at, "block"),
            self.blocks_selected
        )?;
        if !self.conditions.is_empty() {
            writeln!(f, "conditions in stored numbers, the cheapest first:")?;
        }
        for condition in &self.conditions {
            writeln!(f, "  {condition}")?;
        }
        if let Some(operation) = &self.operation {
            writeln!(f, "{operation}")?;
        }
        let index = match (self.parts, self.has_index) {
            (0, true) => "an index",
            (0, false) => "no index",
            _ => "the index of each part, if it has one",
        };
        let threads = match self.threads {
            1 => "1 thread".to_owned(),
            threads => format!("{threads} threads"),
        };
        write!(f, "{threads}, {} loops, {index}", self.kernels)
    }
}

impl fmt::Display for PlannedCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        for (number, (column, is_indexed)) in self.columns.iter().enumerate() {
            let before = if number == 0 { ": reads " } else { ", " };
            let from = if *is_indexed { INDEX } else { RECORDS };
            write!(f, "{before}{column} of {from}")?;
        }
        Ok(())
    }
}
