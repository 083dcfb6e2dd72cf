//! Measures commits of a few tokens each: see `src/commits.rs`.

use ng_benches::{Session, commits::Commits};

fn main() -> anyhow::Result<()> {
    let session = Session::from_env()?;
    let folder = session.folder(env!("CARGO_TARGET_TMPDIR"));
    let commits = Commits::new(&folder)?;
    session.run(commits.suite()?)
}
