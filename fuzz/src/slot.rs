//! The golden file with fields of its records changed and, if asked, their checksums fixed, so that
//! the code behind the checksums is reached.
//!
//! A byte of [`Fixes`], 8 bytes that are added to the length, and edits of [`EDIT_BYTES`] each: a
//! record, an offset in it, a width and a value.

#![no_main]

mod allocations;
mod every_way;
mod golden;
mod memory;
mod seeds;

use libfuzzer_sys::fuzz_target;
use twox_hash::XxHash3_64;

use golden::{BYTES, HEAD_BYTES};
use memory::File;

/// The hashed records of the head: where each begins, and its length.
const HEADER: (usize, usize) = (0, 4096);
const SLOTS: [(usize, usize); 4] = [(0x1000, 512), (0x1800, 512), (0x3000, 512), (0x3800, 512)];
const TAILS: [(usize, usize); 2] = [(0x2000, 4096), (0x4000, 4096)];

/// A record and an offset, 1 and 2 bytes; a width, 1; a value, 8.
const EDIT_BYTES: usize = 12;

const FILE_ID: std::ops::Range<usize> = 16..32;
/// Where an intent is in the page of a tail image, and its length.
const INTENT: (usize, usize) = (4032, 64);
const TAIL_LENGTH: usize = 56;
const TAIL_HASH: usize = 64;
const GENERATION: usize = 8;
const HEADER_COPY: usize = 96;
const HEADER_COPY_BYTES: usize = 128;

fuzz_target!(
    init: seeds::write(&seeds()),
    |data: &[u8]| {
        let Some((&[fixes], rest)) = data.split_first_chunk() else {
            return;
        };
        let Some((longer, edits)) = rest.split_first_chunk() else {
            return;
        };
        let mut head = BYTES[..HEAD_BYTES].to_vec();
        for edit in edits.chunks_exact(EDIT_BYTES) {
            apply(edit, &mut head);
        }
        Fixes(fixes).apply(&mut head);
        let length = (BYTES.len() as u64).wrapping_add(u64::from_le_bytes(*longer));
        every_way::open_in_every_way(&File::new(&head, length));
    }
);

/// Changes a field of a record.
fn apply(edit: &[u8], head: &mut [u8]) {
    let records = [HEADER].into_iter().chain(SLOTS).chain(TAILS);
    let records: Vec<(usize, usize)> = records.collect();
    let (start, length) = records[edit[0] as usize % records.len()];
    let offset = u16::from_le_bytes([edit[1], edit[2]]) as usize % length;
    let width = [1, 2, 4, 8][edit[3] as usize % 4].min(length - offset);
    head[start + offset..start + offset + width].copy_from_slice(&edit[4..4 + width]);
}

/// Which hashes are fixed, one bit each.
struct Fixes(u8);

impl Fixes {
    const COPIES: u8 = 1;
    const HEADER: u8 = 2;
    const SLOTS: u8 = 4;
    const TAILS: u8 = 8;
    const INTENTS: u8 = 16;

    fn has(&self, fix: u8) -> bool {
        self.0 & fix != 0
    }

    fn apply(&self, head: &mut [u8]) {
        if self.has(Self::COPIES) {
            copy_header(head);
        }
        if self.has(Self::HEADER) {
            put_checksum(head, HEADER);
        }
        for (index, slot) in SLOTS.into_iter().enumerate() {
            if self.has(Self::TAILS) {
                put_tail_hash(head, slot, TAILS[index / 2].0);
            }
            if self.has(Self::SLOTS) {
                put_checksum(head, slot);
            }
        }
        if self.has(Self::INTENTS) {
            for (page, _) in TAILS {
                put_intent_checksum(head, page + INTENT.0);
            }
        }
    }
}

/// Makes every slot repeat what the header says.
fn copy_header(head: &mut [u8]) {
    let header = head[..HEADER_COPY_BYTES].to_vec();
    for (start, _) in SLOTS {
        let copy = start + HEADER_COPY;
        head[copy..copy + HEADER_COPY_BYTES].copy_from_slice(&header);
        let id = start + FILE_ID.start..start + FILE_ID.end;
        head[id].copy_from_slice(&header[FILE_ID]);
    }
}

