//! The functions of `parallel_process` that run in Rust, by name.

use ng_parallel::{Shards, Workers, map_shards};
use ng_store::BLOCK_TOKENS;
use ng_token::Token;
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::error::{Error, Value};
use crate::given::Whole;
use crate::shown::Shown;
use crate::tokens::Tokens;
use crate::whole::{count_of, threads_of};
use crate::work::long;

/// How many tokens of a file that is read are in memory at once, or a chunk for each thread: 16
/// MiB.
const STRETCH: usize = 64 * BLOCK_TOKENS;

/// The functions with a name.
#[derive(Clone, Copy)]
enum Named {
    Count,
    SumWeight,
}

impl Named {
    fn of(name: &str) -> Result<Self, Error> {
        match name {
            "count" => Ok(Self::Count),
            "sum_weight" => Ok(Self::SumWeight),
            other => Err(Error::value(
                "func",
                Value::Text(other.into()),
                "count, sum_weight, or something to call",
            )),
        }
    }
}

/// Sums weights in the order of the tokens.
fn sum_weight(sum: f64, tokens: &[Token]) -> f64 {
    let weights = tokens.iter().map(|token| f64::from(token.weight()));
    weights.fold(sum, |sum, weight| sum + weight)
}

/// The results of a function by name, one for each chunk, in order.
#[pyfunction]
#[pyo3(name = "_map_named")]
pub(crate) fn map_named<'py>(
    py: Python<'py>,
    tokens: &Bound<'py, Tokens>,
    name: &str,
    num_threads: Whole<'py>,
    chunk: Whole<'py>,
) -> PyResult<Bound<'py, PyList>> {
    let named = Named::of(name)?;
    let chunk = count_of("chunk", &chunk)?;
    let threads = threads_of(Some(num_threads))?;
    let shown = tokens.get().shown(py)?;
    let sums = long(py, shown.len(), threads, |workers| {
        let chunk = chunk.max(1);
        let stretch = chunk.saturating_mul((STRETCH / chunk).max(workers.threads()));
        let mut sums = Vec::with_capacity(shown.len().div_ceil(chunk));
        for start in (0..shown.len()).step_by(stretch) {
            let some = shown.slice(start..shown.len().min(start.saturating_add(stretch)));
            sums.extend(mapped(workers, &some, named, chunk)?);
        }
        Ok(sums)
    })?;
    match named {
        Named::Count => PyList::new(py, sums.into_iter().map(|sum| sum as u64)),
        Named::SumWeight => PyList::new(py, sums),
    }
}

fn mapped(workers: &Workers, some: &Shown, named: Named, chunk: usize) -> Result<Vec<f64>, Error> {
    let len = some.len();
    let shown = match named {
        Named::Count => some.clone(),
        Named::SumWeight => some.passing(workers)?,
    };
    let chunks = len.div_ceil(chunk);
    // A block stands for a chunk: shards are of whole blocks, and chunks of any size.
    let plan = Shards::with_shard_tokens(chunks.saturating_mul(BLOCK_TOKENS), BLOCK_TOKENS);
    let results = map_shards(workers, plan, |shard| {
        let start = shard.number * chunk;
        let end = start.saturating_add(chunk).min(len);
        let mut sum = 0.0;
        match named {
            Named::Count => sum = (end - start) as f64,
            Named::SumWeight => {
                shown.for_each(start..end, |tokens| sum = sum_weight(sum, tokens))?;
            }
        }
        Ok(sum)
    })?;
    results.into_iter().collect()
}
