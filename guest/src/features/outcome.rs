//! A finished selection in numbers: what the quality score is predicted from.

use super::page::Page;
use super::{scale, share, Sink};
use crate::blocks::{Blocks, LONG};

/// Writes the features of keeping the blocks with at least the chance `lowest`.
pub fn describe(blocks: &Blocks, page: &Page, chances: &[u16], lowest: u16, out: &mut impl Sink) {
    let (mut hits, mut expected, mut doubt) = (0_u64, 0_u64, 0_u64);
    let (mut kept, mut kept_words, mut kept_links, mut kept_long, mut sentences, mut runs) =
        (0, 0, 0, 0, 0, 0);
    let (mut sure, mut near) = (0, 0);
    let mut previous = false;
    for (block, &chance) in blocks.blocks.iter().zip(chances) {
        let words = block.stats.words;
        let weight = u64::from(words) * u64::from(chance);
        expected += weight;
        doubt += weight / 256 * u64::from(u16::MAX - chance) / 256;
        let keep = chance >= lowest;
        if keep {
            hits += weight;
            kept += 1;
            kept_words += words;
            kept_links += block.stats.link_words;
            kept_long += if words >= LONG { words } else { 0 };
            sentences += block.stats.sentences;
            runs += u32::from(!previous);
        }
        sure += if chance >= 58_000 { words } else { 0 };
        near += if (16_000..48_000).contains(&chance) {
            words
        } else {
            0
        };
        previous = keep;
    }
    let whole = u64::from(u16::MAX);
    let f = if kept == 0 {
        0
    } else {
        hits * 400 / (u64::from(kept_words) * whole + expected).max(1)
    };
    out.put("expected F1", f.min(200) as u8);
    out.put(
        "expected precision",
        if kept_words == 0 {
            0
        } else {
            (hits * 200 / whole / u64::from(kept_words)) as u8
        },
    );
    out.put(
        "expected recall",
        (hits * 200).checked_div(expected).unwrap_or(0) as u8,
    );
    out.put("lowest", (lowest >> 8) as u8);
    out.put("doubt", (doubt * 400 / (expected + 1)).min(200) as u8);
    out.put("kept", scale(kept));
    out.put("kept words", scale(kept_words));
    out.put("kept share", share(kept_words, page.words));
    out.put("kept links", share(kept_links, kept_words));
    out.put("kept long", share(kept_long, kept_words));
    out.put("kept of long", share(kept_long, page.long_words));
    out.put("kept sentences", share(sentences * 10, kept_words));
    out.put("kept runs", scale(runs));
    out.put("sure", share(sure, kept_words));
    out.put("near", share(near, page.words));
    out.put("blocks", scale(blocks.blocks.len() as u32));
    out.put("words", scale(page.words));
    out.put("links", share(page.link_words, page.words));
    out.put("long", share(page.long_words, page.words));
    page.describe_kind(out);
}
