//! What stays: a learned verdict on every block, by what it looks like and by where it stands.
//!
//! Four judgements, each by a small forest of [trees](forest): what kind of page this is, what each
//! block would be by itself, what it is among the first verdicts around it, and how good the
//! outcome will be. Between the last two are the [rules](mod@settle) that hold blocks against each
//! other, and the [choice](choose) of how much to keep.

mod choose;
mod copies;
pub mod forest;
mod lanes;
pub mod model;
mod nodes;
mod settle;

use std::ops::Range;

use crate::blocks::{declared, segment, Blocks};
use crate::features::{
    block::Describer, context::Context, outcome, page::Page, page::KINDS, records::Records, Row,
};
use crate::parse::{Document, NodeId};
use choose::Weights;
use forest::{Forest, Panel, ROWS};
use lanes::LANES;
use model::Model;

pub use settle::settle;

/// Fewer words than this and the page's own data is looked at for its text.
const FEW: u32 = 30;

/// From this score of the first stage on, in 255ths, the second stage is asked.
const DOUBT: u8 = 2;

/// Which error is worse, keeping too much or too little.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Favor {
    Precision,
    #[default]
    Balanced,
    Recall,
}

/// How much of a page is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Scope {
    /// The body a reader came for.
    #[default]
    Article,
    /// Everything but the chrome of the site.
    Full,
}

/// What was decided about a document.
pub struct Selection {
    /// For every block whether it stays.
    pub kept: Vec<bool>,
    /// For every block the chance that it is content, in 65,535ths.
    pub chances: Vec<u16>,
    /// The texts and pictures that stay, and the white space between them, in document order.
    pub nodes: Vec<NodeId>,
    /// The kind of page, one of [`KINDS`].
    pub kind: &'static str,
    /// The text to give instead where the page shows none or next to none, a paragraph a line.
    pub instead: Option<String>,
    /// The predicted F1 of the selection in percent; none where nothing stays.
    pub quality: Option<u8>,
}

impl Selection {
    /// Whether nothing stays.
    pub fn is_empty(&self) -> bool {
        !self.kept.contains(&true)
    }
}

/// Decides what stays of a document. The address is a hint at the kind of page and may be empty.
pub fn select(document: &Document<'_>, url: &str, scope: Scope, favor: Favor) -> Selection {
    let model = Model::shipped();
    let blocks = segment(document, &model.tables);
    let judgement = judge(&model, document, &blocks, url);
    choose(&model, document, &blocks, judgement, scope, favor)
}

/// The verdicts, before anything is chosen.
pub struct Judgement {
    pub page: Page,
    /// The first stage's scores, in 255ths.
    pub first: Vec<u8>,
    /// The chances that blocks are content, in 65,535ths.
    pub chances: Vec<u16>,
}

/// Judges a page and its blocks.
pub fn judge(model: &Model<'_>, document: &Document<'_>, blocks: &Blocks, url: &str) -> Judgement {
    let mut page = Page::of(blocks);
    let mut row = Row::default();
    page.describe(document, blocks, url, &mut row);
    page.kinds = shares(model, model.kinds.map(|kind| kind.sum(&row)));

    let records = Records::new(blocks);
    let describer = Describer::new(blocks, &page, &records);
    let count = blocks.blocks.len();
    let rows = Rows::of(0..count, |index, row| describer.describe(index, row));
    let first: Vec<u8> = evaluate(&model.first, count, |panel, group| {
        panel.lay(0, group.map(|at| rows.get(at)));
    })
    .into_iter()
    .map(|sum| rounded(model.chance(sum)))
    .collect();
    let context = Context::new(blocks, &records, &first);
    // Most blocks are navigation beyond doubt, and stay what they are.
    let mut chances: Vec<u16> = first.iter().copied().map(widened).collect();
    let open: Vec<usize> = (0..count).filter(|&index| first[index] >= DOUBT).collect();
    let around = Rows::of(open.iter().copied(), |index, row| {
        context.describe(index, row);
    });
    let sums = evaluate(&model.second, open.len(), |panel, group| {
        panel.lay(0, group.clone().map(|at| rows.get(open[at])));
        panel.lay(rows.features, group.map(|at| around.get(at)));
    });
    for (index, sum) in open.into_iter().zip(sums) {
        chances[index] = model.chance(sum);
    }
    settle(blocks, &context, &mut chances);
    Judgement {
        page,
        first,
        chances,
    }
}

/// The features of blocks, row after row.
#[derive(Default)]
struct Rows {
    pieces: Vec<[u8; LANES]>,
    /// Features of a row, and the pieces that hold them.
    features: usize,
    width: usize,
}

