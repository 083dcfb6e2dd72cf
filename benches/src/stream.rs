//! Non-temporal stores, as bare as possible: the limit of a refill.

/// Words of a 64-byte cache line.
const LINE_WORDS: usize = 8;

/// Writes `first`, `first + 1` and so on into word `id_word` of the lines of `words`, and zeros
/// around it, bypassing the caches if the processor can.
pub(crate) fn stream_lines(words: &mut [u64], first: u64, id_word: usize) {
    for (line, number) in words.chunks_exact_mut(LINE_WORDS).zip(first..) {
        for (index, word) in line.iter_mut().enumerate() {
            stream(word, if index == id_word { number } else { 0 });
        }
    }
    fence();
}

#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
#[inline(always)]
fn stream(word: &mut u64, value: u64) {
    // SAFETY: `_mm_stream_si64` asks for (1) 8 writable bytes, aligned, which `word` is, and (2) a
    // fence before anybody else reads them: `stream_lines` ends with one.
    unsafe {
        std::arch::x86_64::_mm_stream_si64(std::ptr::from_mut(word).cast(), value.cast_signed());
    }
}

#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
fn fence() {
    // SAFETY: `_mm_sfence` asks for (1) SSE, which the target has.
    unsafe { std::arch::x86_64::_mm_sfence() };
}

#[cfg(not(all(target_arch = "x86_64", target_feature = "sse2")))]
#[inline(always)]
fn stream(word: &mut u64, value: u64) {
    *word = value;
}

#[cfg(not(all(target_arch = "x86_64", target_feature = "sse2")))]
fn fence() {}
