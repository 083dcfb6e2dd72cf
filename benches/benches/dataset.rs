//! Measures datasets beside single files: see `src/dataset/mod.rs`.

use ng_benches::{Session, dataset::Datasets};

fn main() -> anyhow::Result<()> {
    let session = Session::from_env()?;
    let folder = session.folder(env!("CARGO_TARGET_TMPDIR"));
    let datasets = Datasets::new(session.tokens(), session.threads(), &folder)?;
    session.run(datasets.suite()?)
}
