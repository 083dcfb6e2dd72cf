//! Any bytes as the files of the index of a small token file.
//!
//! A byte of what to fix, then edits: which file, where, and 4 bytes. Without any fix, the answers
//! of the index are right; with fixed hashes they may be lies, but must not panic, nor take more
//! memory than the files have.

#![no_main]

mod allocations;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use ng_query::index::{BuildOptions, Index, build};
use ng_query::ng_parallel::Workers;
use ng_query::ng_store::ng_token::{Space, Token};
use ng_query::ng_store::{BlockReader, CreateOptions, VecStore};
use ng_query::{Column, Zone};
use twox_hash::XxHash3_64;

use allocations::at_most;

/// Two blocks, and a token of a third.
const COUNT: u32 = 2 * 4096 + 1;

/// Twice the size of all files, and what a block is read into.
const BYTES: usize = 4 << 20;

/// File, offset, 4 bytes.
const EDIT_BYTES: usize = 8;

/// Fixes: the hashes of the whole files in the manifest, and its own.
const WHOLE: u8 = 1;
/// The last edit truncates or extends the manifest.
const LENGTH: u8 = 2;

const COLUMNS: [Column; 2] = [Column::Weight, Column::Strength];

/// The file, and its index as it was built.
struct Subject {
    reader: BlockReader,
    tokens: Vec<Token>,
    folder: PathBuf,
    files: Vec<(PathBuf, Vec<u8>)>,
}

static SUBJECT: OnceLock<Subject> = OnceLock::new();

fn token(index: u32) -> Token {
    let random = index.wrapping_mul(0x9E37_79B9);
    Token::new(random >> 7)
        .with_weight((random >> 16) as f32)
        .with_strength_raw((random >> 9) as u8)
        .with_coordinate(
            Space::Physical,
            [(random >> 3) as i16, 7, (random >> 13) as i16],
        )
}

impl Subject {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("ng-fuzz-index-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a temporary folder");
        let path = folder.join("t.ngt");
        let tokens: Vec<_> = (0..COUNT).map(token).collect();
        let options = CreateOptions::new().max_tokens(1 << 20);
        let store: VecStore = tokens.iter().copied().collect();
        store.save(&path, &options).expect("a token file");
        let reader = BlockReader::open(&path).expect("a token file");
        let options = BuildOptions::new()
            .columns(COLUMNS)
            .boxes([Space::Physical])
            .ids(true);
        let workers = Workers::new(1).expect("one worker");
        build(&workers, &reader, &options, |_, _| ()).expect("an index");
        let index = ng_query::index::index_folder(&path);
        let mut files: Vec<_> = fs::read_dir(&index)
            .expect("the folder")
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| path.file_name() != Some("lock".as_ref()))
            .map(|path| (path.clone(), fs::read(&path).expect("a file")))
            .collect();
        // Their numbers are random, their kinds are not.
        files.sort();
        Self {
            reader,
            tokens,
            folder,
            files,
        }
    }

    fn of_kind(&self, begin: &str) -> usize {
        let begins = |path: &Path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with(begin))
        };
        self.files
            .iter()
            .position(|(path, _)| begins(path))
            .expect("each kind is there")
    }

    /// Writes the files with edits, and looks.
    fn run(&self, fixes: u8, edits: &[[u8; EDIT_BYTES]]) {
        let mut files: Vec<_> = self.files.iter().map(|(_, bytes)| bytes.clone()).collect();
        let manifest = self.of_kind("index.json");
        for edit in edits {
            let file = &mut files[usize::from(edit[0]) % self.files.len()];
            let offset =
                u32::from_le_bytes([edit[1], edit[2], edit[3], 0]) as usize % file.len().max(1);
            let end = (offset + 4).min(file.len());
            file[offset..end].copy_from_slice(&edit[4..4 + end - offset]);
        }
        if fixes & LENGTH != 0
            && let Some(edit) = edits.last()
        {
            let length = usize::from(u16::from_le_bytes([edit[1], edit[2]]));
            files[manifest].resize(length, edit[4]);
        }
        if fixes & WHOLE != 0 {
            self.put_right(&mut files, manifest);
        }
        for ((path, _), bytes) in self.files.iter().zip(&files) {
            fs::write(path, bytes).expect("a file");
        }
        at_most(BYTES, "an index", || self.look(fixes & WHOLE == 0));
    }

    /// Makes the manifest state the hashes that its files have.
    fn put_right(&self, files: &mut [Vec<u8>], manifest: usize) {
        let id = self.reader.commit().file_id;
        let (halves, _) = id.as_chunks();
        let seed = halves
            .iter()
            .fold(0, |seed, half| seed ^ u64::from_le_bytes(*half));
        for begin in ["zones-", "pieces-"] {
            let place = self.of_kind(begin);
            let hash = |bytes: &[u8]| {
                format!("{:016x}", XxHash3_64::oneshot_with_seed(seed, bytes)).into_bytes()
            };
            let (old, new) = (hash(&self.files[place].1), hash(&files[place]));
            let text = &mut files[manifest];
            let found = text.windows(16).position(|digits| digits == old);
            if let Some(at) = found {
                text[at..at + 16].copy_from_slice(&new);
            }
        }
        let text = &mut files[manifest];
        let fields = text.len().saturating_sub(29);
        text.truncate(fields);
        let hash = XxHash3_64::oneshot_with_seed(0, text);
        text.extend_from_slice(format!(",\n\"hash\":\"{hash:016x}\"}}\n").as_bytes());
    }

    /// Asks for everything; `is_right` tells whether the answers must be.
    fn look(&self, is_right: bool) {
        let Some(index) = Index::load(&self.reader) else {
            return;
        };
        for block in 0..4 {
            let tokens = self
                .tokens
                .chunks_exact(4096)
                .nth(block as usize)
                .unwrap_or_default();
            let zone = index.zone(block);
            assert!(!is_right || zone.is_none_or(|zone| *zone == Zone::of(tokens)));
            let weights = index.values::<u32>(Column::Weight, block);
            let own = tokens.iter().map(|token| token.weight().to_bits());
            assert!(!is_right || weights.is_none_or(|found| own.eq(found.iter().copied())));
            let strengths = index.column(Column::Strength, block);
            let own = tokens.iter().map(Token::strength_raw);
            assert!(!is_right || strengths.is_none_or(|found| own.eq(found.iter().copied())));
            let boxes = index.page_boxes(Space::Physical, block);
            assert!(!is_right || boxes.is_none_or(|boxes| boxes.min[1] == [7; 64]));
        }
        for id in [0, 1, token(5).id().raw(), token(5_000).id().raw(), u32::MAX] {
            let is_own = |position: &&u64| self.tokens[**position as usize].id().raw() == id;
            let own = self.tokens[..2 * 4096]
                .iter()
                .filter(|token| token.id().raw() == id)
                .count();
            let found = index.positions(id);
            assert!(
                !is_right
                    || found.is_none_or(
                        |found| found.len() == own && found.iter().all(|one| is_own(&one))
                    )
            );
        }
        for piece in 0..index.ids().map_or(0, |ids| ids.pieces().min(8)) {
            let _ = index.id_piece(piece);
        }
        index
            .warnings()
            .iter()
            .for_each(|warning| drop(warning.to_string()));
    }
}

fuzz_target!(
    init: drop(SUBJECT.set(Subject::new())),
    |data: &[u8]| {
        let (Some(subject), Some((fixes, edits))) = (SUBJECT.get(), data.split_first()) else {
            return;
        };
        let (edits, _) = edits.as_chunks();
        assert!(subject.folder.exists());
        subject.run(*fixes, edits);
    }
);
