use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use ng_store::{FileWriter, TokenSink};
use ng_token::Validation;

use crate::input::Input;
use crate::interrupt::Hold;
use crate::tool::Tool;

/// The destination of an input, and how it is filled.
pub(crate) struct Pour {
    pub(crate) input: Input,
    /// The rules by which records are checked, if they are.
    pub(crate) validation: Option<Validation>,
    pub(crate) doing: &'static str,
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
    let checked = what.validation.map(|validation| (validation, now()));
    let progress = tool.progress(what.doing, known_tokens);
    what.input.for_each(hold, |chunk| {
        if let Some((validation, now)) = checked {
            chunk.validate(validation, now)?;
        }
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
