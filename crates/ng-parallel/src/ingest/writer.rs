use crossbeam_channel::{Receiver, Sender, bounded};
use ng_store::TokenSink;

use super::filler::Filler;
use super::job::{Job, Reply, fill};
use super::{Appender, Buffer, Cut, IngestError, Make};
use crate::pool::Call;
use crate::within::Within;
use crate::{Shard, StopFlag};

/// The calling thread's part: hands out jobs in shard order, appends the results in the
/// same order, and fills a shard itself while the next one to append is not ready.
///
/// Both channels can hold all jobs, so only receivers ever wait, and the writer only when a
/// worker is busy with every job. When it ends, for whatever reason, it drops its ends of
/// both, and each filler ends after its current shard.
pub(super) struct OrderedWriter<'run, S, K: Make> {
    sink: Appender<'run, S>,
    make: &'run K,
    stop: &'run StopFlag,
    shards: Cut,
    /// How many shards were handed out.
    handed_out: usize,
    jobs: Sender<Job>,
    unfilled: Receiver<Job>,
    replies: Receiver<Reply<K::Error>>,
    /// Early replies, that of shard `n` at `n` modulo the length: shards in progress are
    /// consecutive, and at most that many.
    early: Vec<Option<Reply<K::Error>>>,
}

impl<'run, S: TokenSink, K: Make> OrderedWriter<'run, S, K> {
    /// Hands out the first jobs, at most one per buffer, and returns the closure for every
    /// worker.
    pub(super) fn start(
        sink: Appender<'run, S>,
        make: &'run K,
        stop: &'run StopFlag,
        mut shards: Cut,
        buffers: usize,
    ) -> (Self, Filler<'run, K>) {
        let capacity = shards.longest();
        let first: Vec<Shard> = shards.by_ref().take(buffers).collect();
        let (jobs, unfilled) = bounded(first.len());
        let (reply, replies) = bounded(first.len());
        let filler = Filler {
            make,
            stop,
            jobs: unfilled.clone(),
            replies: reply,
        };
        let mut writer = Self {
            sink,
            make,
            stop,
            shards,
            handed_out: 0,
            jobs,
            unfilled,
            replies,
            early: first.iter().map(|_| None).collect(),
        };
        for shard in first {
            writer.hand_out(shard, make.buffer(capacity));
        }
        (writer, filler)
    }

    /// Returns how many jobs were handed out.
    pub(super) fn handed_out(&self) -> usize {
        self.handed_out
    }

    /// Appends every shard; `call` gets one more worker to help fill them.
    pub(super) fn run(mut self, call: Call<'_>) -> Result<(), IngestError<S::Error, K::Error>> {
        while call() {}
        let mut number = 0;
        while number < self.handed_out {
            let reply = self.reply_of(number);
            let buffer = self.sink.append(self.make, reply)?;
            if let Some(shard) = self.shards.next() {
                self.hand_out(shard, buffer);
                call();
            }
            // The workers hold the buffer meanwhile.
            self.sink.commit_if_due()?;
            number += 1;
        }
        Ok(())
    }

    fn hand_out(&mut self, shard: Shard, buffer: Buffer) {
        let sent = self.jobs.send(Job { shard, buffer });
        assert!(sent.is_ok(), "the writer holds the other end, too");
        self.handed_out += 1;
    }

    fn reply_of(&mut self, number: usize) -> Reply<K::Error> {
        let places = self.early.len();
        loop {
            if let Some(reply) = self.early[number % places].take() {
                return reply;
            }
            let reply = self.receive();
            let place = reply.job.shard.number % places;
            self.early[place] = Some(reply);
        }
    }

    /// Takes a reply; if there is none, fills a shard; if none is left to fill either,
    /// waits for the workers.
    fn receive(&self) -> Reply<K::Error> {
        if let Ok(reply) = self.replies.try_recv() {
            return reply;
        }
        if let Ok(job) = self.unfilled.try_recv() {
            let _within = Within::enter();
            return fill(self.make, self.stop, job);
        }
        let reply = self.replies.recv();
        reply.expect("the worker with the next shard replies")
    }
}

#[cfg(test)]
mod tests {
    use ng_store::{BLOCK_TOKENS, TokenStore, VecStore};
    use ng_token::Token;

    use super::*;
    use crate::IngestOptions;
    use crate::ingest::{Each, Place};

    const COUNT: usize = 10 * BLOCK_TOKENS + 7;

    #[test]
    fn the_writer_fills_what_no_filler_takes() {
        let (stop, mut sink) = (StopFlag::new(), VecStore::new());
        let make = Each {
            place: Place::of(&sink),
            f: |index| Token::new(index as u32),
        };
        let shards = Cut::new(0, COUNT, BLOCK_TOKENS);
        let options = IngestOptions::new();
        let appender = Appender::begin(&mut sink, COUNT, &options);
        let appender = appender.map_err(|error: IngestError<_>| error).unwrap();
        let (writer, filler) = OrderedWriter::start(appender, &make, &stop, shards, 3);
        assert_eq!(writer.handed_out(), 3);
        drop(filler);
        writer.run(&|| false).unwrap();
        let oracle: Vec<_> = (0..COUNT as u32).map(Token::new).collect();
        assert!(sink.tokens() == oracle);
    }
}
