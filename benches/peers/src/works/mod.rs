//! The works: one scenario of the lab for each.
//!
//! Workers run in the run's data folder, so file paths are relative to it.

mod clone;
mod create;
mod durable_create;
mod filter;
mod random_read;
mod reading;
mod reopen;
mod scan;
mod verify;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use ng_lab::{Cell, Failure, Scenario, Variant};
use ng_parallel::Workers;
use ng_token::Token;

use crate::reader::Reader;
use crate::records::sum_of_all;
use crate::who::Who;

/// Every work, in the order of the table.
pub(crate) static REGISTRY: [&dyn Scenario; 8] = [
    &create::Create,
    &durable_create::DurableCreate,
    &reopen::Reopen,
    &scan::Scan,
    &filter::Filter,
    &random_read::RandomRead,
    &clone::Clone,
    &verify::Verify,
];

/// The work that leaves a file, which the reading works start from.
pub(crate) const WRITING: &dyn Scenario = &durable_create::DurableCreate;

/// The folder of the files to read, made once a run.
pub(crate) const KEPT: &str = "kept";
/// The folder of the one file that a worker makes.
pub(crate) const NEW: &str = "new";

/// Where the file of `who` is read.
fn kept(who: Who) -> PathBuf {
    Path::new(KEPT).join(who.name())
}

/// The cells of a work: ours on each number of `threads`, the others on one.
fn variants(everybody: &[Who], threads: &[usize]) -> Vec<Variant> {
    let mut variants = Vec::new();
    for &who in everybody {
        let threads = if who.is_ours() { threads } else { &[1] };
        variants.extend(threads.iter().map(|threads| variant(who, *threads)));
    }
    variants
}

/// The cell of a work that is done by `who`.
pub(crate) fn variant(who: Who, threads: usize) -> Variant {
    Variant::new(who.name()).threads(threads).pages(who.pages())
}

fn who(cell: &Cell) -> Result<Who> {
    let name = &cell.variant.name;
    Who::named(name).with_context(|| format!("no store is called {name}"))
}

fn workers(cell: &Cell) -> Result<Workers> {
    Ok(Workers::new(cell.variant.threads)?)
}

/// The tokens' own bytes.
fn bytes_of(cell: &Cell) -> u64 {
    cell.items * Token::SIZE as u64
}

/// Compares all tokens of a reader with what is known of them.
fn check(reader: &dyn Reader, tokens: u64) -> Result<()> {
    let (found, expected) = (reader.len()?, sum_of_all(tokens));
    ensure!(found == expected.count, "{found} tokens, expected {tokens}");
    let found = reader.sum_ids()?;
    ensure!(
        found == expected.ids,
        "ids sum up to {found}, expected {}",
        expected.ids
    );
    Ok(())
}

/// The whole chain of causes, which the lab would reduce to its first link.
fn failure(error: anyhow::Error) -> Failure {
    format!("{error:#}").into()
}
