use std::mem::MaybeUninit;

use ng_token::Token;

/// The size from which non-temporal stores are used: more than a core's share of most
/// last-level caches, 32 MiB.
///
/// A plain store first reads the line it overwrites, half of the traffic of a refill: 640
/// MB took 24 ms with plain stores and 16 ms with non-temporal ones (AMD EPYC, one thread).
/// Plain stores are twice as fast if the tokens stay in a cache, and also faster on fresh
/// memory, whose lines the kernel has just cleared (39 against 48 ms).
pub(crate) const STREAMED_MIN_TOKENS: usize = (32 << 20) / size_of::<Token>();

/// Writes `f(first_index)` and so on into `slots`, with non-temporal stores if the
/// processor has them.
#[inline]
pub(super) fn write_streamed(
    slots: &mut [MaybeUninit<Token>],
    first_index: usize,
    f: impl Fn(usize) -> Token,
) {
    #[cfg(all(target_arch = "x86_64", target_feature = "sse2", not(miri)))]
    x86::write(slots, first_index, f);
    #[cfg(not(all(target_arch = "x86_64", target_feature = "sse2", not(miri))))]
    write_plain(slots, first_index, f);
}

/// Writes `f(first_index)` and so on into `slots`.
#[expect(
    clippy::explicit_counter_loop,
    reason = "a zip costs a call a token in debug builds"
)]
#[inline]
pub(super) fn write_plain(
    slots: &mut [MaybeUninit<Token>],
    first_index: usize,
    f: impl Fn(usize) -> Token,
) {
    let mut index = first_index;
    for slot in slots {
        slot.write(f(index));
        index += 1;
    }
}

#[cfg(all(target_arch = "x86_64", target_feature = "sse2", not(miri)))]
mod x86 {
    use std::arch::x86_64::{__m128i, _mm_load_si128, _mm_sfence, _mm_stream_si128};
    use std::mem::MaybeUninit;

    use ng_token::Token;

    /// The 16-byte words of a token.
    const WORDS: usize = size_of::<Token>() / size_of::<__m128i>();

    #[expect(
        clippy::explicit_counter_loop,
        reason = "a zip costs a call a token in debug builds"
    )]
    #[inline]
    pub(super) fn write(
        slots: &mut [MaybeUninit<Token>],
        first_index: usize,
        f: impl Fn(usize) -> Token,
    ) {
        // Also if `f` panics: nobody may see these stores out of order.
        let _fence = Fence;
        let mut index = first_index;
        for slot in slots {
            stream(slot, &f(index));
            index += 1;
        }
    }

    #[inline]
    fn stream(slot: &mut MaybeUninit<Token>, token: &Token) {
        let from = std::ptr::from_ref(token).cast::<__m128i>();
        let to = slot.as_mut_ptr().cast::<__m128i>();
        for word in 0..WORDS {
            // SAFETY: `_mm_load_si128` requires (1) 16 readable bytes, which a
            // word of the token is, as `word` is below `WORDS`, (2) aligned to
            // 16: a token is to 64.
            let value = unsafe { _mm_load_si128(from.wrapping_add(word)) };
            // SAFETY: `_mm_stream_si128` requires (1) 16 writable bytes, which a
            // word of the slot is, (2) aligned to 16, both as above, and (3) a
            // fence before anybody else may read them: `Fence`, on every way out.
            unsafe { _mm_stream_si128(to.wrapping_add(word), value) };
        }
    }

    struct Fence;

    impl Drop for Fence {
        #[inline]
        fn drop(&mut self) {
            // SAFETY: `_mm_sfence` requires (1) SSE, which this module is
            // compiled for only where the target has it.
            unsafe { _mm_sfence() };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streamed_and_plain_stores_leave_the_same_tokens() {
        for count in [0, 1, 2, 63, 1_000] {
            let token = |index: usize| Token::new(index as u32).with_timestamp(!(index as u32));
            let [mut plain, mut streamed] = [0, 0].map(|_| Vec::with_capacity(count));
            write_plain(&mut plain.spare_capacity_mut()[..count], 7, token);
            write_streamed(&mut streamed.spare_capacity_mut()[..count], 7, token);
            for tokens in [&mut plain, &mut streamed] {
                // SAFETY: (1) the capacity is at least `count`, and (2) both ways
                // have written as many.
                unsafe { tokens.set_len(count) };
            }
            let expected: Vec<Token> = (7..7 + count).map(token).collect();
            assert_eq!(plain, expected);
            assert_eq!(streamed, expected);
        }
    }
}
