//! Checksums made right over bytes that are not.

use twox_hash::XxHash3_64;

/// Where the slots are, and their copies within.
const COPIES: [usize; 4] = [0x1000, 0x1800, 0x3000, 0x3800];
const HEADER_SUM: usize = 4088;
const COPY_SUM: usize = 504;

/// Seals the static header and all four slot copies, as far as `bytes` go.
pub fn seal(bytes: &mut [u8]) {
    seal_range(bytes, 0, HEADER_SUM);
    for copy in COPIES {
        seal_range(bytes, copy, COPY_SUM);
    }
}

/// Writes the hash of the `len` bytes at `start` behind them.
fn seal_range(bytes: &mut [u8], start: usize, len: usize) {
    let Some(range) = bytes.get_mut(start..start + len + 8) else {
        return;
    };
    let (content, sum) = range.split_at_mut(len);
    sum.copy_from_slice(&XxHash3_64::oneshot(content).to_le_bytes());
}
