//! The loops of nearest and within: screens of points, and how far boxes are.

/// How many tokens a page has, whose points one step tests.
pub(crate) const PAGE: usize = 64;
/// How many tokens stand side by side in rows of `f32`.
pub(crate) const ROW: usize = 32;

/// Sets a bit for each of at most 64 pages of 64 points that has a point in a box, ends included.
#[inline(always)]
pub(super) fn pages_in_box(points: [&[i16]; 3], low: [i16; 3], high: [i16; 3]) -> u64 {
    let [xs, ys, zs] = points.map(|axis| axis.chunks(PAGE));
    let mut pages = 0;
    for (page, ((xs, ys), zs)) in xs.zip(ys).zip(zs).take(64).enumerate() {
        let mut any = 0_i16;
        for ((&x, &y), &z) in xs.iter().zip(ys).zip(zs) {
            any |= inside(x, y, z, low, high);
        }
        pages |= u64::from(any != 0) << page;
    }
    pages
}

#[inline(always)]
pub(super) fn in_box(points: [&[i16]; 3], low: [i16; 3], high: [i16; 3], mask: &mut [u8]) {
    let [xs, ys, zs] = points;
    for (mask, ((&x, &y), &z)) in mask.iter_mut().zip(xs.iter().zip(ys).zip(zs)) {
        *mask = inside(x, y, z, low, high) as u8;
    }
}

/// 1 or 0, as wide as the values, so that the compiler keeps the vector lanes.
#[inline(always)]
fn inside(x: i16, y: i16, z: i16, low: [i16; 3], high: [i16; 3]) -> i16 {
    let out = (x < low[0]) | (x > high[0]) | (y < low[1]) | (y > high[1]) | (z < low[2]);
    i16::from(!(out | (z > high[2])))
}

/// Writes one axis of the rows' points: `steps` has 32 values of each row, `stride` is the distance
/// between the same axis of two rows.
#[inline(always)]
pub(super) fn to_rows(steps: &[i16], stride: usize, rows: &mut [f32]) {
    let (whole, rest) = steps.as_chunks::<ROW>();
    for (steps, row) in whole.iter().zip(rows.chunks_mut(stride)) {
        if let Some(row) = row.first_chunk_mut::<ROW>() {
            // No `map` of an array: it is not inlined, and so compiled for the baseline.
            for lane in 0..ROW {
                row[lane] = f32::from(steps[lane]);
            }
        }
    }
    if let Some(row) = rows.chunks_mut(stride).nth(whole.len()) {
        for (value, &step) in row.iter_mut().zip(rest) {
            *value = f32::from(step);
        }
    }
}

/// Sets a bit for each of at most 64 rows of 32 points that has a point whose weighted sum of
/// squares is at most `limit`.
///
/// A row has 32 values of each axis, the axes of a space one after the other; `weights` has
/// one for each space.
#[inline(always)]
pub(super) fn rows_within(rows: &[f32], centre: &[f32], weights: &[f32], limit: f32) -> u64 {
    let mut within = 0;
    for (number, row) in rows.chunks_exact(centre.len() * ROW).take(64).enumerate() {
        let mut sums = [0.0; ROW];
        let mut any = false;
        for (space, (centre, &weight)) in row
            .chunks_exact(3 * ROW)
            .zip(centre.chunks_exact(3).zip(weights))
        {
            add_space(space, centre, weight, &mut sums);
            any = false;
            for sum in sums {
                any |= sum <= limit;
            }
            if !any {
                break;
            }
        }
        within |= u64::from(any) << number;
    }
    within
}

/// Does what [`rows_within`] does for whole rows that are still in columns: once a row is ruled out
/// by its first spaces, the others are not even read.
#[inline(always)]
pub(super) fn columns_within(
    columns: &[&[i16]],
    centre: &[f32],
    weights: &[f32],
    limit: f32,
) -> u64 {
    let rows = columns.first().map_or(0, |column| column.len() / ROW);
    let mut within = 0;
    for number in 0..rows.min(64) {
        let mut sums = [0.0; ROW];
        let mut any = false;
        for (space, (centre, &weight)) in columns
            .chunks_exact(3)
            .zip(centre.chunks_exact(3).zip(weights))
        {
            let mut squares = [0.0; ROW];
            for (column, &centre) in space.iter().zip(centre) {
                let steps = &column[number * ROW..][..ROW];
                for lane in 0..ROW {
                    let apart = f32::from(steps[lane]) - centre;
                    squares[lane] += apart * apart;
                }
            }
            any = false;
            for lane in 0..ROW {
                sums[lane] += weight * squares[lane];
                any |= sums[lane] <= limit;
            }
            if !any {
                break;
            }
        }
        within |= u64::from(any) << number;
    }
    within
}

/// The sums of one row's points.
#[inline(always)]
pub(super) fn row_sums(row: &[f32], centre: &[f32], weights: &[f32], sums: &mut [f32; ROW]) {
    *sums = [0.0; ROW];
    let spaces = row.chunks_exact(3 * ROW);
    for (space, (centre, &weight)) in spaces.zip(centre.chunks_exact(3).zip(weights)) {
        add_space(space, centre, weight, sums);
    }
}

#[inline(always)]
fn add_space(space: &[f32], centre: &[f32], weight: f32, sums: &mut [f32; ROW]) {
    let mut squares = [0.0; ROW];
    for (axis, &centre) in space.chunks_exact(ROW).zip(centre) {
        for (square, &value) in squares.iter_mut().zip(axis) {
            let apart = value - centre;
            *square += apart * apart;
        }
    }
    for (sum, square) in sums.iter_mut().zip(squares) {
        *sum += weight * square;
    }
}

/// Adds the distance of a point from each of 64 boxes of one space: the weighted square of the
/// least distance.
#[inline(always)]
pub(super) fn add_box_distances(
    low: [&[i16]; 3],
    high: [&[i16]; 3],
    centre: [f32; 3],
    weight: f32,
    sums: &mut [f32; 64],
) {
    let mut squares = [0.0; 64];
    for axis in 0..3 {
        let ends = low[axis].iter().zip(high[axis]);
        for (square, (&low, &high)) in squares.iter_mut().zip(ends) {
            let below = f32::from(low) - centre[axis];
            let above = centre[axis] - f32::from(high);
            let outside = if below > above { below } else { above };
            let apart = if outside > 0.0 { outside } else { 0.0 };
            *square += apart * apart;
        }
    }
    for (sum, square) in sums.iter_mut().zip(squares) {
        *sum += weight * square;
    }
}
