//! Dates as people and machines write them, to ISO 8601.

use super::moment::{Moment, Time};
use super::months::{month, month_of_two};
use super::tokens::{fold, tokens, Token, Tokens};

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

/// The first date in a text, with its time where one stands beside it.
pub fn find(text: &str, order: Order) -> Option<Moment> {
    let text = fold(text);
    let tokens = tokens(&text);
    let scan = Scan {
        tokens: Tokens(&tokens),
        order,
    };
    (0..tokens.len()).find_map(|at| {
        let (mut moment, end) = scan.date(at)?;
        // `Wed Oct 05 20:10:00 +0000 2011` has its time inside; nothing else does.
        if moment.time.is_none() {
            moment.time = scan
                .tokens
                .time_after(end)
                .or_else(|| scan.tokens.time_before(at));
        }
        Some(moment)
    })
}

/// Whether a text has a date right behind another, with a dash between: a term, not a moment.
pub fn is_span(text: &str, order: Order) -> bool {
    const DASHES: [char; 3] = ['-', '–', '—'];
    if !text.contains(DASHES) {
        return false;
    }
    let text = fold(text);
    let tokens = tokens(&text);
    let scan = Scan {
        tokens: Tokens(&tokens),
        order,
    };
    let Some((_, end)) = (0..tokens.len()).find_map(|at| scan.date(at)) else {
        return false;
    };
    let dash = scan.tokens.sign(scan.tokens.skip_space(end), &DASHES);
    dash.is_some_and(|(_, after)| scan.date(scan.tokens.skip_space(after)).is_some())
}

/// The date that a paragraph opens with, alone or behind a place: `(3 May 2024) `, `Berlin, 3 May 2024 – `.
pub fn opening(text: &str, order: Order) -> Option<Moment> {
    const MAX_TOKENS: usize = 12;
    let text = fold(text);
    let tokens = tokens(&text);
    let scan = Scan {
        tokens: Tokens(&tokens),
        order,
    };
    let first = tokens
        .iter()
        .take(MAX_TOKENS)
        .position(|token| matches!(token, Token::Number(_)))?;
    let (at, moment, end) = (first.saturating_sub(2)..=first)
        .find_map(|at| scan.date(at).map(|(moment, end)| (at, moment, end)))?;
    let sign_at = |at: usize| matches!(scan.tokens.token(at), Some(Token::Sign(_)));
    let before = (0..at).rev().find(|&at| tokens[at] != Token::Space);
    let stands_alone = before.is_none_or(sign_at) && sign_at(scan.tokens.skip_space(end));
    stands_alone.then_some(moment)
}

/// `20240503`
pub fn compact(digits: &str) -> Option<Moment> {
    Moment::new(
        digits[..4].parse().ok()?,
        digits[4..6].parse().ok()?,
        digits[6..8].parse().ok()?,
    )
}

/// A date of which the order says what is its day, unless there is no such day.
pub fn ordered(first: u32, second: u32, year: u32, order: Order) -> Option<Moment> {
    let day_first = Moment::new(year, second, first);
    let month_first = Moment::new(year, first, second);
    match order {
        Order::DayFirst => day_first.or(month_first),
        Order::MonthFirst => month_first.or(day_first),
    }
}

/// Looks for dates among the tokens of a text.
struct Scan<'t, 'a> {
    tokens: Tokens<'t, 'a>,
    order: Order,
}

impl Scan<'_, '_> {
    fn month_name(&self, at: usize) -> Option<(u32, usize)> {
        let (word, end) = self.tokens.word(at)?;
        if let Some(month) = month(word) {
            return Some((month, end));
        }
        // Names of two words: `كانون الثاني`, `tháng 5`.
        let next = self.tokens.skip_space(end);
        if word == "tháng" {
            return self.tokens.number(next, 1..=2);
        }
        let (second, end) = self.tokens.word(next)?;
        Some((month_of_two(word, second)?, end))
    }

