//! Measures how an index is built: see `src/index.rs`.

use ng_benches::{Session, index::Builds};

fn main() -> anyhow::Result<()> {
    let session = Session::from_env()?;
    let folder = session.folder(env!("CARGO_TARGET_TMPDIR"));
    let builds = Builds::new(session.tokens(), session.threads(), &folder)?;
    session.run(builds.suite())
}
