//! The leaves of a tree, looked up for sixteen rows at once.
//!
//! A leaf for each row is sixteen loads, which no compiler turns into vector code. With SIMD the
//! leaves of a large tree lie in registers instead, low bytes apart from high ones, and a row's
//! leaf is picked by `swizzle`: half the time for a tree.

use super::forest::LANES;

/// The leaves of one tree, made ready for many rows.
pub trait Leaves<'l, const COUNT: usize> {
    fn of(leaves: &'l [[u8; 2]; COUNT]) -> Self;
    /// Adds to every sum the leaf of its number, which is below `COUNT`.
    fn add(&self, numbers: &[u8; LANES], sums: &mut [i32; LANES]);
}

/// Leaves as they lie in the model file.
pub struct Plain<'l, const COUNT: usize>(&'l [[u8; 2]; COUNT]);

impl<'l, const COUNT: usize> Leaves<'l, COUNT> for Plain<'l, COUNT> {
    #[inline(always)]
    fn of(leaves: &'l [[u8; 2]; COUNT]) -> Self {
        Self(leaves)
    }

    #[inline(always)]
    fn add(&self, numbers: &[u8; LANES], sums: &mut [i32; LANES]) {
        for (sum, &number) in sums.iter_mut().zip(numbers) {
            *sum += i32::from(i16::from_le_bytes(self.0[usize::from(number) % COUNT]));
        }
    }
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub use vector::Large;
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
pub type Large<'l> = Plain<'l, 64>;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod vector {
    use core::arch::wasm32::{
        i32x4_add, i32x4_extend_high_i16x8, i32x4_extend_low_i16x8, i8x16_shuffle, i8x16_sub,
        i8x16_swizzle, u8x16_splat, v128, v128_load, v128_or, v128_store,
    };

    use super::{Leaves, LANES};

    /// Bytes of a register.
    const WIDTH: usize = 16;
    const REGISTERS: usize = 4;

    /// Sixty-four leaves: registers of low bytes, and of high ones.
    pub struct Large {
        low: [v128; REGISTERS],
        high: [v128; REGISTERS],
    }

    impl<'l> Leaves<'l, 64> for Large {
        #[inline(always)]
        fn of(leaves: &'l [[u8; 2]; 64]) -> Self {
            let (halves, _) = leaves.as_flattened().as_chunks::<WIDTH>();
            let pair = |at: usize| (load(&halves[2 * at]), load(&halves[2 * at + 1]));
            let low = |at| {
                let (first, second) = pair(at);
                i8x16_shuffle::<0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30>(
                    first, second,
                )
            };
            let high = |at| {
                let (first, second) = pair(at);
                i8x16_shuffle::<1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31>(
                    first, second,
                )
            };
            Self {
                low: [low(0), low(1), low(2), low(3)],
                high: [high(0), high(1), high(2), high(3)],
            }
        }

        #[inline(always)]
        fn add(&self, numbers: &[u8; LANES], sums: &mut [i32; LANES]) {
            let numbers = load(numbers);
            let step = u8x16_splat(WIDTH as u8);
            let second = i8x16_sub(numbers, step);
            let third = i8x16_sub(second, step);
            let fourth = i8x16_sub(third, step);
            // A number that is not of a register picks zero from it.
            let picked = |from: &[v128; REGISTERS]| {
                v128_or(
                    v128_or(
                        i8x16_swizzle(from[0], numbers),
                        i8x16_swizzle(from[1], second),
                    ),
                    v128_or(
                        i8x16_swizzle(from[2], third),
                        i8x16_swizzle(from[3], fourth),
                    ),
                )
            };
            let (low, high) = (picked(&self.low), picked(&self.high));
            let first =
                i8x16_shuffle::<0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23>(low, high);
            let last = i8x16_shuffle::<8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31>(
                low, high,
            );
            let leaves = [
                i32x4_extend_low_i16x8(first),
                i32x4_extend_high_i16x8(first),
                i32x4_extend_low_i16x8(last),
                i32x4_extend_high_i16x8(last),
            ];
            let (sums, _) = sums.as_chunks_mut::<4>();
            for (sums, leaves) in sums.iter_mut().zip(leaves) {
                // SAFETY: four sums are one register, which has no alignment to keep.
                unsafe {
                    let place = sums.as_mut_ptr().cast();
                    v128_store(place, i32x4_add(v128_load(place), leaves));
                }
            }
        }
    }

    #[inline(always)]
    fn load(bytes: &[u8; WIDTH]) -> v128 {
        // SAFETY: sixteen bytes are one register, which has no alignment to keep.
        unsafe { v128_load(bytes.as_ptr().cast()) }
    }
}
