//! Which shards of a stream go.

use std::collections::BTreeSet;
use std::time::Duration;

use ng_token::Token;

use super::Retention;
use crate::Manifest;

/// Takes the oldest sealed entries out that go beyond any of the limits, and tells whether there
/// were any. The oldest are those that were committed first.
pub(super) fn retain(manifest: &mut Manifest, kept: &[Retention], now_ns: u64) -> bool {
    let mut sealed: Vec<(u64, usize, u64)> = Vec::new();
    for (at, entry) in manifest.entries.iter().enumerate() {
        if let Some(what) = &entry.sealed {
            sealed.push((what.committed_ns, at, entry.row_count().unwrap_or(0)));
        }
    }
    sealed.sort_unstable();
    let go = kept
        .iter()
        .map(|limit| beyond(*limit, &sealed, now_ns))
        .max();
    let gone: BTreeSet<usize> = sealed[..go.unwrap_or(0)].iter().map(|it| it.1).collect();
    let mut at = 0;
    manifest.entries.retain(|_| {
        at += 1;
        !gone.contains(&(at - 1))
    });
    !gone.is_empty()
}

/// How many of the oldest shards go: their commit, place and rows are given, the oldest first.
fn beyond(limit: Retention, sealed: &[(u64, usize, u64)], now_ns: u64) -> usize {
    match limit {
        Retention::Age(age) => {
            let first = now_ns.saturating_sub(nanoseconds(age));
            sealed.partition_point(|(committed_ns, ..)| *committed_ns < first)
        }
        Retention::Bytes(bytes) => {
            let mut left = bytes / Token::SIZE as u64;
            let fits = |(_, _, rows): &&(u64, usize, u64)| {
                let fits = *rows <= left;
                left = left.saturating_sub(*rows);
                fits
            };
            sealed.len() - sealed.iter().rev().take_while(fits).count()
        }
        Retention::Shards(count) => {
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            sealed.len().saturating_sub(count)
        }
    }
}

/// When the next shard is too old, as far as this generation tells; never without a limit of age.
/// A shard that another writer seals later is younger than now.
pub(super) fn next_age_ns(manifest: &Manifest, kept: &[Retention], now_ns: u64) -> u64 {
    let ages = kept.iter().filter_map(|limit| match limit {
        Retention::Age(age) => Some(nanoseconds(*age)),
        _ => None,
    });
    let Some(age) = ages.min() else {
        return u64::MAX;
    };
    let sealed = manifest.entries.iter().filter_map(|it| it.sealed.as_ref());
    let oldest = sealed.map(|sealed| sealed.committed_ns).min();
    oldest.unwrap_or(now_ns).saturating_add(age)
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use ng_query::sealed::Hex;
    use proptest::prelude::*;

    use super::*;
    use crate::manifest::Tags;
    use crate::{Entry, FileId, Sealed};

    fn file(number: u8) -> FileId {
        FileId([number; 16])
    }

    fn manifest(shards: &[(u64, u64)]) -> Manifest {
        let entry = |(number, (committed_ns, rows)): (usize, &(u64, u64))| {
            let sealed = Sealed {
                bytes: 0,
                committed_ns: *committed_ns,
                chain: Hex(0),
                slot: Hex(0),
                zone: None,
                order: None,
                stream: None,
            };
            Entry::sealed(file(number as u8), 0..*rows, sealed)
        };
        let mut manifest = Manifest::first(file(0), Tags::new(), 0);
        manifest.entries.push(Entry::open(file(255), 0));
        manifest
            .entries
            .extend(shards.iter().enumerate().map(entry));
        manifest
    }

    fn left(manifest: &Manifest) -> Vec<u8> {
        manifest.entries.iter().map(|it| it.file.0[0]).collect()
    }

    /// Drops the oldest while any limit is exceeded.
    fn model(shards: &[(u64, u64)], kept: &[Retention], now_ns: u64) -> Vec<u8> {
        let mut left: Vec<usize> = (0..shards.len()).collect();
        left.sort_by_key(|at| shards[*at].0);
        let exceeds = |left: &[usize]| {
            kept.iter().any(|limit| match limit {
                Retention::Age(age) => left.first().is_some_and(|at| {
                    u128::from(now_ns) > u128::from(shards[*at].0) + age.as_nanos()
                }),
                Retention::Bytes(bytes) => {
                    left.iter().map(|at| shards[*at].1 * 64).sum::<u64>() > *bytes
                }
                Retention::Shards(count) => left.len() as u64 > *count,
            })
        };
        while !left.is_empty() && exceeds(&left) {
            left.remove(0);
        }
        left.sort_unstable();
        let open = [255].into_iter();
        open.chain(left.into_iter().map(|at| at as u8)).collect()
    }

    fn limit() -> impl Strategy<Value = Retention> {
        prop_oneof![
            (0..40_u64).prop_map(|age| Retention::Age(Duration::from_nanos(age))),
            (0..1500_u64).prop_map(Retention::Bytes),
            (0..6_u64).prop_map(Retention::Shards),
        ]
    }

    proptest! {
        #[test]
        fn the_oldest_go_as_long_as_a_limit_is_exceeded(
            shards in prop::collection::vec((0..50_u64, 0..10_u64), 0..6),
            kept in prop::collection::vec(limit(), 0..4),
            now_ns in 50..60_u64,
        ) {
            let mut manifest = manifest(&shards);
            let did = retain(&mut manifest, &kept, now_ns);
            let expected = model(&shards, &kept, now_ns);
            prop_assert_eq!(did, expected.len() <= shards.len());
            prop_assert_eq!(left(&manifest), expected);
        }
    }

    #[test]
    fn the_next_shard_is_too_old_when_the_oldest_is() {
        let kept = [
            Retention::Shards(1),
            Retention::Age(Duration::from_nanos(10)),
            Retention::Age(Duration::from_nanos(5)),
        ];
        assert_eq!(next_age_ns(&manifest(&[(30, 1), (20, 1)]), &kept, 40), 25);
        assert_eq!(next_age_ns(&manifest(&[]), &kept, 40), 45);
        assert_eq!(next_age_ns(&manifest(&[(30, 1)]), &kept[..1], 40), u64::MAX);
    }
}
