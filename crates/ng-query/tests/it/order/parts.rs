//! Many parts sorted as one, into any sink.

use std::fmt;
use std::sync::Arc;

use ng_query::ng_store::NoHash;
use ng_query::order::sort_parts;
use ng_query::{OpenPart, Parts, QueryError, Zone};

use super::*;

/// Where the tokens of a part are.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Memory,
    File,
    /// Some rows of a file, from the middle of a block on.
    Rows,
}

const KINDS: [Kind; 3] = [Kind::Memory, Kind::Rows, Kind::File];

/// Tokens of a file that are in front of the rows of a part.
const IN_FRONT: usize = 77;

#[derive(Debug)]
struct Pieces {
    folder: TempDir,
    all: Vec<(Kind, Vec<Token>)>,
}

impl Pieces {
    /// Cuts tokens into parts of some lengths and a last one, each of the next kind.
    fn cut(mut tokens: &[Token], lengths: &[usize], kinds: &[Kind]) -> Self {
        let mut all = Vec::new();
        let kinds = kinds.iter().cycle();
        for (length, kind) in lengths.iter().copied().chain([usize::MAX]).zip(kinds) {
            let (part, rest) = tokens.split_at(length.min(tokens.len()));
            all.push((*kind, part.to_vec()));
            tokens = rest;
        }
        let pieces = Self {
            folder: tempfile::tempdir().unwrap(),
            all,
        };
        for (number, (kind, tokens)) in pieces.all.iter().enumerate() {
            let mut file = tokens.clone();
            if matches!(kind, Kind::Rows) {
                file.splice(0..0, varied(IN_FRONT, 99));
                file.extend(varied(3, 98));
            }
            let create = CreateOptions::new().max_tokens(1 << 20);
            VecStore::from(file)
                .save(pieces.path(number), &create)
                .unwrap();
        }
        pieces
    }

    fn path(&self, part: usize) -> PathBuf {
        self.folder.path().join(format!("{part}.ngt"))
    }
}

impl Parts for Pieces {
    fn part_count(&self) -> usize {
        self.all.len()
    }

    fn part_tokens(&self, part: usize) -> u64 {
        self.all[part].1.len() as u64
    }

    fn part_zone(&self, _part: usize) -> Option<&Zone> {
        None
    }

    fn open_part(&self, part: usize) -> Result<Arc<OpenPart>, QueryError> {
        let (kind, tokens) = &self.all[part];
        let path = self.path(part);
        let failed = |source: OpenError| QueryError::Part {
            part,
            source: source.into(),
        };
        let open = || BlockReader::open(&path).map_err(failed);
        Ok(Arc::new(match kind {
            Kind::Memory => OpenPart::of_tokens(&tokens[..]),
            Kind::File => OpenPart::of_reader(open()?, None)?,
            Kind::Rows => {
                let rows = IN_FRONT as u64..(IN_FRONT + tokens.len()) as u64;
                OpenPart::of_reader_rows(open()?, rows)
            }
        }))
    }
}

fn sort(pieces: &Pieces, by: &str, options: &SortOptions) -> Result<VecStore, SortError> {
    let mut sorted = VecStore::new();
    let options = options.clone().temp(pieces.folder.path());
    let report = sort_parts(
        &workers(2),
        pieces,
        &mut sorted,
        &order(by),
        &options,
        |_| (),
    )?;
    assert_eq!(report.tokens, sorted.len() as u64);
    assert_eq!(
        fs::read_dir(pieces.folder.path()).unwrap().count(),
        pieces.all.len()
    );
    Ok(sorted)
}

#[test]
fn parts_are_sorted_as_the_tokens_of_one_file() {
    for count in [0, 1, 3 * BLOCK_TOKENS, 40_001] {
        let tokens = varied(count, count as u64);
        for kinds in [&KINDS[..], &KINDS[2..3]] {
            let lengths = [0, 1, 5000, BLOCK_TOKENS, 100, 10_000];
            let pieces = Pieces::cut(&tokens, &lengths, kinds);
            for by in ORDERS {
                let sorted = sort(&pieces, by, &SortOptions::new()).unwrap();
                assert!(sorted.tokens() == oracle(&tokens, by), "{count} by {by}");
            }
        }
    }
}

