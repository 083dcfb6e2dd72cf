use ng_token::Token;

use crate::{ADVISED_MIN_BYTES, PagePolicy, VecStoreError};

/// Reserves space for `capacity` tokens and advises its pages before they are touched.
///
/// # Errors
///
/// `CapacityOverflow` or `OutOfMemory`.
pub(crate) fn allocate(capacity: usize, policy: PagePolicy) -> Result<Vec<Token>, VecStoreError> {
    if capacity > VecStoreError::MAX_TOKENS {
        return Err(VecStoreError::CapacityOverflow {
            token_count: capacity,
        });
    }
    let size_bytes = capacity * size_of::<Token>();
    let mut tokens = Vec::new();
    tokens
        .try_reserve_exact(capacity)
        .map_err(|_| VecStoreError::OutOfMemory { size_bytes })?;
    if size_bytes >= ADVISED_MIN_BYTES {
        advise(&mut tokens, policy);
    }
    Ok(tokens)
}

// Miri lacks `madvise`; the rest of the pointer code still runs there.
#[cfg(all(target_os = "linux", not(miri)))]
fn advise(tokens: &mut Vec<Token>, policy: PagePolicy) {
    use rustix::mm::{Advice, madvise};

    let advice = match policy {
        PagePolicy::Huge => Advice::LinuxHugepage,
        PagePolicy::Base => Advice::LinuxNoHugepage,
        PagePolicy::System => return,
    };
    let spare = tokens.spare_capacity_mut();
    let size_bytes = size_of_val(spare);
    let start = spare.as_mut_ptr();
    let pages = whole_pages(start.addr(), size_bytes, rustix::param::page_size());
    // SAFETY: `madvise` requires (1) a range that is ours to advise and (2) care
    // with advice that changes what memory holds.
    // (1) `pages` lies within the spare capacity of `tokens`, borrowed
    //     exclusively here, and holds whole pages only, so no other allocation
    //     shares one of them.
    // (2) Both kinds of advice choose a page size and change no byte.
    let advised = unsafe {
        madvise(
            start.wrapping_byte_add(pages.skip).cast(),
            pages.size_bytes,
            advice,
        )
    };
    // A kernel without huge pages says `EINVAL`, and base pages serve as well.
    let _ = advised;
}

#[cfg(not(all(target_os = "linux", not(miri))))]
fn advise(_tokens: &mut Vec<Token>, _policy: PagePolicy) {}

#[cfg(any(all(target_os = "linux", not(miri)), test))]
#[derive(Debug, PartialEq)]
struct WholePages {
    skip: usize,
    size_bytes: usize,
}

/// Returns the pages that lie wholly within the bytes at `addr`.
#[cfg(any(all(target_os = "linux", not(miri)), test))]
fn whole_pages(addr: usize, size_bytes: usize, page_bytes: usize) -> WholePages {
    let skip = addr.wrapping_neg() % page_bytes;
    let inner = size_bytes.saturating_sub(skip);
    WholePages {
        skip,
        size_bytes: inner - inner % page_bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_covers_whole_pages_within_the_reservation_only() {
        for (addr, size_bytes, skip, expected) in [
            (0x1000, 0x2000, 0, 0x2000),
            (0x1040, 0x2000, 0xfc0, 0x1000),
            (0x1fc0, 0x2000, 0x40, 0x1000),
            (0x1fc0, 0x1000, 0x40, 0),
            (0x1040, 0x40, 0xfc0, 0),
        ] {
            assert_eq!(
                whole_pages(addr, size_bytes, 0x1000),
                WholePages {
                    skip,
                    size_bytes: expected
                },
                "{size_bytes:#x} bytes at {addr:#x}"
            );
        }
    }
}
