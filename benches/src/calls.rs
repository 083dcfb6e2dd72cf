//! The Rust calls that `benches/python.py` times beside those of Python.
//!
//! The script sends a line with a call's name and the number of threads on standard input, so that
//! both sides take turns in one run. Each answer is a line as well: the nanoseconds, and a number
//! that Python checks.

use std::convert::Infallible;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use ng_parallel::{Workers, fill, ingest_batches, load};
use ng_store::{BlockReader, CreateOptions, MmapStore, TokenSink, TokenStore, VecStore};
use ng_token::Token;

use crate::maps;
use crate::reads::Lines;

/// What the calls run on.
pub struct Calls {
    mapped: MmapStore,
    tokens: VecStore,
    again: PathBuf,
}

impl Calls {
    /// Opens and loads `file`. `again` names the file that appending makes.
    ///
    /// # Errors
    ///
    /// If the file cannot be opened or loaded.
    pub fn new(file: &Path, again: PathBuf) -> Result<Self> {
        let workers = Workers::available()?;
        Ok(Self {
            mapped: maps::open_store(file)?,
            tokens: load(&workers, &BlockReader::open(file)?)?,
            again,
        })
    }

    /// Answers until the input ends.
    ///
    /// # Errors
    ///
    /// If a call fails or is unknown.
    pub fn serve(&self, asked: impl BufRead, mut answers: impl Write) -> Result<()> {
        for line in asked.lines() {
            let line = line?;
            let (call, threads) = line.split_once(' ').context("expected: CALL THREADS")?;
            let workers = Workers::new(threads.parse()?)?;
            let start = Instant::now();
            let number = self.call(call, &workers)?;
            writeln!(answers, "{} {number}", start.elapsed().as_nanos())?;
            answers.flush()?;
        }
        Ok(())
    }

    fn call(&self, name: &str, workers: &Workers) -> Result<u64> {
        match name {
            "create" => self.create(workers),
            "append" => self.append(workers),
            "read" => Ok(self.read(workers.threads())),
            other => bail!("call {other}: expected create, append or read"),
        }
    }

    /// Makes as many tokens as there are, each with its own id.
    fn create(&self, workers: &Workers) -> Result<u64> {
        let count = self.tokens.len();
        let mut made = VecStore::try_with_capacity(count)?;
        fill(workers, &mut made, count, |index| Token::new(index as u32))?;
        Ok(made.len() as u64)
    }

    /// Writes all tokens to a new file, durably.
    fn append(&self, workers: &Workers) -> Result<u64> {
        let tokens = self.tokens.tokens();
        let options = CreateOptions::new().max_tokens(tokens.len() as u64);
        let mut store = maps::create_store_with(&self.again, &options.replace(true))?;
        ingest_batches(workers, &mut store, tokens.len(), |range, out| {
            out.extend_from_slice(&tokens[range]);
            Ok::<_, Infallible>(())
        })?;
        store.commit()?;
        Ok(store.len() as u64)
    }

    /// Reads every line of the mapped records: the limit for reading them all.
    fn read(&self, threads: usize) -> u64 {
        Lines::of([ng_token::as_bytes(self.mapped.tokens())]).sum(threads)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served(asked: &str) -> Result<Vec<u64>> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("a.ngt");
        let tokens: Vec<Token> = (0..1000).map(Token::new).collect();
        VecStore::from_vec(tokens).save(&file, &CreateOptions::new())?;
        let mut answers = Vec::new();
        let calls = Calls::new(&file, folder.path().join("again.ngt"))?;
        calls.serve(asked.as_bytes(), &mut answers)?;
        let answers = String::from_utf8(answers)?;
        let numbers = answers.lines().map(|line| line.split_once(' ').unwrap().1);
        Ok(numbers.map(|number| number.parse().unwrap()).collect())
    }

    #[test]
    fn each_call_answers_with_a_number_that_is_known() {
        let asked = "create 1\nappend 2\nappend 1\nread 2\n";
        // The first word of a line is three coordinates and a half, all zero.
        assert_eq!(served(asked).unwrap(), [1000, 1000, 1000, 0]);
    }

    #[test]
    fn what_is_no_call_is_refused() {
        for (asked, expected) in [
            ("guess 1", "call guess: expected create, append or read"),
            ("read", "expected: CALL THREADS"),
        ] {
            assert_eq!(served(asked).unwrap_err().to_string(), expected);
        }
    }
}
