//! Measures tokens into memory that was touched before: see `src/refill.rs`.

use ng_benches::{Session, refill::Refill};

fn main() -> anyhow::Result<()> {
    let session = Session::from_env()?;
    let refill = Refill::new(session.tokens(), session.threads())?;
    session.run(refill.suite())
}
