//! Opening an existing file, which takes the same time for any number of tokens.

use ng_lab::{Cell, Failure, FileState, Headline, Limit, Pages, Phase, Run, Scenario, Variant};
use ng_store::TokenStore;

use crate::own_file::OwnFile;
use crate::proof::prove_tokens;
use crate::scenarios::file::{cache_bytes_of, created, disk_bytes_of};

/// Opening to read and to append.
pub(super) struct Reopen;

impl Scenario for Reopen {
    fn name(&self) -> &'static str {
        "reopen"
    }

    fn about(&self) -> &'static str {
        "opening a token file to read and to append, in memory and only on the disk"
    }

    fn variants(&self, _threads: &[usize]) -> Vec<Variant> {
        ["warm", "cold"]
            .map(|name| Variant::new(name).pages(Pages::Small))
            .to_vec()
    }

    fn headline(&self) -> Headline {
        Headline::of("open").variant("cold")
    }

    fn needs_bytes(&self, cell: &Cell) -> u64 {
        cache_bytes_of(cell.items)
    }

    fn needs_disk_bytes(&self, cell: &Cell) -> u64 {
        disk_bytes_of(cell.items)
    }

    fn run(&self, cell: &Cell, run: &mut Run) -> Result<(), Failure> {
        let file = created(run, cell.items)?;
        let state = match cell.variant.name.as_str() {
            "cold" => FileState::Cold,
            _ => FileState::Warm,
        };
        let phase = opening(run, "open", &file, state);
        let store = phase.time(|| file.open())?;
        run.prove_equal("open_len", store.len() as u64, cell.items)?;
        drop(store);
        // Opening to append makes the state durable: at least one sync.
        let phase = opening(run, "open_append", &file, state).bounded_by(Limit::SmallSync, 1, 1);
        let store = phase.time(|| file.open_append())?;
        run.prove_equal("open_append_len", store.len() as u64, cell.items)?;
        prove_tokens(run, store.tokens(), cell.items)
    }
}

fn opening<'r>(run: &'r mut Run, name: &str, file: &OwnFile, state: FileState) -> Phase<'r> {
    let phase = run.phase(name, 0).constant();
    match state {
        FileState::Cold => phase.cold(file.path()),
        FileState::Warm => phase.warm(file.path()),
    }
}
