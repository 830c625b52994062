//! What words and class names say about the text they stand in, learned and looked up by hash.

/// A table from 32-bit hashes to a weight: open addressing over 32-bit slots, each with 24 bits of
/// the hash above 8 bits of weight. An empty slot is zero, and so is the weight of anything absent.
#[derive(Clone, Copy, Default)]
pub struct WeightTable<'a> {
    slots: &'a [[u8; 4]],
}

impl<'a> WeightTable<'a> {
    /// Reads a table whose length in bytes is four times a power of two; `None` if it is not.
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        let (slots, rest) = bytes.as_chunks::<4>();
        (rest.is_empty() && slots.len().is_power_of_two()).then_some(Self { slots })
    }

    /// The weight of a hash, zero if it has none.
    #[inline]
    pub fn weight(&self, hash: u32) -> i8 {
        let Some(mask) = self.slots.len().checked_sub(1) else {
            return 0;
        };
        let hash = mix(hash);
        let mut slot = hash as usize & mask;
        // A full table would never end the search: the writer leaves a quarter empty, and the
        // bound keeps a broken file from hanging.
        for _ in 0..64 {
            let entry = u32::from_le_bytes(self.slots[slot]);
            if entry == 0 {
                return 0;
            }
            if entry >> 8 == hash >> 8 {
                return entry as u8 as i8;
            }
            slot = (slot + 1) & mask;
        }
        0
    }
}

/// Spreads FNV's weak low bits; the writer in `guest/train` does the same.
#[inline]
fn mix(hash: u32) -> u32 {
    let hash = (hash ^ hash >> 16).wrapping_mul(0x7feb_352d);
    (hash ^ hash >> 15).wrapping_mul(0x846c_a68b)
}

/// The learned tables; by default they know nothing.
#[derive(Clone, Copy, Default)]
pub struct Tables<'a> {
    /// Words and pairs of words, by [`word_hash`](super::text::word_hash).
    pub lexicon: WeightTable<'a>,
    /// Words of class names, ids and the like, by [`markup::token_hash`](super::markup::token_hash).
    pub markup: WeightTable<'a>,
    /// Words and pairs of words of headings and other labels: what the text after them is worth.
    pub labels: WeightTable<'a>,
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A table of a few weights, as the writer in `guest/train` would make it.
    pub fn written(weights: &[(u32, i8)]) -> Vec<u8> {
        let mut slots = vec![0_u32; 64];
        for &(hash, weight) in weights {
            let mixed = mix(hash);
            let mut slot = mixed as usize & 63;
            while slots[slot] != 0 {
                slot = (slot + 1) & 63;
            }
            slots[slot] = mixed & !0xff | u32::from(weight as u8);
        }
        slots.into_iter().flat_map(u32::to_le_bytes).collect()
    }

    #[test]
    fn weights_are_found_by_their_hash() {
        let bytes = written(&[(7, -3), (8, 100)]);
        let table = WeightTable::new(&bytes).unwrap();
        assert_eq!([7, 8, 9].map(|hash| table.weight(hash)), [-3, 100, 0]);
        assert_eq!(WeightTable::default().weight(7), 0);
    }
}
