//! Which of several copies of a text is meant: on a page that has one for screens of another width, in
//! a teaser of itself, in a box that opens.

use super::settle::is_code;
use crate::blocks::Blocks;
use crate::features::context::Context;
use crate::features::groups;

/// The fewest words of a text that is looked for elsewhere on the page by itself.
const REPEATED: u32 = 5;

/// The fewest blocks and words of a run of them that is.
const RUN: usize = 3;
const RUN_WORDS: u32 = 10;

/// What is left of the chance of a copy: a tenth.
const COPY: u16 = 10;

/// Lowers the chances of what is a copy.
pub fn lower(blocks: &Blocks, context: &Context<'_>, chances: &mut [u16]) {
    lower_texts(blocks, context, chances);
    lower_runs(blocks, context, chances);
}

/// Of a text that stands in places of several sorts the likeliest is meant, and those in other
/// places are copies of it. Texts that a list or a manual says again and again stand in the same
/// place each time.
fn lower_texts(blocks: &Blocks, context: &Context<'_>, chances: &mut [u16]) {
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

/// Labels, prices and cells are too short to be copies of each other by themselves, but are when
/// others around them are: of a run of blocks that stands on the page twice, in other places, the
/// likelier is meant.
fn lower_runs(blocks: &Blocks, context: &Context<'_>, chances: &mut [u16]) {
    let texts = context.texts();
    let (starts, count) = groups::number(texts.windows(RUN).map(key));
    let mut meant: Vec<Option<usize>> = vec![None; count];
    let mut at = 0;
    while at < starts.len() {
        let before = meant[starts[at] as usize].unwrap_or(at);
        let same = texts[before..at].iter().zip(&texts[at..]);
        let length = same.take_while(|(a, b)| a == b).count();
        if length < RUN {
            meant[starts[at] as usize] = Some(at);
            at += 1;
            continue;
        }
        let stays = lower_run(blocks, context, chances, [before, at], length);
        for offset in 0..=length - RUN {
            meant[starts[at + offset] as usize] = Some(stays + offset);
        }
        at += length;
    }
}

/// Lowers the short blocks of the less likely of two equal runs, and says where the other starts.
fn lower_run(
    blocks: &Blocks,
    context: &Context<'_>,
    chances: &mut [u16],
    [first, second]: [usize; 2],
    length: usize,
) -> usize {
    let words = |index: usize| blocks.blocks[index].stats.words;
    let places = context.places();
    if places[first..first + length] == places[second..second + length]
        || (first..first + length).map(words).sum::<u32>() < RUN_WORDS
    {
        return first;
    }
    let expected = |run: usize| -> u64 {
        let blocks = run..run + length;
        blocks
            .map(|at| u64::from(words(at)) * u64::from(chances[at]))
            .sum()
    };
    let (stays, goes) = if expected(second) > expected(first) {
        (second, first)
    } else {
        (first, second)
    };
    for (index, chance) in (goes..).zip(&mut chances[goes..goes + length]) {
        if words(index) < REPEATED && !is_code(blocks, index) {
            *chance /= COPY;
        }
    }
    stays
}

/// Equal for runs of equal texts; the few others are told apart by their texts.
fn key(run: &[u32]) -> u64 {
    let mixed = |key: u64, &text: &u32| {
        (key.rotate_left(21) ^ u64::from(text)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    };
    run.iter().fold(0, mixed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::settle::tests::settled;
    use crate::classify::widened;

    const LONG: &str = "five words are a text";

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

    #[test]
    fn of_a_run_of_labels_in_two_places_the_likelier_stays() {
        const LABELS: [&str; 4] = [
            "Walnut table",
            "In stock",
            "Ships for free",
            "Ten years warranty",
        ];
        let card = |tag| {
            LABELS
                .map(|label| format!("<{tag}>{label}</{tag}>"))
                .concat()
        };
        let html = |first, then| card(first) + "<p>Other</p>" + &card(then);
        let scores = [180, 180, 180, 180, 99, 200, 200, 200, 170];
        let mut expected = scores.map(widened);
        for copy in &mut expected[..4] {
            *copy /= COPY;
        }
        assert_eq!(settled(&html("div", "p"), scores), expected);
        assert_eq!(settled(&html("p", "p"), scores), scores.map(widened));
    }

    #[test]
    fn two_labels_or_few_words_are_no_run() {
        let two = "<div>Walnut table for ten</div><div>Ships for free now</div><p>Walnut table for ten</p><p>Ships for free now</p>";
        assert_eq!(settled(two, [180; 4]), [180; 4].map(widened));
        let few = "<div>Yes</div><div>No</div><div>Not yet</div><p>Yes</p><p>No</p><p>Not yet</p>";
        assert_eq!(settled(few, [180; 6]), [180; 6].map(widened));
    }
}
