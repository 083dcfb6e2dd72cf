//! How large a soak's file may become on its disk.

use crate::scenarios::disk_bytes_of;

/// The fewest tokens of a sensible soak.
pub const FEWEST_TOKENS: u64 = 1000;
/// Space left to others, as in the lab.
const SPARE_BYTES: u64 = 256 << 20;

/// The most tokens that a file may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// How many.
    pub tokens: u64,
    /// Why that is less than requested, if it is.
    pub less_because: Option<String>,
}

/// Room for `tokens`, or for what fits into `free_bytes`. A new file is started while the
/// old one still exists. None if there is hardly any room.
#[must_use]
pub fn room(tokens: u64, free_bytes: u64) -> Option<Room> {
    let left = free_bytes.saturating_sub(SPARE_BYTES);
    let fits = |tokens: u64| disk_bytes_of(tokens) + disk_bytes_of(0) <= left;
    if fits(tokens) {
        return Some(Room {
            tokens,
            less_because: None,
        });
    }
    let head = 2 * disk_bytes_of(0);
    // 64 bytes per token and a thousandth, rounded up.
    let most = left.saturating_sub(head) / 65;
    (most >= FEWEST_TOKENS).then(|| Room {
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
        let whole = room(1_000_000, free).unwrap();
        assert_eq!((whole.tokens, whole.less_because), (1_000_000, None));
        let less = room(1_000_000_000, free).unwrap();
        assert!(less.tokens > 20_000_000, "{less:?}");
        assert!(disk_bytes_of(less.tokens) + disk_bytes_of(0) + SPARE_BYTES <= free);
        let why = less.less_because.unwrap();
        assert!(
            why.contains("1000000000") && why.contains("2048 MiB"),
            "{why}"
        );
        assert_eq!(room(1_000_000, SPARE_BYTES), None);
        assert_eq!(room(1_000_000, 0), None);
    }
}
