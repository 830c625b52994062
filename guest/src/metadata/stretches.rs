//! The stretches of a byline's line: where names may stand in it, and where they end.

use super::introductions::introduced;
use super::months::month;

/// The signs between a name and what else stands on its line.
const SIGNS: [char; 10] = ['|', '•', '·', '\n', '–', '—', '/', '→', '›', '»'];

/// The stretches of a byline between its signs: a name, a role, a date.
pub fn segments(text: &str) -> impl Iterator<Item = &str> {
    text.split(SIGNS)
        .map(str::trim)
        .filter(|segment| !segment.is_empty())
}

/// Whether two who go by their first names sign together: `Ann & Bob`.
pub fn are_first_names(parts: &[String], segment: &str) -> bool {
    let joined = || {
        ["&", " and ", " und ", " et ", " y ", " e "]
            .iter()
            .any(|and| segment.contains(and))
    };
    parts.len() == 2
        && parts
            .iter()
            .all(|part| !part.contains(' ') && part.starts_with(char::is_uppercase))
        && joined()
}

/// The parts of a stretch of a byline that may be names.
pub fn parts(text: &str) -> Vec<String> {
    let text = introduced(text).unwrap_or(text);
    let text = &text[..end_of_names(text)];
    let mut parts: Vec<&str> = text.split([',', ';', '&', '、', '，']).collect();
    // Between two spaces at least: one name alone is what most texts are.
    if text.matches(' ').nth(1).is_some() {
        for word in [
            " and ", " And ", " AND ", " und ", " UND ", " et ", " och ", " en ",
        ] {
            parts = parts
                .into_iter()
                .flat_map(|part| part.split(word))
                .collect();
        }
    }
    let trimmed = |part: &str| {
        let part = part.trim().trim_start_matches("and ");
        // `Ann Example @annexample`
        let part = part.split(" @").next().unwrap_or(part);
        let part = part
            .trim_matches(|c: char| !c.is_alphanumeric() && c != '.' && c != ')')
            .trim_start_matches('.')
            .trim();
        // A picture's name and the text beside it are often the same.
        let middle = part.len() / 2;
        match (part.get(..middle), part.get(middle..)) {
            (Some(first), Some(second))
                if first.contains(' ') && first.trim_end() == second.trim_start() =>
            {
                first.trim_end().to_owned()
            }
            _ => part.to_owned(),
        }
    };
    parts
        .into_iter()
        .map(trimmed)
        .filter(|part| !part.is_empty())
        .collect()
}

/// Where a day of the calendar begins that stands right behind a name: `Ann Example May 3, 2024`.
fn start_of_date(text: &str) -> Option<usize> {
    let is_month = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_alphabetic());
        !word.is_empty() && month(&word.to_lowercase()).is_some()
    };
    let is_number = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
    let is_numeric = |word: &str| {
        is_number(word)
            && word.matches(['.', '/', '-']).count() >= 2
            && !word.contains(char::is_alphabetic)
    };
    let mut previous: Option<&str> = None;
    for word in text.split_whitespace() {
        let start = previous.filter(|previous| {
            is_month(previous) && is_number(word) || is_number(previous) && is_month(word)
        });
        let start = start.or_else(|| Some(word).filter(|word| is_numeric(word)));
        if let Some(start) = start {
            return Some(start.as_ptr() as usize - text.as_ptr() as usize);
        }
        previous = Some(word);
    }
    None
}

/// Where a byline stops naming people: at a date, or a word that leads to something else.
fn end_of_names(text: &str) -> usize {
    const WORDS: [&str; 27] = [
        " on ",
        " in ",
        " at ",
        " for ",
        " from ",
        " is ",
        " published",
        " updated",
        " posted",
        " last ",
        " mon",
        " tue",
        " wed",
        " thu",
        " fri",
        " sat",
        " sun",
        " founder",
        " senior",
        " follow",
        " read ",
        " via ",
        " für ",
        " under",
        " illustration",
        " fotos",
        " photos",
    ];
    const DAYS: [&str; 4] = [" le ", " el ", " am ", " il "];
    let date = start_of_date(text).unwrap_or(text.len());
    let lower = text.to_lowercase();
    // Lower case may be of another length in a few scripts; then words are left alone.
    if lower.len() != text.len() {
        return date;
    }
    // `le 8 octobre`, `am 3. Mai`, `am Freitag`: the same words are parts of names.
    let names_day = |rest: &str| {
        let mut behind = DAYS.iter().filter_map(|word| rest.strip_prefix(word));
        behind.any(|day| {
            let word = day.split(|c: char| !c.is_alphanumeric()).next();
            let is_weekday = |word: &str| word.ends_with("tag") || word == "mittwoch";
            day.starts_with(|c: char| c.is_ascii_digit()) || word.is_some_and(is_weekday)
        })
    };
    let ends = |at: usize| {
        let rest = &lower[at..];
        names_day(rest) || at > 0 && WORDS.iter().any(|word| rest.starts_with(word))
    };
    let mut spaces = lower.match_indices(' ').map(|(at, _)| at);
    date.min(spaces.find(|&at| ends(at)).unwrap_or(text.len()))
}
