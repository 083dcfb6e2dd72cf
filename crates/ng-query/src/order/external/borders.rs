use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// Where adjacent ranges of keys begin that together cover a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Borders {
    first: u64,
    last: u64,
    /// Where the second range begins, the third, and so on: ascending.
    inner: Vec<u64>,
}

impl Borders {
    /// Covers all keys.
    pub(super) fn all(sample: Vec<u64>, wanted: usize) -> Self {
        Self::within(&(0..=u64::MAX), sample, wanted)
    }

    /// Cuts a range of keys, of which `sample` has some, into about `wanted` ranges of about as
    /// many tokens each, and at least two. A key too frequent for one of them gets a range of its
    /// own.
    ///
    /// # Panics
    ///
    /// If the range has only one key.
    pub(super) fn within(keys: &RangeInclusive<u64>, mut sample: Vec<u64>, wanted: usize) -> Self {
        let (first, last) = (*keys.start(), *keys.end());
        assert!(
            first < last,
            "a range of the one key {first:#x}, expected two or more"
        );
        sample.sort_unstable();
        let mut inner = BTreeSet::new();
        let mut before = None;
        for number in 1..wanted {
            let Some(&key) = sample.get(number * sample.len() / wanted) else {
                continue;
            };
            inner.insert(key);
            if before == Some(key) {
                inner.insert(key.saturating_add(1));
            }
            before = Some(key);
        }
        let is_inner = |key: &u64| (first + 1..=last).contains(key);
        let mut inner: Vec<u64> = inner.into_iter().filter(is_inner).collect();
        if inner.is_empty() {
            // All of the sample is the first key, or it is empty.
            inner.push(first + 1);
        }
        Self { first, last, inner }
    }

    /// Returns how many ranges there are.
    pub(super) fn len(&self) -> usize {
        self.inner.len() + 1
    }

    /// Returns the number of the range that contains a key.
    #[inline]
    pub(super) fn range_of(&self, key: u64) -> usize {
        self.inner.partition_point(|&border| border <= key)
    }

    /// Returns the ranges.
    pub(super) fn ranges(&self) -> impl Iterator<Item = RangeInclusive<u64>> + '_ {
        let firsts = [self.first].into_iter().chain(self.inner.iter().copied());
        let lasts = self
            .inner
            .iter()
            .map(|border| border - 1)
            .chain([self.last]);
        firsts.zip(lasts).map(|(first, last)| first..=last)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ranges(borders: &Borders) -> Vec<RangeInclusive<u64>> {
        borders.ranges().collect()
    }

    #[test]
    fn a_key_of_many_tokens_has_a_range_of_its_own() {
        let sample = [1, 2, 7, 7, 7, 7, 7, 7, 20, 30].to_vec();
        let borders = Borders::all(sample, 5);
        let expected = [0..=6, 7..=7, 8..=19, 20..=u64::MAX];
        assert_eq!(ranges(&borders), expected);
    }

    #[test]
    fn one_key_alone_is_cut_out_of_its_range() {
        for (keys, key, expected) in [
            (0..=u64::MAX, 5, vec![0..=4, 5..=5, 6..=u64::MAX]),
            (0..=u64::MAX, 0, vec![0..=0, 1..=u64::MAX]),
            (
                0..=u64::MAX,
                u64::MAX,
                vec![0..=u64::MAX - 1, u64::MAX..=u64::MAX],
            ),
            (5..=6, 5, vec![5..=5, 6..=6]),
            (4..=5, 5, vec![4..=4, 5..=5]),
        ] {
            for wanted in [2, 3, 100] {
                let borders = Borders::within(&keys, vec![key; 50], wanted);
                let found = ranges(&borders);
                // With two ranges wanted, nothing shows that the key is the only one.
                let joined = vec![0..=4, 5..=u64::MAX];
                assert!(
                    found == expected || wanted == 2 && found == joined,
                    "{found:?}"
                );
            }
        }
        assert_eq!(ranges(&Borders::all(Vec::new(), 9)), [0..=0, 1..=u64::MAX]);
    }

    proptest! {
        #[test]
        fn every_key_is_in_one_range_that_is_smaller_than_all(
            ends: (u64, u64),
            sample in prop::collection::vec(0..50_u64, 0..100),
            wanted in 2..20_usize,
            key: u64,
        ) {
            let (first, last) = (ends.0.min(ends.1), ends.0.max(ends.1));
            prop_assume!(first < last);
            let sample = sample.into_iter().map(|step| first + (last - first) / 50 * step).collect();
            let borders = Borders::within(&(first..=last), sample, wanted);
            let ranges = ranges(&borders);
            prop_assert_eq!(ranges.len(), borders.len());
            prop_assert!(ranges.len() >= 2);
            prop_assert_eq!((*ranges[0].start(), *ranges[ranges.len() - 1].end()), (first, last));
            prop_assert!(ranges.windows(2).all(|two| two[0].end() + 1 == *two[1].start()));
            let key = key.clamp(first, last);
            prop_assert!(ranges[borders.range_of(key)].contains(&key));
        }
    }
}
