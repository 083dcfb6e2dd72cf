//! Measures how files are sorted: see `src/sort.rs`.

use ng_benches::{Session, sort::Sorts};

fn main() -> anyhow::Result<()> {
    let session = Session::from_env()?;
    let folder = session.folder(env!("CARGO_TARGET_TMPDIR"));
    let sorts = Sorts::new(session.tokens(), session.threads(), &folder)?;
    session.run(sorts.suite())
}
