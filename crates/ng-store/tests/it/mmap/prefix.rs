//! Readers of earlier commits, and readers that follow, on any disk.

use ng_store::disk::sim::{SimDir, SimFs};
use ng_store::disk::{Dir, Disk};
use ng_store::file::{Draft, Identity, Stamp, Writer};
use ng_store::{
    AppendOptions, BlockReader, Commit, FileWriter, OpenError, ReadError, TokenSink, VerifyBlocks,
};
use ng_token::Token;

use super::fixture::{Place, flip, small, token, tokens};

const NAME: &str = "a.ngt";

/// A writer of an empty file, just named.
fn writer(dir: &SimDir) -> Writer<<SimDir as Dir>::File> {
    let path = NAME.as_ref();
    let draft = Draft::begin(dir.clone(), NAME, path, &small(), Identity::fresh()).unwrap();
    draft.publish().unwrap()
}

fn append(writer: &mut Writer<impl Disk>, count: usize) -> Commit {
    let start = writer.appended_tokens() as usize;
    writer
        .append_with(count, |index| token(start + index))
        .unwrap();
    writer.commit(Stamp::now(start as u64)).unwrap();
    writer.last_commit()
}

fn all(reader: &BlockReader<impl Disk>) -> Vec<Token> {
    let mut found = Vec::new();
    reader
        .for_each(0..reader.len(), |tokens| {
            found.extend_from_slice(tokens);
            Ok::<_, ReadError>(())
        })
        .unwrap();
    found
}

/// Tokens of each of several commits: within a block, to its end, and beyond.
const COUNTS: [usize; 6] = [1, 100, 3_995, 4_096, 5_000, 3];

#[test]
fn every_earlier_commit_can_be_read_from_a_later_one_and_from_its_bytes() {
    let fs = SimFs::new();
    let mut writer = writer(&fs.dir());
    let mut commits = vec![writer.last_commit()];
    commits.extend(COUNTS.map(|count| append(&mut writer, count)));
    let open = || fs.dir().open(NAME, false).unwrap();
    let reader = BlockReader::of_disk(open(), NAME).unwrap();
    assert_eq!(reader.commit(), writer.last_commit());
    for commit in commits {
        let noted = Commit::from_bytes(&commit.to_bytes());
        assert_eq!(noted, commit);
        let pass = reader.pass_at(&noted).unwrap();
        assert_eq!(pass.commit(), commit);
        assert!(all(&pass) == tokens(commit.tokens as usize));
        assert!(pass.verify().unwrap().bad.is_empty());
        assert_eq!(pass.pass().commit(), commit);
    }
}

#[test]
fn a_commit_that_is_not_of_the_file_is_refused() {
    let (fs, other) = (SimFs::new(), SimFs::new());
    let mut writer = writer(&fs.dir());
    let early = append(&mut writer, 5_000);
    let reader = BlockReader::of_disk(fs.dir().open(NAME, false).unwrap(), NAME).unwrap();
    let late = append(&mut writer, 5_000);
    let later = BlockReader::of_disk(fs.dir().open(NAME, false).unwrap(), NAME).unwrap();
    let foreign = append(&mut self::writer(&other.dir()), 5_000);

    let refused = |reader: &BlockReader<_>, commit| reader.pass_at(&commit).unwrap_err();
    let error = refused(&later, foreign);
    assert!(matches!(error, OpenError::Replaced { .. }), "{error}");
    let error = refused(&reader, late);
    assert!(matches!(error, OpenError::WentBack { .. }), "{error}");
    let mut forged = [early; 5];
    forged[0].table_chain ^= 1;
    forged[1].partial_hash ^= 1;
    forged[2].tokens -= 1;
    forged[3].tokens = u64::MAX;
    forged[4].generation = later.commit().generation;
    for commit in forged {
        let error = refused(&later, commit);
        assert!(matches!(error, OpenError::TakenBack { .. }), "{error}");
    }
    assert!(all(&later.pass_at(&early).unwrap()) == tokens(5_000));
}

#[test]
fn damage_before_the_end_of_an_earlier_commit_is_found_and_damage_after_it_is_none() {
    let place = Place::new();
    let mut writer = FileWriter::create(place.file(), &small()).unwrap();
    writer.append_with(5_000, token).unwrap();
    writer.commit().unwrap();
    let early = writer.last_commit();
    writer.append_with(5_000, |at| token(5_000 + at)).unwrap();
    writer.commit().unwrap();
    let offset = |index: u64| 8 * (writer.info().data_offset + 64 * index);

    flip(&place.file(), offset(5_000));
    let reader = BlockReader::open(place.file()).unwrap();
    assert!(reader.get(5_000).is_err());
    assert!(all(&reader.pass_at(&early).unwrap()) == tokens(5_000));
    flip(&place.file(), offset(4_999));
    let error = reader.pass_at(&early).unwrap_err();
    assert!(matches!(error, OpenError::TakenBack { .. }), "{error}");
}

#[test]
fn a_reader_of_any_disk_follows_its_writer() {
    let fs = SimFs::new();
    let mut writer = writer(&fs.dir());
    let mut reader = BlockReader::of_disk(fs.dir().open(NAME, false).unwrap(), NAME).unwrap();
    let first = reader.clone();
    for count in COUNTS {
        let commit = append(&mut writer, count);
        assert!(reader.refresh().unwrap() && !reader.refresh().unwrap());
        assert_eq!(reader.commit(), commit);
        assert!(all(&reader) == tokens(commit.tokens as usize));
    }
    assert!(first.is_empty());
}

#[test]
fn a_file_is_opened_by_its_name_for_one_writer_at_a_time() {
    let fs = SimFs::new();
    let open = || Writer::open_named(&fs.dir(), (NAME, NAME.as_ref()), &AppendOptions::new());
    let error = open().unwrap_err();
    assert!(matches!(error, OpenError::Io(_)), "{error}");
    let mut writer = writer(&fs.dir());
    let commit = append(&mut writer, 10);
    let error = open().unwrap_err();
    assert!(matches!(error, OpenError::Locked { .. }), "{error}");
    drop(writer);
    let mut writer = open().unwrap();
    // It confirmed that commit as the next generation.
    assert_eq!(writer.last_commit().generation, commit.generation + 1);
    assert_eq!(append(&mut writer, 10).tokens, 20);
}
