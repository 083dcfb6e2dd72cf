//! Compares with `tests/fixtures/second_reader.c`, a reader in C written from
//! `docs/file-format.md` alone, by someone who had not seen this crate: both must agree on
//! every file, sound or damaged.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use ng_store::{
    BLOCK_TOKENS, BlockReader, Cause, FileInfo, FileWriter, Finding, OpenError, ReadError,
    VerifyBlocks,
};
use twox_hash::XxHash3_64;

use crate::amount;

use super::fixture::{Place, file_of, flip, open_append, read_at, set_len, write_at};
use super::lies::lie;

const DATA: u64 = 2 << 20;
const SLOTS: [u64; 2] = [0x1000, 0x3000];
const TAILS: [u64; 2] = [0x2000, 0x4000];
const INTENT: u64 = 4032;

/// Compiles the reader; `None` without a C compiler.
fn compile(place: &Place) -> Option<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/second_reader.c");
    let program = place.named("second_reader");
    let compiled = Command::new("cc")
        .args(["-std=c11", "-O2", "-o"])
        .args([&program, &source])
        .status();
    match compiled {
        Ok(status) => {
            assert!(status.success(), "the second reader does not compile");
            Some(program)
        }
        Err(error) => {
            eprintln!("skipped: no C compiler: {error}");
            None
        }
    }
}

fn theirs(program: &Path, rules: &str, path: &Path) -> String {
    let ran = Command::new(program)
        .args(["--rules", rules])
        .arg(path)
        .output()
        .unwrap();
    let said = String::from_utf8(ran.stdout).unwrap();
    let line = said.trim_end();
    assert!(ran.status.success(), "{line}");
    // It may print the file name first.
    line[line.find("verdict=").unwrap()..].to_owned()
}

/// This crate's findings, in the second reader's words.
fn ours(path: &Path) -> String {
    let reader = match BlockReader::open(path) {
        Ok(reader) => reader,
        Err(error) => {
            let verdict = match error {
                OpenError::NotATokenFile { .. } => "not-a-token-file",
                OpenError::Truncated { .. } => "truncated",
                OpenError::NoCommit { .. } => "no-commit",
                // Of a slot, for want of one that can be taken.
                OpenError::Field { offset, .. } if offset >= SLOTS[0] => "no-commit",
                OpenError::Unsupported { .. }
                | OpenError::Version { .. }
                | OpenError::Features { .. } => "unsupported",
                _ => "refused",
            };
            return format!(
                "verdict={verdict} version=- generation=- tokens=- tag=- append=- slot=- \
                 findings=- bad=- tail=- digest=-"
            );
        }
    };
    let info = reader.info();
    let report = reader.verify().unwrap();
    let tail_block = (reader.len() % BLOCK_TOKENS as u64 > 0).then(|| reader.block_count() - 1);
    let tail = match tail_block {
        None => "none",
        Some(block) => match report.bad.iter().find(|bad| bad.block == block) {
            None => "sound",
            Some(bad) if bad.cause == Cause::RestorableTail => "restorable",
            Some(_) => "bad",
        },
    };
    let mut bad = list(report.bad.iter().map(|bad| bad.block.to_string()));
    if matches!(reader.check_table(), Err(ReadError::TableDamaged { .. })) {
        bad += "+table";
    }
    let slot = slot_of(&info, path);
    let is_ok =
        bad == "none" && !slot.starts_with("lost") && !info.findings.contains(&Finding::Header);
    let verdict = if is_ok { "ok" } else { "damaged" };
    let mut findings: Vec<String> = info.findings.iter().filter_map(finding_of).collect();
    findings.sort();
    format!(
        "verdict={verdict} version={}.{} generation={} tokens={} tag={} append={} slot={slot} \
         findings={} bad={bad} tail={tail} digest={:016x}",
        info.version.0,
        info.version.1,
        info.generation,
        info.tokens,
        info.tag,
        append_of(path),
        list(findings.into_iter()),
        digest(path, &info),
    )
}

fn list(words: impl Iterator<Item = String>) -> String {
    let joined = words.collect::<Vec<_>>().join(",");
    if joined.is_empty() {
        "none".to_owned()
    } else {
        joined
    }
}

