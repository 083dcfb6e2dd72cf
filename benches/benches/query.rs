//! Measures queries beside reads of what they need: see `src/query/mod.rs`.

use ng_benches::{Session, query::Questions};

fn main() -> anyhow::Result<()> {
    let session = Session::from_env()?;
    let folder = session.folder(env!("CARGO_TARGET_TMPDIR"));
    let questions = Questions::new(session.tokens(), session.threads(), &folder)?;
    session.run(questions.suite()?)
}
