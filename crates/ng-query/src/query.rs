use std::ops::Range;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use ng_parallel::Workers;
use ng_store::CachePolicy;

use crate::bound::{Bound, Condition};
use crate::boxes::Boxes;
use crate::filter::and;
use crate::index::Index;
use crate::kernels::Kernels;
#[cfg(test)]
use crate::scan::Countdown;
use crate::scan::{LONGEST_WAVE, Scan, Stop};
use crate::select::Selector;
use crate::{Filter, QuestionError, Source};

/// A query over tokens: which of them, by which index, on how many threads.
///
/// The operations are its methods. Their answers depend neither on the number of threads nor on an
/// index. But a block that was damaged after it was indexed is noticed only if its records are
/// read, even from a [`Source::Reader`]: not if zones, boxes, columns or sorted ids of the index
/// answer, nor if positions alone do.
#[derive(Clone, Debug)]
pub struct Query<'q> {
    source: Source<'q>,
    index: Option<&'q Index>,
    #[cfg(test)]
    boxes: Option<&'q dyn Boxes>,
    #[cfg(test)]
    countdown: Option<Countdown>,
    bound: Bound,
    workers: Workers,
    kernels: Kernels,
    skips_damaged: bool,
}

impl<'q> Query<'q> {
    /// Queries all tokens of a source.
    pub fn new(source: impl Into<Source<'q>>, workers: &Workers) -> Self {
        Self {
            source: source.into(),
            index: None,
            #[cfg(test)]
            boxes: None,
            #[cfg(test)]
            countdown: None,
            bound: Bound::All,
            workers: workers.clone(),
            kernels: Kernels::detect(),
            skips_damaged: false,
        }
    }

    /// Restricts the query to tokens that match a filter; with several filters, to those that match
    /// all of them. `valid` means at this moment.
    #[must_use]
    pub fn filter(self, filter: &Filter) -> Self {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = since_1970.map_or(0, |time| time.as_secs());
        self.filter_at(filter, u32::try_from(now).unwrap_or(u32::MAX))
    }

    /// Does what [`filter`](Self::filter) does; `valid` means at `now`, in seconds since 1970 UTC.
    #[must_use]
    pub fn filter_at(self, filter: &Filter, now: u32) -> Self {
        self.and(filter.bind(now))
    }

    /// Restricts the query to some positions.
    #[must_use]
    pub fn positions_within(self, positions: Range<u64>) -> Self {
        let bound = match positions.is_empty() {
            true => Bound::Nothing,
            false => Bound::Is(Condition::Position(positions.start..=positions.end - 1)),
        };
        self.and(bound)
    }

    /// Uses an index, which must have been opened for the same file and commit.
    ///
    /// # Errors
    ///
    /// [`QuestionError::OtherIndex`] if the source is not the whole commit of the index.
    pub fn index(mut self, index: &'q Index) -> Result<Self, QuestionError> {
        if self.source.commit() != Some(*index.commit()) {
            return Err(QuestionError::OtherIndex);
        }
        self.index = Some(index);
        Ok(self)
    }

    /// Leaves damaged blocks out instead of failing; [`Stats`](crate::Stats) tells how many tokens
    /// they have. Mapped tokens are not verified, so none are left out.
    ///
    /// Every block of a file that has selected tokens is then read, even if an index or positions
    /// could answer alone.
    #[must_use]
    pub fn skip_damaged(mut self, skips: bool) -> Self {
        self.skips_damaged = skips;
        self
    }

    /// Uses the loops that every processor of the target runs, whatever this one has: on x86-64
    /// those for SSE2 instead of AVX2. The answers are the same.
    #[cfg(feature = "baseline")]
    #[must_use]
    pub fn baseline(mut self) -> Self {
        self.kernels = Kernels::BASELINE;
        self
    }

    /// Whether damaged blocks are left out.
    pub(crate) fn skips_damaged(&self) -> bool {
        self.skips_damaged
    }

    /// Whether all tokens are queried.
    pub(crate) fn is_unfiltered(&self) -> bool {
        self.bound == Bound::All
    }

    /// The same query over fewer tokens.
    pub(crate) fn and(&self, more: Bound) -> Self {
        Self {
            bound: and([self.bound.clone(), more]),
            ..self.clone()
        }
    }

    #[cfg(test)]
    pub(crate) fn bound(mut self, bound: Bound) -> Self {
        self.bound = bound;
        self
    }

    #[cfg(test)]
    pub(crate) fn with_boxes(mut self, boxes: &'q dyn Boxes) -> Self {
        self.boxes = Some(boxes);
        self
    }

    #[cfg(test)]
    pub(crate) fn stopping_at(mut self, countdown: &Countdown) -> Self {
        self.countdown = Some(countdown.clone());
        self
    }

    #[cfg(test)]
    pub(crate) fn kernels(mut self, kernels: Kernels) -> Self {
        self.kernels = kernels;
        self
    }

    /// What is known about where points are: from the index, or from a test.
    fn boxes(&self) -> Option<&'q dyn Boxes> {
        #[cfg(test)]
        if self.boxes.is_some() {
            return self.boxes;
        }
        self.index.map(|index| index as &dyn Boxes)
    }

    fn stop(&self) -> Stop {
        let stop = Stop::new(self.workers.stop_flag());
        #[cfg(test)]
        let stop = stop.counted(self.countdown.clone());
        stop
    }

    pub(crate) fn scan(&self) -> Scan<'q> {
        Scan {
            source: self.source,
            index: self.index,
            boxes: self.boxes(),
            base: 0,
            is_all: false,
            looks: true,
            selector: Arc::new(Selector::new(self.bound.clone())),
            workers: self.workers.clone(),
            stop: self.stop(),
            kernels: self.kernels,
            skips_damaged: self.skips_damaged,
            cache: CachePolicy::Auto,
            wave: LONGEST_WAVE,
            started: Instant::now(),
        }
    }

    /// A scan whose results are as large as their blocks: few are kept.
    pub(crate) fn streaming_scan(&self) -> Scan<'q> {
        Scan {
            wave: (32 * self.workers.threads()).min(LONGEST_WAVE),
            ..self.scan()
        }
    }
}

#[cfg(all(test, feature = "baseline"))]
mod tests {
    use super::*;

    #[test]
    fn baseline_is_what_explain_tells() -> Result<(), Box<dyn std::error::Error>> {
        let tokens = Vec::new();
        let query = Query::new(&tokens, &Workers::new(1)?).baseline();
        assert_eq!(query.explain().kernels, "baseline");
        Ok(())
    }
}
