//! Measures token encoding and decoding, within a core's cache: see `src/codec.rs`.

use ng_benches::{Session, codec::Codec};

fn main() -> anyhow::Result<()> {
    let session = Session::from_env()?;
    let codec = Codec::new(session.tokens());
    session.run(codec.suite())
}
