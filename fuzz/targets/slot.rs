//! A sound file with fields changed and every checksum made right again: what
//! the checksums guard is reached.
//!
//! The input is 8 bytes of length, then patches of 11 bytes: where in the head
//! (2), how many bytes (1), and the bytes (8).

#![no_main]

use libfuzzer_sys::fuzz_target;
use ng_fuzz::allocator::{Counting, bounded};
use ng_fuzz::reading::read_in_every_way;
use ng_fuzz::seal::seal;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The head of the golden file, behind its length.
const GOLDEN: &[u8] = include_bytes!("../seeds/open/golden");
const PATCH_BYTES: usize = 11;

fuzz_target!(|input: &[u8]| {
    let Some((len, patches)) = input.split_first_chunk::<8>() else {
        return;
    };
    let mut bytes = GOLDEN[8..].to_vec();
    for patch in patches.chunks_exact(PATCH_BYTES) {
        apply(&mut bytes, patch);
    }
    seal(&mut bytes);
    bounded(|| read_in_every_way(&bytes, u64::from_le_bytes(*len)));
});

fn apply(bytes: &mut [u8], patch: &[u8]) {
    let at = usize::from(u16::from_le_bytes([patch[0], patch[1]])) % bytes.len();
    let count = (usize::from(patch[2]) % 8 + 1).min(bytes.len() - at);
    bytes[at..at + count].copy_from_slice(&patch[3..3 + count]);
}
