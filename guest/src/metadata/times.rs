//! Times of day as people and machines write them, with their zones.

use super::moment::Time;
use super::tokens::{Token, Tokens};

impl Tokens<'_, '_> {
    /// The time of day within a few tokens after a date.
    pub fn time_after(&self, at: usize) -> Option<Time> {
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
    pub fn time_before(&self, date: usize) -> Option<Time> {
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
    pub fn time_at(&self, at: usize) -> Option<(Time, usize)> {
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
        Some((Time::new(hour, minute.unwrap_or(0), second, zone)?, end))
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
