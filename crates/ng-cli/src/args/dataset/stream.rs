//! Options of everything that appends.

use clap::Args;
use clap::error::ErrorKind;
use ng_dataset::{CommitEvery, Retention, Roll, WriterOptions};
use ng_token::Token;

use super::amount::{Amount, Kept, parse_amount, parse_kept};
use crate::args::CacheArgs;
use crate::args::table::{FromArgs, Misused};

/// What is read, and how it is cut into shards.
#[derive(Debug, Args)]
pub(crate) struct StreamArgs {
    #[command(flatten)]
    pub(crate) from_args: FromArgs,

    /// End a shard at this many tokens (4M), bytes (256MiB) or after this time (10m); the
    /// first that is reached counts [default: 2^24 tokens]
    #[arg(long, value_name = "AMOUNT", value_parser = parse_amount, allow_hyphen_values = true)]
    roll: Vec<Amount>,

    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}

impl StreamArgs {
    /// Refuses options about an input if there is none.
    pub(super) fn check_unused(&self) -> Result<(), Misused> {
        self.from_args.check_unused()?;
        if self.roll.is_empty() {
            return Ok(());
        }
        Err(Misused {
            kind: ErrorKind::MissingRequiredArgument,
            told: "--roll needs --from".to_owned(),
        })
    }

    pub(crate) fn options(&self) -> WriterOptions {
        let mut roll = Roll {
            tokens: None,
            ..Roll::default()
        };
        for amount in &self.roll {
            match *amount {
                Amount::Tokens(tokens) => roll.tokens = Some(tokens),
                Amount::Bytes(bytes) => roll.bytes = Some(bytes),
                Amount::Time(time) => roll.after = Some(time),
            }
        }
        let roll = if self.roll.is_empty() {
            Roll::default()
        } else {
            roll
        };
        WriterOptions::new().roll(roll).cache(self.cache.policy())
    }
}

/// What only a stream that goes on has.
#[derive(Debug, Args)]
pub(crate) struct PaceArgs {
    /// Commit, so that readers see it and it is durable, this long (1s) after a token came,
    /// or at this many tokens (1M) or bytes (64MiB) [default: 1s]
    #[arg(long, value_name = "AMOUNT", value_parser = parse_amount, allow_hyphen_values = true)]
    commit_every: Vec<Amount>,

    /// Drop the oldest shards beyond the newest `5 shards`, beyond so many bytes (100G), or
    /// that were committed longer ago (7d)
    #[arg(long, value_name = "KEPT", value_parser = parse_kept, allow_hyphen_values = true)]
    retain: Vec<Kept>,
}

impl PaceArgs {
    pub(crate) fn of(&self, options: WriterOptions) -> WriterOptions {
        let kept = self.retain.iter().map(|kept| match *kept {
            Kept::Shards(shards) => Retention::Shards(shards),
            Kept::Bytes(bytes) => Retention::Bytes(bytes),
            Kept::Time(time) => Retention::Age(time),
        });
        let options = options.commit_every(self.commit_every());
        kept.fold(options, WriterOptions::retain)
    }

    fn commit_every(&self) -> CommitEvery {
        let mut every = CommitEvery::default();
        for amount in &self.commit_every {
            match *amount {
                Amount::Tokens(tokens) => every.tokens = Some(tokens),
                Amount::Bytes(bytes) => every.tokens = Some(bytes.div_ceil(Token::SIZE as u64)),
                Amount::Time(time) => every.after = Some(time),
            }
        }
        if self.commit_every.is_empty() {
            every.after = Some(std::time::Duration::from_secs(1));
        }
        every
    }
}