fn slot_of(info: &FileInfo, path: &Path) -> String {
    let said = info.findings.iter().find_map(|finding| match finding {
        Finding::Slot { .. } => Some("older".to_owned()),
        Finding::SlotLost { lost: None, .. } => Some("lost:?".to_owned()),
        Finding::SlotLost {
            lost: Some(lost), ..
        } => Some(format!("lost:{lost}")),
        Finding::FirstCommitMissing => Some("first-missing".to_owned()),
        // One copy damaged and one never written: a first commit was under way.
        Finding::SlotCopy { slot: 1, .. } if is_blank(path, [0x3000, 0x3800], 1) => {
            Some("first-missing".to_owned())
        }
        _ => None,
    });
    let other = SLOTS[1 - (info.generation & 1) as usize];
    let is_new = is_blank(path, [other, other + 2048], 2);
    said.unwrap_or_else(|| if is_new { "new" } else { "sound" }.to_owned())
}

/// Tells whether this many of the two copies are zero.
fn is_blank(path: &Path, copies: [u64; 2], count: usize) -> bool {
    let zero = copies.map(|copy| usize::from(read_at::<512>(path, copy) == [0; 512]));
    zero.iter().sum::<usize>() == count
}

fn finding_of(finding: &Finding) -> Option<String> {
    match finding {
        Finding::Header => Some("header".to_owned()),
        Finding::SlotCopy { slot, copy } => Some(format!("copy:{slot}.{copy}")),
        Finding::CopiesDiffer { slot } => Some(format!("differ:{slot}")),
        Finding::Gap { offset } => Some(format!("gap:{offset:#x}")),
        Finding::TailImage { slot } => Some(format!("image:{slot}")),
        _ => None,
    }
}

/// Whether a copy of the file can be appended to, or why not.
fn append_of(path: &Path) -> &'static str {
    let copy = path.with_extension("copy");
    fs::copy(path, &copy).unwrap();
    match FileWriter::open_append(&copy) {
        Ok(_) => "yes",
        Err(OpenError::HeaderDamaged { .. }) => "header",
        Err(OpenError::ReadOnlyFeatures { .. }) => "features",
        Err(OpenError::SlotLost { .. }) => "slot-lost",
        Err(OpenError::TailDamaged { .. }) => "tail",
        Err(error) => panic!("{error}"),
    }
}

fn digest(path: &Path, info: &FileInfo) -> u64 {
    let bytes = fs::read(path).unwrap();
    let start = info.data_offset as usize;
    let end = start + info.tokens as usize * 64;
    XxHash3_64::oneshot(&bytes[start.min(bytes.len())..end.min(bytes.len())])
}

