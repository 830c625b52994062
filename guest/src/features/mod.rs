//! Blocks described in numbers, each one byte.
//!
//! Every feature is a `u8` by construction: ratios in two-hundredths, counts on a scale that is
//! exact to 16 and logarithmic above. So a decision is one byte compared with another, training
//! sees exactly the numbers that inference sees, and no floating point is involved.

use crate::blocks::text::TextStats;

pub mod block;
pub mod context;
pub mod groups;
mod meets;
pub mod outcome;
pub mod page;
pub mod records;

/// Where features go, in order. Training asks for their names, inference only for the numbers.
pub trait Sink {
    fn put(&mut self, name: &'static str, value: u8);
    /// One of a family of features, told apart by `suffix`.
    fn put_of(&mut self, name: &'static str, suffix: &'static str, value: u8);
    /// All of a family of features: `suffix` tells the one at each place.
    fn put_all(
        &mut self,
        name: &'static str,
        suffix: impl Fn(usize) -> &'static str,
        values: &[u8],
    );
    /// One of each of several families of features, all told apart by `suffix`.
    fn put_each<const COUNT: usize>(
        &mut self,
        names: &[&'static str; COUNT],
        suffix: &'static str,
        values: &[u8; COUNT],
    );
}

/// Room for the features of a row: a multiple of sixteen, so that rows are read in whole registers.
const ROOM: usize = 512;

/// Keeps the numbers. In a place of fixed size, because to ask before each of hundreds whether there is
/// room for it took longer than to work them out.
pub struct Row {
    values: [u8; ROOM],
    length: usize,
}

impl Default for Row {
    fn default() -> Self {
        Self {
            values: [0; ROOM],
            length: 0,
        }
    }
}

impl Row {
    /// The numbers, padded to a whole number of pieces. What they are padded with has no meaning.
    pub fn pieces<const WIDTH: usize>(&self) -> &[[u8; WIDTH]] {
        let (pieces, _) = self.values.as_chunks();
        &pieces[..self.length.div_ceil(WIDTH)]
    }

    /// Makes room for another row.
    pub fn clear(&mut self) {
        self.length = 0;
    }

    #[inline(always)]
    fn extend(&mut self, values: &[u8]) {
        let end = self.length + values.len();
        self.values[self.length..end].copy_from_slice(values);
        self.length = end;
    }
}

impl std::ops::Deref for Row {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.values[..self.length]
    }
}

impl Sink for Row {
    #[inline(always)]
    fn put(&mut self, _: &'static str, value: u8) {
        self.values[self.length] = value;
        self.length += 1;
    }

    #[inline(always)]
    fn put_of(&mut self, name: &'static str, _: &'static str, value: u8) {
        self.put(name, value);
    }

    #[inline(always)]
    fn put_all(&mut self, _: &'static str, _: impl Fn(usize) -> &'static str, values: &[u8]) {
        self.extend(values);
    }

    #[inline(always)]
    fn put_each<const COUNT: usize>(
        &mut self,
        _: &[&'static str; COUNT],
        _: &'static str,
        values: &[u8; COUNT],
    ) {
        self.extend(values);
    }
}

/// Keeps the names.
#[derive(Default)]
pub struct Names(pub Vec<String>);

impl Sink for Names {
    fn put(&mut self, name: &'static str, _: u8) {
        self.0.push(name.to_string());
    }

    fn put_of(&mut self, name: &'static str, suffix: &'static str, _: u8) {
        self.0.push(format!("{name}:{suffix}"));
    }

    fn put_all(
        &mut self,
        name: &'static str,
        suffix: impl Fn(usize) -> &'static str,
        values: &[u8],
    ) {
        for (at, &value) in values.iter().enumerate() {
            self.put_of(name, suffix(at), value);
        }
    }

    fn put_each<const COUNT: usize>(
        &mut self,
        names: &[&'static str; COUNT],
        suffix: &'static str,
        values: &[u8; COUNT],
    ) {
        for (name, &value) in names.iter().zip(values) {
            self.put_of(name, suffix, value);
        }
    }
}

/// Absent, where a ratio has no meaning.
pub const ABSENT: u8 = 255;

/// `part` of `whole` in two-hundredths, at most 200.
#[inline]
pub fn share(part: u32, whole: u32) -> u8 {
    if part == 0 || whole == 0 {
        return 0;
    }
    // Most shares are none or all of it, and a division costs as much as all the rest here.
    if part >= whole {
        return 200;
    }
    // Half as wide a division takes half as long, and only giants need the whole of it.
    part.checked_mul(200).map_or_else(
        || (u64::from(part) * 200 / u64::from(whole)) as u8,
        |part| (part / whole) as u8,
    )
}

/// A count: exact below 16, eight steps an octave above.
#[inline]
pub fn scale(count: u32) -> u8 {
    if count < 16 {
        return count as u8;
    }
    let exponent = 31 - count.leading_zeros();
    let step = count >> (exponent - 3) & 7;
    (16 + (exponent - 4) * 8 + step).min(254) as u8
}

/// A signed distance around 128.
#[inline]
pub fn around(distance: i64) -> u8 {
    let size = i32::from(scale(distance.unsigned_abs().min(1 << 30) as u32)).min(127);
    (128 + if distance < 0 { -size } else { size }) as u8
}

/// The mean of learned weights, pulled towards zero where few words have one.
#[inline]
pub fn lexicon(sum: i32, hits: u32) -> u8 {
    signed(2 * sum / (hits as i32 + 8))
}

/// What learned weights say together, in twentieths of a logit: as in `guest/train/linear.py`.
#[inline]
pub fn verdict(sum: i32, hits: u32) -> i32 {
    let root = ((hits.min(1 << 20) + 3) << 8).isqrt() as i32;
    sum.clamp(-100_000_000, 100_000_000) * 10 / root
}

/// What a block says as a label of the text after it.
#[inline]
pub fn label(stats: &TextStats) -> u8 {
    signed(stats.label_sum / (stats.label_hits as i32 + 1))
}

/// A small signed weight as a byte around 128.
#[inline]
pub fn signed(weight: i32) -> u8 {
    (128 + weight.clamp(-127, 127)) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_never_falls() {
        let mut last = 0;
        for count in (0..100_000).chain([1 << 20, 1 << 25, u32::MAX]) {
            assert!(scale(count) >= last);
            last = scale(count);
        }
        assert_eq!(
            (scale(15), scale(16), scale(17), scale(18)),
            (15, 16, 16, 17)
        );
    }

    #[test]
    fn many_weak_words_say_less_than_one_strong_one_each() {
        assert_eq!(verdict(0, 0), 0);
        assert!(verdict(64, 1) > verdict(64, 13) && verdict(-64, 1) == -verdict(64, 1));
        assert!(verdict(i32::MAX, u32::MAX) > 0);
    }

    #[test]
    fn distances_keep_their_order() {
        let values: Vec<u8> = [-5000, -20, -1, 0, 1, 20, 5000].map(around).to_vec();
        assert!(values.is_sorted() && values[3] == 128);
    }
}
