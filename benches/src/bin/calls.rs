//! Answers `benches/python.py`: see `src/calls.rs`.

use std::env;
use std::io::{stdin, stdout};

use anyhow::{Result, bail};
use ng_benches::calls::Calls;

fn main() -> Result<()> {
    let paths: Vec<_> = env::args_os().skip(1).collect();
    let [file, again] = paths.as_slice() else {
        bail!("expected two paths: a file of tokens, and one that is made anew");
    };
    Calls::new(file.as_ref(), again.into())?.serve(stdin().lock(), stdout().lock())
}
