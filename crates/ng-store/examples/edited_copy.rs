//! Makes an edited copy of a token file in three ways, and prints the time and peak private
//! memory of each.
//!
//! ```sh
//! cargo run --release -p ng-store --example edited_copy -- TOKENS ROUNDS FOLDER
//! ```

#![allow(
    unsafe_code,
    reason = "the constructor that maps a file asks for a promise"
)]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use ng_store::ng_token::Token;
use ng_store::{
    BlockReader, CreateOptions, FileDraft, MmapStore, TokenSink, TokenStore, VecStore,
    VerifyBlocks, ignore_file_size_signal,
};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// One token in this many is changed.
const STEPS: [usize; 2] = [1_000, 1];

/// The weight of changed tokens.
const WEIGHT: f32 = 2.0;

/// The interval between samples of the private memory.
const LOOK: Duration = Duration::from_millis(5);

const WAYS: [Way; 3] = [
    ("open_private, FileDraft", by_private_map),
    ("load, save", in_memory),
    ("for_each, FileDraft", block_by_block),
];

/// A way's name, and the function that copies a file, changing one token in `step`. Returns
/// the time until all were changed, before the first write.
type Way = (&'static str, fn(&Path, &Path, usize) -> Outcome<Duration>);

fn main() -> Outcome<()> {
    ignore_file_size_signal();
    let mut arguments = env::args().skip(1);
    let mut number = |default: usize| match arguments.next() {
        Some(text) => text.parse().map_err(|error| format!("{text}: {error}")),
        None => Ok(default),
    };
    let (tokens, rounds) = (number(1_000_000)?, number(3)?);
    let around = arguments.next().map_or_else(env::temp_dir, PathBuf::from);
    let folder = around.join(format!("ng-edited-copy-{}", std::process::id()));
    fs::create_dir(&folder)?;
    let outcome = compare(&folder, tokens, rounds.max(1));
    fs::remove_dir_all(&folder)?;
    outcome
}

fn compare(folder: &Path, tokens: usize, rounds: usize) -> Outcome<()> {
    let (path, copy) = (folder.join("tokens.ngt"), folder.join("edited.ngt"));
    create(&path, tokens)?;
    println!("{tokens} tokens, {rounds} rounds by turns: median [least, most]");
    for step in STEPS {
        let mut taken: [Vec<Taken>; WAYS.len()] = Default::default();
        for round in 0..rounds {
            for turn in 0..WAYS.len() {
                let way = (round + turn) % WAYS.len();
                taken[way].push(Taken::by(WAYS[way], &path, &copy, step)?);
                check(&copy, tokens, step)?;
                fs::remove_file(&copy)?;
            }
        }
        println!("1 of {step} tokens changed:");
        for ((name, _), taken) in WAYS.iter().zip(&taken) {
            println!("  {name:24} {}", told(taken));
        }
    }
    Ok(())
}

fn create(path: &Path, tokens: usize) -> Outcome<()> {
    let mut draft = FileDraft::begin(path, &CreateOptions::new().reserve(tokens as u64))?;
    let writer = draft.writer();
    writer.append_with(tokens, |index| Token::new(index as u32))?;
    writer.commit()?;
    draft.publish()?;
    Ok(())
}

/// Needs a page of memory for each changed page. Opening checks only the last block, so the
/// file is verified first.
fn by_private_map(path: &Path, copy: &Path, step: usize) -> Outcome<Duration> {
    let start = Instant::now();
    if !BlockReader::open(path)?.verify()?.is_clean() {
        return Err("the file is damaged".into());
    }
    // SAFETY: (1) The file is in a folder of our own, and nobody shrinks it or writes into
    // it while the store lives.
    let mut store = unsafe { MmapStore::open_private(path) }?;
    change(store.tokens_mut(), 0, step);
    let changed = start.elapsed();
    let info = store.info();
    let options = CreateOptions::new()
        .max_tokens(info.max_tokens)
        .tag(info.tag)
        .reserve(info.tokens);
    let mut draft = FileDraft::begin(copy, &options)?;
    draft.writer().append(store.tokens())?;
    draft.writer().commit()?;
    draft.publish()?;
    Ok(changed)
}

/// Needs memory for all tokens.
fn in_memory(path: &Path, copy: &Path, step: usize) -> Outcome<Duration> {
    let start = Instant::now();
    let mut store = VecStore::load(path)?;
    change(store.tokens_mut(), 0, step);
    let changed = start.elapsed();
    store.save(copy, &CreateOptions::new())?;
    Ok(changed)
}

/// Needs memory for a few blocks, and visits each token once, in order.
fn block_by_block(path: &Path, copy: &Path, step: usize) -> Outcome<Duration> {
    let reader = BlockReader::open(path)?;
    let info = reader.info();
    let options = CreateOptions::new()
        .max_tokens(info.max_tokens)
        .tag(info.tag)
        .reserve(info.tokens);
    let mut draft = FileDraft::begin(copy, &options)?;
    let mut block = Vec::new();
    reader.for_each::<Box<dyn Error>>(0..reader.len(), |tokens| {
        block.clear();
        block.extend_from_slice(tokens);
        change(&mut block, draft.writer().appended_tokens() as usize, step);
        draft.writer().append(&block)?;
        Ok(())
    })?;
    draft.writer().commit()?;
    draft.publish()?;
    Ok(Duration::ZERO)
}

/// Changes those of `tokens` whose index in the file is a multiple of `step`; the first has
/// the index `start`.
fn change(tokens: &mut [Token], start: usize, step: usize) {
    let first = start.next_multiple_of(step) - start;
    for token in tokens.iter_mut().skip(first).step_by(step) {
        *token = token.with_weight(WEIGHT);
    }
}

/// Checks that a copy has all tokens, all changes and no others.
fn check(copy: &Path, tokens: usize, step: usize) -> Outcome<()> {
    let reader = BlockReader::open(copy)?;
    let mut index = 0;
    reader.for_each::<Box<dyn Error>>(0..reader.len(), |tokens| {
        for &token in tokens {
            let plain = Token::new(index as u32);
            let expected = match index % step {
                0 => plain.with_weight(WEIGHT),
                _ => plain,
            };
            if token != expected {
                return Err(format!("token {index} is {token:?}, expected {expected:?}").into());
            }
            index += 1;
        }
        Ok(())
    })?;
    match index == tokens {
        true => Ok(()),
        false => Err(format!("{index} tokens, expected {tokens}").into()),
    }
}

/// The cost of one copy.
struct Taken {
    whole: Duration,
    /// Before the first token was written.
    changed: Duration,
    private_bytes: Option<u64>,
}

impl Taken {
    fn by((_, way): Way, path: &Path, copy: &Path, step: usize) -> Outcome<Self> {
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            let peak = scope.spawn(|| private_peak(&done));
            let start = Instant::now();
            let changed = way(path, copy, step);
            let whole = start.elapsed();
            done.store(true, Ordering::Relaxed);
            Ok(Self {
                whole,
                changed: changed?,
                private_bytes: peak.join().map_err(|_| "the thread that looks panicked")?,
            })
        })
    }
}

