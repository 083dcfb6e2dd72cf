//! Any bytes as the head of a file of any length.
//!
//! 8 bytes of length, and then up to 64 KiB of the file.

#![no_main]

mod allocations;
mod every_way;
mod golden;
mod memory;
mod seeds;

use libfuzzer_sys::fuzz_target;

use golden::{BYTES, HEAD_BYTES, TABLE_OFFSET};
use memory::File;

fuzz_target!(
    init: seeds::write(&seeds()),
    |data: &[u8]| {
        let Some((length, head)) = data.split_first_chunk() else {
            return;
        };
        let head = &head[..head.len().min(TABLE_OFFSET)];
        every_way::open_in_every_way(&File::new(head, u64::from_le_bytes(*length)));
    }
);

/// The golden file, whole; and with parts of its head gone, or cut.
fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let seed = |head: &[u8], length: usize| [&length.to_le_bytes(), head].concat();
    let without = |from: usize, to: usize| {
        let mut head = BYTES[..HEAD_BYTES].to_vec();
        head[from..to].fill(0);
        seed(&head, BYTES.len())
    };
    vec![
        ("golden", seed(&BYTES[..HEAD_BYTES], BYTES.len())),
        ("golden-cut", seed(&BYTES[..HEAD_BYTES], BYTES.len() - 1)),
        ("golden-no-header", without(0, 0x1000)),
        ("golden-no-slot-0", without(0x1000, 0x2000)),
        ("golden-no-slot-1", without(0x3000, 0x4000)),
        ("golden-no-copy", without(0x1000, 0x1200)),
        ("golden-no-tail", without(0x2000, 0x3000)),
        ("header", seed(&BYTES[..0x1000], 0x10000)),
        ("magic", seed(&BYTES[..8], 8)),
        ("empty", seed(&[], 0)),
    ]
}
