use super::super::{KeepAll, LoseAll};
use super::*;

#[test]
fn a_sync_makes_the_length_durable() {
    let (fs, file) = one_file();
    file.set_len(1_000).unwrap();
    assert_eq!(seen_lens(&fs), BTreeSet::from([0, 1_000]));
    file.sync().unwrap();
    assert_eq!(seen_lens(&fs), BTreeSet::from([1_000]));
}

#[test]
fn any_length_since_the_sync_may_survive() {
    let (fs, file) = one_file();
    write(&file, b"x", 9);
    file.allocate(0, 20).unwrap();
    file.set_len(5).unwrap();
    assert_eq!(seen_lens(&fs), BTreeSet::from([0, 10, 20, 5]));
    file.sync().unwrap();
    assert_eq!(seen_lens(&fs), BTreeSet::from([5]));
}

#[test]
fn a_lost_length_cuts_what_lies_beyond() {
    let (fs, file) = with_old_sectors(1);
    write(&file, &sectors(b'n', 2), 256);
    let images = seen_letters(&fs);
    assert!(images.contains("o"), "{images:?}");
    // The middle of the first sector differs; nothing of the others is left.
    assert!(images.contains("?"), "{images:?}");
    // The length is kept but the data is not.
    assert!(images.contains("o.."), "{images:?}");
    let after = crash(&fs, &mut LoseAll);
    open(&after, "a").set_len(1_024).unwrap();
    assert_eq!(letters(&content(&after, "a")), "o.");
}

#[test]
fn a_sector_kept_is_zero_beyond_the_length_that_survived() {
    let (fs, file) = one_file();
    write(&file, b"old", 0);
    file.sync().unwrap();
    write(&file, b"new", 3);
    let images = seen(&fs, |after| {
        let file = open(after, "a");
        let len = file.len().unwrap();
        file.set_len(6).unwrap();
        (len, content_of(&file))
    });
    let image = |len, bytes: &[u8]| (len, bytes.to_vec());
    let cut = image(3, b"old\0\0\0");
    let (lost, kept) = (image(6, b"old\0\0\0"), image(6, b"oldnew"));
    assert_eq!(images, BTreeSet::from([cut, lost, kept]));
}

#[test]
fn bytes_cut_and_grown_again_are_zero() {
    let (fs, file) = with_old_sectors(10);
    file.set_len(700).unwrap();
    file.set_len(5_120).unwrap();
    let mut expected = vec![0; 5_120];
    expected[..700].fill(b'o');
    assert!(content_of(&file) == expected);
    assert!(content(&crash(&fs, &mut KeepAll), "a") == expected);
    file.sync().unwrap();
    assert!(content(&crash(&fs, &mut LoseAll), "a") == expected);
}

#[test]
fn an_unsynced_cut_may_be_undone() {
    let (fs, file) = with_old_sectors(2);
    file.set_len(512).unwrap();
    assert_eq!(seen_letters(&fs), set(["o", "oo", "o."]));
}

#[test]
fn a_write_beyond_the_end_leaves_a_hole() {
    let (_fs, file) = one_file();
    write(&file, &sectors(b'n', 1), 1_024);
    assert_eq!(letters(&content_of(&file)), "..n");
    let mut buffer = [1; 4];
    assert_eq!(file.read_at(&mut buffer, 1_535).unwrap(), 1);
    assert_eq!(file.read_at(&mut buffer, 1_536).unwrap(), 0);
    assert_eq!(file.read_at(&mut buffer, u64::MAX).unwrap(), 0);
}

#[test]
fn a_write_of_nothing_does_not_extend() {
    let (_fs, file) = one_file();
    assert_eq!(file.write_at(&[], 100).unwrap(), 0);
    assert_eq!(file.len().unwrap(), 0);
}

fn seen_lens(fs: &SimFs) -> BTreeSet<u64> {
    seen(fs, |after| open(after, "a").len().unwrap())
}
