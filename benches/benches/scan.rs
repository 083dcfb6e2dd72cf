//! Measures the sum of all ids: see `src/scan.rs`.

use ng_benches::{Session, scan::Scan};

fn main() -> anyhow::Result<()> {
    let session = Session::from_env()?;
    let scan = Scan::new(session.tokens(), session.threads())?;
    session.run(scan.suite())
}
