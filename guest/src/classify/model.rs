//! The model file: what training learned, in one piece.
//!
//! Sections in the order of [`Section`], each after its length in bytes (32 bits, little-endian,
//! padded to a multiple of four). The first holds the names of the features as the training saw
//! them; a test compares them with the ones the code computes today.

use std::sync::OnceLock;

use super::forest::Forest;
use crate::blocks::tables::{Tables, WeightTable};
use crate::features::page::KINDS;

const FILE: &[u8] = include_bytes!("model.bin");

/// A sum of leaves is divided by 2 to this power to find its place in the chances.
const CHANCE_SHIFT: u32 = 5;

/// Everything learned.
#[derive(Clone, Copy)]
pub struct Model<'a> {
    /// Names of the block, page, context and outcome features, a line each list, tabs between.
    pub names: &'a [u8],
    pub tables: Tables<'a>,
    /// One forest for each kind of page, against all others.
    pub kinds: [Forest<'a>; KINDS.len()],
    pub first: Forest<'a>,
    pub second: Forest<'a>,
    pub outcome: Forest<'a>,
    chances: &'a [[u8; 2]],
}

impl Model<'static> {
    /// The model that ships.
    pub fn shipped() -> Self {
        // Read once: to check every question of every tree takes as long as a short document.
        static SHIPPED: OnceLock<Model<'static>> = OnceLock::new();
        *SHIPPED.get_or_init(|| {
            Self::read(FILE)
                .expect("the model file was checked when it was made, and a test reads it")
        })
    }
}

impl<'a> Model<'a> {
    /// Reads a model file; `None` for one that is cut short.
    pub fn read(file: &'a [u8]) -> Option<Self> {
        let mut rest = file;
        let mut section = || {
            let (length, after) = rest.split_first_chunk::<4>()?;
            let (section, after) = after.split_at_checked(u32::from_le_bytes(*length) as usize)?;
            rest = after;
            Some(section)
        };
        let names = section()?;
        let names = names.trim_ascii_end();
        let widths: Vec<usize> = names
            .split(|&b| b == b'\n')
            .map(|l| l.split(|&b| b == b'\t').count())
            .collect();
        let &[block, page, context, outcome, ..] = &widths[..] else {
            return None;
        };
        let tables = Tables {
            lexicon: WeightTable::new(section()?)?,
            markup: WeightTable::new(section()?)?,
            labels: WeightTable::new(section()?)?,
        };
        let (chances, _) = section()?.as_chunks();
        let mut kinds = Vec::with_capacity(KINDS.len());
        let mut rest_of_kinds = section()?;
        for _ in KINDS {
            let (kind, rest) = Forest::read(rest_of_kinds, page)?;
            kinds.push(kind);
            rest_of_kinds = rest;
        }
        let mut forest = |features| Some(Forest::read(section()?, features)?.0);
        Some(Self {
            names,
            tables,
            chances,
            kinds: kinds.try_into().ok()?,
            first: forest(block)?,
            second: forest(block + context)?,
            outcome: forest(outcome)?,
        })
    }

    /// The chance, in 65,535ths, that a sum of leaves stands for.
    #[inline]
    pub fn chance(&self, sum: i32) -> u16 {
        let middle = self.chances.len() as i32 / 2;
        let place = ((sum >> CHANCE_SHIFT) + middle).clamp(0, self.chances.len() as i32 - 1);
        self.chances
            .get(place as usize)
            .map_or(0, |&chance| u16::from_le_bytes(chance))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocks::segment;
    use crate::features::{
        block::Describer, context::Context, outcome, page::Page, records::Records, Names,
    };
    use crate::parse::Document;

    #[test]
    fn the_model_was_made_for_these_features() {
        let model = Model::shipped();
        let document = Document::parse("<h1>One</h1><p>Two");
        let blocks = segment(&document, &model.tables);
        let page = Page::of(&blocks);
        let mut lists: [Names; 4] = Default::default();
        let [block, of_page, context, of_outcome] = &mut lists;
        Describer::new(&blocks, &page, &Records::new(&blocks)).describe(0, block);
        page.describe(&document, &blocks, "", of_page);
        Context::new(
            &blocks,
            &Records::new(&blocks),
            &vec![0; blocks.blocks.len()],
        )
        .describe(0, context);
        outcome::describe(&blocks, &page, &[], 0, of_outcome);
        let names = lists.map(|list| list.0.join("\t")).join("\n");
        assert_eq!(
            names,
            String::from_utf8_lossy(model.names),
            "train again: guest/train/train.py"
        );
    }

    #[test]
    fn a_file_cut_short_is_no_model() {
        assert!(Model::read(FILE).is_some());
        assert!(Model::read(&FILE[..FILE.len() / 2]).is_none());
        assert!(Model::read(&[]).is_none());
    }

    #[test]
    fn chances_grow_with_the_sum() {
        let model = Model::shipped();
        let chances: Vec<u16> = [i32::MIN / 2, -4000, -100, 0, 100, 4000, i32::MAX / 2]
            .map(|sum| model.chance(sum))
            .to_vec();
        assert!(chances.is_sorted() && chances[0] < 100 && chances[6] > 65_000);
    }
}
