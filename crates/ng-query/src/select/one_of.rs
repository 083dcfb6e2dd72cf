use std::sync::Arc;

/// The bits of the table: 8 KiB, which stay in the L1 cache.
const BITS: usize = 1 << 16;

/// A set of many numbers. A table of bits rules out most numbers that are not in it.
pub(super) struct OneOf {
    /// Ascending.
    values: Arc<Vec<u32>>,
    table: Box<[u64; BITS / 64]>,
}

impl OneOf {
    pub(super) fn new(values: Arc<Vec<u32>>) -> Self {
        let mut table = Box::new([0; BITS / 64]);
        for &value in values.iter() {
            let bit = bit_of(value);
            table[bit / 64] |= 1 << (bit % 64);
        }
        Self { values, table }
    }

    /// Sets a byte for each value whose number is one of them.
    pub(super) fn mark<T: Copy>(&self, values: &[T], number: impl Fn(T) -> u32, mask: &mut [u8]) {
        for (mask, &value) in mask.iter_mut().zip(values) {
            *mask = u8::from(self.contains(number(value)));
        }
    }

    #[inline]
    fn contains(&self, value: u32) -> bool {
        let bit = bit_of(value);
        self.table[bit / 64] >> (bit % 64) & 1 != 0 && self.values.binary_search(&value).is_ok()
    }
}

/// The upper bits of a product with 2^32 over the golden ratio (Knuth, volume 3, 6.4).
#[inline]
fn bit_of(value: u32) -> usize {
    (value.wrapping_mul(0x9E37_79B1) >> 16) as usize
}
