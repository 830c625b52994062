//! One pass over the characters of a text: everything the features want to know about it.

use super::declared::Declared;
use super::stop_words::is_stop_word;
use super::tables::WeightTable;

/// What is counted while reading the text nodes of a block. Counts of words unless said.
#[derive(Clone, Copy, Default)]
pub struct TextStats {
    pub words: u32,
    /// Bytes of UTF-8, white space collapsed.
    pub bytes: u32,
    pub link_words: u32,
    pub bold_words: u32,
    /// Common little words of ten languages: running text has many, labels few.
    pub stop_words: u32,
    pub capitalised: u32,
    pub numbers: u32,
    /// Words that are also in the document's title.
    pub title_words: u32,
    /// Words that are also in the document's own description of itself.
    pub description_words: u32,
    /// Pairs of words that the structured data has as running text, and as names.
    pub declared_text: u32,
    pub declared_name: u32,
    pub commas: u32,
    /// Sentence ends: a full stop, question or exclamation mark before white space.
    pub sentences: u32,
    pub currency: u32,
    pub separators: u32,
    /// Sum of what the words say, from the learned lexicon.
    pub lexicon_sum: i32,
    pub lexicon_hits: u32,
    pub lexicon_min: i8,
    pub lexicon_max: i8,
    /// What the block says as a label of what follows it.
    pub label_sum: i32,
    pub label_hits: u32,
    pub label_min: i8,
    /// Pairs of words that the page had before.
    pub seen: u32,
    pub copyright: bool,
    pub first: u8,
    pub last: u8,
    /// Of the lower-cased words in order: equal for texts that read the same.
    pub hash: u64,
}

/// Kinds of a character at the start or the end of a block, ordered so that a split in a decision
/// tree separates sentence-like from label-like.
pub const END_NONE: u8 = 0;
pub const END_WORD: u8 = 1;
pub const END_COLON: u8 = 2;
pub const END_ELLIPSIS: u8 = 3;
pub const END_OTHER: u8 = 4;
pub const END_QUESTION: u8 = 5;
pub const END_QUOTE: u8 = 6;
pub const END_SENTENCE: u8 = 7;

pub const FIRST_DIGIT: u8 = 1;
pub const FIRST_UPPER: u8 = 2;
pub const FIRST_LOWER: u8 = 3;
pub const FIRST_OTHER: u8 = 4;

const SEED: u32 = 0x811c_9dc5;

/// The token of every number: the hash of "0".
const NUMBER: u32 = step(SEED, '0' as u32);

/// FNV-1a over the lower-cased word.
#[inline]
const fn step(hash: u32, code: u32) -> u32 {
    (hash ^ code).wrapping_mul(0x0100_0193)
}

/// The hash of a lower-case word, for tables made while compiling.
pub(super) const fn word_hash_const(word: &str) -> u32 {
    let bytes = word.as_bytes();
    let mut hash = SEED;
    let mut i = 0;
    while i < bytes.len() {
        let byte = bytes[i] as u32;
        // Two bytes reach to the end of Cyrillic, which is as far as the compiled tables go.
        if byte < 0x80 {
            hash = step(hash, byte);
            i += 1;
        } else {
            assert!(byte & 0xe0 == 0xc0, "a character of more than two bytes");
            hash = step(hash, (byte & 0x1f) << 6 | (bytes[i + 1] as u32 & 0x3f));
            i += 2;
        }
    }
    hash
}

/// A hash for two words in a row, never equal to a single word's by construction of the seed.
pub fn pair_hash(first: u32, second: u32) -> u32 {
    step(first.rotate_left(13) ^ 0x5bd1_e995, second)
}

/// What a word is looked up as: all numbers are one, so that "12 reviews" and "7 reviews" are.
#[inline]
pub fn token(hash: u32, first: char) -> u32 {
    if first.is_ascii_digit() {
        NUMBER
    } else {
        hash
    }
}

/// A set of words, tested by hash. Two kilobits: a title of twenty words gives one false hit in
/// a hundred, which the learned model never notices.
#[derive(Clone)]
pub struct WordSet([u64; 32]);

impl WordSet {
    pub fn of(text: &str) -> Self {
        let mut set = Self([0; 32]);
        words(text, |hash, _| {
            set.0[(hash >> 16) as usize & 31] |= 1 << (hash >> 26)
        });
        set
    }

    #[inline]
    fn has(&self, hash: u32) -> bool {
        self.0[(hash >> 16) as usize & 31] >> (hash >> 26) & 1 == 1
    }
}

/// Chinese and Japanese write without spaces: two characters are taken for a word.
#[inline]
pub fn is_unspaced(c: char) -> bool {
    matches!(u32::from(c), 0x3040..=0x30ff | 0x3400..=0x9fff | 0xf900..=0xfaff | 0x0e00..=0x0e7f | 0x20000..=0x3ffff)
}

