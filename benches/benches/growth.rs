//! Measures how times grow with the number of tokens: see `src/growth.rs`.

use ng_benches::{Exponent, Session, growth::Growth};

fn main() -> anyhow::Result<()> {
    let session = Session::from_env()?;
    let folder = session.folder(env!("CARGO_TARGET_TMPDIR"));
    let (tokens, threads) = (session.tokens(), session.threads());
    let growth = Growth::new(tokens, session.grows_long(), threads, &folder)?;
    if let Some(rounds) = session.measure(growth.suite()?)? {
        println!("\n{}", Exponent::table(&growth.exponents(), &rounds));
    }
    Ok(())
}
