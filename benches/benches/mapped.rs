//! Measures existing token files: see `src/mapped.rs`.

use ng_benches::{Session, mapped::Mapped};

fn main() -> anyhow::Result<()> {
    let session = Session::from_env()?;
    let folder = session.folder(env!("CARGO_TARGET_TMPDIR"));
    let mapped = Mapped::new(session.tokens(), &folder)?;
    session.run(mapped.suite()?)
}
