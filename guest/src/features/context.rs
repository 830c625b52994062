//! A block among the first verdicts: what the model thought of its neighbours, of the elements
//! around it, of its likes elsewhere on the page. The second stage judges by these.

use super::block::{heading_level, path, Chain};
use super::meets::Meets;
use super::page::holder_by;
use super::records::Records;
use super::{around, groups, scale, share, Sink, ABSENT};
use crate::blocks::{Blocks, NONE};

/// From this score on the first stage says "content".
const CONTENT: u8 = 128;

/// How many blocks on each side of one are beside it.
const BESIDE: usize = 10;

/// Scores summed up, ready to describe any block.
pub struct Context<'b> {
    blocks: &'b Blocks,
    scores: &'b [u8],
    /// Sums over the blocks before an index: words, and words times score.
    words: Vec<u32>,
    weighted: Vec<u64>,
    /// The same sums over an element's blocks.
    element_weighted: Vec<u64>,
    /// Words of blocks with a verdict of content, by element.
    element_content: Vec<u32>,
    content: u32,
    content_blocks: u32,
    paths: Groups,
    texts: Groups,
    signatures: Groups,
    first: u32,
    last: u32,
    before: Vec<u32>,
    after: Vec<u32>,
    /// For every block how far below its meeting with each of these it lies.
    with_before: Vec<u8>,
    with_after: Vec<u8>,
    with_most: Vec<u8>,
    with_half: Vec<u8>,
    heading: Vec<u32>,
    most: u32,
    half: u32,
    records: &'b Records,
    record_weighted: Vec<u64>,
    record_words: Vec<u64>,
}

struct Groups {
    of: Vec<u32>,
    mean: Vec<u8>,
    high: Vec<u8>,
    first: Vec<u32>,
}

impl Groups {
    fn new(keys: impl Iterator<Item = u64>, blocks: &Blocks, scores: &[u8]) -> Self {
        let (of, count) = groups::number(keys);
        let mut sums = vec![(0_u64, 0_u64); count];
        let mut high = vec![0; count];
        let mut first = vec![NONE; count];
        for (index, &group) in of.iter().enumerate() {
            let group = group as usize;
            let words = u64::from(blocks.blocks[index].stats.words) + 1;
            sums[group].0 += words * u64::from(scores[index]);
            sums[group].1 += words;
            high[group] = high[group].max(scores[index]);
            first[group] = first[group].min(index as u32);
        }
        let mean = sums
            .into_iter()
            .map(|(sum, words)| (sum / words.max(1)) as u8)
            .collect();
        Self {
            of,
            mean,
            high,
            first,
        }
    }
}

impl<'b> Context<'b> {
    pub fn new(blocks: &'b Blocks, records: &'b Records, scores: &'b [u8]) -> Self {
        let all = &blocks.blocks;
        let (mut words, mut weighted) = (vec![0], vec![0]);
        let (mut words_sum, mut weighted_sum) = (0, 0);
        let mut element_weighted = vec![0; blocks.elements.len()];
        let mut element_content = vec![0; blocks.elements.len()];
        let (mut content, mut content_blocks, mut first, mut last) = (0, 0, NONE, NONE);
        let mut before = Vec::with_capacity(all.len());
        let mut heading = Vec::with_capacity(all.len());
        let mut last_heading = NONE;
        for (index, (block, &score)) in all.iter().zip(scores).enumerate() {
            let count = block.stats.words;
            words_sum += count;
            weighted_sum += u64::from(count) * u64::from(score);
            words.push(words_sum);
            weighted.push(weighted_sum);
            before.push(last);
            heading.push(last_heading);
            if heading_level(blocks, block) != 0 {
                last_heading = index as u32;
            }
            let at = block.element as usize;
            if let (Some(sum), Some(sum_content)) =
                (element_weighted.get_mut(at), element_content.get_mut(at))
            {
                *sum += u64::from(count) * u64::from(score);
                if score >= CONTENT {
                    *sum_content += count;
                    content += count;
                    content_blocks += 1;
                    first = first.min(index as u32);
                    last = index as u32;
                }
            }
        }
        for index in (1..blocks.elements.len()).rev() {
            let parent = blocks.elements[index].parent as usize;
            if parent < index {
                element_weighted[parent] += element_weighted[index];
                element_content[parent] += element_content[index];
            }
        }
        let mut after = vec![NONE; all.len()];
        let mut next = NONE;
        for (index, &score) in scores.iter().enumerate().rev() {
            after[index] = next;
            if score >= CONTENT {
                next = index as u32;
            }
        }
        let mut record_weighted = vec![0; records.count()];
        let mut record_words = vec![0; records.count()];
        for (at, element) in blocks.elements.iter().enumerate() {
            if let Some(group) = records.group(at as u32) {
                record_weighted[group as usize] += element_weighted[at];
                record_words[group as usize] += u64::from(element.words);
            }
        }
        let most = holder_by(blocks, |at| element_content[at], content, 85);
        let half = holder_by(blocks, |at| element_content[at], content, 55);
        let meets = Meets::new(blocks);
        Self {
            with_before: meets.with_before(&before),
            with_after: meets.with_after(&after),
            with_most: meets.with_element(most),
            with_half: meets.with_element(half),
            blocks,
            scores,
            words,
            weighted,
            element_weighted,
            element_content,
            content,
            content_blocks,
            paths: Groups::new(all.iter().map(|b| path(blocks, b).into()), blocks, scores),
            texts: Groups::new(all.iter().map(|b| b.stats.hash), blocks, scores),
            signatures: Groups::new(
                all.iter().map(|b| {
                    blocks
                        .elements
                        .get(b.element as usize)
                        .map_or(0, |e| e.signature.into())
                }),
                blocks,
                scores,
            ),
            first,
            last,
            before,
            after,
            heading,
            most,
            half,
            records,
            record_weighted,
            record_words,
        }
    }

