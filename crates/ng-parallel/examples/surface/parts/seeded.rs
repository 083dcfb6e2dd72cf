//! One random number generator per shard.

use ng_parallel::*;
use ng_store::*;
use ng_token::*;

use crate::Outcome;
use crate::place::Place;

const COUNT: usize = 100_000;

/// The tokens are the same for any number of threads, in any sink, and with any commits on
/// the way.
pub(super) fn run(place: &Place) -> Outcome {
    let plan = Shards::with_shard_tokens(COUNT, 4 * BLOCK_TOKENS);
    let mut expected = VecStore::new();
    serial::ingest_shards(&StopFlag::new(), &mut expected, plan, random)?;
    assert_ne!(expected.tokens()[0], expected.tokens()[1]);

    let workers = Workers::new(3)?;
    let mut store = VecStore::new();
    ingest_shards(&workers, &mut store, plan, random)?;
    assert!(store.tokens() == expected.tokens());

    let path = place.file("random.ngt");
    let mut draft = FileDraft::begin(&path, &CreateOptions::new().reserve(COUNT as u64))?;
    let options = IngestOptions::new().commit_every(plan.shard_tokens());
    ingest_shards_with(&workers, &options, draft.writer(), plan, random)?;
    draft.writer().commit()?;
    draft.publish()?;
    assert!(VecStore::load(&path)?.tokens() == expected.tokens());
    Ok(())
}

fn random(shard: Shard, room: &mut [Token]) {
    let mut generator = SplitMix(shard.number as u64);
    for (token, index) in room.iter_mut().zip(shard.range) {
        let steps = std::array::from_fn(|_| generator.next() as i16);
        *token = Token::new(index as u32).with_coordinate(Space::Physical, steps);
    }
}

/// SplitMix64, of Steele, Lea and Flood (2014).
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
