use std::env;

use ng_parallel::Workers;
use ng_store::TokenSink;

use super::sort_file::Sort;
use super::{Order, SortError, SortOptions, SortProgress, SortReport};
use crate::Parts;

/// Sorts the tokens of several parts as one, and appends them to a sink, which is not committed.
/// Equal tokens stay in the order of their positions, so the sink gets the same tokens for any
/// number of threads and any memory limit.
///
/// It works like [`sort_file`](super::sort_file), part by part: one is open at a time, and blocks of
/// files are verified as they are read. Temporary files are in the folder of
/// [`SortOptions::temp`], or in the system's.
///
/// ```
/// use std::sync::Arc;
///
/// use ng_query::ng_parallel::Workers;
/// use ng_query::ng_store::{TokenStore, VecStore};
/// use ng_query::ng_token::Token;
/// use ng_query::order::{SortOptions, sort_parts};
/// use ng_query::{OpenPart, Parts, QueryError, Zone};
///
/// #[derive(Debug)]
/// struct Lists(Vec<Vec<Token>>);
///
/// impl Parts for Lists {
///     fn part_count(&self) -> usize {
///         self.0.len()
///     }
///
///     fn part_tokens(&self, part: usize) -> u64 {
///         self.0[part].len() as u64
///     }
///
///     fn part_zone(&self, _part: usize) -> Option<&Zone> {
///         None
///     }
///
///     fn open_part(&self, part: usize) -> Result<Arc<OpenPart>, QueryError> {
///         Ok(Arc::new(OpenPart::of_tokens(&self.0[part][..])))
///     }
/// }
///
/// let lists = Lists([[30, 10], [20, 40]].map(|ids| ids.map(Token::new).to_vec()).to_vec());
/// let (mut sorted, by_id) = (VecStore::new(), "id".parse()?);
/// let workers = Workers::new(2)?;
/// sort_parts(&workers, &lists, &mut sorted, &by_id, &SortOptions::new(), |_| ())?;
/// assert_eq!(sorted.tokens(), [10, 20, 30, 40].map(Token::new));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`SortError`]; an error of the sink is what it becomes. Temporary files are removed. Those of a
/// killed process are removed by the next sort that uses the same folder.
pub fn sort_parts<S: TokenSink<Error: Into<SortError>>>(
    workers: &Workers,
    parts: &dyn Parts,
    sink: &mut S,
    order: &Order,
    options: &SortOptions,
    watch: impl Fn(SortProgress) + Sync,
) -> Result<SortReport, SortError> {
    let temp = options
        .folder()
        .map_or_else(env::temp_dir, ToOwned::to_owned);
    Sort::new(workers, parts, order, options, &watch)?.run(&temp, sink)
}
