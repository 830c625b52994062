//! What stays: a learned verdict on every block, by what it looks like and by where it stands.
//!
//! Four judgements, each by a small forest of [trees](forest): what kind of page this is, what each
//! block would be by itself, what it is among the first verdicts around it, and how good the
//! outcome will be. Between the last two the [choice](choose) of how much to keep.

mod choose;
pub mod forest;
mod leaves;
pub mod model;
mod nodes;

use crate::blocks::{declared, segment, Blocks};
use crate::features::{
    block::Describer, context::Context, outcome, page::Page, page::KINDS, records::Records,
};
use crate::parse::{Document, NodeId};
use choose::Weights;
use forest::{Forest, Tile, LANES};
use model::Model;

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
    let mut row = Vec::with_capacity(512);
    page.describe(document, blocks, url, &mut row);
    let tile = [Tile::of(&row)];
    page.kinds = shares(model, model.kinds.map(|kind| kind.sums(&tile)[0][0]));

    let records = Records::new(blocks);
    let describer = Describer::new(blocks, &page, &records);
    let count = blocks.blocks.len();
    let mut rows = Vec::new();
    let all: Vec<usize> = (0..count).collect();
    let first = evaluate(&model.first, &all, |index, row| {
        describer.describe(index, row);
        rows.extend_from_slice(row);
    });
    let width = rows.len() / count.max(1);
    let first: Vec<u8> = first
        .into_iter()
        .map(|sum| rounded(model.chance(sum)))
        .collect();
    let context = Context::new(blocks, &records, &first);
    // Most blocks are navigation beyond doubt, and stay what they are.
    let mut chances: Vec<u16> = first.iter().map(|&score| u16::from(score) * 257).collect();
    let open: Vec<usize> = (0..count).filter(|&index| first[index] >= DOUBT).collect();
    let sums = evaluate(&model.second, &open, |index, row| {
        row.extend_from_slice(&rows[index * width..(index + 1) * width]);
        context.describe(index, row);
    });
    for (index, sum) in open.into_iter().zip(sums) {
        chances[index] = model.chance(sum);
    }
    Judgement {
        page,
        first,
        chances,
    }
}

/// Tiles judged together: what a tree needs beside its rows is made ready once for all.
const TILES: usize = 4;

/// Sums for blocks, each described by `describe`.
fn evaluate(
    forest: &Forest<'_>,
    indices: &[usize],
    mut describe: impl FnMut(usize, &mut Vec<u8>),
) -> Vec<i32> {
    let mut sums = Vec::with_capacity(indices.len());
    let mut tiles: [Tile; TILES] = Default::default();
    let mut row = Vec::with_capacity(512);
    for group in indices.chunks(TILES * LANES) {
        for (at, &index) in group.iter().enumerate() {
            row.clear();
            describe(index, &mut row);
            tiles[at / LANES].set(at % LANES, &row);
        }
        if group.len() == TILES * LANES {
            sums.extend_from_slice(forest.sums(&tiles).as_flattened());
        } else {
            for (tile, rows) in tiles.iter().zip(group.chunks(LANES)) {
                let [of_tile] = forest.sums(std::array::from_ref(tile));
                sums.extend_from_slice(&of_tile[..rows.len()]);
            }
        }
    }
    sums
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
        let mut row = Vec::with_capacity(64);
        outcome::describe(blocks, &page, &chances, lowest, &mut row);
        let sums = model.outcome.sums(&[Tile::of(&row)]);
        (u32::from(model.chance(sums[0][0])) * 100 / u32::from(u16::MAX)) as u8
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
