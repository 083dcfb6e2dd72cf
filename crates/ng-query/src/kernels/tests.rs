//! Every loop, in both forms, against a plain one, at all lengths that leave a remainder.

use super::{Kernels, PAGE, ROW};

const LENGTHS: [usize; 12] = [0, 1, 7, 31, 32, 33, 63, 64, 255, 256, 257, 4096];

fn both() -> [Kernels; 2] {
    [Kernels::BASELINE, Kernels::detect()]
}

/// Pseudo-random bits from a seed.
fn random(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    }
}

/// Mostly few values near the ends and the middle, and some of any value.
fn steps(len: usize, seed: u64) -> Vec<i16> {
    let mut random = random(seed);
    let step = |bits: u64| match bits % 4 {
        0 => i16::MIN + (bits >> 8 & 3) as i16,
        1 => i16::MAX - (bits >> 8 & 3) as i16,
        2 => (bits >> 8 & 63) as i16,
        _ => (bits >> 8) as i16,
    };
    (0..len).map(|_| step(random())).collect()
}

fn check<T: Copy>(
    values: impl Fn(usize) -> Vec<T>,
    loops: impl Fn(Kernels, &[T], &mut [u8]),
    plain: impl Fn(T) -> bool,
) {
    for len in LENGTHS {
        let values = values(len);
        let expected: Vec<u8> = values.iter().map(|&value| plain(value).into()).collect();
        for kernels in both() {
            let mut mask = vec![7; len];
            loops(kernels, &values, &mut mask);
            assert_eq!(mask, expected, "{}, {len} values", kernels.name());
        }
    }
}

#[test]
fn ranges_have_both_their_ends() {
    let bytes = |len| steps(len, 1).iter().map(|step| *step as u8).collect();
    check(
        bytes,
        |loops, values, mask| loops.range_u8(values, 3, 200, mask),
        |value: u8| (3..=200).contains(&value),
    );
    let halves = |len| steps(len, 2).iter().map(|step| *step as u16).collect();
    check(
        halves,
        |loops, values, mask| loops.range_u16(values, 49, 0x8001, mask),
        |value: u16| (49..=0x8001).contains(&value),
    );
    check(
        halves,
        |loops, values, mask| loops.bits_u16(values, 0x8011, 0x8001, mask),
        |value: u16| value & 0x8011 == 0x8001,
    );
    let words = |len| steps(len, 3).iter().map(|step| *step as u32).collect();
    check(
        words,
        |loops, values, mask| loops.range_u32(values, 49, 0xffff_8001, mask),
        |value: u32| (49..=0xffff_8001).contains(&value),
    );
    check(
        |len| steps(len, 4),
        |loops, values, mask| loops.range_i16(values, -32_767, 49, mask),
        |value: i16| (-32_767..=49).contains(&value),
    );
}

#[test]
fn weights_are_compared_as_ieee_has_it() {
    let kinds = [f32::NAN, -0.0, 0.0, 0.5, -0.5, f32::INFINITY, 1e-45, -1e-45];
    let weights = |len| (0..len).map(|at| kinds[at % 7 + at % 2]).collect();
    for (low, high) in [(0.0, 0.5), (-0.5, -0.0), (1e-45, f32::INFINITY)] {
        check(
            weights,
            |loops, values, mask| loops.range_f32(values, low, high, mask),
            |value: f32| value >= low && value <= high,
        );
    }
}

/// A forged column may hold more than four bits: such a value is in no set.
#[test]
fn a_set_of_sixteen_has_each_of_its_runs() {
    let bytes = |len| steps(len, 5).iter().map(|step| *step as u8 % 20).collect();
    for set in [0, 1, 0x8000, 0xffff, 0b0110_0101_1100_0011, 0x7ffe] {
        check(
            bytes,
            |loops, values, mask| loops.one_of_16(values, set, mask),
            |value: u8| value < 16 && set >> value & 1 != 0,
        );
    }
}

#[test]
fn masks_are_joined_and_counted() {
    for len in LENGTHS.into_iter().chain([20_000]) {
        let bits = |seed| -> Vec<u8> { steps(len, seed).iter().map(|s| *s as u8 & 1).collect() };
        let (left, right) = (bits(6), bits(7));
        let each = |join: fn(u8, u8) -> u8| -> Vec<u8> {
            left.iter().zip(&right).map(|(l, r)| join(*l, *r)).collect()
        };
        for kernels in both() {
            let joined = |join: &dyn Fn(&mut [u8])| {
                let mut mask = left.clone();
                join(&mut mask);
                mask
            };
            assert_eq!(
                joined(&|mask| kernels.and(mask, &right)),
                each(|l, r| l & r)
            );
            assert_eq!(joined(&|mask| kernels.or(mask, &right)), each(|l, r| l | r));
            assert_eq!(joined(&|mask| kernels.not(mask)), each(|l, _| 1 - l));
            let count = left.iter().filter(|bit| **bit == 1).count();
            assert_eq!(kernels.count(&left), count, "{len}");
            assert_eq!(kernels.count(&vec![1; len]), len);
            let mut mask = vec![7; len];
            kernels.equal_u8(&left, &right, &mut mask);
            assert_eq!(mask, each(|l, r| u8::from(l == r)));
        }
    }
}

