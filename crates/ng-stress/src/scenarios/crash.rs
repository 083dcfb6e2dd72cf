//! Writers killed while they append, and the state of their files.

use std::hash::{BuildHasher, RandomState};
use std::ops::Range;
use std::thread::sleep;
use std::time::{Duration, Instant};

use ng_lab::rng::SplitMix64;
use ng_lab::{Cell, Failure, Headline, Limit, Pages, Run, Scenario, Variant};
use ng_store::{BlockReader, MmapStore, TokenSink, TokenStore, VerifyBlocks};

use crate::own_file::OwnFile;
use crate::proof::Pieces;
use crate::scenarios::file::{cache_bytes_of, disk_bytes_of};
use crate::scenarios::fill::{bytes_of, token};
use crate::writer::{COMMITS, Writer, committed_after};

/// Writers, each with its own file.
const KILLS: u64 = 5;

/// Kill, reopen, and nothing acknowledged is lost.
pub(super) struct Crash;

impl Scenario for Crash {
    fn name(&self) -> &'static str {
        "crash"
    }

    fn about(&self) -> &'static str {
        "five writers killed at random moments: reopening and verifying their files; what was \
         acknowledged is compared bit for bit"
    }

    fn variants(&self, _threads: &[usize]) -> Vec<Variant> {
        vec![Variant::new("kill").pages(Pages::Small)]
    }

    fn headline(&self) -> Headline {
        Headline::of("reopen_after_kill")
    }

    fn needs_bytes(&self, cell: &Cell) -> u64 {
        cache_bytes_of(cell.items)
    }

    /// A growing file has room for twice its tokens.
    fn needs_disk_bytes(&self, cell: &Cell) -> u64 {
        2 * disk_bytes_of(cell.items) + KILLS * disk_bytes_of(0)
    }

    fn uncounted(&self, _cell: &Cell) -> Option<String> {
        Some(
            "each run kills its writers at random moments, and so opens different files".to_owned(),
        )
    }

    fn run(&self, cell: &Cell, run: &mut Run) -> Result<(), Failure> {
        // A different moment in every run.
        let mut rng = SplitMix64::new(RandomState::new().hash_one(0));
        let killed = (0..KILLS)
            .map(|number| Killed::writer(run, number, cell.items, &mut rng))
            .collect::<Result<Vec<Killed>, Failure>>()?;
        let mut stores = run
            .phase("reopen_after_kill", 0)
            .constant()
            .bounded_by(Limit::SmallSync, 1, KILLS)
            .time(|| reopened(&killed))?;
        let pairs = || killed.iter().zip(&stores);
        let lost = pairs().map(|(killed, store)| killed.lost(store)).sum();
        let torn = pairs().filter(|(killed, store)| killed.is_torn(store));
        let wrong = pairs().map(|(killed, store)| killed.wrong(store));
        let (torn, wrong) = (torn.count() as u64, wrong.sum());
        run.prove("kills", KILLS);
        run.prove_equal("lost", lost, 0)?;
        run.prove_equal("torn", torn, 0)?;
        run.prove_equal("wrong", wrong, 0)?;
        // Finishes the interrupted work, so that the rest does not depend on the moment.
        for (killed, store) in killed.iter().zip(&mut stores) {
            killed.finish(store)?;
        }
        let unclean = run
            .phase("verify", cell.items)
            .bounded_by(Limit::Read, 1, bytes_of(cell.items))
            .time(|| unclean(&killed))?;
        run.prove_equal("unclean", unclean, 0)?;
        let mut pieces = Pieces::default();
        stores.iter().for_each(|store| pieces.add(store.tokens()));
        pieces.prove(run, cell.items)
    }
}

fn reopened(killed: &[Killed]) -> Result<Vec<MmapStore>, Failure> {
    let opened = killed.iter().map(|killed| killed.file.open_append());
    Ok(opened.collect::<Result<_, _>>()?)
}

/// How many files have a block that does not match its hash.
fn unclean(killed: &[Killed]) -> Result<u64, Failure> {
    let mut unclean = 0;
    for killed in killed {
        let report = BlockReader::open(killed.file.path())?.verify()?;
        unclean += u64::from(!report.is_clean());
    }
    Ok(unclean)
}

/// The file of a killed writer, and what it had acknowledged.
struct Killed {
    file: OwnFile,
    /// Positions of its tokens in the whole sequence.
    range: Range<u64>,
    /// How many of them it had acknowledged as durable.
    acknowledged: u64,
}

impl Killed {
    /// Starts the writer of the `number`th part of `count` tokens, and kills it at a
    /// random moment after its file exists: after a random number of commits, and within
    /// the time that the last one took.
    fn writer(run: &Run, number: u64, count: u64, rng: &mut SplitMix64) -> Result<Self, Failure> {
        let file = OwnFile::new(run, &format!("tokens-{number}"))?;
        let range = count * number / KILLS..count * (number + 1) / KILLS;
        let mut writer = Writer::start(&file, &range)?;
        let mut start = Instant::now();
        let mut acknowledged = writer.acknowledged()?;
        let mut took = start.elapsed();
        for _ in 0..rng.below(COMMITS + 1) {
            start = Instant::now();
            acknowledged = writer.acknowledged()?;
            took = start.elapsed();
        }
        sleep(Duration::from_nanos(rng.below(took.as_nanos() as u64 + 1)));
        let (said_last, _) = writer.kill()?;
        Ok(Self {
            file,
            range,
            acknowledged: said_last.unwrap_or(acknowledged),
        })
    }

    fn count(&self) -> u64 {
        self.range.end - self.range.start
    }

    /// Acknowledged tokens that are missing.
    fn lost(&self, store: &MmapStore) -> u64 {
        self.acknowledged.saturating_sub(store.len() as u64)
    }

    /// Whether the file contains part of a commit.
    fn is_torn(&self, store: &MmapStore) -> bool {
        let found = store.len() as u64;
        (0..=COMMITS).all(|commits| committed_after(commits, self.count()) != found)
    }

    /// Tokens that differ from those written.
    fn wrong(&self, store: &MmapStore) -> u64 {
        let first = self.range.start as usize;
        let expected = (first..).map(token);
        let wrong = store.tokens().iter().zip(expected);
        wrong.filter(|(found, expected)| *found != expected).count() as u64
    }

    fn finish(&self, store: &mut MmapStore) -> Result<(), Failure> {
        let done = store.len();
        let first = self.range.start as usize + done;
        store.append_with(self.count() as usize - done, |index| token(first + index))?;
        Ok(store.commit()?)
    }
}
