//! Any bytes as a file: 8 bytes of length, then what the file begins with.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ng_fuzz::allocator::{Counting, bounded};
use ng_fuzz::reading::read_in_every_way;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fuzz_target!(|input: &[u8]| {
    let Some((len, bytes)) = input.split_first_chunk::<8>() else {
        return;
    };
    bounded(|| read_in_every_way(bytes, u64::from_le_bytes(*len)));
});
