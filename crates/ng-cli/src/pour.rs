use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use ng_store::{FileWriter, TokenSink};
use ng_token::Validation;

use crate::args::Rules;
use crate::ending::InputError;
use crate::input::{Chunk, Input};
use crate::interrupt::Hold;
use crate::tool::Tool;

/// The destination of an input, and how it is filled.
pub(crate) struct Pour {
    pub(crate) input: Input,
    pub(crate) check: Check,
    pub(crate) doing: &'static str,
}

/// The rules by which records are checked, if they are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Check(Option<Validation>);

impl Check {
    pub(crate) fn by(rules: Option<Rules>) -> Self {
        Self(rules.map(Validation::from))
    }

    /// Refuses the first record that is not valid now.
    pub(crate) fn check(self, chunk: &Chunk<'_>) -> Result<(), InputError> {
        match self.0 {
            Some(validation) => chunk.validate(validation, now()),
            None => Ok(()),
        }
    }
}

/// Appends all records of an input, and commits none. Room is made for exactly those that are
/// there.
pub(crate) fn pour(
    what: Pour,
    writer: &mut FileWriter,
    tool: &Tool,
    hold: &Hold<'_>,
) -> Result<()> {
    let known_tokens = what.input.known_tokens();
    writer.reserve_exact(known_tokens.unwrap_or(0))?;
    let progress = tool.progress(what.doing, known_tokens);
    what.input.for_each(hold, |chunk| {
        what.check.check(chunk)?;
        writer.reserve_exact(chunk.tokens.len() as u64)?;
        writer.append(chunk.tokens)?;
        progress.add(chunk.tokens.len() as u64);
        Ok(())
    })
}

/// In seconds since 1970 UTC, clamped to what tokens can store.
fn now() -> u32 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH);
    let seconds = elapsed.map_or(0, |elapsed| elapsed.as_secs());
    u32::try_from(seconds).unwrap_or(u32::MAX)
}
