//! The little words that running text is full of and labels are not.

use super::text::word_hash_const;

const WORDS: &[&str] = &[
    // English
    "the", "a", "an", "and", "or", "of", "to", "in", "is", "are", "was", "were", "be", "been",
    "that", "this", "it", "for", "on", "with", "as", "at", "by", "from", "his", "her", "their",
    "he", "she", "they", "you", "we", "i", "not", "but", "have", "has", "had", "will", "would",
    "can", "do", "if", "so", "what", "which", "who", "there", "more", "when", "my", "our", "its",
    "than", "then", "them", "some", "into", "about", "just", "like", "your", "out", "up",
    // German
    "der", "die", "das", "und", "zu", "den", "von", "ist", "mit", "im", "des", "auf", "für",
    "nicht", "ein", "eine", "sich", "dem", "auch", "es", "dass", "er", "sie", "wie", "aus", "bei",
    "hat", "sind", "wird", "nach", "einer", "um", "am", "haben", "nur", "oder", "aber", "vor",
    "zur", "bis", "über", "einem", "einen", "wir", "ich", "man", "noch", // French
    "le", "la", "les", "de", "et", "en", "un", "une", "du", "est", "que", "qui", "dans", "pour",
    "pas", "sur", "au", "par", "plus", "ce", "il", "ne", "se", "avec", "sont", "ou", "son", "sa",
    "aux", "cette", "ses", "mais", "nous", // Spanish, Portuguese, Italian
    "el", "los", "las", "y", "del", "por", "con", "para", "una", "su", "al", "lo", "como", "o",
    "e", "os", "da", "dos", "com", "não", "um", "uma", "na", "no", "ao", "em", "che", "di", "per",
    "non", "della", "sono", "anche", "si", "gli", // Dutch, Danish, Swedish, Norwegian
    "het", "een", "van", "voor", "niet", "op", "te", "zijn", "dat", "ook", "aan", "er", "og", "at",
    "det", "af", "til", "som", "på", "med", "ikke", "och", "att", "är", "inte", "av", "har", "den",
    "var", // Polish, Czech, Russian
    "w", "z", "i", "się", "nie", "jest", "do", "to", "že", "v", "je", "na", "и", "в", "не", "на",
    "что", "с", "по", "как", "это", "к", "из", "у", "за", "о", "от", "но", "для",
    // Turkish, Indonesian
    "ve", "bir", "bu", "için", "ile", "da", "yang", "dan", "di", "dari", "ini",
];

const SIZE: usize = 1024;

static TABLE: [u32; SIZE] = table();

const fn slot(hash: u32) -> usize {
    (hash ^ hash >> 15) as usize % SIZE
}

const fn table() -> [u32; SIZE] {
    let mut table = [0; SIZE];
    let mut i = 0;
    while i < WORDS.len() {
        let hash = word_hash_const(WORDS[i]);
        let mut at = slot(hash);
        while table[at] != 0 && table[at] != hash {
            at = (at + 1) % SIZE;
        }
        table[at] = hash;
        i += 1;
    }
    table
}

/// Whether the word with this [`word_hash`](super::text::word_hash) is one of them.
#[inline]
pub fn is_stop_word(hash: u32) -> bool {
    let mut at = slot(hash);
    loop {
        match TABLE[at] {
            0 => return false,
            known if known == hash => return true,
            _ => at = (at + 1) % SIZE,
        }
    }
}
