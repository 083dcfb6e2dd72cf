//! How many tokens a soak may have on its disk.

use crate::scenarios::{dataset_bytes_of, disk_bytes_of};
use crate::soak::On;
use crate::soak::dataset::{KEPT, SHARDS, shard_tokens};

/// The fewest tokens of a sensible soak.
pub const FEWEST_TOKENS: u64 = 1000;
/// Space left to others, as in the lab.
const SPARE_BYTES: u64 = 256 << 20;

/// The most tokens that a file may have, or a dataset may keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// How many.
    pub tokens: u64,
    /// Why that is less than requested, if it is.
    pub less_because: Option<String>,
}

/// What all files take at once. A new file is started while the old one still exists; of a
/// dataset, changes may have replaced as many shards as are kept.
fn needed(on: On, tokens: u64) -> u64 {
    match on {
        On::File => disk_bytes_of(tokens) + disk_bytes_of(0),
        On::Dataset => dataset_bytes_of(2 * (KEPT + 1) * shard_tokens(tokens), 2 * SHARDS),
    }
}

/// Room for `tokens`, or for what fits into `free_bytes`. None if there is hardly any room.
#[must_use]
pub fn room(on: On, tokens: u64, free_bytes: u64) -> Option<Room> {
    let left = free_bytes.saturating_sub(SPARE_BYTES);
    let fits = |tokens: u64| needed(on, tokens) <= left;
    if fits(tokens) {
        return Some(Room {
            tokens,
            less_because: None,
        });
    }
    // 64 bytes per token and a thousandth, rounded up.
    let most = match on {
        On::File => left.saturating_sub(2 * disk_bytes_of(0)) / 65,
        On::Dataset => left.saturating_sub(needed(on, 0)) / (2 * 65),
    };
    (most >= FEWEST_TOKENS && fits(most)).then(|| Room {
        tokens: most,
        less_because: Some(format!(
            "{tokens} requested, but only {} MiB are free on the disk, {} MiB of them to spare",
            free_bytes >> 20,
            SPARE_BYTES >> 20
        )),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_as_large_as_asked_for_or_as_there_is_room() {
        let free = 2 << 30;
        for (on, at_least) in [(On::File, 20_000_000), (On::Dataset, 10_000_000)] {
            let whole = room(on, 1_000_000, free).unwrap();
            assert_eq!((whole.tokens, whole.less_because), (1_000_000, None));
            let less = room(on, 1_000_000_000, free).unwrap();
            assert!(less.tokens > at_least, "{on:?}: {less:?}");
            assert!(needed(on, less.tokens) + SPARE_BYTES <= free, "{on:?}");
            let why = less.less_because.unwrap();
            assert!(
                why.contains("1000000000") && why.contains("2048 MiB"),
                "{why}"
            );
            assert_eq!(room(on, 1_000_000, SPARE_BYTES), None);
            assert_eq!(room(on, 1_000_000, 0), None);
        }
    }
}