    /// Skip what may stand between the parts of a date written in words.
    fn skip_filler(&self, mut at: usize) -> usize {
        const FILLERS: [&str; 24] = [
            "st", "nd", "rd", "th", "of", "de", "del", "di", "d", "do", "den", "er", "ème", "º",
            "ª", "г", "le", "the", "m", "a", "da", "ta", "στις", "من",
        ];
        for _ in 0..5 {
            at = match self.tokens.token(at) {
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
        match self.tokens.token(at)? {
            // A number that goes on before or inside a word is no date: `v1.2.2024`, `x2024-01-01`.
            Token::Number(_) if at > 0 && self.continues_number(at) => None,
            Token::Number(text) => match text.len() {
                4 => self.year_first(at),
                1 | 2 => self.day_first(at),
                8 => Some((compact(text)?, at + 1)),
                // YYYYMMDDhhmmss
                14 => {
                    let mut moment = compact(&text[..8])?;
                    moment.time = Time::new(
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
        match self.tokens.token(at - 1) {
            Some(Token::Sign('$' | '€' | '£' | '#')) => true,
            Some(Token::Sign('.' | '-' | '/' | ':' | '+')) => {
                at >= 2 && matches!(self.tokens.token(at - 2), Some(Token::Number(_)))
            }
            _ => false,
        }
    }

    /// `2024-05-03`, `2024年5月3日`, `2024. május 3.`
    fn year_first(&self, at: usize) -> Option<(Moment, usize)> {
        let (year, after) = self.tokens.number(at, 4..=4)?;
        let next = self.tokens.skip_space(after);
        if let Some((separator, after)) = self.tokens.sign(next, &['-', '/', '.', '年', '년']) {
            let closer = match separator {
                '年' => '月',
                '년' => '월',
                other => other,
            };
            let numeric = || {
                let (month, after) = self.tokens.number(self.tokens.skip_space(after), 1..=2)?;
                let (_, after) = self.tokens.sign(self.tokens.skip_space(after), &[closer])?;
                let (day, after) = self.tokens.number(self.tokens.skip_space(after), 1..=2)?;
                let after = self
                    .tokens
                    .sign(after, &['日', '일', '号', '號'])
                    .map_or(after, |(_, after)| after);
                Some((Moment::new(year, month, day)?, after))
            };
            if let Some(found) = numeric() {
                return Some(found);
            }
        }
        let (month, after) = self.month_name(self.skip_filler(after))?;
        let (day, after) = self.tokens.number(self.skip_filler(after), 1..=2)?;
        Some((Moment::new(year, month, day)?, after))
    }

    /// `3 May 2024`, `3. Mai 2024`, `3 de mayo de 2024`, `03/05/2024`
    fn day_first(&self, at: usize) -> Option<(Moment, usize)> {
        let (first, after) = self.tokens.number(at, 1..=2)?;
        if let Some((separator, after)) = self.tokens.sign(after, &['.', '/', '-']) {
            let numeric = || {
                let (second, after) = self.tokens.number(self.tokens.skip_space(after), 1..=2)?;
                let (_, after) = self.tokens.sign(after, &[separator])?;
                let at = self.tokens.skip_space(after);
                let (year, after) = self.tokens.number(at, 4..=4).or_else(|| {
                    let (year, after) = self.tokens.number(at, 2..=2)?;
                    (separator != '-'
                        && !matches!(self.tokens.token(after), Some(Token::Sign(':' | '.' | '/'))))
                    .then_some((2000 + year, after))
                })?;
                let order = if separator == '.' {
                    Order::DayFirst
                } else {
                    self.order
                };
                Some((ordered(first, second, year, order)?, after))
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
        let (day, after) = self.tokens.number(self.skip_filler(after), 1..=2)?;
        if let Some((year, after)) = self.year(self.skip_filler(after)) {
            return Some((Moment::new(year, month, day)?, after));
        }
        let (time, after) = self.tokens.time_at(self.tokens.skip_space(after))?;
        let (year, after) = self.tokens.number(self.skip_filler(after), 4..=4)?;
        let mut moment = Moment::new(year, month, day)?;
        moment.time = Some(time);
        Some((moment, after))
    }

    /// A year of four digits that is no time, or of two after an apostrophe.
    fn year(&self, at: usize) -> Option<(u32, usize)> {
        if let Some(found) = self.tokens.number(at, 4..=4) {
            return Some(found);
        }
        let apostrophe = matches!(
            self.tokens.token(at.checked_sub(1)?),
            Some(Token::Sign('\'' | '’' | '-'))
        );
        let (year, after) = self.tokens.number(at, 2..=2).filter(|_| apostrophe)?;
        Some((2000 + year, after))
    }

    /// `令和6年5月3日`: the year of the emperor.
    fn japanese_era(&self, word: &str, at: usize) -> Option<(Moment, usize)> {
        let start = match word {
            "令和" => 2018,
            "平成" => 1988,
            "昭和" => 1925,
            _ => return None,
        };
        let (year, after) = self.tokens.number(at + 1, 1..=2)?;
        let (_, after) = self.tokens.sign(after, &['年'])?;
        let (month, after) = self.tokens.number(after, 1..=2)?;
        let (_, after) = self.tokens.sign(after, &['月'])?;
        let (day, after) = self.tokens.number(after, 1..=2)?;
        let after = self.tokens.sign(after, &['日'])?.1;
        Some((Moment::new(start + year, month, day)?, after))
    }
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
    }

    #[test]
    fn a_day_is_local_where_it_is_that_day_somewhere_at_the_moment() {
        let moment = |text| find(text, Order::MonthFirst).expect("a date");
        for (day, universal, expected) in [
            ("2024-03-01", "2024-02-29T23:00:00Z", true),
            ("2024-01-01", "2023-12-31T12:00:00Z", true),
            ("2024-01-01", "2023-12-31T08:00:00Z", false),
            ("2024-02-29", "2024-03-01T02:30:00Z", true),
            ("2024-02-29", "2024-03-01T22:30:00Z", false),
            ("2024-03-01", "2024-03-01T23:00:00Z", false),
            ("2024-03-03", "2024-03-01T23:00:00Z", false),
            ("2024-03-02", "2024-03-01", false),
        ] {
            let (day, universal) = (moment(day), moment(universal));
            assert_eq!(day.is_local_day_of(&universal), expected, "{universal:?}");
        }
    }

    #[test]
    fn a_paragraph_may_open_with_its_date() {
        for (text, expected) in [
            ("(3 May 2024) Fish left", Some("2024-05-03")),
            ("03.05.2024 - Fish left", Some("2024-05-03")),
            ("Berlin, 3. Mai 2024 – Fische", Some("2024-05-03")),
            ("LONDON, May 3, 2024 -- Fish left", Some("2024-05-03")),
            ("3 May 2024 was the day", None),
            ("May 3, 2024 was the day", None),
            ("They left on 3 May 2024.", None),
            ("Berlin, 30 fish – 3 May 2024", None),
            ("Nobody knows", None),
        ] {
            let found = opening(text, Order::MonthFirst).map(|moment| moment.iso());
            assert_eq!(found.as_deref(), expected, "{text}");
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
    fn long_texts_of_digits_end_at_once() {
        assert_eq!(found(&"1".repeat(1_000_000)), None);
        assert_eq!(found(&"1/".repeat(1_000_000)), None);
        assert_eq!(found(&"may ".repeat(1_000_000)), None);
    }
}
