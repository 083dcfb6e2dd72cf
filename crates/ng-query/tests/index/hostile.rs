//! Every byte of an index is hostile until it is checked.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::thread;

use ng_query::Column;
use ng_query::index::{BuildOptions, Index, IndexWarning};
use ng_token::Space;
use twox_hash::XxHash3_64;

use crate::amount::{count, scale};
use crate::fixture::{Oracle, Place, append, names, save, tell_answers, tokens};

/// One block: whatever can go wrong with two can with one, and other tests have more.
const COUNT: usize = 4096 + 10;

const COLUMNS: [Column; 1] = [Column::Strength];
const SPACES: [Space; 1] = [Space::Physical];

fn small() -> BuildOptions {
    BuildOptions::new().columns(COLUMNS).boxes(SPACES).ids(true)
}

fn built() -> Place {
    let place = Place::of(COUNT);
    place.build(&small());
    place
}

fn oracle() -> Oracle {
    Oracle::new(&tokens(0, COUNT), &COLUMNS, &SPACES)
}

/// Every n-th bit and length; all of them if a release build is asked for ten times as much. One
/// case takes a debug build a millisecond, and there are two thirds of a million.
fn step() -> usize {
    let step: usize = if cfg!(debug_assertions) { 211 } else { 9 };
    step.div_ceil(scale() as usize)
}

/// Reports cases of which only every n-th ran.
fn count_steps(name: &str, number: u64) {
    match step() {
        1 => count(name, number),
        step => count(&format!("{name} (one of {step})"), number),
    }
    tell_answers();
}

/// The files of an index, except the lock, which is empty.
fn files(place: &Place) -> Vec<std::path::PathBuf> {
    let names = names(&place.index());
    names
        .iter()
        .filter(|name| *name != "lock")
        .map(|name| place.index().join(name))
        .collect()
}

/// Loads an index with altered files, and compares it with the records.
fn check(place: &Place, oracle: &Oracle, what: &dyn Fn() -> String) -> Option<Index> {
    let index = Index::load(&place.reader())?;
    let said = oracle.check(&index);
    // What is missing is reported.
    let is_told = said == oracle.whole() || !index.warnings().is_empty();
    assert!(is_told, "{}: {said:?}", what());
    Some(index)
}

/// Flips single bits of a file, and checks all answers each time.
fn flip(place: &Place, oracle: &Oracle, path: &Path, bits: impl Iterator<Item = usize>) -> u64 {
    let bytes = fs::read(path).unwrap();
    let file = OpenOptions::new().write(true).open(path).unwrap();
    let mut flips = 0;
    for bit in bits {
        let (byte, place_in_file) = (bytes[bit / 8], (bit / 8) as u64);
        file.write_all_at(&[byte ^ 1 << (bit % 8)], place_in_file)
            .unwrap();
        check(place, oracle, &|| {
            format!("bit {bit} of {}", path.display())
        });
        file.write_all_at(&[byte], place_in_file).unwrap();
        flips += 1;
    }
    flips
}

/// By two threads, each with its own index.
#[test]
fn no_flipped_bit_makes_a_wrong_answer() {
    let (oracle, step) = (oracle(), step());
    let flips = thread::scope(|scope| {
        let flips = [0, 1].map(|thread| {
            let oracle = &oracle;
            scope.spawn(move || {
                let place = built();
                let mut flips = 0;
                for path in files(&place) {
                    let bits = 8 * fs::metadata(&path).unwrap().len() as usize;
                    flips += flip(
                        &place,
                        oracle,
                        &path,
                        (thread * step..bits).step_by(2 * step),
                    );
                }
                assert_eq!(oracle.check(&place.load().unwrap()), oracle.whole());
                flips
            })
        });
        flips.map(|flips| flips.join().unwrap()).iter().sum()
    });
    count_steps("index: bits flipped, one at a time", flips);
}

#[test]
fn no_file_that_was_cut_makes_a_wrong_answer() {
    let (place, oracle) = (built(), oracle());
    let mut cuts = 0;
    for path in files(&place) {
        let bytes = fs::read(&path).unwrap();
        for length in (0..bytes.len()).rev().step_by(step()) {
            OpenOptions::new()
                .write(true)
                .open(&path)
                .unwrap()
                .set_len(length as u64)
                .unwrap();
            let index = check(&place, &oracle, &|| {
                format!("{} cut to {length}", path.display())
            })
            .unwrap();
            assert!(!index.warnings().is_empty());
            cuts += 1;
        }
        fs::remove_file(&path).unwrap();
        check(&place, &oracle, &|| format!("{} removed", path.display()));
        fs::write(&path, [&bytes[..], &[0]].concat()).unwrap();
        check(&place, &oracle, &|| {
            format!("{} made longer", path.display())
        });
        fs::write(&path, &bytes).unwrap();
    }
    assert_eq!(oracle.check(&place.load().unwrap()), oracle.whole());
    count_steps("index: lengths that files were cut to", cuts);
}

/// Of another file with other tokens, of the same lengths.
#[test]
fn no_file_of_another_index_makes_a_wrong_answer() {
    let (place, other, oracle) = (built(), Place::new(), oracle());
    save(&other.file(), &tokens(1, COUNT));
    other.build(&small());
    let mut swaps = 0;
    for path in files(&place) {
        let own = fs::read(&path).unwrap();
        for theirs in files(&other) {
            fs::copy(theirs, &path).unwrap();
            let index = check(&place, &oracle, &|| path.display().to_string()).unwrap();
            assert!(oracle.check(&index) != oracle.whole(), "{}", path.display());
            swaps += 1;
        }
        fs::write(&path, own).unwrap();
    }
    // All of it together belongs to the other file.
    fs::remove_dir_all(place.index()).unwrap();
    fs::rename(other.index(), place.index()).unwrap();
    let index = place.load().unwrap();
    assert_eq!(index.covered_blocks(), 0);
    let told = index.warnings();
    assert!(
        matches!(told[..], [IndexWarning::OtherFile { .. }]),
        "{told:?}"
    );
    // The next build makes it this file's.
    place.build(&small());
    assert_eq!(oracle.check(&place.load().unwrap()), oracle.whole());
    count("index: files swapped", swaps + 1);
    tell_answers();
}

