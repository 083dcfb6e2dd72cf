use std::ops::Range;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use ng_parallel::Workers;

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

/// A question to be asked of tokens: of which of them, with whose help, by how many threads.
///
/// The operations are its methods. Their answers do not depend on the number of threads,
/// nor on whether there is an index; but a block that was damaged after it was indexed is
/// noticed only where its records are looked at, of a [`Source::Reader`] too: not where zones,
/// boxes, columns or sorted ids of the index answer, nor where positions alone do.
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
    /// Asks all tokens of a source.
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

    /// Asks the tokens that match a filter, and no others; where it is given more than one,
    /// those that match all of them. `valid` means at this moment.
    #[must_use]
    pub fn filter(self, filter: &Filter) -> Self {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = since_1970.map_or(0, |time| time.as_secs());
        self.filter_at(filter, u32::try_from(now).unwrap_or(u32::MAX))
    }

    /// Does what [`filter`](Self::filter) does; `valid` means at `now`, in seconds since
    /// 1970 UTC.
    #[must_use]
    pub fn filter_at(self, filter: &Filter, now: u32) -> Self {
        self.and(filter.bind(now))
    }

    /// Asks the tokens at some positions, and no others.
    #[must_use]
    pub fn positions_within(self, positions: Range<u64>) -> Self {
        let bound = match positions.is_empty() {
            true => Bound::Nothing,
            false => Bound::Is(Condition::Position(positions.start..=positions.end - 1)),
        };
        self.and(bound)
    }

    /// Takes what an index knows of the tokens: those of the file and the commit that it was
    /// opened for, and no others.
    ///
    /// # Errors
    ///
    /// [`QuestionError::OtherIndex`] where the source is no whole commit, or another one.
    pub fn index(mut self, index: &'q Index) -> Result<Self, QuestionError> {
        if self.source.commit() != Some(*index.commit()) {
            return Err(QuestionError::OtherIndex);
        }
        self.index = Some(index);
        Ok(self)
    }

    /// Leaves damaged blocks out, instead of failing; [`Stats`](crate::Stats) tells how
    /// many tokens those have. Of mapped tokens nobody can tell.
    ///
    /// Then every block of a file that has selected tokens is read, where an index or
    /// positions answer without a look otherwise.
    #[must_use]
    pub fn skip_damaged(mut self, skips: bool) -> Self {
        self.skips_damaged = skips;
        self
    }

    /// Takes the loops that every processor of the target runs, whatever this one has: on
    /// x86-64 those for SSE2 in place of AVX2. The answers are the same.
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

    /// Whether all tokens are asked.
    pub(crate) fn is_unfiltered(&self) -> bool {
        self.bound == Bound::All
    }

    /// The same question to fewer tokens.
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

    /// What is known of where points are: what the index knows, or a test says.
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
            selector: Selector::new(self.bound.clone()),
            workers: self.workers.clone(),
            stop: self.stop(),
            kernels: self.kernels,
            skips_damaged: self.skips_damaged,
            wave: LONGEST_WAVE,
            started: Instant::now(),
        }
    }

    /// A scan whose results are as large as the blocks they are of: few are kept.
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
