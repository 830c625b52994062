//! How much an extraction that was not judged can be trusted, from 0 to 100: what selectors match, or
//! all that a document shows. Of what was judged, the model predicts it.

use crate::metadata::Metadata;
use crate::words::Amount;

/// Judge a text by its length, its share of running sentences, and what is known about it. It ranks
/// documents, and is calibrated against nothing.
pub fn score(text: &str, amount: Amount, metadata: &Metadata) -> u8 {
    let length = share(amount.words(), 400);
    let (mut lines, mut sentences) = (0u32, 0u32);
    for line in text.lines() {
        let bytes = line.len() as u32;
        lines += bytes;
        if bytes > 80
            && line.trim_end().ends_with([
                '.', '!', '?', '…', '"', '”', '。', '！', '？', ':', ')', '»',
            ])
        {
            sentences += bytes;
        }
    }
    let prose = share(sentences, lines.max(1));
    let known = [
        metadata.title.is_some(),
        metadata.published.is_some(),
        metadata.description.is_some(),
    ];
    let known = share(known.iter().filter(|&&is| is).count() as u32, 3);
    (length * 35 / 100 + prose * 50 / 100 + known * 15 / 100).min(100) as u8
}

/// A part of a whole in percent, at most 100.
fn share(part: u32, whole: u32) -> u32 {
    let percent = u64::from(part) * 100 / u64::from(whole.max(1));
    percent.min(100) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_article_scores_higher_than_a_list_of_words() {
        let article = "A sentence that is long enough to be a paragraph of an article, and it ends as sentences do.\n".repeat(30);
        let menu = "Home\nNews\nContact\n".repeat(30);
        let metadata = Metadata {
            title: Some("Title".into()),
            ..Metadata::default()
        };
        let high = score(&article, Amount::of(&article), &metadata);
        let low = score(&menu, Amount::of(&menu), &Metadata::default());
        assert!(high > 80 && low < 30, "{high} {low}");
    }
}
