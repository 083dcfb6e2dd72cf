use ng_token::Token;

/// Whether [`prefetch`] does anything on this target: on x86-64 it does.
pub const PREFETCHES: bool = cfg!(all(
    target_arch = "x86_64",
    target_feature = "sse",
    not(miri)
));

/// Prefetches a token into the L1 cache, without waiting.
///
/// A hint, for readers that know in advance where they will read: it only affects time.
/// Stable Rust has it for x86-64; elsewhere it does nothing, as [`PREFETCHES`] says.
#[inline(always)]
pub fn prefetch(token: &Token) {
    #[cfg(all(target_arch = "x86_64", target_feature = "sse", not(miri)))]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: `_mm_prefetch` requires (1) SSE, and this is compiled only for targets
        // that have it. It reads nothing, so any address is fine.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(token).cast()) };
    }
    #[cfg(not(all(target_arch = "x86_64", target_feature = "sse", not(miri))))]
    let _ = token;
}
