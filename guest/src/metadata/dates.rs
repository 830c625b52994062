//! Dates as people and machines write them, to ISO 8601.

use super::months::{month, month_of_two};

/// Longer texts than this are no dates, and only their beginning is searched.
const MAX_CHARS: usize = 240;

/// Publication dates outside of these years are misread numbers or history.
const YEARS: std::ops::RangeInclusive<u32> = 1970..=2049;

/// What comes first in `03/04/2024`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    DayFirst,
    MonthFirst,
}

impl Order {
    /// The custom of a language and a host. Only Americans and their neighbours put the month first.
    pub fn of(language: Option<&str>, host: &str) -> Self {
        const DAY_FIRST_HOSTS: [&str; 8] = [".uk", ".au", ".nz", ".ie", ".in", ".za", ".sg", ".eu"];
        let language = language.unwrap_or("en").to_ascii_lowercase();
        let american = matches!(language.as_str(), "en" | "en-us" | "en_us" | "en-ph");
        if american && !DAY_FIRST_HOSTS.iter().any(|end| host.ends_with(end)) {
            Self::MonthFirst
        } else {
            Self::DayFirst
        }
    }
}

/// A moment as precise as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    year: u32,
    month: u32,
    day: u32,
    time: Option<Time>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Time {
    hour: u32,
    minute: u32,
    second: u32,
    /// Minutes east of Greenwich.
    zone: Option<i32>,
}

