//! What the chances come to when blocks are held against each other: code against the text around it,
//! a text against its copies elsewhere on the page, and against its likes in the same place.
//!
//! These are rules, not learned: a forest of this size has too few pages with code to see the first
//! in, and judges each block by itself, so that it likes all copies of a text or none of them, and
//! of ten paragraphs in a row three a little less.

use super::{copies, widened};
use crate::blocks::{flag, Blocks};
use crate::features::context::Context;

/// The fewest words of a text that is judged by its likes: shorter ones in the same place, the fields of
/// cards, the cells of tables, are of many sorts.
const RUNNING: u32 = 10;

/// The fewest blocks in one place that say something of each other.
const LIKES: u32 = 4;

/// Settles the chances of a page's blocks.
pub fn settle(blocks: &Blocks, context: &Context<'_>, chances: &mut [u16]) {
    for (index, chance) in chances.iter_mut().enumerate() {
        if is_code(blocks, index) {
            *chance = (*chance).max(widened(context.beside(index)));
        }
    }
    copies::lower(blocks, context, chances);
    draw_together(blocks, context, chances);
}

/// What stands in the same place, as the paragraphs of a body or the answers of a thread do, is mostly
/// content or mostly not: running text is as likely as halfway between what it is by itself and what
/// the words of its place are in the mean.
fn draw_together(blocks: &Blocks, context: &Context<'_>, chances: &mut [u16]) {
    let places = context.places();
    let mut sums = vec![(0, 0, 0); places.len()];
    for ((block, &place), &chance) in blocks.blocks.iter().zip(places).zip(&*chances) {
        let (weighted, words, count) = &mut sums[place as usize];
        // One more, so that a place of blocks without words has a mean.
        let weight = u64::from(block.stats.words) + 1;
        *weighted += weight * u64::from(chance);
        *words += weight;
        *count += 1;
    }
    for ((block, &place), chance) in blocks.blocks.iter().zip(places).zip(chances) {
        let (weighted, words, count) = sums[place as usize];
        if block.stats.words >= RUNNING && count >= LIKES {
            *chance = ((u64::from(*chance) + weighted / words) / 2) as u16;
        }
    }
}

pub(super) fn is_code(blocks: &Blocks, index: usize) -> bool {
    let element = blocks.elements.get(blocks.blocks[index].element as usize);
    element.is_some_and(|element| element.flags & flag::PREFORMATTED != 0)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::blocks::{segment, tables::Tables};
    use crate::features::records::Records;
    use crate::parse::Document;

    /// What becomes of so many chances, of which the first stage said the same.
    pub fn settled<const COUNT: usize>(html: &str, scores: [u8; COUNT]) -> [u16; COUNT] {
        let document = Document::parse(html);
        let blocks = segment(&document, &Tables::default());
        let records = Records::new(&blocks);
        let context = Context::new(&blocks, &records, &scores);
        let mut chances = scores.map(widened);
        settle(&blocks, &context, &mut chances);
        chances
    }

    #[test]
    fn code_is_as_likely_as_the_lesser_of_its_sides() {
        let html = "<p>one</p><pre>x = 1</pre><p>two</p><ul><li>three</ul><p>four</p>";
        let code = |scores| settled(html, scores)[1];
        assert_eq!(code([200, 9, 240, 150, 240]), widened(200));
        assert_eq!(code([250, 9, 100, 160, 100]), widened(120));
        assert_eq!(code([250, 99, 0, 0, 0]), widened(99));
    }

    #[test]
    fn code_at_an_end_of_a_page_is_judged_by_itself() {
        let html = "<p>one</p><pre>x = 1</pre>";
        assert_eq!(settled(html, [250, 9]), [250, 9].map(widened));
    }

    #[test]
    fn a_list_between_content_gains_nothing() {
        let html = "<p>one</p><ul><li>two</ul><p>three</p>";
        assert_eq!(settled(html, [250, 9, 250]), [250, 9, 250].map(widened));
    }

    #[test]
    fn running_text_is_drawn_to_its_likes() {
        let text = "These are ten words of a text that is running.";
        let labels = "<ul><li>one<li>two<li>three<li>four</ul>";
        let html = |count| format!("<p>{text}").repeat(count) + labels;
        let scores = [240, 240, 240, 80, 9, 90, 90, 90];
        let drawn = [220, 220, 220, 140, 9, 90, 90, 90];
        assert_eq!(settled(&html(4), scores), drawn.map(widened));
        let scores = [240, 240, 80, 9, 90, 90, 90];
        assert_eq!(settled(&html(3), scores), scores.map(widened));
    }
}
