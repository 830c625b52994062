//! What the chances come to when blocks are held against each other: code against the text around it,
//! a text against its copies elsewhere on the page.
//!
//! Both are rules, not learned: a forest of this size has too few pages with code to see the first
//! in, and judges each copy of a text by itself, so that it likes all or none of them.

use super::widened;
use crate::blocks::{flag, Blocks};
use crate::features::context::Context;

/// The fewest words of a text that is looked for elsewhere on the page.
const REPEATED: u32 = 5;

/// What is left of the chance of a copy: a tenth.
const COPY: u16 = 10;

/// Settles the chances of a page's blocks.
pub fn settle(blocks: &Blocks, context: &Context<'_>, chances: &mut [u16]) {
    for (index, chance) in chances.iter_mut().enumerate() {
        if is_code(blocks, index) {
            *chance = (*chance).max(widened(context.beside(index)));
        }
    }
    lower_copies(blocks, context, chances);
}

/// Of a text that stands in places of several sorts (for screens of another width, in a teaser of
/// itself, in a box that opens) the likeliest is meant, and those in other places are copies of it.
/// Texts that a list or a manual says again and again stand in the same place each time.
fn lower_copies(blocks: &Blocks, context: &Context<'_>, chances: &mut [u16]) {
    let texts = context.texts();
    let mut likeliest: Vec<Option<usize>> = vec![None; texts.len()];
    let repeatable = || {
        (0..texts.len())
            .filter(|&at| blocks.blocks[at].stats.words >= REPEATED && !is_code(blocks, at))
    };
    for index in repeatable() {
        let best = &mut likeliest[texts[index] as usize];
        if best.is_none_or(|best| chances[index] > chances[best]) {
            *best = Some(index);
        }
    }
    let places = context.places();
    for index in repeatable() {
        if likeliest[texts[index] as usize].is_some_and(|best| places[best] != places[index]) {
            chances[index] /= COPY;
        }
    }
}

fn is_code(blocks: &Blocks, index: usize) -> bool {
    let element = blocks.elements.get(blocks.blocks[index].element as usize);
    element.is_some_and(|element| element.flags & flag::PREFORMATTED != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocks::{segment, tables::Tables};
    use crate::features::records::Records;
    use crate::parse::Document;

    const LONG: &str = "five words are a text";

    /// What becomes of so many chances, of which the first stage said the same.
    fn settled<const COUNT: usize>(html: &str, scores: [u8; COUNT]) -> [u16; COUNT] {
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
    fn of_a_text_in_two_places_the_likelier_stays() {
        let html = format!("<aside><b>{LONG}</b></aside><main><p>{LONG}</main>");
        let [copy, meant] = settled(&html, [180, 200]);
        assert_eq!((copy, meant), (widened(180) / COPY, widened(200)));
        let [meant, copy] = settled(&html, [200, 200]);
        assert_eq!((meant, copy), (widened(200), widened(200) / COPY));
    }

    #[test]
    fn what_a_list_says_twice_is_said_twice() {
        let html = format!("<ul><li>{LONG}<li>{LONG}</ul>");
        assert_eq!(settled(&html, [180, 200]), [180, 200].map(widened));
    }

    #[test]
    fn labels_and_code_have_no_copies() {
        let html = "<h2>Four words are few</h2><p>Four words are few";
        assert_eq!(settled(html, [180, 200]), [180, 200].map(widened));
        let html = format!("<pre>{LONG}</pre><div><pre>{LONG}</pre></div>");
        assert_eq!(settled(&html, [180, 200]), [180, 200].map(widened));
    }
}
