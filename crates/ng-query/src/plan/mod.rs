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
    /// The columns it needs, and whether the index has them.
    pub columns: Vec<(Column, bool)>,
}

impl Query<'_> {
    /// Describes what the query is going to do. It reads the index, but no token.
    pub fn explain(&self) -> Plan {
        let scan = self.scan();
        let candidates = scan.candidates();
        let selected = candidates.iter().filter(|block| block.is_all).count() as u64;
        let mut conditions = Vec::new();
        if candidates.len() as u64 != selected {
            collect(scan.selector.bound(), &mut conditions);
        }
        conditions.sort_by_key(|(_, condition)| crate::select::cost(condition));
        let planned = conditions.into_iter().map(|(text, condition)| {
            let columns = crate::select::columns_of(condition);
            let has = |column| {
                let first = candidates.first().map(|candidate| candidate.block);
                is_indexed(scan.index, column, first)
            };
            PlannedCondition {
                text,
                columns: columns
                    .into_iter()
                    .map(|column| (column, has(column)))
                    .collect(),
            }
        });
        let conditions = planned.collect();
        let blocks = scan.source.len().div_ceil(BLOCK_TOKENS as u64);
        Plan {
            tokens: scan.source.len(),
            blocks,
            blocks_to_look_at: candidates.len() as u64 - selected,
            blocks_selected: selected,
            blocks_skipped: blocks - candidates.len() as u64,
            source: match scan.source {
                Source::Tokens(_) => "tokens in memory",
                Source::Snapshot(_) => "mapped tokens, not verified",
                Source::Reader(_) => "tokens read from the file, verified",
            },
            has_index: scan.index.is_some(),
            threads: scan.workers.threads(),
            kernels: scan.kernels.name(),
            conditions,
            is_at_most: false,
            operation: None,
        }
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
    let first = scan.candidates().first().map(|candidate| candidate.block);
    match is_indexed(scan.index, column, first) {
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
        let index = if self.has_index {
            "an index"
        } else {
            "no index"
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