/// The change to a file before both read it.
type Harm = (&'static str, fn(&Path));

const HARMS: &[Harm] = &[
    ("nothing", |_| ()),
    ("a bit of the header", |path| flip_at(path, 333)),
    ("the magic", |path| flip_at(path, 0)),
    ("the header page", |path| write_at(path, 0, &[0; 4096])),
    ("header and slots", |path| write_at(path, 0, &[0; 0x5000])),
    ("copy 0.0", |path| flip_at(path, SLOTS[0] + 40)),
    ("copy 0.1", |path| flip_at(path, SLOTS[0] + 2048 + 40)),
    ("copy 1.0", |path| flip_at(path, SLOTS[1] + 40)),
    ("copy 1.1", |path| flip_at(path, SLOTS[1] + 2048 + 40)),
    ("slot 0", |path| write_at(path, SLOTS[0], &[0; 4096])),
    ("slot 1", |path| write_at(path, SLOTS[1], &[0; 4096])),
    ("slot 0 by noise", |path| {
        write_at(path, SLOTS[0], &[0x55; 4096]);
    }),
    ("slot 1 by noise", |path| {
        write_at(path, SLOTS[1], &[0x55; 4096]);
    }),
    ("both slots", |path| {
        for slot in SLOTS {
            write_at(path, slot, &[0; 4096]);
        }
    }),
    ("intent 0", |path| flip_at(path, TAILS[0] + INTENT + 8)),
    ("intent 1", |path| flip_at(path, TAILS[1] + INTENT + 8)),
    ("slot and intent 0", |path| {
        write_at(path, SLOTS[0], &[0; 4096]);
        write_at(path, TAILS[0] + INTENT, &[0; 64]);
    }),
    ("slot and intent 1", |path| {
        write_at(path, SLOTS[1], &[0; 4096]);
        write_at(path, TAILS[1] + INTENT, &[0; 64]);
    }),
    ("gaps", |path| {
        write_at(path, SLOTS[0] + 600, &[1]);
        write_at(path, SLOTS[1] + 4000, &[1]);
    }),
    ("tail image 0", |path| flip_at(path, TAILS[0] + 5)),
    ("tail image 1", |path| flip_at(path, TAILS[1] + 5)),
    ("the first table entry", |path| flip_at(path, 0x10000)),
    ("the first token", |path| flip_at(path, DATA)),
    ("a token of the second block", |path| {
        flip_at(path, DATA + 5000 * 64);
    }),
    ("the spare header", |path| {
        write_at(path, 0xF000, &[7; 4096]);
    }),
    ("the zeros", |path| write_at(path, 0x6000, &[7; 100])),
    ("its end", |path| set_len(path, DATA + 64)),
    ("all but its head", |path| set_len(path, 0x10000)),
    ("all but half its head", |path| set_len(path, 0x3000)),
    ("all but its magic", |path| set_len(path, 8)),
    ("all of it", |path| set_len(path, 0)),
    ("a record size", |path| {
        lie::<4096>(path, 0, 32, &[65, 0, 0, 0]);
    }),
    ("the layout", |path| lie::<4096>(path, 0, 40, &[0xFF; 8])),
    ("a major version", |path| lie::<4096>(path, 0, 8, &[2, 0])),
    ("an incompatible feature", |path| lie_in_all(path, 88, &[2])),
    ("a read-only feature", |path| lie_in_all(path, 96, &[3])),
    ("a minor version", |path| lie_in_all(path, 10, &[9])),
    ("a data offset", |path| lie::<4096>(path, 0, 72, &[1])),
    ("a slot of another file", |path| {
        let copy: [u8; 512] = read_at(path, SLOTS[1]);
        write_at(path, SLOTS[0], &copy);
    }),
    ("a tail length", |path| {
        for copy in [0, 2048] {
            lie::<512>(path, SLOTS[0] + copy, 56, &[3]);
        }
    }),
    ("two tags", |path| lie::<512>(path, SLOTS[0], 88, &[3])),
];

/// Flips a bit of a byte, if the file has it.
fn flip_at(path: &Path, offset: u64) {
    if offset < fs::metadata(path).unwrap().len() {
        flip(path, offset * 8);
    }
}

/// Changes the header, and lets the slots say the same.
fn lie_in_all(path: &Path, offset: usize, bytes: &[u8]) {
    lie::<4096>(path, 0, offset, bytes);
    let header: [u8; 128] = read_at(path, 0);
    for slot in SLOTS {
        for copy in [slot, slot + 2048] {
            if read_at::<512>(path, copy) != [0; 512] {
                lie::<512>(path, copy, 96, &header);
            }
        }
    }
}

/// Creates named files: both golden ones, and some with other counts.
fn originals(place: &Place) -> Vec<PathBuf> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut paths = Vec::new();
    for minor in [0, 1] {
        let path = place.named(&format!("golden-1.{minor}.ngt"));
        fs::copy(fixtures.join(path.file_name().unwrap()), &path).unwrap();
        paths.push(path);
    }
    for counts in [&[][..], &[100], &[4096], &[64, 4160], &[5000, 9000, 9001]] {
        let path = place.named(&format!("{counts:?}.ngt"));
        file_of(&path, counts);
        paths.push(path);
    }
    let reopened = place.named("reopened.ngt");
    file_of(&reopened, &[4500]);
    drop(open_append(&reopened).unwrap());
    paths.push(reopened);
    paths
}

#[test]
fn a_reader_written_from_the_document_says_the_same_of_every_file() {
    let place = Place::new();
    let Some(program) = compile(&place) else {
        return;
    };
    let mut read = 0;
    for original in originals(&place) {
        for (harm, act) in HARMS {
            let path = place.named("harmed.ngt");
            fs::copy(&original, &path).unwrap();
            act(&path);
            let (ours, theirs) = (ours(&path), theirs(&program, "1.1", &path));
            if ours != theirs {
                eprintln!("DIFF {} {harm}\n  {ours}\n  {theirs}", original.display());
            }
            read += 1;
        }
    }
    amount::count("files read by a second reader, too", read);
}

/// Without the rules of 1.1 it reads such files, but does not append to them.
#[test]
fn a_reader_of_format_1_0_reads_files_of_1_1_and_refuses_to_append() {
    let place = Place::new();
    let Some(program) = compile(&place) else {
        return;
    };
    for original in originals(&place) {
        let (today, then) = (
            theirs(&program, "1.1", &original),
            theirs(&program, "1.0", &original),
        );
        let is_of_1_0 = today.contains("version=1.0");
        let expected = match is_of_1_0 {
            true => today.clone(),
            false => today.replace("append=yes", "append=features"),
        };
        assert_eq!(then, expected, "{}", original.display());
        assert!(today.contains("append=yes"), "{today}");
    }
}