impl Moment {
    fn new(year: u32, month: u32, day: u32) -> Option<Self> {
        let leap =
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            2 => 28 + u32::from(leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        (YEARS.contains(&year) && (1..=days).contains(&day)).then_some(Self {
            year,
            month,
            day,
            time: None,
        })
    }

    /// Whether the time of day was written too.
    pub fn has_time(&self) -> bool {
        self.time.is_some()
    }

    /// Whether both are the same day of the calendar.
    pub fn same_day(&self, other: &Self) -> bool {
        (self.year, self.month, self.day) == (other.year, other.month, other.day)
    }

    /// Whether it is told in Greenwich's time.
    pub fn is_universal(&self) -> bool {
        self.time.is_some_and(|time| time.zone == Some(0))
    }

    /// Whether both are the same minute, each in its zone.
    pub fn same_instant(&self, other: &Self) -> bool {
        matches!((self.instant(), other.instant()), (Some(one), Some(other)) if one == other)
    }

    /// Whether this is the day before or behind the other.
    pub fn is_next_to(&self, other: &Self) -> bool {
        (self.days() - other.days()).abs() == 1
    }

    /// Minutes since some moment long ago; none where the zone or the time is not known.
    fn instant(&self) -> Option<i32> {
        let time = self.time?;
        Some((self.days() * 24 + time.hour as i32) * 60 + time.minute as i32 - time.zone?)
    }

    /// Days since some day long ago.
    fn days(&self) -> i32 {
        // The year starts in March, so that the day that may be missing is its last.
        let (year, month) = if self.month > 2 {
            (self.year as i32, self.month as i32 - 3)
        } else {
            (self.year as i32 - 1, self.month as i32 + 9)
        };
        year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + self.day as i32
    }

    /// The moment in ISO 8601: the date, and time and zone where they were written.
    pub fn iso(&self) -> String {
        let mut iso = format!("{:04}-{:02}-{:02}", self.year, self.month, self.day);
        if let Some(time) = self.time {
            iso += &format!("T{:02}:{:02}:{:02}", time.hour, time.minute, time.second);
            match time.zone {
                Some(0) => iso.push('Z'),
                Some(zone) => {
                    let sign = if zone < 0 { '-' } else { '+' };
                    iso += &format!("{sign}{:02}:{:02}", zone.abs() / 60, zone.abs() % 60);
                }
                None => {}
            }
        }
        iso
    }
}

/// The first date in a text, with its time where one stands beside it.
pub fn find(text: &str, order: Order) -> Option<Moment> {
    let text = fold(text);
    let tokens = tokens(&text);
    let scan = Scan {
        tokens: &tokens,
        order,
    };
    (0..tokens.len()).find_map(|at| {
        let (mut moment, end) = scan.date(at)?;
        // `Wed Oct 05 20:10:00 +0000 2011` has its time inside; nothing else does.
        if moment.time.is_none() {
            moment.time = scan.time_after(end).or_else(|| scan.time_before(at));
        }
        Some(moment)
    })
}

/// The date in the path of an address: `/2024/05/03/`, `/2024-05-03-title`, `/20240503/`.
pub fn in_path(path: &str) -> Option<Moment> {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let bytes = path.as_bytes();
    (1..bytes.len())
        .filter(|&at| bytes[at].is_ascii_digit() && !bytes[at - 1].is_ascii_alphanumeric())
        .find_map(|at| {
            let (year, mut rest) = number(&path[at..])?;
            if year.len() == 8 {
                return (rest.is_empty() || !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
                    .then(|| compact(year))
                    .flatten();
            }
            let mut parts = [0; 2];
            let mut separator = None;
            for part in &mut parts {
                let first = rest
                    .chars()
                    .next()
                    .filter(|c| matches!(c, '/' | '-' | '_' | '.'))?;
                if *separator.get_or_insert(first) != first {
                    return None;
                }
                rest = &rest[1..];
                let word_len = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
                if word_len > 0 {
                    *part = month(&rest[..word_len].to_ascii_lowercase())?;
                    rest = &rest[word_len..];
                } else {
                    let (digits, after) = number(rest)?;
                    *part = digits.parse().ok().filter(|_| digits.len() <= 2)?;
                    rest = after;
                }
            }
            let ends = !rest.starts_with(|c: char| c.is_ascii_alphanumeric());
            (year.len() == 4 && ends)
                .then(|| Moment::new(year.parse().ok()?, parts[0], parts[1]))
                .flatten()
        })
}

fn number(text: &str) -> Option<(&str, &str)> {
    let len = text.bytes().take_while(u8::is_ascii_digit).count();
    (len > 0).then(|| text.split_at(len))
}

fn compact(digits: &str) -> Option<Moment> {
    Moment::new(
        digits[..4].parse().ok()?,
        digits[4..6].parse().ok()?,
        digits[6..8].parse().ok()?,
    )
}

/// Lower case, digits of other scripts as ASCII, marks of direction removed.
fn fold(text: &str) -> String {
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

#[derive(Clone, Copy, Debug, PartialEq)]
enum Token<'a> {
    Number(&'a str),
    Word(&'a str),
    Sign(char),
    Space,
}

fn tokens(text: &str) -> Vec<Token<'_>> {
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

struct Scan<'t, 'a> {
    tokens: &'t [Token<'a>],
    order: Order,
}

impl<'a> Scan<'_, 'a> {
    fn token(&self, at: usize) -> Option<Token<'a>> {
        self.tokens.get(at).copied()
    }

    fn skip_space(&self, at: usize) -> usize {
        at + usize::from(self.token(at) == Some(Token::Space))
    }

    /// A number of so many digits, and where it ends.
    fn number(&self, at: usize, digits: std::ops::RangeInclusive<usize>) -> Option<(u32, usize)> {
        match self.token(at)? {
            Token::Number(text) if digits.contains(&text.len()) => {
                Some((text.parse().ok()?, at + 1))
            }
            _ => None,
        }
    }

    fn sign(&self, at: usize, wanted: &[char]) -> Option<(char, usize)> {
        match self.token(at)? {
            Token::Sign(sign) if wanted.contains(&sign) => Some((sign, at + 1)),
            _ => None,
        }
    }

    fn word(&self, at: usize) -> Option<(&'a str, usize)> {
        match self.token(at)? {
            Token::Word(word) => Some((word, at + 1)),
            _ => None,
        }
    }

    fn month_name(&self, at: usize) -> Option<(u32, usize)> {
        let (word, end) = self.word(at)?;
        if let Some(month) = month(word) {
            return Some((month, end));
        }
        // Names of two words: `كانون الثاني`, `tháng 5`.
        let next = self.skip_space(end);
        if word == "tháng" {
            return self.number(next, 1..=2);
        }
        let (second, end) = self.word(next)?;
        Some((month_of_two(word, second)?, end))
    }

    /// Skip what may stand between the parts of a date written in words.
    fn skip_filler(&self, mut at: usize) -> usize {
        const FILLERS: [&str; 24] = [
            "st", "nd", "rd", "th", "of", "de", "del", "di", "d", "do", "den", "er", "ème", "º",
            "ª", "г", "le", "the", "m", "a", "da", "ta", "στις", "من",
        ];
        for _ in 0..5 {
            at = match self.token(at) {
                Some(
                    Token::Space
                    | Token::Sign('.' | ',' | '،' | '-' | '/' | '\'' | '’' | 'º' | '°' | '年' | '月'),
                ) => at + 1,
                Some(Token::Word(word)) if FILLERS.contains(&word) => at + 1,
                _ => return at,
            };
        }
        at
    }

    /// The date that starts at a token, and where it ends.
    fn date(&self, at: usize) -> Option<(Moment, usize)> {
        match self.token(at)? {
            // A number that goes on before or inside a word is no date: `v1.2.2024`, `x2024-01-01`.
            Token::Number(_) if at > 0 && self.continues_number(at) => None,
            Token::Number(text) => match text.len() {
                4 => self.year_first(at),
                1 | 2 => self.day_first(at),
                8 => Some((compact(text)?, at + 1)),
                // YYYYMMDDhhmmss
                14 => {
                    let mut moment = compact(&text[..8])?;
                    moment.time = time(
                        text[8..10].parse().ok()?,
                        text[10..12].parse().ok()?,
                        text[12..].parse().ok()?,
                        None,
                    );
                    Some((moment, at + 1))
                }
                _ => None,
            },
            Token::Word(word) => self.month_first(at).or_else(|| self.japanese_era(word, at)),
            _ => None,
        }
    }

    fn continues_number(&self, at: usize) -> bool {
        match self.token(at - 1) {
            Some(Token::Sign('$' | '€' | '£' | '#')) => true,
            Some(Token::Sign('.' | '-' | '/' | ':' | '+')) => {
                at >= 2 && matches!(self.token(at - 2), Some(Token::Number(_)))
            }
            _ => false,
        }
    }

    /// `2024-05-03`, `2024年5月3日`, `2024. május 3.`
    fn year_first(&self, at: usize) -> Option<(Moment, usize)> {
        let (year, after) = self.number(at, 4..=4)?;
        let next = self.skip_space(after);
        if let Some((separator, after)) = self.sign(next, &['-', '/', '.', '年', '년']) {
            let closer = match separator {
                '年' => '月',
                '년' => '월',
                other => other,
            };
            let numeric = || {
                let (month, after) = self.number(self.skip_space(after), 1..=2)?;
                let (_, after) = self.sign(self.skip_space(after), &[closer])?;
                let (day, after) = self.number(self.skip_space(after), 1..=2)?;
                let after = self
                    .sign(after, &['日', '일', '号', '號'])
                    .map_or(after, |(_, after)| after);
                Some((Moment::new(year, month, day)?, after))
            };
            if let Some(found) = numeric() {
                return Some(found);
            }
        }
        let (month, after) = self.month_name(self.skip_filler(after))?;
        let (day, after) = self.number(self.skip_filler(after), 1..=2)?;
        Some((Moment::new(year, month, day)?, after))
    }

    /// `3 May 2024`, `3. Mai 2024`, `3 de mayo de 2024`, `03/05/2024`
    fn day_first(&self, at: usize) -> Option<(Moment, usize)> {
        let (first, after) = self.number(at, 1..=2)?;
        if let Some((separator, after)) = self.sign(after, &['.', '/', '-']) {
            let numeric = || {
                let (second, after) = self.number(self.skip_space(after), 1..=2)?;
                let (_, after) = self.sign(after, &[separator])?;
                let at = self.skip_space(after);
                let (year, after) = self.number(at, 4..=4).or_else(|| {
                    let (year, after) = self.number(at, 2..=2)?;
                    (separator != '-'
                        && !matches!(self.token(after), Some(Token::Sign(':' | '.' | '/'))))
                    .then_some((2000 + year, after))
                })?;
                let order = if separator == '.' {
                    Order::DayFirst
                } else {
                    self.order
                };
                Some((self.ordered(first, second, year, order)?, after))
            };
            if let Some(found) = numeric() {
                return Some(found);
            }
        }
        let (month, after) = self.month_name(self.skip_filler(after))?;
        let (year, after) = self.year(self.skip_filler(after))?;
        Some((Moment::new(year, month, first)?, after))
    }

    /// `May 3, 2024`, `May 3rd 2024`, `Wed Oct 05 20:10:00 +0000 2011`
    fn month_first(&self, at: usize) -> Option<(Moment, usize)> {
        let (month, after) = self.month_name(at)?;
        let (day, after) = self.number(self.skip_filler(after), 1..=2)?;
        if let Some((year, after)) = self.year(self.skip_filler(after)) {
            return Some((Moment::new(year, month, day)?, after));
        }
        let (time, after) = self.time_at(self.skip_space(after))?;
        let (year, after) = self.number(self.skip_filler(after), 4..=4)?;
        let mut moment = Moment::new(year, month, day)?;
        moment.time = Some(time);
        Some((moment, after))
    }

    /// A year of four digits that is no time, or of two after an apostrophe.
    fn year(&self, at: usize) -> Option<(u32, usize)> {
        if let Some(found) = self.number(at, 4..=4) {
            return Some(found);
        }
        let apostrophe = matches!(
            self.token(at.checked_sub(1)?),
            Some(Token::Sign('\'' | '’' | '-'))
        );
        let (year, after) = self.number(at, 2..=2).filter(|_| apostrophe)?;
        Some((2000 + year, after))
    }

    fn ordered(&self, first: u32, second: u32, year: u32, order: Order) -> Option<Moment> {
        let day_first = Moment::new(year, second, first);
        let month_first = Moment::new(year, first, second);
        match order {
            Order::DayFirst => day_first.or(month_first),
            Order::MonthFirst => month_first.or(day_first),
        }
    }

    /// `令和6年5月3日`: the year of the emperor.
    fn japanese_era(&self, word: &str, at: usize) -> Option<(Moment, usize)> {
        let start = match word {
            "令和" => 2018,
            "平成" => 1988,
            "昭和" => 1925,
            _ => return None,
        };
        let (year, after) = self.number(at + 1, 1..=2)?;
        let (_, after) = self.sign(after, &['年'])?;
        let (month, after) = self.number(after, 1..=2)?;
        let (_, after) = self.sign(after, &['月'])?;
        let (day, after) = self.number(after, 1..=2)?;
        let after = self.sign(after, &['日'])?.1;
        Some((Moment::new(start + year, month, day)?, after))
    }

    /// The time of day within a few tokens after a date.
    fn time_after(&self, at: usize) -> Option<Time> {
        const FILLERS: [&str; 21] = [
            "t", "at", "um", "à", "a", "as", "às", "las", "los", "kl", "alle", "ore", "om", "в",
            "о", "o", "godz", "saat", "klo", "ora", "г",
        ];
        let mut at = at;
        for _ in 0..7 {
            if let Some((time, _)) = self.time_at(at) {
                return Some(time);
            }
            at = match self.token(at)? {
                Token::Space
                | Token::Sign(
                    ',' | '-' | '–' | '—' | '|' | '·' | '•' | '.' | '/' | '،' | '(' | '@',
                ) => at + 1,
                // Weekdays in brackets: `2024年5月3日（金） 10:20`.
                Token::Sign('（' | '）' | ')') => at + 1,
                Token::Word(word) if FILLERS.contains(&word) || is_weekday(word) => at + 1,
                _ => return None,
            };
        }
        None
    }

    /// The time of day right before a date: `10:30 AM EDT, Friday May 3, 2024`.
    fn time_before(&self, date: usize) -> Option<Time> {
        let first = date.saturating_sub(14);
        (first..date).find_map(|at| {
            if at > 0
                && matches!(
                    self.token(at - 1),
                    Some(Token::Sign(':' | '.') | Token::Number(_))
                )
            {
                return None;
            }
            let (time, mut end) = self.time_at(at)?;
            for _ in 0..6 {
                end = match self.token(end)? {
                    Token::Space | Token::Sign(',' | '|' | '·' | '-' | '–' | '.') => end + 1,
                    Token::Word(word) if is_weekday(word) || word == "on" => end + 1,
                    _ => break,
                };
            }
            (end == date).then_some(time)
        })
    }

    /// `10:20`, `10:20:30.123+02:00`, `3 pm`, `15h30`, `10.20 uhr`, `午後3時20分`
    fn time_at(&self, at: usize) -> Option<(Time, usize)> {
        let mut half = None;
        let mut at = at;
        if let Some((word, after)) = self.word(at) {
            half = Some(match word {
                "午前" | "上午" | "오전" | "早上" => 0,
                "午後" | "下午" | "오후" | "晚上" => 12,
                _ => return None,
            });
            at = self.skip_space(after);
        }
        let (mut hour, after) = self.number(at, 1..=2)?;
        let (minute, second, mut end) = self.minutes(hour, after)?;
        if half.is_none() {
            (half, end) = self.half_of_day(end);
        }
        if minute.is_none() && half.is_none() {
            return None;
        }
        match half {
            Some(_) if hour > 12 => {}
            Some(half) => hour = hour % 12 + half,
            None => {}
        }
        let (zone, end) = self.zone(end);
        Some((time(hour, minute.unwrap_or(0), second, zone)?, end))
    }

    /// Minutes and seconds after an hour.
    fn minutes(&self, hour: u32, at: usize) -> Option<(Option<u32>, u32, usize)> {
        if hour > 24 {
            return None;
        }
        if let Some((_, after)) = self.sign(at, &[':', '時', '时', '点', '點', '시']) {
            let (minute, after) = self
                .number(self.skip_space(after), 2..=2)
                .or_else(|| self.number(after, 1..=2))?;
            let after = self
                .sign(after, &['分', '분'])
                .map_or(after, |(_, after)| after);
            let Some((second, after)) = self
                .sign(after, &[':'])
                .and_then(|(_, after)| self.number(after, 2..=2))
            else {
                return Some((Some(minute), 0, after));
            };
            let after = self
                .sign(after, &['.', ','])
                .and_then(|(_, after)| self.number(after, 1..=9))
                .map_or(after, |(_, after)| after);
            return Some((Some(minute), second, after));
        }
        match self.token(at) {
            Some(Token::Word("h" | "u")) => {
                let (minute, after) = self.number(at + 1, 2..=2)?;
                Some((Some(minute), 0, after))
            }
            // A point separates hours from minutes only where a word says so.
            Some(Token::Sign('.')) => {
                let (minute, after) = self.number(at + 1, 2..=2)?;
                let said = matches!(
                    self.token(self.skip_space(after)),
                    Some(Token::Word("uhr" | "am" | "pm" | "a" | "p"))
                );
                said.then_some((Some(minute), 0, after))
            }
            _ => Some((None, 0, at)),
        }
    }

    /// `am`, `p.m.` and the like: the hours to add.
    fn half_of_day(&self, at: usize) -> (Option<u32>, usize) {
        let start = self.skip_space(at);
        let Some((word, after)) = self.word(start) else {
            return (None, at);
        };
        match word {
            "am" => (Some(0), after),
            "pm" => (Some(12), after),
            "a" | "p" => {
                let mut end = self.sign(after, &['.']).map_or(after, |(_, after)| after);
                end = self.skip_space(end);
                match self.word(end) {
                    Some(("m", end)) => {
                        let end = self.sign(end, &['.']).map_or(end, |(_, end)| end);
                        (Some(if word == "a" { 0 } else { 12 }), end)
                    }
                    _ => (None, at),
                }
            }
            _ => (None, at),
        }
    }

    /// `Z`, `+02:00`, `-0500`, `GMT+2`, `EST`: minutes east of Greenwich.
    fn zone(&self, at: usize) -> (Option<i32>, usize) {
        let start = self.skip_space(at);
        let mut start = self.sign(start, &['(']).map_or(start, |(_, after)| after);
        let mut named = None;
        if let Some((word, after)) = self.word(start) {
            match zone_name(word) {
                Some(minutes) => named = Some((minutes, after)),
                None => return (None, at),
            }
            start = after;
        }
        let offset = || {
            let (sign, after) = self.sign(start, &['+', '-'])?;
            let (hours, minutes, end) = match self.token(after)? {
                Token::Number(text) if text.len() == 4 => {
                    (text[..2].parse().ok()?, text[2..].parse().ok()?, after + 1)
                }
                Token::Number(text) if text.len() <= 2 => {
                    let hours: i32 = text.parse().ok()?;
                    match self
                        .sign(after + 1, &[':'])
                        .and_then(|(_, after)| self.number(after, 2..=2))
                    {
                        Some((minutes, end)) => (hours, minutes as i32, end),
                        // A lone number after a dash is anything but a zone.
                        None if text.len() == 2 && (sign == '+' || start == at)
                            || named.is_some() =>
                        {
                            (hours, 0, after + 1)
                        }
                        None => return None,
                    }
                }
                _ => return None,
            };
            let total: i32 = hours * 60 + minutes;
            (total <= 14 * 60 && minutes < 60)
                .then_some((if sign == '-' { -total } else { total }, end))
        };
        match offset().or(named) {
            Some((minutes, end)) => (Some(minutes), end),
            None => (None, at),
        }
    }
}

fn time(hour: u32, minute: u32, second: u32, zone: Option<i32>) -> Option<Time> {
    (hour < 24 && minute < 60 && second <= 60).then_some(Time {
        hour,
        minute,
        second: second.min(59),
        zone,
    })
}

fn zone_name(word: &str) -> Option<i32> {
    let hours = match word {
        "z" | "utc" | "gmt" | "wet" => 0,
        "bst" | "cet" | "mez" | "west" => 1,
        "cest" | "mesz" | "eet" | "sast" => 2,
        "msk" | "eest" => 3,
        "ist" => return Some(330),
        "jst" | "kst" => 9,
        "aest" => 10,
        "aedt" => 11,
        "edt" => -4,
        "est" | "cdt" | "et" => -5,
        "cst" | "mdt" => -6,
        "mst" | "pdt" => -7,
        "pst" => -8,
        _ => return None,
    };
    // `ET` names two zones, one of them at a time: nothing is better than a guess.
    (word != "et").then_some(hours * 60)
}

/// Names of weekdays, by their first letters: one too many does no harm between a date and a time.
fn is_weekday(word: &str) -> bool {
    const STARTS: [&str; 32] = [
        "mon", "tue", "wed", "thu", "fri", "sat", "sun", "die", "mit", "don", "fre", "sam", "so",
        "lun", "mar", "mer", "jeu", "ven", "dim", "mié", "jue", "vie", "sáb", "dom", "gio", "seg",
        "ter", "qua", "qui", "sex", "mo", "月",
    ];
    STARTS.iter().any(|start| word.starts_with(start))
        || matches!(word, "火" | "水" | "木" | "金" | "土")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<String> {
        find(text, Order::MonthFirst).map(|moment| moment.iso())
    }

    #[test]
    fn reads_dates_of_machines() {
        for (text, expected) in [
            ("2024-05-03", "2024-05-03"),
            ("2024-05-03T10:20:30Z", "2024-05-03T10:20:30Z"),
            ("2024-05-03T10:20:30.123+02:00", "2024-05-03T10:20:30+02:00"),
            ("2024-05-03T10:20:30-0500", "2024-05-03T10:20:30-05:00"),
            ("2024-05-03T10:20:30+02", "2024-05-03T10:20:30+02:00"),
            ("2024-05-03T10:20", "2024-05-03T10:20:00"),
            ("2024-05-03 10:20:30", "2024-05-03T10:20:30"),
            ("2024-05-03 10:20:30 +0530", "2024-05-03T10:20:30+05:30"),
            ("2024/05/03", "2024-05-03"),
            ("2024/5/3 9:05", "2024-05-03T09:05:00"),
            ("20240503", "2024-05-03"),
            ("20240503T102030Z", "2024-05-03"),
            ("20240503102030", "2024-05-03T10:20:30"),
            ("Fri, 03 May 2024 10:20:30 GMT", "2024-05-03T10:20:30Z"),
            (
                "Fri, 3 May 2024 10:20:30 -0700",
                "2024-05-03T10:20:30-07:00",
            ),
            ("Wed Oct 05 20:10:00 +0000 2011", "2011-10-05T20:10:00Z"),
            (
                "Fri May 03 2024 10:20:30 GMT+0200 (CEST)",
                "2024-05-03T10:20:30+02:00",
            ),
            ("2024-02-29", "2024-02-29"),
        ] {
            assert_eq!(found(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn reads_dates_of_people() {
        for (text, expected) in [
            ("May 3, 2024", "2024-05-03"),
            ("Published on May 3rd, 2024 by Ann", "2024-05-03"),
            ("Sept. 3, 2024", "2024-09-03"),
            ("3 May 2024", "2024-05-03"),
            ("3rd of May, 2024", "2024-05-03"),
            (
                "Updated 10:20 AM EDT, Fri May 3, 2024",
                "2024-05-03T10:20:00-04:00",
            ),
            ("May 3, 2024 at 3:05 p.m.", "2024-05-03T15:05:00"),
            ("May 3, 2024, 12 am", "2024-05-03T00:00:00"),
            ("May 3, 2024 | 3pm PST", "2024-05-03T15:00:00-08:00"),
            ("12-May-2024", "2024-05-12"),
            ("03/04/2024", "2024-03-04"),
            ("13/04/2024", "2024-04-13"),
            ("03.04.2024", "2024-04-03"),
            ("3.4.24", "2024-04-03"),
            ("3. Mai 2024, 10.20 Uhr", "2024-05-03T10:20:00"),
            ("Freitag, 3. März 2023 um 10:20 Uhr", "2023-03-03T10:20:00"),
            ("le 1er août 2024 à 15h30", "2024-08-01T15:30:00"),
            ("3 de mayo de 2024 a las 10:20", "2024-05-03T10:20:00"),
            ("3 maggio 2024 alle ore 10:20", "2024-05-03T10:20:00"),
            ("3 de março de 2024 às 10h20", "2024-03-03T10:20:00"),
            ("3 mei 2024", "2024-05-03"),
            ("3 maja 2024", "2024-05-03"),
            ("3. května 2024", "2024-05-03"),
            ("2024. május 3.", "2024-05-03"),
            ("3 мая 2024 г., 10:20", "2024-05-03T10:20:00"),
            ("3 травня 2024", "2024-05-03"),
            ("3 Mayıs 2024", "2024-05-03"),
            ("3 Μαΐου 2024", "2024-05-03"),
            ("den 3 maj 2024 kl. 10:20", "2024-05-03T10:20:00"),
            ("3. toukokuuta 2024", "2024-05-03"),
            ("2024年5月3日", "2024-05-03"),
            ("2024年5月3日（金） 10:20", "2024-05-03T10:20:00"),
            ("2024年05月03日 下午3:20", "2024-05-03T15:20:00"),
            ("2024年5月3日 15時20分", "2024-05-03T15:20:00"),
            ("令和6年5月3日", "2024-05-03"),
            ("2024년 5월 3일", "2024-05-03"),
            ("2024. 5. 3.", "2024-05-03"),
            ("٣ مايو ٢٠٢٤", "2024-05-03"),
            ("3 تشرين الثاني 2024", "2024-11-03"),
            ("3 tháng 5, 2024", "2024-05-03"),
        ] {
            assert_eq!(found(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn numbers_that_are_no_dates_are_left_alone() {
        for text in [
            "",
            "yesterday",
            "2024",
            "May 2024",
            "12:30",
            "1.2.3",
            "10/10",
            "July 4, 1776",
            "2024-13-01",
            "2023-02-29",
            "30.02.2024",
            "+49 30 2024 5678",
            "192.168.10.2024",
            "$12/05/2024",
            "march on washington 5 times",
            "3 comments",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }

    #[test]
    fn the_same_minute_is_told_in_two_zones() {
        let moment = |text| find(text, Order::MonthFirst).expect("a date");
        let night = moment("2024-03-01T23:30:00Z");
        assert!(night.is_universal() && night.same_instant(&moment("2024-03-02T00:30:00+01:00")));
        assert!(!night.same_instant(&moment("2024-03-02T00:30:00Z")));
        assert!(!night.same_instant(&moment("2024-03-02T00:30:00")));
        for (one, other, expected) in [
            ("2024-02-29", "2024-03-01", true),
            ("2023-12-31", "2024-01-01", true),
            ("2024-03-01", "2024-03-01", false),
            ("2023-02-28", "2023-03-02", false),
        ] {
            assert_eq!(moment(one).is_next_to(&moment(other)), expected, "{one}");
        }
    }

    #[test]
    fn the_order_of_day_and_month_is_the_countrys() {
        assert_eq!(Order::of(Some("en-US"), "example.com"), Order::MonthFirst);
        assert_eq!(Order::of(Some("en"), "example.co.uk"), Order::DayFirst);
        assert_eq!(Order::of(Some("en-GB"), "example.com"), Order::DayFirst);
        assert_eq!(Order::of(Some("fr"), "example.com"), Order::DayFirst);
        assert_eq!(
            find("03/04/2024", Order::DayFirst)
                .map(|m| m.iso())
                .as_deref(),
            Some("2024-04-03")
        );
    }

    #[test]
    fn reads_dates_in_addresses() {
        for (path, expected) in [
            ("/2024/05/03/title", Some("2024-05-03")),
            ("/news/2024-05-03-title.html", Some("2024-05-03")),
            ("/news/20240503/title", Some("2024-05-03")),
            ("/2024/may/03/title", Some("2024-05-03")),
            ("/blog/2024/5/3", Some("2024-05-03")),
            ("/2024/05/title", None),
            ("/a12345678/x", None),
            ("/12345678", None),
            ("/product/2024-05", None),
            ("/x?date=2024-05-03", None),
        ] {
            assert_eq!(
                in_path(path).map(|moment| moment.iso()).as_deref(),
                expected,
                "{path}"
            );
        }
    }

    #[test]
    fn long_texts_of_digits_end_at_once() {
        assert_eq!(found(&"1".repeat(1_000_000)), None);
        assert_eq!(found(&"1/".repeat(1_000_000)), None);
        assert_eq!(found(&"may ".repeat(1_000_000)), None);
    }
}
