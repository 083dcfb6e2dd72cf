//! Measures tokens at random positions: see `src/gather.rs`.

use ng_benches::{Session, gather::Gather};

fn main() -> anyhow::Result<()> {
    let session = Session::from_env()?;
    let gather = Gather::new(session.tokens(), session.threads())?;
    session.run(gather.suite())
}