/// A rotten piece costs only itself, and is reported once for a column.
#[test]
fn a_rotten_piece_is_told_once_and_costs_no_other() {
    let place = Place::of(3 * 4096);
    place.build(&small());
    let oracle = Oracle::new(&tokens(0, 3 * 4096), &COLUMNS, &SPACES);
    let path = place.index_file("columns-00000");
    let length = fs::metadata(&path).unwrap().len();
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    // In the blocks 0 and 1.
    for at in [length / 2 - 4096, length / 2] {
        file.write_all_at(&[0xFF; 2], at).unwrap();
    }
    let index = place.load().unwrap();
    let whole = oracle.whole();
    for _ in 0..2 {
        let said = oracle.check(&index);
        assert_eq!(said.pieces, 1);
        assert_eq!(
            (said.zones, said.boxes, said.id_pieces),
            (whole.zones, whole.boxes, whole.id_pieces)
        );
    }
    let told = index.warnings();
    assert_eq!(told.len(), 1, "{told:?}");
    let told = told[0].to_string();
    assert!(told.contains("piece 0 of strength has hash 0x"), "{told}");
    // A build checks only that the files have their lengths.
    assert_eq!(place.build(&small()).read_blocks, 0);
    assert_eq!(place.build(&small().rebuild(true)).read_blocks, 3);
    assert_eq!(oracle.check(&place.load().unwrap()), whole);
}

/// A build that continues from rotten files does not carry the damage over.
#[test]
fn a_build_carries_nothing_over_that_is_rotten() {
    let all = tokens(0, 257 * 4096);
    let options = BuildOptions::new().ids(true);
    let whole = Place::of(256 * 4096);
    whole.build(&options);
    append(&whole.file(), &all[256 * 4096..]);
    let oracle = Oracle::new(&all, &[], &[]);
    for begin in ["index.json", "zones-", "pieces-", "ids-"] {
        let place = Place::new();
        fs::copy(whole.file(), place.file()).unwrap();
        fs::create_dir(place.index()).unwrap();
        for path in files(&whole) {
            fs::copy(&path, place.index().join(path.file_name().unwrap())).unwrap();
        }
        let path = place.index_file(begin);
        let middle = fs::metadata(&path).unwrap().len() / 2;
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        file.write_all_at(&[0xA5], middle).unwrap();
        let report = place.build(&options);
        let index = place.load().unwrap();
        assert_eq!(oracle.check(&index), oracle.whole(), "{begin}");
        assert!(
            index.warnings().is_empty(),
            "{begin}: {:?}",
            index.warnings()
        );
        assert_eq!(report.read_blocks, 257, "{begin}");
    }
    assert_eq!(whole.build(&options).read_blocks, 1);
    assert_eq!(oracle.check(&whole.load().unwrap()), oracle.whole());
}

#[test]
fn a_pipe_or_a_folder_in_the_place_of_a_file_is_put_aside() {
    let (place, oracle) = (built(), oracle());
    for begin in ["zones-", "pieces-", "columns-", "ids-", "index.json"] {
        let path = place.index_file(begin);
        let bytes = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        let index = check(&place, &oracle, &|| begin.to_owned()).unwrap();
        assert!(!index.warnings().is_empty());
        fs::remove_dir(&path).unwrap();
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        if made.is_ok_and(|made| made.success()) {
            check(&place, &oracle, &|| begin.to_owned());
            fs::remove_file(&path).unwrap();
        }
        fs::write(&path, bytes).unwrap();
    }
}

/// A manifest says how long a file is, and a sparse file may be long and hold nothing: no memory is
/// taken for what is not there, and no process dies of it.
#[test]
fn files_that_are_longer_than_any_memory_are_put_aside() {
    for begin in ["zones-", "pieces-", "columns-", "boxes-", "ids-"] {
        let (place, oracle) = (built(), oracle());
        let path = place.index_file(begin);
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        let before = file.metadata().unwrap().len();
        let lengths = (40..=60).rev().map(|bits| 1 << bits);
        let Some(length) = lengths
            .into_iter()
            .find(|bytes| file.set_len(*bytes).is_ok())
        else {
            println!("skipped {begin}: no file can be so long here");
            continue;
        };
        forge(
            &place,
            path.file_name().unwrap().to_str().unwrap(),
            before,
            length,
        );
        let index = check(&place, &oracle, &|| format!("{begin} {length}")).unwrap();
        let told = format!("{:?}", index.warnings());
        assert!(told.contains("Unreadable"), "{begin} {length}: {told}");
    }
}

/// Makes the manifest say that a file is longer, with a correct hash.
fn forge(place: &Place, file: &str, before: u64, length: u64) {
    let path = place.index().join("index.json");
    let json = fs::read_to_string(&path).unwrap();
    let (head, rest) = json.split_at(json.find(file).unwrap());
    let old = format!("\"size_bytes\": {before}");
    assert!(rest.contains(&old));
    let forged = head.to_owned() + &rest.replacen(&old, &format!("\"size_bytes\": {length}"), 1);
    let fields = &forged[..forged.rfind(",\n\"hash\"").unwrap()];
    let hash = XxHash3_64::oneshot(fields.as_bytes());
    fs::write(&path, format!("{fields},\n\"hash\":\"{hash:016x}\"}}\n")).unwrap();
}