fn put_checksum(head: &mut [u8], (start, length): (usize, usize)) {
    let end = start + length - 8;
    let checksum = XxHash3_64::oneshot(&head[start..end]);
    head[end..end + 8].copy_from_slice(&checksum.to_le_bytes());
}

fn put_tail_hash(head: &mut [u8], (start, _): (usize, usize), tail: usize) {
    let generation = u64::from_le_bytes(field(head, start + GENERATION));
    let length = u32::from_le_bytes(field(head, start + TAIL_LENGTH)) as usize;
    let image = &head[tail..tail + length.min(4096)];
    let hash = XxHash3_64::oneshot_with_seed(generation, image);
    head[start + TAIL_HASH..start + TAIL_HASH + 8].copy_from_slice(&hash.to_le_bytes());
}

fn put_intent_checksum(head: &mut [u8], start: usize) {
    let half = |at| u64::from_le_bytes(field(head, FILE_ID.start + at));
    let seed = half(0) ^ half(8);
    let end = start + INTENT.1 - 8;
    let checksum = XxHash3_64::oneshot_with_seed(seed, &head[start..end]);
    head[end..end + 8].copy_from_slice(&checksum.to_le_bytes());
}

fn field<const N: usize>(head: &[u8], offset: usize) -> [u8; N] {
    let mut field = [0; N];
    field.copy_from_slice(&head[offset..offset + N]);
    field
}

/// The golden file as it is; with each field of a record set to 0 and to its maximum; and one that
/// claims 2^40 tokens and is as long as that.
fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    const ALL: u8 = Fixes::COPIES | Fixes::HEADER | Fixes::SLOTS | Fixes::TAILS | Fixes::INTENTS;
    let of_header = |value| -> Vec<_> {
        let offsets = (56..112).step_by(8);
        offsets.map(|offset| edit(0, offset, value)).collect()
    };
    let of_slot = |value| -> Vec<_> {
        let offsets = [8, 32, 40, 48, 64, 72];
        offsets.map(|offset| of_newest(offset, value)).concat()
    };
    let tokens = (1 << 40) - 4096 + 100;
    let huge = [
        vec![
            edit(0, 64, 1 << 31),
            edit(0, 72, (1 << 31) + (2 << 20)),
            edit(0, 80, 1 << 40),
        ],
        of_newest(32, tokens).to_vec(),
    ];
    vec![
        ("golden", seed(0, 0, &[])),
        ("golden-fixed", seed(ALL, 0, &[])),
        ("no-newest", seed(0, 0, &of_newest(0, 0))),
        ("header-zero", seed(ALL, 0, &of_header(0))),
        ("header-max", seed(ALL, 0, &of_header(u64::MAX))),
        ("slot-zero", seed(ALL, 0, &of_slot(0))),
        ("slot-max", seed(ALL, 0, &of_slot(u64::MAX))),
        ("few-tokens", seed(ALL, 0, &of_newest(32, 64))),
        ("features", seed(ALL, 0, &[edit(0, 96, 1)])),
        ("tail", seed(ALL, 0, &[edit(5, 9, 1)])),
        ("lost-slot", seed(Fixes::INTENTS, 0, &of_newest(8, 0))),
        ("lost-intent", seed(ALL, 0, &lost_intent())),
        ("features-2", seed(ALL, 0, &[edit(0, 96, 2)])),
        ("huge", seed(ALL, 1 << 47, &huge.concat())),
    ]
}

/// The newest slot gone, and its intent of more tokens than there are.
fn lost_intent() -> Vec<Edit> {
    let tokens = edit(5, INTENT.0 as u16 + 8, 1 << 40);
    [&of_newest(0, 0)[..], &[tokens]].concat()
}

type Edit = [u8; EDIT_BYTES];

fn seed(fixes: u8, longer: u64, edits: &[Edit]) -> Vec<u8> {
    [&[fixes], &longer.to_le_bytes()[..], edits.as_flattened()].concat()
}

/// Sets 8 bytes of a record.
fn edit(record: u8, offset: u16, value: u64) -> Edit {
    let mut edit = [record, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0];
    edit[1..3].copy_from_slice(&offset.to_le_bytes());
    edit[4..].copy_from_slice(&value.to_le_bytes());
    edit
}

/// Sets 8 bytes of both copies of the newest slot.
fn of_newest(offset: u16, value: u64) -> [Edit; 2] {
    [1, 2].map(|record| edit(record, offset, value))
}
