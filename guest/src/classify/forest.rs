//! Decision trees over bytes, sixteen rows at a time.
//!
//! The trees are oblivious: all nodes of one depth ask the same question, so the answers to a
//! tree's questions are the bits of a leaf's number. Without branches or pointers the compiler
//! turns the loops into vector code, native and wasm alike, and a tree costs a row about a
//! nanosecond. Sums are integers: the same everywhere.

use super::lanes::{ask, columns, Column, Leaves, LANES};

/// Columns judged together: what a tree needs beside its rows is made ready once for all.
pub const TILES: usize = 4;

/// The rows of a panel.
pub const ROWS: usize = TILES * LANES;

/// Rows laid down feature by feature.
#[derive(Default)]
pub struct Panel {
    columns: Vec<[Column; TILES]>,
}

impl Panel {
    /// Lays down a part of the rows: its first feature is the panel's number `from`. Rows that the
    /// panel has room for beside these are left as they were. Parts come in the order of their features:
    /// what a row is padded with is overwritten by the part after it.
    pub fn lay<'r>(&mut self, from: usize, rows: impl Iterator<Item = &'r [[u8; LANES]]>) {
        let mut rows = rows.fuse().peekable();
        for tile in 0..TILES {
            let Some(&first) = rows.peek() else {
                return;
            };
            let of_tile: [_; LANES] = std::array::from_fn(|_| rows.next().unwrap_or(first));
            let end = from + first.len() * LANES;
            if self.columns.len() < end {
                self.columns.resize(end, Default::default());
            }
            let (places, _) = self.columns[from..end].as_chunks_mut::<LANES>();
            for (at, places) in places.iter_mut().enumerate() {
                let pieces = of_tile.map(|row| row[at]);
                for (place, column) in places.iter_mut().zip(columns(&pieces)) {
                    place[tile] = column;
                }
            }
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
        if !matches!(depth, 3 | 4 | LARGE) || outputs != 1 || trees > 1 << 16 {
            return None;
        }
        let (questions, rest) = rest.split_at_checked(trees * depth * 4)?;
        let (questions, _) = questions.as_chunks();
        let (leaves, rest) = rest.split_at_checked((trees << depth) * 2)?;
        let (leaves, _) = leaves.as_chunks();
        let known = |question: &[u8; 4]| feature(question) < features;
        let forest = Self {
            questions,
            leaves,
            depth,
            base: number(12) as i32,
        };
        questions.iter().all(known).then_some((forest, rest))
    }

    /// The sum for one row.
    pub fn sum(&self, row: &[u8]) -> i32 {
        self.sum_of(|feature| row[feature])
    }

    /// The sums for the first rows of a panel, so many.
    pub fn sums(&self, panel: &Panel, rows: usize, sums: &mut Vec<i32>) {
        if self.depth != LARGE {
            let rows = (0..rows)
                .map(|row| self.sum_of(|feature| panel.columns[feature][row / LANES][row % LANES]));
            sums.extend(rows);
        } else if rows == ROWS {
            sums.extend_from_slice(self.sums_of::<TILES>(panel, 0).as_flattened());
        } else {
            for tile in 0..rows.div_ceil(LANES) {
                let [of_tile] = self.sums_of(panel, tile);
                sums.extend_from_slice(&of_tile[..LANES.min(rows - tile * LANES)]);
            }
        }
    }

    #[inline]
    fn sum_of(&self, value: impl Fn(usize) -> u8) -> i32 {
        let questions = self.questions.chunks_exact(self.depth);
        let leaves = self.leaves.chunks_exact(1 << self.depth);
        let leaf = |(questions, leaves): (&[[u8; 4]], &[[u8; 2]])| {
            let answers = questions.iter().enumerate();
            let number: usize = answers
                .map(|(bit, question)| usize::from(value(feature(question)) > question[2]) << bit)
                .sum();
            i32::from(i16::from_le_bytes(leaves[number]))
        };
        self.base + questions.zip(leaves).map(leaf).sum::<i32>()
    }

    /// The sums for all rows of `COUNT` tiles.
    #[inline]
    fn sums_of<const COUNT: usize>(&self, panel: &Panel, first: usize) -> [[i32; LANES]; COUNT] {
        let mut sums = [[self.base; LANES]; COUNT];
        let (questions, _) = self.questions.as_chunks::<LARGE>();
        let (leaves, _) = self.leaves.as_chunks();
        for (questions, leaves) in questions.iter().zip(leaves) {
            let mut numbers = [Column::default(); COUNT];
            // The first question's answer is the lowest bit.
            for question in questions.iter().rev() {
                let columns = &panel.columns[feature(question)];
                for (numbers, column) in numbers.iter_mut().zip(&columns[first..first + COUNT]) {
                    ask(numbers, column, question[2]);
                }
            }
            let leaves = Leaves::of(leaves);
            for (numbers, sums) in numbers.iter().zip(&mut sums) {
                leaves.add(numbers, sums);
            }
        }
        sums
    }
}

/// The depth of the forests that are asked about every block.
const LARGE: usize = 6;

/// Which feature a question is about.
#[inline(always)]
fn feature(&[low, high, ..]: &[u8; 4]) -> usize {
    usize::from(u16::from_le_bytes([low, high]))
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
        for (row, sum) in [
            ([0, 0], 100),
            ([0, 11], 110),
            ([6, 10], 120),
            ([6, 255], 130),
            ([201, 0], 160),
        ] {
            assert_eq!(forest.sum(&row), sum);
        }
    }

    #[test]
    fn rows_judged_together_are_judged_as_each_alone() {
        // Noise, for rows as for trees: the same numbers in every run.
        let mut state = 1_u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        for depth in [4_u32, 6] {
            let mut bytes: Vec<u8> = [depth, 1, 9, 7]
                .into_iter()
                .flat_map(u32::to_le_bytes)
                .collect();
            for _ in 0..9 * depth {
                bytes.extend([noise() % 20, 0, noise(), 0]);
            }
            bytes.extend((0..(9 * 2) << depth).map(|_| noise()));
            let (forest, _) = Forest::read(&bytes, 20).unwrap();
            for count in [1, 16, 17, 63, 64] {
                // A part of sixteen features and one of four, padded.
                let rows: Vec<[[u8; LANES]; 2]> = (0..count)
                    .map(|_| [[(); LANES].map(|()| noise()), [(); LANES].map(|()| noise())])
                    .collect();
                let mut panel = Panel::default();
                panel.lay(0, rows.iter().map(|row| &row[..1]));
                panel.lay(LANES, rows.iter().map(|row| &row[1..]));
                let mut sums = Vec::new();
                forest.sums(&panel, count, &mut sums);
                let alone = rows.iter().map(|row| forest.sum(row.as_flattened()));
                assert_eq!(sums, alone.collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn a_broken_file_is_no_forest() {
        let bytes = file();
        assert!(Forest::read(&bytes[..bytes.len() - 1], 2).is_none());
        assert!(Forest::read(&bytes, 1).is_none());
        assert!(Forest::read(&[], 1).is_none());
    }
}
