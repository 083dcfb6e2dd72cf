//! The hot loops, each compiled twice: for the target's baseline, and for AVX2, chosen at run time
//! where the processor has it.
//!
//! A mask has a byte for each token, 0 or 1: the compiler vectorizes loops over bytes, but not
//! loops over bits.

mod loops;
mod near;
#[cfg(target_arch = "x86_64")]
mod zones;

use ng_token::Token;

use crate::zone::fields::{Found, GROUP};
pub(crate) use near::{PAGE, ROW};

/// Which of the two forms of the loops runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kernels(Level);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Baseline,
    #[cfg(target_arch = "x86_64")]
    Avx2,
}

impl Kernels {
    /// The form that every processor of the target runs.
    pub(crate) const BASELINE: Self = Self(Level::Baseline);

    /// The best form for this processor.
    pub(crate) fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("popcnt") {
            return Self(Level::Avx2);
        }
        Self::BASELINE
    }

    /// Returns its name, as `explain` shows it.
    pub(crate) fn name(self) -> &'static str {
        match self.0 {
            Level::Baseline => "baseline",
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => "avx2",
        }
    }
}

impl Kernels {
    /// Adds tokens to a block's zone. The compiler's AVX2 form of the plain loop takes twice as
    /// long as the hand-written one.
    pub(crate) fn add_to_zone(self, found: &mut Found, groups: &[[Token; GROUP]]) {
        match self.0 {
            Level::Baseline => groups.iter().for_each(|group| found.add(group, GROUP)),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as for the loops below.
            Level::Avx2 => unsafe { zones::add(found, groups.as_flattened()) },
        }
    }
}

macro_rules! compiled_twice {
    ($($name:ident($($argument:ident: $type:ty),*) $(-> $returned:ty)?;)*) => {
        #[cfg(target_arch = "x86_64")]
        mod avx2 {
            use super::loops;
            $(
                #[target_feature(enable = "avx2,popcnt")]
                pub(super) fn $name($($argument: $type),*) $(-> $returned)? {
                    loops::$name($($argument),*)
                }
            )*
        }

        impl Kernels {
            $(
                #[inline]
                pub(crate) fn $name(self, $($argument: $type),*) $(-> $returned)? {
                    match self.0 {
                        Level::Baseline => loops::$name($($argument),*),
                        #[cfg(target_arch = "x86_64")]
                        // SAFETY: the function asks for (1) a processor with AVX2 and POPCNT. Only
                        // `detect` makes an `Avx2`, where both are there.
                        Level::Avx2 => unsafe { avx2::$name($($argument),*) },
                    }
                }
            )*
        }
    };
}

compiled_twice! {
    range_u32(values: &[u32], low: u32, high: u32, mask: &mut [u8]);
    range_u16(values: &[u16], low: u16, high: u16, mask: &mut [u8]);
    range_u8(values: &[u8], low: u8, high: u8, mask: &mut [u8]);
    range_i16(values: &[i16], low: i16, high: i16, mask: &mut [u8]);
    range_f32(values: &[f32], low: f32, high: f32, mask: &mut [u8]);
    bits_u16(values: &[u16], bits: u16, expected: u16, mask: &mut [u8]);
    one_of_16(values: &[u8], set: u16, mask: &mut [u8]);
    equal_u8(left: &[u8], right: &[u8], mask: &mut [u8]);
    small_ball(points: [&[i16]; 3], centre: [i16; 3], squared_radius: u32, mask: &mut [u8]);
    any_ball(points: [&[i16]; 3], centre: [i32; 3], squared_radius: u64, mask: &mut [u8]);
    off_grid_ball(points: [&[i16]; 3], centre: [f64; 3], squared_radius: f64, mask: &mut [u8]);
    and(mask: &mut [u8], other: &[u8]);
    or(mask: &mut [u8], other: &[u8]);
    not(mask: &mut [u8]);
    count(mask: &[u8]) -> usize;
    pages_in_box(points: [&[i16]; 3], low: [i16; 3], high: [i16; 3]) -> u64;
    in_box(points: [&[i16]; 3], low: [i16; 3], high: [i16; 3], mask: &mut [u8]);
    to_rows(steps: &[i16], stride: usize, rows: &mut [f32]);
    rows_within(rows: &[f32], centre: &[f32], weights: &[f32], limit: f32) -> u64;
    columns_within(columns: &[&[i16]], centre: &[f32], weights: &[f32], limit: f32) -> u64;
    row_sums(row: &[f32], centre: &[f32], weights: &[f32], sums: &mut [f32; 32]);
    add_box_distances(low: [&[i16]; 3], high: [&[i16]; 3], centre: [f32; 3], weight: f32, sums: &mut [f32; 64]);
}

#[cfg(test)]
mod tests;
