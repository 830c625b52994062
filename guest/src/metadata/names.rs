//! Names of people: what a byline says without what stands around them.

use std::collections::HashSet;

use super::months::month;
use super::site::is_site;
use super::stretches::{are_first_names, parts, segments};
use crate::address::Base;

const MAX_PEOPLE: usize = 12;

/// What decides whether a text names people.
pub struct Names<'m> {
    pub site_name: Option<&'m str>,
    pub title: Option<&'m str>,
    pub base: &'m Base,
}

impl Names<'_> {
    /// The people in texts that readers see: only what is written like a name counts.
    pub fn people(&self, texts: &[String]) -> Option<String> {
        joined(self.each_of_people(texts))
    }

    /// As [`Names::people`], one by one.
    pub fn each_of_people(&self, texts: &[String]) -> Vec<String> {
        self.each(texts, |name, alone| {
            is_written_like_a_name(name, alone)
                && !is_nobody(name)
                && !is_house(name)
                && !self.is_site(name)
        })
    }

    /// The people in texts that are declared to name an author, without those that may be the
    /// site or a house.
    pub fn persons(&self, texts: &[String]) -> Option<String> {
        self.collect(texts, |name, _| {
            is_declared_name(name) && !is_nobody(name) && !is_house(name) && !self.is_site(name)
        })
    }

    /// Whoever is declared to be an author: the site may be called after its author, and a house, a
    /// team or the name of a user may be all that is known.
    pub fn authors(&self, texts: &[String]) -> Option<String> {
        let is_host = |name: &str| name.contains('.') && !name.contains(' ');
        self.collect(texts, |name, _| !is_generic(name) && !is_host(name))
    }

    /// Whoever is marked as the author, who may go by a first name or the name of a user.
    pub fn handle(&self, texts: &[String]) -> Option<String> {
        self.persons(texts).or_else(|| self.users(texts))
    }

    /// The people after whom the site is called: a blog's own author.
    pub fn owners(&self, texts: &[String]) -> Option<String> {
        const MAX_WORDS: usize = 3;
        self.collect(texts, |name, alone| {
            is_written_like_a_name(name, alone)
                && name.split_whitespace().count() <= MAX_WORDS
                && !is_nobody(name)
                && !is_house(name)
        })
    }

    /// Whoever is marked as the author of a blog, which may be called after a name that is none.
    pub fn bloggers(&self, texts: &[String]) -> Option<String> {
        const MAX_WORDS: usize = 2;
        self.collect(texts, |name, _| {
            name.split_whitespace().count() <= MAX_WORDS
                && !name.contains('.')
                && !is_nobody(name)
                && !is_house(name)
        })
    }

    /// The teams that sign: `The Example Team`.
    pub fn teams(&self, texts: &[String]) -> Option<String> {
        const WORDS: &str =
            "team staff editors editor editorial contributor newsroom desk newsdesk \
             redaktion redacción rédaction redazione redactie";
        self.collect(texts, |name, _| has_word(name, WORDS) && !is_generic(name))
    }

    /// Whoever started a thread: users are called whatever they like.
    pub fn users(&self, texts: &[String]) -> Option<String> {
        const MAX_WORDS: usize = 3;
        self.collect(texts, |name, _| {
            name.split_whitespace().count() <= MAX_WORDS && !is_nobody(name) && !self.is_site(name)
        })
    }

    fn is_site(&self, name: &str) -> bool {
        is_site(name, self.site_name, self.base)
    }

    fn collect(&self, texts: &[String], test: impl Fn(&str, bool) -> bool) -> Option<String> {
        joined(self.each(texts, test))
    }

    /// The parts of texts that may be a name and that a test lets through, each once.
    fn each(&self, texts: &[String], test: impl Fn(&str, bool) -> bool) -> Vec<String> {
        let mut seen = HashSet::new();
        let mut found: Vec<String> = Vec::new();
        let segments = texts
            .iter()
            .filter(|text| !text.contains("://"))
            .flat_map(|text| segments(text).enumerate());
        let mut before = 0;
        for (at, segment) in segments {
            // Of what stands on a line with signs between, the first name is the author's.
            if at == 0 {
                before = found.len();
            } else if found.len() > before {
                continue;
            }
            let parts = parts(segment);
            let alone = parts.len() == 1 || are_first_names(&parts, segment);
            let mut after_name = false;
            for part in parts {
                if after_name && is_credential(&part) {
                    if let Some(last) = found.last_mut() {
                        last.push_str(", ");
                        last.push_str(&part);
                    }
                } else if self.may_be_name(&part, alone) && test(&part, alone) {
                    after_name = seen.insert(part.to_lowercase()) && found.len() < MAX_PEOPLE;
                    if after_name {
                        found.push(part);
                    }
                } else {
                    after_name = false;
                }
            }
        }
        found
    }

    fn may_be_name(&self, name: &str, alone: bool) -> bool {
        let words = name.split_whitespace().count();
        let sign = |c: char| {
            matches!(
                c,
                '@' | '/' | ':' | '{' | '<' | '#' | '?' | '!' | '|' | '=' | '»' | '“' | '"'
            )
        };
        (1..=6).contains(&words)
            && (words > 1 || alone || !name.is_ascii())
            && name.chars().count() <= 60
            && name.chars().filter(|c| c.is_alphabetic()).count() >= 2
            && !name.chars().any(sign)
            && !is_day(name)
            && !self
                .title
                .is_some_and(|title| title.eq_ignore_ascii_case(name))
    }
}