#[test]
fn beyond_memory_parts_are_sorted_the_same() {
    let mut tokens = varied(MANY, 12);
    for token in &mut tokens[50_000..200_000] {
        *token = token.with_timestamp(77_777);
    }
    let pieces = Pieces::cut(&tokens, &[40_000, 0, 7, 90_001, 20_000], &KINDS);
    for by in ["physical", "time", "weight,id"] {
        for cache in [CachePolicy::Auto, CachePolicy::Bypass] {
            let options = SortOptions::new().memory_bytes(least(2)).cache(cache);
            let sorted = sort(&pieces, by, &options).unwrap();
            assert!(sorted.tokens() == oracle(&tokens, by), "by {by}");
        }
    }
}

#[test]
fn a_part_that_cannot_be_read_fails_the_sort() {
    let tokens = varied(MANY, 13);
    for options in [
        SortOptions::new(),
        SortOptions::new().memory_bytes(least(2)),
    ] {
        let pieces = Pieces::cut(&tokens, &[100_000, 50_000], &[Kind::File]);
        let file = OpenOptions::new().write(true).open(pieces.path(1)).unwrap();
        let data = file.metadata().unwrap().len() - (50_000 * Token::SIZE) as u64;
        file.write_all_at(&[0xa5], data + 5).unwrap();
        let error = sort(&pieces, "id", &options).unwrap_err();
        let is_named = matches!(
            &error,
            SortError::Read(ReadError::BadBlock { path, block: 0, .. }) if *path == pieces.path(1)
        );
        assert!(is_named, "{error}");
        fs::remove_file(pieces.path(2)).unwrap();
        fs::write(pieces.path(1), b"").unwrap();
        let error = sort(&pieces, "id", &options).unwrap_err();
        assert!(
            matches!(error, SortError::Part(QueryError::Part { .. })),
            "{error}"
        );
    }
}

/// Takes some tokens, and no more.
struct Full(usize);

#[derive(Debug)]
struct NoMore;

impl fmt::Display for NoMore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no more")
    }
}

impl std::error::Error for NoMore {}

impl From<NoMore> for SortError {
    fn from(error: NoMore) -> Self {
        Self::Sink(Box::new(error))
    }
}

impl TokenSink for Full {
    type Error = NoMore;
    type Hasher = NoHash;

    fn appended_tokens(&self) -> u64 {
        0
    }

    fn reserve(&mut self, _additional: usize) -> Result<(), NoMore> {
        Ok(())
    }

    fn append(&mut self, tokens: &[Token]) -> Result<(), NoMore> {
        self.0 = self.0.checked_sub(tokens.len()).ok_or(NoMore)?;
        Ok(())
    }

    fn append_with(
        &mut self,
        count: usize,
        f: impl Fn(usize) -> Token + Sync,
    ) -> Result<(), NoMore> {
        self.append(&(0..count).map(f).collect::<Vec<_>>())
    }

    fn block_hasher(&self) -> NoHash {
        NoHash
    }

    fn append_hashed(&mut self, tokens: &[Token], _hashes: &[u64]) -> Result<(), NoMore> {
        self.append(tokens)
    }

    fn commit(&mut self) -> Result<(), NoMore> {
        Ok(())
    }
}

#[test]
fn an_error_of_the_sink_is_returned_and_leaves_no_temporary_file() {
    let pieces = Pieces::cut(&varied(MANY, 14), &[100_000], &[Kind::File]);
    for memory in [least(2), 1 << 30] {
        let options = SortOptions::new()
            .memory_bytes(memory)
            .temp(pieces.folder.path());
        let by = order("id");
        let sorted = sort_parts(
            &workers(2),
            &pieces,
            &mut Full(150_000),
            &by,
            &options,
            |_| (),
        );
        let error = sorted.unwrap_err();
        let is_ours = matches!(&error, SortError::Sink(error) if error.is::<NoMore>());
        assert!(is_ours, "{error}");
        assert_eq!(fs::read_dir(pieces.folder.path()).unwrap().count(), 2);
    }
}
