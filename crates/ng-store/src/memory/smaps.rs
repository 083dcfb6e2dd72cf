use std::ops::Range;

use super::overlap_bytes;

/// Returns the bytes of `range` in anonymous huge pages, from the text of
/// `/proc/self/smaps`; `None` if it names no such pages at all.
///
/// A mapping reports how many it has, not where: as many as fit count for the part covered
/// by `range`.
pub(super) fn huge_bytes(smaps: &str, range: &Range<u64>) -> Option<u64> {
    let mut overlap = 0;
    let mut huge = None;
    for line in smaps.lines() {
        if let Some(kib) = line.strip_prefix("AnonHugePages:") {
            let here = overlap.min(parse_kib(kib)? * 1024);
            huge = Some(huge.unwrap_or(0) + here);
        } else if let Some(mapping) = parse_mapping(line) {
            overlap = overlap_bytes(&mapping, range);
        }
    }
    huge
}

/// Parses the line that opens a mapping: `7f0000000000-7f0000200000 rw-p ...`.
fn parse_mapping(line: &str) -> Option<Range<u64>> {
    let (start, end) = line.split(' ').next()?.split_once('-')?;
    let start = u64::from_str_radix(start, 16).ok()?;
    let end = u64::from_str_radix(end, 16).ok()?;
    Some(start..end)
}

fn parse_kib(value: &str) -> Option<u64> {
    value.trim().strip_suffix("kB")?.trim_end().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMAPS: &str = "\
7f0000000000-7f0000800000 rw-p 00000000 00:00 0
Size:               8192 kB
AnonHugePages:      4096 kB
VmFlags: rd wr mr mw me ac hg
7f0000800000-7f0000a00000 rw-p 00000000 fe:00 12 /data/a-b c
Size:               2048 kB
AnonHugePages:         0 kB
7f0000a00000-7f0000c00000 rw-p 00000000 00:00 0
AnonHugePages:      2048 kB
";

    #[test]
    fn huge_bytes_are_those_of_the_overlapping_mappings_clipped_to_the_range() {
        const MIB: u64 = 1 << 20;
        const BASE: u64 = 0x7f00_0000_0000;
        for (start, end, expected) in [
            (0, 8, 4),
            (0, 2, 2),
            (7, 8, 1),
            (8, 10, 0),
            (0, 12, 6),
            (9, 11, 1),
            (12, 14, 0),
            (3, 3, 0),
        ] {
            let range = BASE + start * MIB..BASE + end * MIB;
            assert_eq!(
                huge_bytes(SMAPS, &range),
                Some(expected * MIB),
                "{start} to {end} MiB"
            );
        }
    }

    #[test]
    fn a_kernel_that_names_no_huge_pages_gives_none() {
        assert_eq!(huge_bytes("10-20 rw-p 0 0 0\nSize: 1 kB\n", &(0..64)), None);
    }
}
