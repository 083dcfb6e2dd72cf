//! Measures tokens into a durable file: see `src/ingest/`.

use ng_benches::{Session, ingest::Ingest};

fn main() -> anyhow::Result<()> {
    let session = Session::from_env()?;
    let folder = session.folder(env!("CARGO_TARGET_TMPDIR"));
    let ingest = Ingest::new(session.tokens(), session.threads(), &folder)?;
    session.run(ingest.suite())
}
