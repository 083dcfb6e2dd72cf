//! Which generations are dropped.

use std::time::Duration;

use ng_store::disk::Dir;

use super::{CollectOptions, Keep};
use crate::manifest::Verb;
use crate::place::Place;
use crate::{DatasetError, Manifest};

/// Which generations are dropped, and which are only not asked for.
pub(super) struct Limits {
    /// The newest one so far.
    pub(super) base: u64,
    /// The newest one now, or the one that a dry run would publish.
    pub(super) newest: u64,
    pub(super) oldest_kept: u64,
    /// From here on they were the newest until recently.
    young_from: u64,
    /// Those that would go if they were older.
    pub(super) young: Vec<u64>,
}

impl Limits {
    /// The first generation whose manifest stays.
    pub(super) fn end_of_dropped(&self) -> u64 {
        self.oldest_kept.min(self.young_from)
    }
}

/// Publishes a generation that raises the oldest kept one, if that drops any.
pub(super) fn raise<R: Dir>(
    place: &Place<R>,
    options: &CollectOptions,
) -> Result<Limits, DatasetError> {
    let mut limits = None;
    if options.dry_run {
        let newest = place.newest()?;
        let next = newest.next(Verb::Collect, ng_store::now_ns());
        return Ok(plan(place, options, &newest, &next)?.0);
    }
    place.change(Verb::Collect, |newest, next| {
        let (planned, is_news) = plan(place, options, newest, next)?;
        next.oldest_kept = planned.oldest_kept;
        limits = Some(planned);
        Ok(is_news)
    })?;
    Ok(limits.expect("a change is edited at least once"))
}

/// What was dropped before.
pub(super) fn so_far<R: Dir>(
    place: &Place<R>,
    options: &CollectOptions,
) -> Result<Limits, DatasetError> {
    let newest = place.newest()?;
    let numbers = place.generations()?;
    Ok(Limits {
        base: newest.generation,
        newest: newest.generation,
        oldest_kept: newest.oldest_kept,
        young_from: young_from(place, options.older, &numbers, &newest)?,
        young: Vec::new(),
    })
}

/// Finds what is dropped, and whether a generation must be published for that.
fn plan<R: Dir>(
    place: &Place<R>,
    options: &CollectOptions,
    newest: &Manifest,
    next: &Manifest,
) -> Result<(Limits, bool), DatasetError> {
    let numbers = place.generations()?;
    if let Keep::From(generation) = options.keep
        && generation > newest.generation
    {
        return Err(DatasetError::GenerationGone {
            path: place.path().to_owned(),
            generation,
            oldest: numbers.first().copied().unwrap_or_default(),
            newest: newest.generation,
        });
    }
    let wanted = |newest: u64| match options.keep {
        Keep::Newest(count) => newest.saturating_sub(count.max(1) - 1),
        Keep::From(generation) => generation,
    };
    let young_from = young_from(place, options.older, &numbers, newest)?;
    let is_there_below = |limit: u64| numbers.first().is_some_and(|lowest| *lowest < limit);
    let target = wanted(newest.generation).min(young_from);
    let is_news = target > newest.oldest_kept && is_there_below(target);
    let (generation, oldest_kept) = match is_news {
        true => {
            let target = wanted(next.generation).min(young_from);
            (next.generation, target.max(newest.oldest_kept))
        }
        false => (newest.generation, newest.oldest_kept),
    };
    let is_young = |number: &u64| *number >= young_from && *number < wanted(generation);
    let young = numbers.into_iter().filter(is_young).collect();
    let limits = Limits {
        base: newest.generation,
        newest: generation,
        oldest_kept,
        young_from,
        young,
    };
    Ok((limits, is_news))
}

/// The first generation that was the newest within the last `older`: of a reader that opened it
/// then nobody on this machine may know.
fn young_from<R: Dir>(
    place: &Place<R>,
    older: Duration,
    numbers: &[u64],
    newest: &Manifest,
) -> Result<u64, DatasetError> {
    if older.is_zero() {
        return Ok(u64::MAX);
    }
    let now_ns = ng_store::now_ns();
    let is_old = |followed_ns: u64| {
        now_ns
            .checked_sub(followed_ns)
            .is_some_and(|age| Duration::from_nanos(age) >= older)
    };
    let below = numbers.partition_point(|number| *number < newest.generation);
    let mut from = newest.generation;
    let mut followed_ns = newest.committed_ns;
    for generation in numbers[..below].iter().rev() {
        if is_old(followed_ns) {
            break;
        }
        from = *generation;
        // A damaged one has the time of the next, which is later.
        if let Some(Ok(manifest)) = place.read(*generation)? {
            followed_ns = manifest.committed_ns;
        }
    }
    Ok(from)
}
