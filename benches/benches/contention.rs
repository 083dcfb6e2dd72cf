//! Measures what threads cost each other: see `src/contention.rs`.

use ng_benches::{Session, contention::Contention};

fn main() -> anyhow::Result<()> {
    let session = Session::from_env()?;
    let contention = Contention::new(session.tokens(), session.threads())?;
    session.run(contention.suite())
}
