//! Measures a reduction beside an ingest: see `src/beside.rs`.

use ng_benches::{Session, beside::Beside};

fn main() -> anyhow::Result<()> {
    let session = Session::from_env()?;
    let beside = Beside::new(session.tokens(), session.threads())?;
    session.run(beside.suite())
}
