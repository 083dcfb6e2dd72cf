//! The loops. Each is inlined into both functions compiled from it.

pub(super) use super::near::{
    add_box_distances, columns_within, in_box, pages_in_box, row_sums, rows_within, to_rows,
};

#[inline(always)]
fn each<T: Copy>(values: &[T], mask: &mut [u8], test: impl Fn(T) -> bool) {
    for (mask, &value) in mask.iter_mut().zip(values) {
        *mask = u8::from(test(value));
    }
}

#[inline(always)]
pub(super) fn range_u32(values: &[u32], low: u32, high: u32, mask: &mut [u8]) {
    each(values, mask, |value| (value >= low) & (value <= high));
}

#[inline(always)]
pub(super) fn range_u16(values: &[u16], low: u16, high: u16, mask: &mut [u8]) {
    each(values, mask, |value| (value >= low) & (value <= high));
}

#[inline(always)]
pub(super) fn range_u8(values: &[u8], low: u8, high: u8, mask: &mut [u8]) {
    each(values, mask, |value| (value >= low) & (value <= high));
}

#[inline(always)]
pub(super) fn range_i16(values: &[i16], low: i16, high: i16, mask: &mut [u8]) {
    each(values, mask, |value| (value >= low) & (value <= high));
}

/// NaN is in no range.
#[inline(always)]
pub(super) fn range_f32(values: &[f32], low: f32, high: f32, mask: &mut [u8]) {
    each(values, mask, |value| (value >= low) & (value <= high));
}

#[inline(always)]
pub(super) fn bits_u16(values: &[u16], bits: u16, expected: u16, mask: &mut [u8]) {
    each(values, mask, |value| value & bits == expected);
}

/// A bit of the set for each value from 0 to 15.
///
/// One comparison for each run of the set's bits: the baseline has no vector shift by a count per
/// lane.
#[inline(always)]
pub(super) fn one_of_16(values: &[u8], mut set: u16, mask: &mut [u8]) {
    let mut first = true;
    while set != 0 {
        let low = set.trailing_zeros() as u8;
        let run = (set >> low).trailing_ones() as u8;
        if first {
            each(values, mask, |value| value.wrapping_sub(low) < run);
        } else {
            for (mask, &value) in mask.iter_mut().zip(values) {
                *mask |= u8::from(value.wrapping_sub(low) < run);
            }
        }
        first = false;
        set &= (!0_u16).checked_shl(u32::from(low + run)).unwrap_or(0);
    }
    if first {
        mask.fill(0);
    }
}

#[inline(always)]
pub(super) fn equal_u8(left: &[u8], right: &[u8], mask: &mut [u8]) {
    for (mask, (left, right)) in mask.iter_mut().zip(left.iter().zip(right)) {
        *mask = u8::from(left == right);
    }
}

#[inline(always)]
fn each_point(points: [&[i16]; 3], mask: &mut [u8], test: impl Fn(i16, i16, i16) -> bool) {
    let [xs, ys, zs] = points;
    for (mask, ((&x, &y), &z)) in mask.iter_mut().zip(xs.iter().zip(ys).zip(zs)) {
        *mask = u8::from(test(x, y, z));
    }
}

/// A ball whose radius is less than 32767 steps.
///
/// A difference that saturates is greater than that, and so is its square; three squares of 2^30
/// are less than 2^32.
#[inline(always)]
pub(super) fn small_ball(
    points: [&[i16]; 3],
    [x, y, z]: [i16; 3],
    squared_radius: u32,
    mask: &mut [u8],
) {
    let square = |value: i16, centre: i16| {
        let difference = i32::from(value.saturating_sub(centre));
        (difference * difference) as u32
    };
    each_point(points, mask, |px, py, pz| {
        square(px, x) + square(py, y) + square(pz, z) <= squared_radius
    });
}

#[inline(always)]
pub(super) fn any_ball(
    points: [&[i16]; 3],
    [x, y, z]: [i32; 3],
    squared_radius: u64,
    mask: &mut [u8],
) {
    each_point(points, mask, |px, py, pz| {
        let [dx, dy, dz] = [(px, x), (py, y), (pz, z)].map(squared_difference);
        dx + dy + dz <= squared_radius
    });
}

/// At most (2^31 + 2^15)^2: three of them are less than 2^64.
#[inline(always)]
fn squared_difference((value, centre): (i16, i32)) -> u64 {
    let difference = (i64::from(value) - i64::from(centre)).unsigned_abs();
    difference * difference
}

#[inline(always)]
pub(super) fn off_grid_ball(
    points: [&[i16]; 3],
    [x, y, z]: [f64; 3],
    squared_radius: f64,
    mask: &mut [u8],
) {
    each_point(points, mask, |px, py, pz| {
        let [dx, dy, dz] = [f64::from(px) - x, f64::from(py) - y, f64::from(pz) - z];
        dx * dx + dy * dy + dz * dz <= squared_radius
    });
}

#[inline(always)]
pub(super) fn and(mask: &mut [u8], other: &[u8]) {
    for (mask, other) in mask.iter_mut().zip(other) {
        *mask &= other;
    }
}

#[inline(always)]
pub(super) fn or(mask: &mut [u8], other: &[u8]) {
    for (mask, other) in mask.iter_mut().zip(other) {
        *mask |= other;
    }
}

#[inline(always)]
pub(super) fn not(mask: &mut [u8]) {
    for mask in mask {
        *mask ^= 1;
    }
}

/// At most 255 rows of 32 bytes, so that each sum fits a byte: 8160 tokens.
///
/// Loops, not iterators: what is not inlined here is compiled for the baseline.
#[inline(always)]
pub(super) fn count(mask: &[u8]) -> usize {
    let (rows, rest) = mask.as_chunks::<32>();
    let mut count = 0;
    for rows in rows.chunks(255) {
        let mut sums = [0_u8; 32];
        for row in rows {
            for lane in 0..32 {
                sums[lane] += row[lane];
            }
        }
        for sum in sums {
            count += usize::from(sum);
        }
    }
    for &byte in rest {
        count += usize::from(byte);
    }
    count
}
