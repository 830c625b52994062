//! The date in an address.

use super::dates::{compact, ordered, Order};
use super::moment::Moment;
use super::months::month;

/// The date in the path of an address: `/2024/05/03/`, `/2024-05-03-title`, `/20240503/`, and at the
/// beginning of one of its parts `/03-05-2024-title`.
pub fn date(path: &str, order: Order) -> Option<Moment> {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    // An archive's address has another in it.
    let path = path.rsplit("://").next().unwrap_or_default();
    let bytes = path.as_bytes();
    let starts = || {
        (1..bytes.len())
            .filter(|&at| bytes[at].is_ascii_digit() && !bytes[at - 1].is_ascii_alphanumeric())
    };
    let of_part = || {
        let is_first = |&at: &usize| {
            let part = path[..at].rfind('/').map_or(0, |slash| slash + 1);
            path[part..at]
                .bytes()
                .all(|byte| !byte.is_ascii_alphanumeric())
        };
        starts()
            .filter(is_first)
            .find_map(|at| day_first_in_path(&path[at..], order))
    };
    starts()
        .find_map(|at| year_first_in_path(&path[at..]))
        .or_else(of_part)
}

fn year_first_in_path(path: &str) -> Option<Moment> {
    let (year, mut rest) = number(path)?;
    if year.len() == 8 {
        return ends(rest).then(|| compact(year)).flatten();
    }
    let mut parts = [0; 2];
    let mut separator = None;
    for part in &mut parts {
        let first = rest
            .chars()
            .next()
            .filter(|c| matches!(c, '/' | '-' | '_' | '.'))?;
        // The day may have a folder of its own: `/2024-05/03/`.
        if first != '/' && *separator.get_or_insert(first) != first {
            return None;
        }
        separator = Some(first);
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
    (year.len() == 4 && ends(rest))
        .then(|| Moment::new(year.parse().ok()?, parts[0], parts[1]))
        .flatten()
}

/// `03-05-2024`, `03.05.2024`, `03052024`: all digits, so that the number of something else is none.
fn day_first_in_path(path: &str, order: Order) -> Option<Moment> {
    let (first, rest) = number(path)?;
    let read = |first: &str, second: &str, year: &str| {
        ordered(
            first.parse().ok()?,
            second.parse().ok()?,
            year.parse().ok()?,
            order,
        )
    };
    if first.len() == 8 {
        return ends(rest)
            .then(|| read(&first[..2], &first[2..4], &first[4..]))
            .flatten();
    }
    let separator = rest
        .chars()
        .next()
        .filter(|c| matches!(c, '-' | '_' | '.'))?;
    let (second, rest) = number(&rest[1..])?;
    let (year, rest) = number(rest.strip_prefix(separator)?)?;
    ((first.len(), second.len(), year.len()) == (2, 2, 4) && ends(rest))
        .then(|| read(first, second, year))
        .flatten()
}

/// Whether a number ends before this rest of an address.
fn ends(rest: &str) -> bool {
    !rest.starts_with(|c: char| c.is_ascii_alphanumeric())
}

fn number(text: &str) -> Option<(&str, &str)> {
    let len = text.bytes().take_while(u8::is_ascii_digit).count();
    (len > 0).then(|| text.split_at(len))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_dates_in_addresses() {
        for (path, expected) in [
            ("/2024/05/03/title", Some("2024-05-03")),
            ("/news/2024-05-03-title.html", Some("2024-05-03")),
            ("/news/20240503/title", Some("2024-05-03")),
            ("/2024/may/03/title", Some("2024-05-03")),
            ("/blog/2024/5/3", Some("2024-05-03")),
            ("/news/2024-05/03/title", Some("2024-05-03")),
            ("/news/03-05-2024-title", Some("2024-05-03")),
            ("/news/~03.05.2024_title", Some("2024-05-03")),
            ("/news/03052024-title", Some("2024-05-03")),
            (
                "/web/20250101000000/http://example.org/2024/05/03/title",
                Some("2024-05-03"),
            ),
            ("/web/20250101000000/http://example.org/title", None),
            ("/news/fair-on-03-05-2024", None),
            ("/news/3-5-2024-title", None),
            ("/news/33052024-title", None),
            ("/2024/05/title", None),
            ("/a12345678/x", None),
            ("/12345678", None),
            ("/product/2024-05", None),
            ("/x?date=2024-05-03", None),
        ] {
            assert_eq!(
                date(path, Order::DayFirst)
                    .map(|moment| moment.iso())
                    .as_deref(),
                expected,
                "{path}"
            );
        }
    }
}
