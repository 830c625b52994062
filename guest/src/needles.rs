//! Which of several words a text has in it, in one pass over its bytes.
//!
//! `str::contains` sets up a search for each word, and without the native library's vector code a
//! search takes a few nanoseconds a byte: a link asked after two dozen words cost more than its
//! parsing. Here two tables say for each byte which words have it first and which have it second;
//! what is left is compared.

/// Pairs of bytes that are looked at together: most have no word among them, and one branch says so.
const STRIDE: usize = 4;

/// Words of two bytes and more, at most 64 of them.
pub struct Needles<const N: usize> {
    words: [&'static str; N],
    /// For every byte the words that start with it, a bit each.
    first: [u64; 256],
    /// For every byte the words that go on with it.
    second: [u64; 256],
    ignore_case: bool,
}

impl<const N: usize> Needles<N> {
    /// Words that are found as they are written.
    pub const fn new(words: [&'static str; N]) -> Self {
        Self::with(words, false)
    }

    /// Words in lower case that are found in whatever case the letters of ASCII have.
    pub const fn ignoring_case(words: [&'static str; N]) -> Self {
        Self::with(words, true)
    }

    const fn with(words: [&'static str; N], ignore_case: bool) -> Self {
        assert!(N <= 64);
        let mut needles = Self {
            words,
            first: [0; 256],
            second: [0; 256],
            ignore_case,
        };
        let mut at = 0;
        while at < N {
            let word = words[at].as_bytes();
            let bit = 1 << at;
            needles.first[word[0] as usize] |= bit;
            needles.second[word[1] as usize] |= bit;
            if ignore_case {
                needles.first[word[0].to_ascii_uppercase() as usize] |= bit;
                needles.second[word[1].to_ascii_uppercase() as usize] |= bit;
            }
            at += 1;
        }
        needles
    }

    /// Whether a text has any of the words.
    pub fn any(&self, text: &str) -> bool {
        self.matches(text).next().is_some()
    }

    /// The words that a text has, in its order: for each its number and where it ends.
    pub fn matches<'n>(&'n self, text: &'n str) -> impl Iterator<Item = (usize, usize)> + 'n {
        let bytes = text.as_bytes();
        let candidates =
            move |pair: &[u8]| self.first[usize::from(pair[0])] & self.second[usize::from(pair[1])];
        let may_have = move |&start: &usize| {
            let piece = bytes.get(start..=start + STRIDE);
            piece.is_none_or(|piece| {
                let pairs = piece.windows(2);
                pairs.fold(0, |all, pair| all | candidates(pair)) != 0
            })
        };
        let pairs = bytes.len().saturating_sub(1);
        let starts = (0..pairs)
            .step_by(STRIDE)
            .filter(may_have)
            .flat_map(move |start| start..pairs.min(start + STRIDE))
            .map(move |at| (at, candidates(&bytes[at..at + 2])));
        starts.flat_map(move |(at, candidates)| {
            Bits(candidates).filter_map(move |word| {
                let needle = self.words[word].as_bytes();
                let end = at + needle.len();
                let found = bytes.get(at..end)?;
                let equal = if self.ignore_case {
                    found.eq_ignore_ascii_case(needle)
                } else {
                    found == needle
                };
                equal.then_some((word, end))
            })
        })
    }
}

/// The numbers of the bits that are set.
struct Bits(u64);

impl Iterator for Bits {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        if self.0 == 0 {
            return None;
        }
        let bit = self.0.trailing_zeros() as usize;
        self.0 &= self.0 - 1;
        Some(bit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_wherever_they_stand() {
        static NEEDLES: Needles<3> = Needles::new(["/author/", "/au", "à la"]);
        let found = |text| NEEDLES.matches(text).collect::<Vec<_>>();
        assert_eq!(found("x/author/y"), [(0, 9), (1, 4)]);
        assert_eq!(found("/AUTHOR/"), []);
        assert_eq!(found("carte à la"), [(2, 11)]);
        assert_eq!(found("/"), []);
        assert_eq!(found(""), []);
        assert!(NEEDLES.any("/au") && !NEEDLES.any("/a"));
    }

    #[test]
    fn words_are_found_at_every_place_of_a_stride() {
        static NEEDLES: Needles<2> = Needles::new(["by", "date"]);
        for (before, after) in (0..2 * STRIDE).flat_map(|at| (0..2 * STRIDE).map(move |n| (at, n)))
        {
            let text = format!("{}date{}", "b".repeat(before), "y".repeat(after));
            let found: Vec<_> = NEEDLES.matches(&text).collect();
            assert_eq!(found, [(1, before + 4)], "{text}");
        }
    }

    #[test]
    fn case_is_ignored_where_asked() {
        static NEEDLES: Needles<2> = Needles::ignoring_case(["date", "by"]);
        let found: Vec<_> = NEEDLES.matches("uPdAted BY").collect();
        assert_eq!(found, [(0, 6), (1, 10)]);
    }
}
