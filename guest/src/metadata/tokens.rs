//! The numbers, words and signs that dates and times are written with.

/// Longer texts than this are no dates, and only their beginning is searched.
const MAX_CHARS: usize = 240;

/// Lower case, digits of other scripts as ASCII, marks of direction removed.
pub fn fold(text: &str) -> String {
    text.trim_start()
        .chars()
        .take(MAX_CHARS)
        .filter(|c| !matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}'))
        .flat_map(char::to_lowercase)
        .map(|c| {
            let zero = match c {
                '٠'..='٩' => '٠',
                '۰'..='۹' => '۰',
                '０'..='９' => '０',
                '०'..='९' => '०',
                '－' | '‐' | '‑' | '−' => return '-',
                '：' => return ':',
                '／' => return '/',
                '．' => return '.',
                _ => return c,
            };
            char::from_digit(c as u32 - zero as u32, 10).unwrap_or(c)
        })
        .collect()
}

/// A run of characters of one kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Token<'a> {
    Number(&'a str),
    Word(&'a str),
    Sign(char),
    Space,
}

/// The runs of a text, one after another.
pub fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let class = |c: char| match c {
            c if c.is_ascii_digit() => 0,
            c if is_unit(c) => 1,
            c if c.is_alphabetic() || is_mark(c) => 2,
            c if c.is_whitespace() => 3,
            _ => 4,
        };
        let kind = class(first);
        let end = match kind {
            1 | 4 => first.len_utf8(),
            _ => rest.find(|c| class(c) != kind).unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at(end);
        tokens.push(match kind {
            0 => Token::Number(token),
            2 => Token::Word(token),
            3 => Token::Space,
            _ => Token::Sign(first),
        });
        rest = after;
    }
    tokens
}

/// The characters of Chinese, Japanese and Korean that follow a number in a date or time.
fn is_unit(c: char) -> bool {
    matches!(
        c,
        '年' | '月'
            | '日'
            | '号'
            | '號'
            | '時'
            | '时'
            | '点'
            | '點'
            | '分'
            | '秒'
            | '년'
            | '월'
            | '일'
            | '시'
            | '분'
    )
}

/// Vowel signs that belong to a word although they are no letters.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{64B}'..='\u{65F}' | '\u{900}'..='\u{963}')
}

/// The tokens of a text. A reader is told where to begin, and says what stands there and where it ends.
#[derive(Clone, Copy)]
pub struct Tokens<'t, 'a>(pub &'t [Token<'a>]);

impl<'a> Tokens<'_, 'a> {
    /// What stands at a position.
    pub fn token(&self, at: usize) -> Option<Token<'a>> {
        self.0.get(at).copied()
    }

    /// The position behind a space, if one is here.
    pub fn skip_space(&self, at: usize) -> usize {
        at + usize::from(self.token(at) == Some(Token::Space))
    }

    /// A number of so many digits, and where it ends.
    pub fn number(
        &self,
        at: usize,
        digits: std::ops::RangeInclusive<usize>,
    ) -> Option<(u32, usize)> {
        match self.token(at)? {
            Token::Number(text) if digits.contains(&text.len()) => {
                Some((text.parse().ok()?, at + 1))
            }
            _ => None,
        }
    }

    /// One of some signs, and where it ends.
    pub fn sign(&self, at: usize, wanted: &[char]) -> Option<(char, usize)> {
        match self.token(at)? {
            Token::Sign(sign) if wanted.contains(&sign) => Some((sign, at + 1)),
            _ => None,
        }
    }

    /// A word, and where it ends.
    pub fn word(&self, at: usize) -> Option<(&'a str, usize)> {
        match self.token(at)? {
            Token::Word(word) => Some((word, at + 1)),
            _ => None,
        }
    }
}