#[inline]
fn is_word(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphanumeric() || c == '_'
    } else {
        c.is_alphanumeric()
    }
}

/// Reads the letters, digits and underscores of ASCII that a text starts with: how many there are,
/// and the hash with them.
#[inline]
fn ascii_word(text: &str, mut hash: u32) -> (usize, u32) {
    /// In lower case; zero for what is of no word.
    const OF_WORDS: [u8; 256] = {
        let mut table = [0; 256];
        let mut byte = 0;
        while byte < 128 {
            if (byte as u8).is_ascii_alphanumeric() || byte as u8 == b'_' {
                table[byte] = (byte as u8).to_ascii_lowercase();
            }
            byte += 1;
        }
        table
    };
    let mut length = 0;
    for &byte in text.as_bytes() {
        let lower = OF_WORDS[usize::from(byte)];
        if lower == 0 {
            break;
        }
        hash = step(hash, lower.into());
        length += 1;
    }
    (length, hash)
}

/// Calls `each(hash, word's first character)` for every word.
pub fn words(text: &str, mut each: impl FnMut(u32, char)) {
    let mut hash = SEED;
    let mut first = None;
    for c in text.chars() {
        if is_word(c) {
            first.get_or_insert(c);
            hash = step(hash, u32::from(c.to_ascii_lowercase()));
        } else if let Some(c) = first.take() {
            each(hash, c);
            hash = SEED;
        }
    }
    if let Some(c) = first {
        each(hash, c);
    }
}

/// The beginning of a text: at most so many bytes, and no character cut in two.
pub fn beginning(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The most words a label has: more is a text, not the name of one.
pub const LABEL: u32 = 12;

/// Pairs of words met so far, by hash.
pub struct Seen {
    bits: Vec<u64>,
}

impl Seen {
    /// Room for a document of so many nodes: one false hit in ten at the most on usual pages.
    pub fn new(nodes: usize) -> Self {
        Self {
            bits: vec![0; (nodes / 2).next_power_of_two().clamp(1 << 8, 1 << 16)],
        }
    }

    /// Adds a pair; whether it was there before.
    #[inline]
    fn insert(&mut self, hash: u32) -> bool {
        let (word, bit) = place(hash, self.bits.len());
        let had = self.bits[word] >> bit & 1 == 1;
        self.bits[word] |= 1 << bit;
        had
    }
}

/// Where a hash has its bit, among so many words of 64 bits, a power of two.
#[inline]
pub(super) fn place(hash: u32, size: usize) -> (usize, u32) {
    let hash = hash.wrapping_mul(0x9e37_79b1);
    ((hash >> 6) as usize & (size - 1), hash & 63)
}

/// What the words of a document are compared with.
pub struct Reference<'a> {
    pub title: WordSet,
    pub description: WordSet,
    pub declared: Declared,
    pub lexicon: WeightTable<'a>,
    pub labels: WeightTable<'a>,
    pub seen: Seen,
}

impl TextStats {
    /// Adds a run of text; `linked` and `bold` say what it stands in.
    pub fn add(&mut self, text: &str, linked: bool, bold: bool, reference: &mut Reference<'_>) {
        let mut hash = SEED;
        let mut start = None;
        let mut length = 0_u32;
        let mut previous = None;
        let before = self.words;
        let mut space = true;
        let mut rest = text;
        loop {
            let (run, with_run) = ascii_word(rest, hash);
            if run > 0 {
                let first = char::from(rest.as_bytes()[0]);
                if start.is_none() {
                    start = Some(first);
                    length = 0;
                }
                hash = with_run;
                length += run as u32;
                self.begin(first);
                self.last = END_WORD;
                self.bytes += run as u32;
                space = false;
                rest = &rest[run..];
            }
            let Some(c) = rest.chars().next() else {
                break;
            };
            rest = &rest[c.len_utf8()..];
            if is_word(c) {
                if start.is_none() {
                    start = Some(c);
                    length = 0;
                }
                hash = step(hash, u32::from(c.to_ascii_lowercase()));
                length += 1;
                if is_unspaced(c) && length == 2 {
                    self.word(hash, c, 2, reference, &mut previous);
                    start = None;
                    hash = SEED;
                }
                self.begin(c);
                self.last = END_WORD;
                self.bytes += c.len_utf8() as u32;
                space = false;
                continue;
            }
            if let Some(first) = start.take() {
                self.word(hash, first, length, reference, &mut previous);
                hash = SEED;
            }
            if c.is_whitespace() {
                if !space {
                    self.bytes += 1;
                    if matches!(self.last, END_SENTENCE | END_QUESTION) {
                        self.sentences += 1;
                    }
                }
                space = true;
                continue;
            }
            space = false;
            self.bytes += c.len_utf8() as u32;
            if self.first == 0 {
                self.first = FIRST_OTHER;
            }
            self.punctuation(c);
        }
        if let Some(first) = start {
            self.word(hash, first, length, reference, &mut previous);
        }
        let added = self.words - before;
        if linked {
            self.link_words += added;
        }
        if bold {
            self.bold_words += added;
        }
    }