impl Rows {
    fn of(
        indices: impl ExactSizeIterator<Item = usize>,
        mut describe: impl FnMut(usize, &mut Row),
    ) -> Self {
        let count = indices.len();
        let mut rows = Self::default();
        let mut row = Row::default();
        for index in indices {
            row.clear();
            describe(index, &mut row);
            let pieces = row.pieces();
            if rows.width == 0 {
                (rows.features, rows.width) = (row.len(), pieces.len());
                rows.pieces.reserve_exact(count * pieces.len());
            }
            rows.pieces.extend_from_slice(pieces);
        }
        rows
    }

    fn get(&self, at: usize) -> &[[u8; LANES]] {
        &self.pieces[at * self.width..(at + 1) * self.width]
    }
}

/// Sums for so many rows, of which `lay` lays groups into a panel.
fn evaluate(
    forest: &Forest<'_>,
    count: usize,
    mut lay: impl FnMut(&mut Panel, Range<usize>),
) -> Vec<i32> {
    let mut sums = Vec::with_capacity(count);
    let mut panel = Panel::default();
    for first in (0..count).step_by(ROWS) {
        let group = first..count.min(first + ROWS);
        lay(&mut panel, group.clone());
        forest.sums(&panel, group.len(), &mut sums);
    }
    sums
}

/// A score as a chance.
fn widened(score: u8) -> u16 {
    u16::from(score) * 257
}

/// The nearest 255th.
fn rounded(chance: u16) -> u8 {
    ((u32::from(chance) + 128) / 257) as u8
}

/// One-against-all chances as shares of 255.
fn shares(model: &Model<'_>, sums: [i32; KINDS.len()]) -> [u8; KINDS.len()] {
    let mut shares = [0; KINDS.len()];
    let chances = sums.map(|sum| u32::from(model.chance(sum)));
    let total = chances.iter().sum::<u32>().max(1);
    for (share, chance) in shares.iter_mut().zip(chances) {
        *share = ((chance * 255 + total / 2) / total) as u8;
    }
    shares
}

/// The lowest chance that is kept; `u16::MAX` where nothing is.
pub fn lowest(blocks: &Blocks, chances: &[u16], scope: Scope, favor: Favor) -> u16 {
    let words: Vec<u32> = blocks
        .blocks
        .iter()
        .map(|block| block.stats.words)
        .collect();
    choose::lowest(chances, &words, weights(scope, favor))
}

fn weights(scope: Scope, favor: Favor) -> Weights {
    let (precision, recall) = match (scope, favor) {
        (Scope::Article, Favor::Precision) => (3, 1),
        (Scope::Article, Favor::Balanced) => (1, 1),
        (Scope::Article, Favor::Recall) => (1, 3),
        (Scope::Full, Favor::Precision) => (1, 3),
        (Scope::Full, Favor::Balanced) => (1, 12),
        (Scope::Full, Favor::Recall) => (1, 40),
    };
    Weights { precision, recall }
}

fn choose(
    model: &Model<'_>,
    document: &Document<'_>,
    blocks: &Blocks,
    judgement: Judgement,
    scope: Scope,
    favor: Favor,
) -> Selection {
    let Judgement { page, chances, .. } = judgement;
    let lowest = lowest(blocks, &chances, scope, favor);
    let kept: Vec<bool> = chances
        .iter()
        .map(|&chance| chance >= lowest && lowest != u16::MAX)
        .collect();
    let nodes = nodes::staying(document, blocks, &kept);
    let quality = kept.contains(&true).then(|| {
        let mut row = Row::default();
        outcome::describe(blocks, &page, &chances, lowest, &mut row);
        let sum = model.outcome.sum(&row);
        (u32::from(model.chance(sum)) * 100 / u32::from(u16::MAX)) as u8
    });
    let words: u32 = blocks
        .blocks
        .iter()
        .zip(&kept)
        .filter(|(_, &kept)| kept)
        .map(|(block, _)| block.stats.words)
        .sum();
    let instead = (words < FEW).then(|| declared::prose(document, &blocks.description));
    let instead = instead.filter(|text| text.split_whitespace().count() as u32 > words * 3);
    let kind = (0..KINDS.len()).max_by_key(|&kind| (page.kinds[kind], std::cmp::Reverse(kind)));
    Selection {
        kept,
        chances,
        nodes,
        kind: kind.map_or(KINDS[0], |kind| KINDS[kind]),
        instead,
        quality,
    }
}
