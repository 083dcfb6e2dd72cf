//! Measures files of tokens that are there already: see `src/mapped.rs`.

use ng_benches::{Session, mapped::Mapped};

fn main() -> anyhow::Result<()> {
    let session = Session::from_env()?;
    let mapped = Mapped::new(session.tokens())?;
    session.run(mapped.suite()?)
}