#[test]
fn balls_and_boxes_have_their_borders() {
    for len in LENGTHS {
        let axes = [steps(len, 8), steps(len, 9), steps(len, 10)];
        let points = axes.each_ref().map(Vec::as_slice);
        let squared = |at: usize, centre: [i32; 3]| -> u64 {
            let squares =
                (0..3).map(|axis| (i64::from(axes[axis][at]) - i64::from(centre[axis])).pow(2));
            squares.sum::<i64>() as u64
        };
        for radius in [0_u64, 1, 49, 32_766, 60_000, 113_510] {
            let centre = [3_i16, -32_768, 32_767];
            let wide = centre.map(i32::from);
            let squared_radius = radius * radius;
            let expected: Vec<u8> = (0..len)
                .map(|at| (squared(at, wide) <= squared_radius).into())
                .collect();
            for kernels in both() {
                let mut mask = vec![7; len];
                if radius < 32_767 {
                    kernels.small_ball(points, centre, squared_radius as u32, &mut mask);
                    assert_eq!(mask, expected, "small, {radius}, {len}");
                }
                kernels.any_ball(points, wide, squared_radius, &mut mask);
                assert_eq!(mask, expected, "any, {radius}, {len}");
                kernels.off_grid_ball(
                    points,
                    centre.map(f64::from),
                    squared_radius as f64,
                    &mut mask,
                );
                assert_eq!(mask, expected, "off the grid, {radius}, {len}");
            }
        }
        let (low, high) = ([-50, i16::MIN, 0], [50, 40, i16::MAX]);
        let inside =
            |at: &usize| (0..3).all(|axis| (low[axis]..=high[axis]).contains(&axes[axis][*at]));
        let expected: Vec<u8> = (0..len).map(|at| inside(&at).into()).collect();
        let pages = (0..len)
            .filter(inside)
            .fold(0, |pages, at| pages | 1_u64 << (at / PAGE));
        for kernels in both() {
            let mut mask = vec![7; len];
            kernels.in_box(points, low, high, &mut mask);
            assert_eq!(mask, expected);
            assert_eq!(kernels.pages_in_box(points, low, high), pages);
        }
    }
}

/// Small whole numbers: their sums are exact in any order.
#[test]
fn rows_and_columns_tell_of_the_same_points() {
    let spaces = 8;
    let (centre, weights): (Vec<f32>, Vec<f32>) = (
        (0..3 * spaces)
            .map(|axis| (axis % 5) as f32 - 2.0)
            .collect(),
        (0..spaces)
            .map(|space| [1.0, 0.5, 0.25][space % 3])
            .collect(),
    );
    for rows in [0, 1, 2, 8, 64] {
        let mut random = random(11 + rows as u64);
        let column = |_| {
            (0..rows * ROW)
                .map(|_| (random() % 20) as i16 - 10)
                .collect()
        };
        let columns: Vec<Vec<i16>> = (0..3 * spaces).map(column).collect();
        let sum = |at: usize| -> f32 {
            let space = |space: usize| -> f32 {
                let axes = 3 * space..3 * space + 3;
                let apart = axes.map(|axis| f32::from(columns[axis][at]) - centre[axis]);
                weights[space] * apart.map(|apart| apart * apart).sum::<f32>()
            };
            (0..spaces).map(space).sum()
        };
        let least = (0..rows * ROW).map(sum).fold(f32::INFINITY, f32::min);
        let slices: Vec<&[i16]> = columns.iter().map(Vec::as_slice).collect();
        for limit in [least, least.next_down(), least + 60.0, f32::INFINITY] {
            let near = (0..rows * ROW).filter(|&at| sum(at) <= limit);
            let expected = near.fold(0, |rows, at| rows | 1_u64 << (at / ROW));
            for kernels in both() {
                let found = kernels.columns_within(&slices, &centre, &weights, limit);
                assert_eq!(found, expected, "columns, {rows} rows, {limit}");
                let stride = 3 * spaces * ROW;
                let mut values = vec![f32::NAN; rows * stride];
                for (axis, steps) in slices.iter().enumerate() {
                    kernels.to_rows(
                        steps,
                        stride,
                        &mut values[(axis * ROW).min(rows * stride)..],
                    );
                }
                let found = kernels.rows_within(&values, &centre, &weights, limit);
                assert_eq!(found, expected, "rows, {rows}, {limit}");
                for row in 0..rows {
                    let mut sums = [0.0; ROW];
                    kernels.row_sums(
                        &values[row * stride..][..stride],
                        &centre,
                        &weights,
                        &mut sums,
                    );
                    assert!((0..ROW).all(|lane| sums[lane] == sum(row * ROW + lane)));
                }
            }
        }
    }
}