    /// Notes the first character of a block's first word.
    #[inline]
    fn begin(&mut self, c: char) {
        if self.first == 0 {
            self.first = if c.is_ascii_digit() {
                FIRST_DIGIT
            } else if c.is_uppercase() {
                FIRST_UPPER
            } else {
                FIRST_LOWER
            };
        }
    }

    fn punctuation(&mut self, c: char) {
        self.last = match c {
            '.' if self.last == END_SENTENCE => END_ELLIPSIS,
            '.' | '!' | '。' | '！' => {
                if c == '。' {
                    self.sentences += 1;
                }
                END_SENTENCE
            }
            '?' | '？' => END_QUESTION,
            ':' | '：' => END_COLON,
            '…' => END_ELLIPSIS,
            ',' | '，' | '、' | ';' => {
                self.commas += 1;
                END_OTHER
            }
            // A closing quotation mark or bracket keeps the verdict of the sentence inside.
            '"' | '”' | '’' | '\'' | '»' | ')' => {
                if self.last == END_SENTENCE {
                    END_SENTENCE
                } else {
                    END_QUOTE
                }
            }
            '|' | '›' | '•' | '·' | '→' | '>' => {
                self.separators += 1;
                END_NONE
            }
            '$' | '€' | '£' | '¥' | '₹' => {
                self.currency += 1;
                END_OTHER
            }
            '©' => {
                self.copyright = true;
                END_NONE
            }
            _ => END_OTHER,
        };
    }

    #[inline]
    fn word(
        &mut self,
        hash: u32,
        first: char,
        length: u32,
        reference: &mut Reference<'_>,
        previous: &mut Option<(u32, u32)>,
    ) {
        self.words += 1;
        self.hash =
            (self.hash.rotate_left(5) ^ u64::from(hash)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.stop_words += u32::from(length <= 5 && is_stop_word(hash));
        self.capitalised += u32::from(first.is_uppercase());
        self.numbers += u32::from(first.is_ascii_digit());
        self.title_words += u32::from(reference.title.has(hash));
        self.description_words += u32::from(reference.description.has(hash));
        let token = token(hash, first);
        self.lexicon(reference.lexicon.weight(token));
        let short = self.words <= LABEL;
        if short {
            self.label(reference.labels.weight(token));
        }
        if let Some((last, last_token)) = previous.replace((hash, token)) {
            let pair = pair_hash(last, hash);
            let token_pair = pair_hash(last_token, token);
            self.lexicon(reference.lexicon.weight(token_pair));
            if short {
                self.label(reference.labels.weight(token_pair));
            }
            self.seen += u32::from(reference.seen.insert(pair));
            self.declared_text += u32::from(reference.declared.texts.has(pair));
            self.declared_name += u32::from(reference.declared.names.has(pair));
        }
    }

    #[inline]
    fn label(&mut self, weight: i8) {
        if weight != 0 {
            self.label_sum += i32::from(weight);
            self.label_hits += 1;
            self.label_min = self.label_min.min(weight);
        }
    }

    #[inline]
    fn lexicon(&mut self, weight: i8) {
        if weight != 0 {
            self.lexicon_sum += i32::from(weight);
            self.lexicon_hits += 1;
            self.lexicon_min = self.lexicon_min.min(weight);
            self.lexicon_max = self.lexicon_max.max(weight);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{segment, tables::Tables};
    use super::*;
    use crate::parse::Document;

    #[test]
    fn numbers_are_looked_up_as_one() {
        let tokens = |text| {
            let mut all = Vec::new();
            words(text, |hash, first| all.push(token(hash, first)));
            all
        };
        assert_eq!(tokens("12 Reviews"), tokens("7 reviews"));
        assert_ne!(tokens("12"), tokens("twelve"));
    }

    #[test]
    fn text_is_known_when_it_comes_again() {
        let html =
            "<p>rain fell all day</p><p>the sun was gone</p><div>rain fell all day long</div>";
        let blocks = segment(&Document::parse(html), &Tables::default()).blocks;
        let seen: Vec<u32> = blocks.iter().map(|block| block.stats.seen).collect();
        assert_eq!(seen, [0, 0, 3]);
    }
}
