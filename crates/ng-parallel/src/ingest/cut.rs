use ng_store::TokenSink;

use crate::{IngestOptions, Shard, Shards};

/// The shards of an append, each as long as a buffer or shorter.
///
/// All but the last end at a multiple of the buffer length in the sink, so that whole
/// buffers are whole blocks and, with the default length, whole chunks of a file. The
/// number of threads does not matter.
#[derive(Clone, Debug)]
pub(crate) struct Cut {
    /// The number of the next shard, and where it begins.
    number: usize,
    start: usize,
    count: usize,
    buffer_tokens: usize,
    /// How much shorter the next shard is than a buffer.
    begun: usize,
}

impl Cut {
    /// Cuts an append of `count` tokens to a sink that has `appended`.
    pub(crate) fn new(appended: u64, count: usize, buffer_tokens: usize) -> Self {
        Self {
            number: 0,
            start: 0,
            count,
            buffer_tokens,
            begun: (appended % buffer_tokens as u64) as usize,
        }
    }

    /// Cuts an append of `count` tokens to `sink` into buffers.
    pub(crate) fn of_sink(sink: &impl TokenSink, count: usize, options: &IngestOptions) -> Self {
        Self::new(sink.appended_tokens(), count, options.tokens_a_buffer())
    }

    /// Cuts by a plan, wherever the sink is.
    pub(crate) fn of_plan(shards: Shards) -> Self {
        Self::new(0, shards.token_count(), shards.shard_tokens())
    }

    /// Returns the total number of tokens.
    pub(crate) fn token_count(&self) -> usize {
        self.count
    }

    /// Returns the maximum shard length.
    pub(crate) fn longest(&self) -> usize {
        self.buffer_tokens.min(self.count)
    }
}

impl Iterator for Cut {
    type Item = Shard;

    fn next(&mut self) -> Option<Shard> {
        let left = self.count - self.start;
        let length = left.min(self.buffer_tokens - self.begun);
        let shard = Shard {
            number: self.number,
            range: self.start..self.start + length,
        };
        self.number += 1;
        self.start += length;
        self.begun = 0;
        (left > 0).then_some(shard)
    }
}

#[cfg(test)]
mod tests {
    use ng_store::BLOCK_TOKENS;

    use super::*;

    const BUFFER: usize = 2 * BLOCK_TOKENS;

    fn ranges(appended: u64, count: usize) -> Vec<(usize, usize)> {
        let cut = Cut::new(appended, count, BUFFER);
        let numbered = cut.zip(0..).map(|(shard, number)| {
            assert_eq!(shard.number, number);
            (shard.range.start, shard.range.end)
        });
        numbered.collect()
    }

    #[test]
    fn shards_end_where_buffers_of_the_sink_would() {
        for (appended, count, expected) in [
            (0, 0, vec![]),
            (5, 0, vec![]),
            (0, 1, vec![(0, 1)]),
            (0, BUFFER, vec![(0, BUFFER)]),
            (0, BUFFER + 1, vec![(0, BUFFER), (BUFFER, BUFFER + 1)]),
            (1, BUFFER, vec![(0, BUFFER - 1), (BUFFER - 1, BUFFER)]),
            (1, BUFFER - 1, vec![(0, BUFFER - 1)]),
            (4095, 4098, vec![(0, 4097), (4097, 4098)]),
            (4096, 3, vec![(0, 3)]),
            (4096, BUFFER, vec![(0, 4096), (4096, BUFFER)]),
            (u64::MAX, 5000, vec![(0, 1), (1, 5000)]),
        ] {
            assert_eq!(ranges(appended, count), expected, "{count} at {appended}");
        }
    }

    #[test]
    fn the_shards_of_a_plan_are_its_own() {
        for count in [0, 1, BUFFER - 1, BUFFER, 3 * BUFFER + 7] {
            for shards in [Shards::new(count), Shards::with_shard_tokens(count, BUFFER)] {
                assert!(Cut::of_plan(shards).eq(shards));
            }
        }
    }

    #[test]
    fn the_largest_count_is_cut_without_overflow() {
        let shard = Cut::new(1, usize::MAX, BUFFER).nth(2).unwrap();
        assert_eq!(shard.range, 2 * BUFFER - 1..3 * BUFFER - 1);
        let last = Cut {
            start: usize::MAX - 1,
            ..Cut::new(0, usize::MAX, BUFFER)
        };
        assert_eq!(last.count(), 1);
    }
}
