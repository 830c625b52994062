//! Decision trees over bytes, sixteen rows at a time.
//!
//! The trees are oblivious: all nodes of one depth ask the same question, so the answers to a
//! tree's questions are the bits of a leaf's number. Without branches or pointers the compiler
//! turns the loops into vector code, native and wasm alike, and a tree costs a row about a
//! nanosecond. Sums are integers: the same everywhere.

use super::leaves::{Large, Leaves, Plain};

/// Rows judged together.
pub const LANES: usize = 16;

/// Sixteen rows, feature by feature.
#[derive(Default)]
pub struct Tile {
    columns: Vec<[u8; LANES]>,
}

impl Tile {
    /// A tile whose first row is this one.
    pub fn of(row: &[u8]) -> Self {
        let mut tile = Self::default();
        tile.set(0, row);
        tile
    }

    /// Lays one row down. All rows of a tile are of one length: the first row's.
    pub fn set(&mut self, lane: usize, row: &[u8]) {
        if self.columns.len() != row.len() {
            self.columns.resize(row.len(), [0; LANES]);
        }
        let lane = lane % LANES;
        // Eight at a time: where a guest's loops are counted, a round of one byte costs twice its work.
        let (columns, last_columns) = self.columns.as_chunks_mut::<8>();
        let (values, last_values) = row.as_chunks::<8>();
        for (columns, values) in columns.iter_mut().zip(values) {
            for at in 0..8 {
                columns[at][lane] = values[at];
            }
        }
        for (column, &value) in last_columns.iter_mut().zip(last_values) {
            column[lane] = value;
        }
    }
}

/// A sum of trees, read in place from the model file.
#[derive(Clone, Copy)]
pub struct Forest<'a> {
    questions: &'a [[u8; 4]],
    leaves: &'a [[u8; 2]],
    depth: usize,
    base: i32,
}

impl<'a> Forest<'a> {
    /// Reads a forest and gives back what follows it: depth, outputs (always one), trees and base
    /// as 32-bit numbers; then the questions of all trees (feature in 16 bits, border in 8, 8
    /// unused), then their leaves (16 bits each). `None` for a file that is cut short or asks about
    /// features that don't exist.
    pub fn read(bytes: &'a [u8], features: usize) -> Option<(Self, &'a [u8])> {
        let (head, rest) = bytes.split_first_chunk::<16>()?;
        let number =
            |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let (depth, outputs, trees) = (number(0) as usize, number(4), number(8) as usize);
        if !matches!(depth, 3 | 4 | 6) || outputs != 1 || trees > 1 << 16 {
            return None;
        }
        let (questions, rest) = rest.split_at_checked(trees * depth * 4)?;
        let (questions, _) = questions.as_chunks();
        let (leaves, rest) = rest.split_at_checked((trees << depth) * 2)?;
        let (leaves, _) = leaves.as_chunks();
        let known = |question: &[u8; 4]| {
            usize::from(u16::from_le_bytes([question[0], question[1]])) < features
        };
        let forest = Self {
            questions,
            leaves,
            depth,
            base: number(12) as i32,
        };
        questions.iter().all(known).then_some((forest, rest))
    }

    /// The sums for sixteen rows of each tile.
    pub fn sums<const TILES: usize>(&self, tiles: &[Tile; TILES]) -> [[i32; LANES]; TILES] {
        // The depth of the large forests, spelled out so that the loops below have fixed lengths.
        match self.depth {
            6 => self.sums_of::<6, 64, Large, TILES>(tiles),
            4 => self.sums_of::<4, 16, Plain<16>, TILES>(tiles),
            3 => self.sums_of::<3, 8, Plain<8>, TILES>(tiles),
            _ => [[self.base; LANES]; TILES],
        }
    }

    #[inline]
    fn sums_of<const DEPTH: usize, const COUNT: usize, L: Leaves<'a, COUNT>, const TILES: usize>(
        &self,
        tiles: &[Tile; TILES],
    ) -> [[i32; LANES]; TILES] {
        let mut sums = [[self.base; LANES]; TILES];
        let (questions, _) = self.questions.as_chunks::<DEPTH>();
        let (leaves, _) = self.leaves.as_chunks::<COUNT>();
        for (questions, leaves) in questions.iter().zip(leaves) {
            let leaves = L::of(leaves);
            for (tile, sums) in tiles.iter().zip(&mut sums) {
                let mut numbers = [0_u8; LANES];
                for (bit, &[low, high, border, _]) in questions.iter().enumerate() {
                    let column = &tile.columns[usize::from(u16::from_le_bytes([low, high]))];
                    let mask = 1_u8 << bit;
                    for lane in 0..LANES {
                        numbers[lane] |= if column[lane] > border { mask } else { 0 };
                    }
                }
                leaves.add(&numbers, sums);
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> Vec<u8> {
        // One tree of depth 3: is feature 1 over 10, is feature 0 over 5, and again over 200?
        let mut bytes = Vec::new();
        for number in [3, 1, 1, 100] {
            bytes.extend(u32::to_le_bytes(number));
        }
        bytes.extend([1, 0, 10, 0, 0, 0, 5, 0, 0, 0, 200, 0]);
        for leaf in 0..8_i16 {
            bytes.extend((leaf * 10).to_le_bytes());
        }
        bytes
    }

    #[test]
    fn the_answers_are_the_number_of_the_leaf() {
        let bytes = file();
        let (forest, rest) = Forest::read(&bytes, 2).unwrap();
        assert!(rest.is_empty());
        let mut tile = Tile::default();
        for (lane, row) in [[0, 0], [0, 11], [6, 10], [6, 255], [201, 0]]
            .iter()
            .enumerate()
        {
            tile.set(lane, row);
        }
        assert_eq!(forest.sums(&[tile])[0][..5], [100, 110, 120, 130, 160]);
    }

    #[test]
    fn a_broken_file_is_no_forest() {
        let bytes = file();
        assert!(Forest::read(&bytes[..bytes.len() - 1], 2).is_none());
        assert!(Forest::read(&bytes, 1).is_none());
        assert!(Forest::read(&[], 1).is_none());
    }
}
