use std::ops::ControlFlow;

use super::best::{Best, Bound, sort};
use crate::memory::collected;
use crate::pool::Pool;
use crate::{Answer, Query, QueryError, QuestionError};

impl Query<'_> {
    /// Draws `count` of the selected tokens, every set of that size equally likely, and returns
    /// their positions, ascending; all selected ones if there are no more.
    ///
    /// The same seed draws the same positions, whatever the number of threads: those whose hashes
    /// with the seed are the least.
    ///
    /// A worker holds up to twice `count` of them in memory, 16 bytes each.
    ///
    /// # Errors
    ///
    /// [`QueryError::Question`] for a count of 0, and the others of [`QueryError`].
    pub fn sample(&self, count: usize, seed: u64) -> Result<Answer<Vec<u64>>, QueryError> {
        if count == 0 {
            return Err(QuestionError::NoneWanted.into());
        }
        let (bound, pool) = (Bound::new(), Pool::new());
        let key = mix(seed);
        let scan = self.scan().without_looks();
        let stats = scan.run(
            || (),
            |(), stage| {
                let first = stage.first();
                pool.with(
                    || Best::new(count, &bound),
                    |best| {
                        stage.for_each_selected(|place| {
                            let position = first + place as u64;
                            best.offer(mix(position ^ key), position);
                        });
                        best.check()
                    },
                )
            },
            |()| Ok::<_, QueryError>(ControlFlow::Continue(())),
        )?;
        let drawn = Best::of_all(pool.into_inner(), &scan.stop)?.into_iter();
        let positions = drawn.map(|(_, position)| position);
        let mut value = collected(positions, "the positions of a sample")?;
        sort(&mut value, &scan.stop)?;
        Ok(Answer { value, stats })
    }
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood, 2014), over a step of its sequence.
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let value = (value ^ value >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ value >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ value >> 31
}
