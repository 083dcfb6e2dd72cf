use std::collections::BTreeMap;
use std::ops::Range;

use super::SECTOR_BYTES;

/// A set of sectors, as ranges that neither overlap nor touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sectors(BTreeMap<u64, u64>);

/// The sectors that hold the bytes.
pub(super) fn sectors_of(bytes: Range<u64>) -> Range<u64> {
    bytes.start / SECTOR_BYTES..bytes.end.div_ceil(SECTOR_BYTES)
}

impl Sectors {
    pub(super) fn count(&self) -> u64 {
        self.0.iter().map(|(start, end)| end - start).sum()
    }

    pub(super) fn insert(&mut self, mut range: Range<u64>) {
        if range.is_empty() {
            return;
        }
        while let Some((start, end)) = self.last_touching(&range) {
            range = range.start.min(start)..range.end.max(end);
            self.0.remove(&start);
        }
        self.0.insert(range.start, range.end);
    }

    /// Drops every sector from `sector` on.
    pub(super) fn cut(&mut self, sector: u64) {
        self.0.split_off(&sector);
        if let Some(mut last) = self.0.last_entry() {
            let end = (*last.get()).min(sector);
            last.insert(end);
        }
    }

    /// How many sectors of the range are not in the set.
    pub(super) fn missing(&self, range: Range<u64>) -> u64 {
        let has: u64 = self
            .0
            .range(..range.end)
            .rev()
            .map(|(start, end)| (*start.max(&range.start), *end.min(&range.end)))
            .take_while(|(start, end)| start < end)
            .map(|(start, end)| end - start)
            .sum();
        range.end.saturating_sub(range.start) - has
    }

    fn last_touching(&self, range: &Range<u64>) -> Option<(u64, u64)> {
        let (start, end) = self.0.range(..=range.end).next_back()?;
        (*end >= range.start).then_some((*start, *end))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ranges_are_the_set_they_stand_for() {
        let mut ranges = Sectors::default();
        let mut oracle = BTreeSet::new();
        let mut word = 1_u64;
        for step in 0..2_000 {
            word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let start = (word >> 40) % 60;
            let end = start + (word >> 50) % 8;
            if step % 50 == 49 {
                ranges.cut(start);
                oracle.split_off(&start);
            } else if step % 3 == 0 {
                ranges.insert(start..end);
                oracle.extend(start..end);
            }
            let missing = (start..end).filter(|sector| !oracle.contains(sector));
            assert_eq!(ranges.missing(start..end), missing.count() as u64);
            assert_eq!(ranges.count(), oracle.len() as u64, "step {step}");
        }
    }

    #[test]
    fn touching_ranges_become_one() {
        let mut ranges = Sectors::default();
        ranges.insert(0..2);
        ranges.insert(4..6);
        ranges.insert(2..4);
        let mut whole = Sectors::default();
        whole.insert(0..6);
        assert_eq!(ranges, whole);
    }

    #[test]
    fn part_of_a_sector_is_the_sector() {
        assert_eq!(sectors_of(511..513), 0..2);
        assert_eq!(sectors_of(512..1024), 1..2);
    }
}