    /// The mean score of the words in a range of blocks.
    fn mean(&self, from: usize, to: usize) -> u8 {
        let to = to.min(self.scores.len());
        let from = from.min(to);
        let words = u64::from(self.words[to] - self.words[from]);
        if words == 0 {
            return 0;
        }
        ((self.weighted[to] - self.weighted[from]) / words) as u8
    }

    /// For every block the number of its text: equal where two read the same.
    pub fn texts(&self) -> &[u32] {
        &self.texts.of
    }

    /// For every block the number of its place: equal where the names on the way to two are.
    pub fn places(&self) -> &[u32] {
        &self.paths.of
    }

    /// The mean score of the blocks before a block or of those after it, whichever is lower.
    pub fn beside(&self, index: usize) -> u8 {
        self.mean(index.saturating_sub(BESIDE), index)
            .min(self.mean(index + 1, index + 1 + BESIDE))
    }

    /// Writes the features of one block.
    pub fn describe(&self, index: usize, out: &mut impl Sink) {
        out.put("score", self.scores[index]);
        self.near(index, out);
        let chain = Chain::of(self.blocks, self.blocks.blocks[index].element);
        self.containers(index, &chain, out);
        self.records(&chain, out);
        self.holders(index, out);
        self.likes(index, out);
        self.whole(index, out);
    }

    fn near(&self, index: usize, out: &mut impl Sink) {
        for (offset, name) in [
            (-4, "-4"),
            (-3, "-3"),
            (-2, "-2"),
            (-1, "-1"),
            (1, "+1"),
            (2, "+2"),
            (3, "+3"),
            (4, "+4"),
        ] {
            let at = usize::try_from(index as i64 + offset).ok();
            out.put_of(
                "score",
                name,
                at.and_then(|at| self.scores.get(at)).copied().unwrap_or(0),
            );
        }
        for (reach, name) in [(2, "2"), (5, "5"), (10, "10"), (20, "20")] {
            out.put_of(
                "mean before",
                name,
                self.mean(index.saturating_sub(reach), index),
            );
            out.put_of("mean after", name, self.mean(index + 1, index + 1 + reach));
        }
        for (other, with, name) in [
            (self.before[index], self.with_before[index], "before"),
            (self.after[index], self.with_after[index], "after"),
        ] {
            let block = self.blocks.blocks.get(other as usize);
            out.put_of(
                "content",
                name,
                block.map_or(ABSENT, |_| scale((index as u32).abs_diff(other))),
            );
            out.put_of("content shared", name, with);
            out.put_of(
                "content words",
                name,
                block.map_or(ABSENT, |b| scale(b.stats.words)),
            );
        }
        let heading = self.heading[index] as usize;
        out.put(
            "heading score",
            self.scores.get(heading).copied().unwrap_or(ABSENT),
        );
        out.put(
            "section mean",
            if heading < index {
                self.mean(heading + 1, index)
            } else {
                ABSENT
            },
        );
    }

