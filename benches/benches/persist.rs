//! Measures tokens put on the disk: see `src/persist.rs`.

use ng_benches::{Session, persist::Persist};

fn main() -> anyhow::Result<()> {
    let session = Session::from_env()?;
    let persist = Persist::new(session.tokens())?;
    session.run(persist.suite())
}