/// The peak private memory seen until `done`; `None` if the system does not say.
fn private_peak(done: &AtomicBool) -> Option<u64> {
    let mut peak = private_bytes()?;
    while !done.load(Ordering::Relaxed) {
        thread::sleep(LOOK);
        peak = peak.max(private_bytes()?);
    }
    Some(peak)
}

/// The anonymous memory of this process: includes changed pages of a private map, not file
/// pages.
fn private_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let kib = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"))?;
    Some(kib.trim().strip_suffix(" kB")?.parse::<u64>().ok()? << 10)
}

fn told(taken: &[Taken]) -> String {
    let whole = spread(taken.iter().map(|taken| taken.whole));
    let changed = spread(taken.iter().map(|taken| taken.changed));
    let private = taken.iter().filter_map(|taken| taken.private_bytes).max();
    let private = private.map_or("unknown".to_owned(), |bytes| {
        format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
    });
    format!("{whole}, before the first write {changed}, private memory {private}")
}

fn spread(times: impl Iterator<Item = Duration>) -> String {
    let mut ms: Vec<_> = times.map(|time| time.as_secs_f64() * 1e3).collect();
    ms.sort_by(f64::total_cmp);
    let (least, middle, most) = (ms[0], ms[ms.len() / 2], ms[ms.len() - 1]);
    format!("{middle:.0} ms [{least:.0}, {most:.0}]")
}