    fn containers(&self, index: usize, chain: &Chain, out: &mut impl Sink) {
        let words = &self.blocks.blocks[index].stats.words;
        let own = u64::from(*words) * u64::from(self.scores[index]);
        for (level, name) in [
            (0, "0"),
            (1, "1"),
            (2, "2"),
            (3, "3"),
            (4, "4"),
            (5, "5"),
            (6, "6"),
            (8, "8"),
        ] {
            let Some(at) = chain.index(level) else {
                out.put_of("mean in", name, ABSENT);
                out.put_of("others in", name, ABSENT);
                out.put_of("content in", name, ABSENT);
                continue;
            };
            let (total, element) = (
                self.element_weighted[at as usize],
                &self.blocks.elements[at as usize],
            );
            let mean = |sum: u64, words: u32| {
                if words == 0 {
                    ABSENT
                } else {
                    (sum / u64::from(words)) as u8
                }
            };
            out.put_of("mean in", name, mean(total, element.words));
            out.put_of("others in", name, mean(total - own, element.words - words));
            out.put_of(
                "content in",
                name,
                share(self.element_content[at as usize], self.content),
            );
        }
    }

    fn records(&self, chain: &Chain, out: &mut impl Sink) {
        for (level, name) in self
            .records
            .levels(chain)
            .into_iter()
            .zip(["inner", "outer"])
        {
            let at = level.and_then(|level| chain.index(level));
            let group = at
                .and_then(|at| self.records.group(at))
                .map(|group| group as usize);
            let mean = |group: usize| {
                (self.record_weighted[group] / self.record_words[group].max(1)) as u8
            };
            out.put_of("mean of records", name, group.map_or(ABSENT, mean));
            let own = at.map_or(ABSENT, |at| {
                let words = u64::from(self.blocks.elements[at as usize].words.max(1));
                (self.element_weighted[at as usize] / words) as u8
            });
            out.put_of("mean of record", name, own);
        }
    }

    /// Where a block lies to the elements that hold most of the content, and half of it.
    fn holders(&self, index: usize, out: &mut impl Sink) {
        for (holder, with, name) in [
            (self.most, &self.with_most, "most"),
            (self.half, &self.with_half, "half"),
        ] {
            let Some(element) = self.blocks.elements.get(holder as usize) else {
                out.put_of("side of", name, ABSENT);
                out.put_of("shared with", name, ABSENT);
                out.put_of("mean of", name, ABSENT);
                continue;
            };
            let at = index as u32;
            out.put_of(
                "side of",
                name,
                u8::from(at >= element.first_block) + u8::from(at > element.last_block),
            );
            out.put_of("shared with", name, with[index]);
            out.put_of(
                "mean of",
                name,
                (self.element_weighted[holder as usize] / u64::from(element.words.max(1))) as u8,
            );
        }
    }

    fn likes(&self, index: usize, out: &mut impl Sink) {
        for (groups, name) in [
            (&self.paths, "path"),
            (&self.texts, "text"),
            (&self.signatures, "signature"),
        ] {
            let group = groups.of[index] as usize;
            out.put_of("mean of same", name, groups.mean[group]);
            out.put_of("high of same", name, groups.high[group]);
            out.put_of(
                "first of same",
                name,
                scale(index as u32 - groups.first[group]),
            );
        }
    }

    fn whole(&self, index: usize, out: &mut impl Sink) {
        out.put("content words", scale(self.content));
        out.put("content blocks", scale(self.content_blocks));
        let words = self.words.last().copied().unwrap_or(0);
        out.put("content share", share(self.content, words));
        out.put("page mean", self.mean(0, self.scores.len()));
        let distance = |at: u32| {
            if at == NONE {
                ABSENT
            } else {
                around(index as i64 - i64::from(at))
            }
        };
        out.put("from first", distance(self.first));
        out.put("from last", distance(self.last));
        out.put(
            "score before",
            share(
                (self.weighted[index] / 255) as u32,
                (self.weighted[self.scores.len()] / 255) as u32,
            ),
        );
    }
}
