//! The bytes that another implementation makes: `tests/fixtures/golden.py` wrote the hashes.

use ng_synth::Synth;
use ng_synth::ng_token::{Token, as_bytes};

/// Kind, seed and first index, and the hash of a thousand tokens.
const GOLDEN: [(&str, u64, u64, u64); 8] = [
    ("uniform", 0x0, 0, 0x6dc2_12ad_43d8_e732),
    ("uniform", 0x7, 0, 0x1084_858d_3890_39f2),
    ("uniform", u64::MAX, 0, 0x85db_e6e5_9f87_ad25),
    ("uniform", 0x7, (1 << 40) - 500, 0xddfe_4e9c_ed3c_df62),
    ("clustered", 0x0, 0, 0xd479_9580_ee5d_7d93),
    ("clustered", 0x7, 0, 0x6cae_4eb8_312b_6288),
    ("clustered", u64::MAX, 0, 0xd7a2_6887_6542_e376),
    ("clustered", 0x7, (1 << 40) - 500, 0x85cb_6be1_7847_10d5),
];

/// FNV-1a.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    })
}

#[test]
fn a_thousand_tokens_have_the_golden_hash() {
    for (kind, seed, first, expected) in GOLDEN {
        let synth = match kind {
            "uniform" => Synth::uniform(seed),
            _ => Synth::clustered(seed),
        };
        let tokens: Vec<Token> = (first..first + 1_000)
            .map(|index| synth.token(index))
            .collect();
        let found = hash(as_bytes(&tokens));
        assert_eq!(
            found, expected,
            "{kind} {seed:#x} from {first}: {found:#018x}"
        );
    }
}
