use crossbeam_channel::{Receiver, Sender, bounded};
use ng_store::TokenSink;
use ng_token::Token;

use super::filler::Filler;
use super::job::Reply;
use super::{Buffer, Cut, FillTask, IngestError, Job, append};
use crate::Shard;

/// The calling thread's part: hands jobs out in the order of the shards, and
/// appends what comes back in the same order.
///
/// Both channels hold all the jobs there are, so only receivers ever wait. When
/// the writer ends, for whatever reason, its ends of both go with it, and each
/// filler ends after the shard it is at.
pub(super) struct OrderedWriter<'run, S: TokenSink, F> {
    sink: &'run mut S,
    task: &'run FillTask<'run, F, S::Hasher>,
    shards: Cut,
    /// How many shards were handed out.
    handed_out: usize,
    jobs: Sender<Job>,
    unfilled: Receiver<Job>,
    replies: Receiver<Reply>,
    /// Replies before their turn, that of shard `n` at `n` modulo the length:
    /// the shards that are under way are consecutive, and no more than that.
    early: Vec<Option<Reply>>,
}

impl<'run, S: TokenSink, F: Fn(usize) -> Token> OrderedWriter<'run, S, F> {
    /// Hands out the first jobs, one for each of `buffers` if there are as many,
    /// and returns what each worker runs.
    pub(super) fn start(
        sink: &'run mut S,
        task: &'run FillTask<'run, F, S::Hasher>,
        mut shards: Cut,
        buffers: usize,
    ) -> (Self, Filler<'run, F, S::Hasher>) {
        let capacity = shards.longest();
        let first: Vec<Shard> = shards.by_ref().take(buffers).collect();
        let (jobs, unfilled) = bounded(first.len());
        let (reply, replies) = bounded(first.len());
        let filler = Filler::new(task, unfilled.clone(), reply);
        let mut writer = Self {
            sink,
            task,
            shards,
            handed_out: 0,
            jobs,
            unfilled,
            replies,
            early: first.iter().map(|_| None).collect(),
        };
        for shard in first {
            writer.hand_out(shard, Buffer::with_capacity(capacity));
        }
        (writer, filler)
    }

    /// Returns how many jobs were handed out.
    pub(super) fn handed_out(&self) -> usize {
        self.handed_out
    }

    /// Appends every shard.
    pub(super) fn run(mut self) -> Result<(), IngestError<S::Error>> {
        let count = self.shards.token_count();
        let mut number = 0;
        while number < self.handed_out {
            let reply = self.reply_of(number);
            let buffer = append(self.sink, count, reply)?;
            if let Some(shard) = self.shards.next() {
                self.hand_out(shard, buffer);
            }
            number += 1;
        }
        Ok(())
    }

    fn hand_out(&mut self, shard: Shard, buffer: Buffer) {
        let sent = self.jobs.send(Job { shard, buffer });
        assert!(sent.is_ok(), "the writer holds the other end, too");
        self.handed_out += 1;
    }

    fn reply_of(&mut self, number: usize) -> Reply {
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

    /// Waits for a reply; where no filler is left to give one, fills a shard.
    ///
    /// Fillers leave before the end only where they found their threads taken.
    fn receive(&self) -> Reply {
        self.replies.recv().unwrap_or_else(|_| {
            let job = self.unfilled.try_recv();
            self.task.fill(job.expect("a shard is under way"))
        })
    }
}

#[cfg(test)]
mod tests {
    use ng_store::{BLOCK_TOKENS, TokenStore, VecStore};

    use super::*;
    use crate::StopFlag;

    const COUNT: usize = 10 * BLOCK_TOKENS + 7;

    #[test]
    fn the_writer_fills_what_no_filler_takes() {
        let (stop, mut sink) = (StopFlag::new(), VecStore::new());
        let task = FillTask::new(&stop, &sink, |index| Token::new(index as u32));
        let shards = Cut::new(0, COUNT, BLOCK_TOKENS);
        let (writer, filler) = OrderedWriter::start(&mut sink, &task, shards, 3);
        assert_eq!(writer.handed_out(), 3);
        drop(filler);
        writer.run().unwrap();
        let oracle: Vec<_> = (0..COUNT as u32).map(Token::new).collect();
        assert!(sink.tokens() == oracle);
    }
}
