//! What is done to sixteen rows at once.
//!
//! A leaf for each row is sixteen loads, and a row laid down as a column sixteen stores: no compiler
//! turns either into vector code. With SIMD the leaves of a tree lie in registers instead, low bytes
//! apart from high ones, a row's leaf is picked by `swizzle`, and rows become columns by shuffles.

/// Rows judged together: the bytes of a register.
pub const LANES: usize = 16;

/// A byte of each row.
pub type Column = [u8; LANES];

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
pub use plain::{ask, columns, Leaves};
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub use vector::{ask, columns, Leaves};

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod plain {
    use super::{Column, LANES};

    /// Sixteen bytes of each row as columns.
    #[inline]
    pub fn columns(rows: &[Column; LANES]) -> [Column; LANES] {
        std::array::from_fn(|at| rows.map(|row| row[at]))
    }

    /// Appends a bit to each row's number: whether its byte is not over the border.
    #[inline(always)]
    pub fn ask(numbers: &mut Column, column: &Column, border: u8) {
        for (number, &value) in numbers.iter_mut().zip(column) {
            *number = *number << 1 | u8::from(value <= border);
        }
    }

    /// The leaves of one tree of depth six.
    pub struct Leaves<'l>(&'l [[u8; 2]; 64]);

    impl<'l> Leaves<'l> {
        #[inline(always)]
        pub fn of(leaves: &'l [[u8; 2]; 64]) -> Self {
            Self(leaves)
        }

        /// Adds to every sum the leaf of its number, counted from the last.
        #[inline(always)]
        pub fn add(&self, numbers: &Column, sums: &mut [i32; LANES]) {
            for (sum, &number) in sums.iter_mut().zip(numbers) {
                *sum += i32::from(i16::from_le_bytes(self.0[usize::from(!number % 64)]));
            }
        }
    }
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod vector {
    use core::arch::wasm32::{
        i32x4_add, i32x4_extend_high_i16x8, i32x4_extend_low_i16x8, i8x16_add, i8x16_shuffle,
        i8x16_sub, i8x16_swizzle, u8x16_le, u8x16_splat, v128, v128_load, v128_or, v128_store,
    };

    use super::{Column, LANES};

    const REGISTERS: usize = 4;

    /// Sixteen bytes of each row as columns.
    #[inline]
    pub fn columns(rows: &[Column; LANES]) -> [Column; LANES] {
        let mut registers = rows.each_ref().map(load);
        // A byte's place is a number of eight bits, first the row's, then the column's. Each round
        // turns it by one bit; after four the two have changed places.
        for _ in 0..4 {
            registers = std::array::from_fn(|at| {
                let (one, other) = (registers[at / 2], registers[at / 2 + LANES / 2]);
                if at % 2 == 0 {
                    first_halves(one, other)
                } else {
                    last_halves(one, other)
                }
            });
        }
        registers.map(|register| {
            let mut column = [0; LANES];
            store(register, &mut column);
            column
        })
    }

    /// Appends a bit to each row's number: whether its byte is not over the border.
    #[inline(always)]
    pub fn ask(numbers: &mut Column, column: &Column, border: u8) {
        let before = load(numbers);
        // "Not over" takes two instructions where "over" takes four.
        let answers = u8x16_le(load(column), u8x16_splat(border));
        store(i8x16_sub(i8x16_add(before, before), answers), numbers);
    }

    /// The leaves of one tree of depth six, from the last: registers of low bytes, and of high ones.
    pub struct Leaves {
        low: [v128; REGISTERS],
        high: [v128; REGISTERS],
    }

    impl Leaves {
        #[inline(always)]
        pub fn of(leaves: &[[u8; 2]; 64]) -> Self {
            let (halves, _) = leaves.as_flattened().as_chunks::<LANES>();
            let pair = |at: usize| (load(&halves[6 - 2 * at]), load(&halves[7 - 2 * at]));
            let low = |at| {
                let (first, second) = pair(at);
                i8x16_shuffle::<30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0>(
                    first, second,
                )
            };
            let high = |at| {
                let (first, second) = pair(at);
                i8x16_shuffle::<31, 29, 27, 25, 23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1>(
                    first, second,
                )
            };
            Self {
                low: [low(0), low(1), low(2), low(3)],
                high: [high(0), high(1), high(2), high(3)],
            }
        }

        /// Adds to every sum the leaf of its number, counted from the last.
        #[inline(always)]
        pub fn add(&self, numbers: &Column, sums: &mut [i32; LANES]) {
            let numbers = load(numbers);
            let step = u8x16_splat(LANES as u8);
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
            let (first, last) = (first_halves(low, high), last_halves(low, high));
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
    fn first_halves(one: v128, other: v128) -> v128 {
        i8x16_shuffle::<0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23>(one, other)
    }

    #[inline(always)]
    fn last_halves(one: v128, other: v128) -> v128 {
        i8x16_shuffle::<8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31>(one, other)
    }

    #[inline(always)]
    fn load(bytes: &Column) -> v128 {
        // SAFETY: sixteen bytes are one register, which has no alignment to keep.
        unsafe { v128_load(bytes.as_ptr().cast()) }
    }

    #[inline(always)]
    fn store(register: v128, bytes: &mut Column) {
        // SAFETY: as for `load`.
        unsafe { v128_store(bytes.as_mut_ptr().cast(), register) }
    }
}
