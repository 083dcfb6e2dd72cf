use super::super::{KeepAll, LoseAll, Seeded};
use super::*;

const MODES: [Atomicity; 2] = [Atomicity::Split, Atomicity::Scramble];

#[test]
fn a_split_sector_begins_new_and_ends_old() {
    let (fs, file) = with_old_sectors(1);
    write(&file, &sectors(b'n', 1), 0);
    let mut splits = BTreeSet::new();
    for seed in 0..300 {
        let after = fs.crash(&mut Seeded::new(seed), Atomicity::Split);
        let bytes = content(&after, "a");
        let new = bytes.iter().take_while(|byte| **byte == b'n').count();
        assert!(bytes[new..].iter().all(|byte| *byte == b'o'), "seed {seed}");
        splits.insert(new);
    }
    assert!(splits.contains(&0) && splits.contains(&SECTOR));
    assert!(splits.len() > 10, "{splits:?}");
}

#[test]
fn noise_stays_within_pages_that_were_being_written() {
    let (fs, file) = with_old_sectors(16);
    write(&file, &sectors(b'n', 1), 0);
    let mut noisy = BTreeSet::new();
    for seed in 0..300 {
        let after = fs.crash(&mut Seeded::new(seed), Atomicity::Scramble);
        for (index, letter) in letters(&content(&after, "a")).chars().enumerate() {
            if !"on".contains(letter) {
                noisy.insert(index);
            }
        }
    }
    assert_eq!(noisy, (0..8).collect());
}

#[test]
fn the_extremes_tear_nothing() {
    let (fs, file) = with_old_sectors(2);
    write(&file, &sectors(b'n', 1), 0);
    for mode in MODES {
        let letters = |fs: SimFs| letters(&content(&fs, "a"));
        assert_eq!(letters(fs.crash(&mut KeepAll, mode)), "no");
        assert_eq!(letters(fs.crash(&mut LoseAll, mode)), "oo");
    }
}

#[test]
fn synced_pages_are_never_torn() {
    let (fs, _file) = with_old_sectors(2);
    for seed in 0..100 {
        for mode in MODES {
            let after = fs.crash(&mut Seeded::new(seed), mode);
            assert_eq!(letters(&content(&after, "a")), "oo", "seed {seed}");
        }
    }
}
