//! Measures tokens into fresh memory: see `src/fill.rs`.

use ng_benches::{Session, fill::Fill};

fn main() -> anyhow::Result<()> {
    let session = Session::from_env()?;
    let fill = Fill::new(session.tokens(), session.threads())?;
    session.run(fill.suite())
}
