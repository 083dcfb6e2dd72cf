use super::super::{KeepAll, LoseAll, Seeded};
use super::*;

#[test]
fn synced_sectors_survive_every_power_cut() {
    let (fs, _file) = with_old_sectors(3);
    assert_eq!(seen_letters(&fs), set(["ooo"]));
}

#[test]
fn unsynced_sectors_are_kept_lost_or_torn_apart() {
    let (fs, file) = with_old_sectors(3);
    write(&file, &sectors(b'n', 2), 0);
    assert_eq!(seen_letters(&fs), set(["ooo", "noo", "ono", "nno"]));
}

#[test]
fn every_content_since_the_sync_may_be_the_one_that_survives() {
    let (fs, file) = with_old_sectors(1);
    for byte in *b"123" {
        write(&file, &sectors(byte, 1), 0);
    }
    assert_eq!(seen_letters(&fs), set(["o", "1", "2", "3"]));
    file.sync().unwrap();
    assert_eq!(seen_letters(&fs), set(["3"]));
}

#[test]
fn what_makes_no_difference_is_not_a_choice() {
    let (fs, file) = with_old_sectors(2);
    write(&file, &sectors(b'o', 2), 0);
    file.set_len(1_024).unwrap();
    assert_eq!(combinations(&fs), 1);
    // The length, and the sector unless its page is cut.
    write(&file, &sectors(b'n', 1), 4_096);
    assert_eq!(combinations(&fs), 3);
}

#[test]
fn writeback_makes_nothing_durable() {
    let (fs, file) = with_old_sectors(1);
    write(&file, &sectors(b'n', 1), 0);
    file.start_writeback(0, 512).unwrap();
    assert_eq!(seen_letters(&fs), set(["o", "n"]));
}

#[test]
fn a_sync_is_for_one_file() {
    let fs = SimFs::new();
    let (a, b) = (create(&fs, "a"), create(&fs, "b"));
    dir(&fs).sync().unwrap();
    write(&a, b"a", 0);
    write(&b, b"b", 0);
    a.sync().unwrap();
    let after = crash(&fs, &mut LoseAll);
    assert_eq!(content(&after, "a"), b"a");
    assert_eq!(content(&after, "b"), b"");
}

#[test]
fn the_extremes_are_all_kept_and_all_lost() {
    let (fs, file) = with_old_sectors(2);
    write(&file, &sectors(b'n', 4), 0);
    let lost = crash(&fs, &mut LoseAll);
    let kept = crash(&fs, &mut KeepAll);
    assert_eq!(letters(&content(&lost, "a")), "oo");
    assert_eq!(letters(&content(&kept, "a")), "nnnn");
}

#[test]
fn a_seed_decides_alone_and_seeds_reach_every_image() {
    let (fs, file) = with_old_sectors(3);
    write(&file, &sectors(b'n', 3), 0);
    let image = |seed| letters(&content(&crash(&fs, &mut Seeded::new(seed)), "a"));
    let images: BTreeSet<String> = (0..200).map(image).collect();
    let again: BTreeSet<String> = (0..200).map(image).collect();
    assert_eq!(images, again);
    assert_eq!(images, seen_letters(&fs));
    assert_eq!(images.len(), 8);
}

#[test]
fn what_survived_is_durable() {
    let (fs, file) = with_old_sectors(1);
    write(&file, &sectors(b'n', 2), 0);
    file.set_len(4_000).unwrap();
    let after = crash(&fs, &mut KeepAll);
    assert_eq!(combinations(&after), 1);
    let again = crash(&after, &mut LoseAll);
    assert_eq!(letters(&content(&again, "a")), "nn......");
    assert_eq!(again.used_sectors(), 2);
}

#[test]
fn a_crash_and_a_fork_leave_the_original_alone() {
    let (fs, file) = with_old_sectors(1);
    write(&file, &sectors(b'n', 1), 0);
    let fork = fs.fork();
    for other in [crash(&fs, &mut LoseAll), fork] {
        write(&open(&other, "a"), &sectors(b'x', 1), 0);
        open(&other, "a").sync().unwrap();
        assert_eq!(letters(&content_of(&file)), "n");
        assert_eq!(seen_letters(&fs), set(["o", "n"]));
    }
}

#[test]
fn moments_are_what_the_disk_was_after_each_operation() {
    let (fs, file) = with_old_sectors(1);
    fs.record_moments();
    write(&file, &sectors(b'1', 1), 0);
    content_of(&file);
    write(&file, &sectors(b'2', 1), 0);
    file.sync().unwrap();
    let moments = fs.take_moments();
    let images: Vec<(u64, String, String)> = moments
        .iter()
        .map(|moment| {
            let lost = moment.crash(&mut LoseAll, Atomicity::Sector);
            let kept = moment.crash(&mut KeepAll, Atomicity::Sector);
            let letters = |fs| letters(&content(&fs, "a"));
            (moment.operations(), letters(lost), letters(kept))
        })
        .collect();
    // Four operations came before; a read records no moment, but counts.
    let image = |at, lost: &str, kept: &str| (at, lost.to_owned(), kept.to_owned());
    let expected = [image(5, "o", "1"), image(8, "o", "2"), image(9, "2", "2")];
    assert_eq!(images, expected);
    assert!(fs.take_moments().is_empty());
}

#[test]
fn accesses_of_any_place_and_size_are_those_of_a_vector() {
    let (fs, file) = one_file();
    let mut oracle: Vec<u8> = Vec::new();
    let mut word = 9_u64;
    for step in 0..400_u64 {
        word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let (at, count) = (
            (word >> 33) as usize % 20_000,
            (word >> 50) as usize % 9_000,
        );
        match step % 7 {
            0 => {
                oracle.resize(at, 0);
                file.set_len(at as u64).unwrap();
            }
            1 => file.sync().unwrap(),
            _ => {
                oracle.resize(oracle.len().max(at + count), 0);
                oracle[at..at + count].fill(step as u8);
                write(&file, &vec![step as u8; count], at as u64);
            }
        }
        assert!(content_of(&file) == oracle, "step {step}");
    }
    let kept = crash(&fs, &mut KeepAll);
    assert!(content(&kept, "a") == oracle);
}

fn create(fs: &SimFs, name: &str) -> SimFile {
    dir(fs).create_exclusive(name).unwrap()
}
