use std::path::{Path, PathBuf};

use anyhow::Result;
use ng_dataset::{Dataset, Roll, WriterOptions};
use ng_lab::{Pages, touch_and_free};
use ng_store::{BlockReader, FileWriter, ReadError, TokenSink};
use ng_token::Token;

use super::shard_tokens;
use crate::fill::token;
use crate::scan::{id_sum, sum_ids};
use crate::scratch::{Scratch, remove_for_good};
use crate::size::bytes_of;
use crate::{Case, Ratio, Work};

/// Appending through rolls, zones written, may take this many times as long as one file.
const TIMES_AS_LONG: f64 = 1.1;

/// How many tails are filled.
const SHARDS: usize = 10;

/// Tokens of one append: 1 MiB.
const CHUNK_TOKENS: usize = 16_384;

const TO_DATASET: &str = "append-dataset";
const TO_FILE: &str = "append-file";

/// Tokens appended to a new dataset, and to a new file; nothing is announced.
pub(super) struct Appends {
    count: usize,
    path: PathBuf,
}

impl Appends {
    pub(super) fn new(count: usize, scratch: &Scratch) -> Self {
        let path = scratch.file("appended");
        Self { count, path }
    }

    pub(super) fn shards(&self) -> usize {
        self.count.div_ceil(self.roll())
    }

    fn roll(&self) -> usize {
        shard_tokens(self.count, SHARDS)
    }

    pub(super) fn cases(&self) -> [Case<'_>; 2] {
        let roll = self.roll();
        let to_dataset = move |path: &Path, count| to_dataset(path, count, roll);
        [
            self.case(TO_DATASET, to_dataset, ids_of_dataset),
            self.case(TO_FILE, to_file, ids_of_file),
        ]
    }

    fn case<'a>(
        &self,
        name: &str,
        append: impl Fn(&Path, usize) -> Result<()> + 'a,
        read: fn(&Path) -> Result<u64>,
    ) -> Case<'a> {
        let path = self.path.clone();
        let work = Append {
            path,
            count: self.count,
            append,
            read,
        };
        Case::new(name, self.count, work)
    }

    pub(super) fn ratios() -> [Ratio; 1] {
        [Ratio::new(TO_DATASET, TO_FILE, Some(1.0 / TIMES_AS_LONG))]
    }
}

fn to_dataset(path: &Path, count: usize, roll: usize) -> Result<()> {
    let dataset = Dataset::create(path, &ng_dataset::CreateOptions::new())?;
    let roll = Roll {
        tokens: Some(roll as u64),
        ..Roll::default()
    };
    let mut writer = dataset.writer(&WriterOptions::new().roll(roll))?;
    append_all(&mut writer, count)?;
    writer.close()?;
    Ok(())
}

fn to_file(path: &Path, count: usize) -> Result<()> {
    let mut writer = FileWriter::create(path, &ng_store::CreateOptions::new())?;
    append_all(&mut writer, count)?;
    Ok(writer.commit()?)
}

fn append_all<S>(sink: &mut S, count: usize) -> Result<()>
where
    S: TokenSink<Error: std::error::Error + Send + Sync + 'static>,
{
    for start in (0..count).step_by(CHUNK_TOKENS) {
        let tokens = CHUNK_TOKENS.min(count - start);
        sink.append_with(tokens, |index| token(start + index))?;
    }
    Ok(())
}

fn ids_of_dataset(path: &Path) -> Result<u64> {
    let snapshot = Dataset::open(path)?.snapshot()?;
    let mut sum = 0;
    snapshot.for_each(0..snapshot.len(), |_, tokens| -> Result<()> {
        sum += sum_ids(tokens);
        Ok(())
    })?;
    Ok(sum)
}

fn ids_of_file(path: &Path) -> Result<u64> {
    let reader = BlockReader::open(path)?;
    let mut sum = 0;
    reader.for_each(
        0..reader.len(),
        |tokens: &[Token]| -> Result<(), ReadError> {
            sum += sum_ids(tokens);
            Ok(())
        },
    )?;
    Ok(sum)
}

/// Makes what is at the path, durable at the end.
struct Append<F> {
    path: PathBuf,
    count: usize,
    append: F,
    read: fn(&Path) -> Result<u64>,
}

impl<F: Fn(&Path, usize) -> Result<()>> Work for Append<F> {
    type Output = ();

    /// The same for both: they make the same path.
    fn prepare(&mut self) -> Result<()> {
        remove_for_good(&self.path)?;
        touch_and_free(bytes_of(self.count), Pages::Huge, 1)?;
        Ok(())
    }

    fn run(&mut self) -> Result<()> {
        (self.append)(&self.path, self.count)
    }

    fn checksum(&self, (): ()) -> Result<u64> {
        (self.read)(&self.path)
    }

    fn expected(&self) -> u64 {
        id_sum(self.count)
    }
}