/// The names as a byline, if there are any.
fn joined(names: Vec<String>) -> Option<String> {
    (!names.is_empty()).then(|| names.join(", "))
}

/// Whether a declared name is one: several words, or one that is not the name of a user.
fn is_declared_name(name: &str) -> bool {
    let of_user = name.starts_with(char::is_lowercase)
        || name.contains(|c: char| c == '_' || c.is_ascii_digit());
    name.contains(' ') || !of_user
}

/// Whether every word is written as those of names are. One word alone is no name that can be told
/// from a button.
fn is_written_like_a_name(name: &str, alone: bool) -> bool {
    const PARTICLES: [&str; 24] = [
        "de", "van", "von", "der", "den", "da", "di", "del", "della", "la", "le", "el", "al",
        "bin", "ben", "y", "e", "du", "ter", "dos", "das", "zu", "af", "av",
    ];
    let written = |word: &str| {
        let first = word.chars().next().unwrap_or(' ');
        !first.is_lowercase()
            || PARTICLES.contains(&word)
            || word.starts_with("d'")
            || word.starts_with("al-")
    };
    let words = name.split_whitespace().count();
    let unspaced = !name.is_ascii()
        && alone
        && name
            .chars()
            .all(|c| c.is_alphabetic() && !c.is_uppercase() && !c.is_lowercase());
    (words >= 2 || unspaced)
        && !name.chars().any(|c| c.is_ascii_digit() || c == '_')
        && name.split_whitespace().all(written)
        && name
            .split_whitespace()
            .next()
            .is_some_and(|word| !PARTICLES.contains(&word) || word.starts_with(char::is_uppercase))
}

/// Whether a name stands for a role, a machine, or a place to press.
fn is_nobody(name: &str) -> bool {
    const WORDS: &str =
        "admin administrator editor editors editorial staff team redaktion redaction rédaction \
         redacción redazione redactie author authors autor unknown undefined null none \
         anonymous guest webmaster user users wordpress publiziert veröffentlicht posted \
         published updated written sign login subscribe follow share read more view home menu \
         comments comment reply min ago moderator member bot system contributor contributors \
         newsroom here about dealer bio account demo request contact us all articles posts \
         profile website privacy policy search page next previous get started learn buy shop \
         cart help free try download click certified licensed by register log members username \
         offline messages joined forum topic full attorney strategy human founder default \
         official asking reviewer update size date stand zuletzt geändert alle alles beiträge \
         artikel inhalte gesponserte tous todos tutti";
    has_word(name, WORDS) || name == "root"
}

/// Whether a name says nothing but that somebody is the author: `admin`, `The Editorial Team`.
fn is_generic(name: &str) -> bool {
    const ARTICLES: &str = "the our a by no die der das le la el of";
    let mut words = name
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    words.all(|word| is_nobody(word) || has_word(word, ARTICLES))
}

/// Whether a part of a byline is a day of the calendar: `June 04`.
fn is_day(name: &str) -> bool {
    let first = name.split_whitespace().next().unwrap_or_default();
    name.ends_with(|c: char| c.is_ascii_digit()) && month(&first.to_lowercase()).is_some()
}

