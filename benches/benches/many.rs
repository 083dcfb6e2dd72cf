//! Measures thousands of files that are open at once: see `src/many.rs`.

use ng_benches::{Session, many::Many};

fn main() -> anyhow::Result<()> {
    let session = Session::from_env()?;
    let folder = session.folder(env!("CARGO_TARGET_TMPDIR"));
    let files = if session.is_measured() {
        Many::FILES
    } else {
        20
    };
    session.run(Many::new(files, &folder)?.suite())
}
