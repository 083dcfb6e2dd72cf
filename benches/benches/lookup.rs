//! Measures look-ups in a file that is not in memory: see `src/lookup.rs`.

use ng_benches::{Session, lookup::Lookup};

fn main() -> anyhow::Result<()> {
    let session = Session::from_env()?;
    let folder = session.folder(env!("CARGO_TARGET_TMPDIR"));
    let lookup = Lookup::new(session.tokens(), &folder)?;
    session.run(lookup.suite()?)
}