/// Whether a name is that of an organisation.
fn is_house(name: &str) -> bool {
    const WORDS: &str =
        "news desk press media agency agencies office inc llc ltd gmbh ag company group \
         association university institute department support magazine blog online digital \
         marketing solutions services studio foundation center centre college school bank \
         insurance clinic hospital network times journal reports wire com verband stiftung";
    has_word(name, WORDS)
}

/// Whether a word of a name is in a list of words.
fn has_word(name: &str, list: &str) -> bool {
    let mut words = name
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    words.any(|word| {
        let word = word.to_lowercase();
        list.split(' ').any(|known| known == word)
    })
}

/// Whether a part of a byline is a degree of the person before: `MD`, `Ph.D.`, `M.S.`
fn is_credential(part: &str) -> bool {
    let letters: Vec<char> = part.chars().filter(|c| c.is_alphabetic()).collect();
    let capitals = letters.iter().filter(|c| c.is_uppercase()).count();
    (2..=8).contains(&letters.len())
        && part.len() <= 12
        && (capitals >= 2 && capitals * 2 >= letters.len()
            || matches!(part, "Jr." | "Jr" | "Sr." | "Esq." | "Dr."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(text: &str) -> Option<String> {
        let base = Base::new("https://www.example-news.com/a").expect("a URL");
        Names {
            site_name: Some("Example News"),
            title: Some("Fish And Chips"),
            base: &base,
        }
        .people(&[text.to_owned()])
    }

    #[test]
    fn people_are_told_from_what_stands_around_them() {
        for (text, expected) in [
            ("By Ann Example", Some("Ann Example")),
            ("Written by: ANN EXAMPLE | May 3, 2024", Some("ANN EXAMPLE")),
            (
                "By Ann Example and Bob van der Sample",
                Some("Ann Example, Bob van der Sample"),
            ),
            (
                "Ann Example, MD, Ph.D., Senior Editor",
                Some("Ann Example, MD, Ph.D."),
            ),
            ("Ann Example on May 3, 2024", Some("Ann Example")),
            ("Von Änne Beispiel", Some("Änne Beispiel")),
            (
                "Dr. Ann Example, Bob Sample; Cem Örnek",
                Some("Dr. Ann Example, Bob Sample, Cem Örnek"),
            ),
            ("作者：王小明", Some("王小明")),
            ("admin", None),
            ("By", None),
            ("Staff Writer", None),
            ("Example News", None),
            ("Fish And Chips", None),
            ("Acme Solutions Inc.", None),
            ("hello there my friend", None),
            ("Read More", None),
            ("Author | Ann Example | Editor", Some("Ann Example")),
            ("Eingestellt von Ann Example am 3. Mai", Some("Ann Example")),
            ("Ann Example Ann Example", Some("Ann Example")),
            ("Interview: Ann Example", Some("Ann Example")),
            ("Par Anne Le Goff, le 8 octobre 2022", Some("Anne Le Goff")),
            ("公開日：2024年5月3日\u{3000}文／佐藤花子", Some("佐藤花子")),
            (
                "ANN EXAMPLE AND BOB SAMPLE",
                Some("ANN EXAMPLE, BOB SAMPLE"),
            ),
            ("Ann Example, Bob Key", Some("Ann Example, Bob Key")),
            ("文／佐藤花子", Some("佐藤花子")),
            ("责任编辑： 王小明", Some("王小明")),
            ("بقلم: سارة", Some("سارة")),
            ("The Example Team", None),
            ("user_123", None),
            ("https://example.com/ann", None),
            ("", None),
        ] {
            assert_eq!(people(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn declared_authors_may_be_users_or_houses() {
        let base = Base::new("https://www.example-news.com/a").expect("a URL");
        let names = Names {
            site_name: Some("Example News"),
            title: None,
            base: &base,
        };
        assert_eq!(names.users(&["raoul_7".into()]).as_deref(), Some("raoul_7"));
        assert_eq!(names.users(&["admin".into()]), None);
        assert_eq!(names.users(&["Example News".into()]), None);
        for (text, expected) in [
            ("The Example Team", Some("The Example Team")),
            ("ann_2", Some("ann_2")),
            ("The Editorial Team", None),
            ("No Author", None),
            ("example.com", None),
            ("https://example.com/ann", None),
            ("Feb 11", None),
        ] {
            assert_eq!(names.authors(&[text.into()]).as_deref(), expected, "{text}");
        }
        assert_eq!(
            names.authors(&["Example News".into()]).as_deref(),
            Some("Example News")
        );
    }
}
