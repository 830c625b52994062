//! How much there is to read.

/// Words a minute of silent reading in languages with spaces (Brysbaert 2019: 238 in English).
const WORDS_PER_MINUTE: u32 = 238;
/// Characters a minute in Chinese and Japanese.
const CHARACTERS_PER_MINUTE: u32 = 400;
/// Characters a word in scripts that write neither spaces nor single words: Thai, Lao, Khmer, Burmese.
const CHARACTERS_PER_WORD: u32 = 5;

/// The amount of text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Words between spaces.
    spaced: u32,
    /// Ideographs and kana, each of which counts as a word.
    ideographs: u32,
}

impl Amount {
    /// Count a text.
    pub fn of(text: &str) -> Self {
        let mut amount = Self::default();
        let mut unspaced = 0u32;
        let mut in_word = false;
        for c in text.chars() {
            if c.is_ascii() {
                in_word = if c.is_ascii_alphanumeric() {
                    amount.spaced += u32::from(!in_word);
                    true
                } else {
                    // An apostrophe, a point or a hyphen inside of a word does not end it.
                    in_word && matches!(c, '\'' | '-' | '.' | '_')
                };
            } else if is_ideograph(c) {
                amount.ideographs += 1;
                in_word = false;
            } else if is_unspaced(c) {
                unspaced += 1;
                in_word = false;
            } else if c.is_alphanumeric() {
                amount.spaced += u32::from(!in_word);
                in_word = true;
            } else {
                in_word = in_word
                    && !c.is_whitespace()
                    && matches!(c, '’' | '\u{300}'..='\u{36F}' | '\u{64B}'..='\u{65F}' | '\u{900}'..='\u{963}');
            }
        }
        amount.spaced += unspaced.div_ceil(CHARACTERS_PER_WORD);
        amount
    }

    /// The number of words.
    pub fn words(self) -> u32 {
        self.spaced + self.ideographs
    }

    /// Whole minutes of reading, at least one.
    pub fn minutes(self) -> u32 {
        let spaced = u64::from(self.spaced) * u64::from(CHARACTERS_PER_MINUTE);
        let ideographs = u64::from(self.ideographs) * u64::from(WORDS_PER_MINUTE);
        let minutes =
            (spaced + ideographs).div_ceil(u64::from(WORDS_PER_MINUTE * CHARACTERS_PER_MINUTE));
        u32::try_from(minutes).unwrap_or(u32::MAX).max(1)
    }
}

fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{E00}'..='\u{EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_counted_in_every_script() {
        for (text, words) in [
            ("", 0),
            ("One, two — three!", 3),
            ("It's well-known: 3.14", 3),
            ("naïve Übergröße", 2),
            ("我喜欢阅读。", 5),
            ("これはテストです", 8),
            ("나는 책을 읽는다", 3),
            ("Привет, мир", 2),
            ("สวัสดีครับ", 2),
            ("a - b", 2),
        ] {
            assert_eq!(Amount::of(text).words(), words, "{text}");
        }
    }

    #[test]
    fn reading_takes_whole_minutes() {
        assert_eq!(Amount::of("word").minutes(), 1);
        assert_eq!(Amount::of(&"word ".repeat(239)).minutes(), 2);
        assert_eq!(Amount::of(&"字".repeat(800)).minutes(), 2);
    }
}
