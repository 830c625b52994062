//! Who wrote a document: people, or nobody.

use super::json::Value;
use super::linked::LinkedData;
use super::plain;
use super::published::is_elsewhere;
use super::site::is_site;
use super::sources::Sources;
use crate::address::Base;
use crate::parse::{NodeId, Tag};

const MAX_PEOPLE: usize = 12;

/// The names of the authors, separated by commas.
pub fn find(
    sources: &Sources<'_, '_>,
    linked: &LinkedData<'_>,
    site_name: Option<&str>,
    title: Option<&str>,
    base: &Base,
) -> Option<String> {
    let judge = Judge {
        site_name,
        title,
        base,
    };
    let stated = judge.people(linked_authors(linked));
    stated
        .or_else(|| judge.people(meta_authors(sources)))
        .or_else(|| judge.people(marked_authors(sources)))
}

/// The authors of the document's own JSON-LD, organisations left out.
fn linked_authors(linked: &LinkedData<'_>) -> Vec<String> {
    let Some(article) = linked.article().filter(|_| linked.rank() >= 2) else {
        return Vec::new();
    };
    let authors = article
        .get("author")
        .or_else(|| article.get("creator"))
        .map(Value::items)
        .unwrap_or_default();
    authors
        .iter()
        .take(MAX_PEOPLE)
        .map(|author| linked.resolved(author))
        .filter(|author| {
            !super::linked::types(author)
                .any(|kind| kind.ends_with("Organization") || kind == "WebSite" || kind == "Brand")
        })
        .flat_map(|author| match author {
            Value::String(name) => vec![plain(name)],
            author => author
                .get("name")
                .map(Value::items)
                .unwrap_or_default()
                .iter()
                .filter_map(Value::as_str)
                .map(plain)
                .collect(),
        })
        .collect()
}

fn meta_authors(sources: &Sources<'_, '_>) -> Vec<String> {
    const NAMES: [&str; 12] = [
        "author",
        "article:author",
        "article:author:name",
        "byl",
        "parsely-author",
        "sailthru.author",
        "citation_author",
        "dc.creator",
        "dcterms.creator",
        "dc.creator.personalname",
        "article:author_name",
        "cxenseparse:author",
    ];
    NAMES
        .iter()
        .map(|name| {
            sources
                .metas_of(name)
                .filter(|value| !value.contains("://"))
                .collect::<Vec<_>>()
        })
        .find(|names| !names.is_empty())
        .unwrap_or_default()
}

/// The authors that readers see, by the names of the elements.
fn marked_authors(sources: &Sources<'_, '_>) -> Vec<String> {
    let document = sources.document;
    let mut found: Vec<(u8, String)> = Vec::new();
    let mut end: Option<NodeId> = None;
    for &node in &sources.bylines {
        if end.is_some_and(|end| node < end) || is_elsewhere(sources, node) {
            continue;
        }
        let property = document.attr(node, "itemprop").unwrap_or_default();
        let relation = document.attr(node, "rel").unwrap_or_default();
        let text = sources.text(node);
        if text.is_empty() || text.len() > 200 {
            continue;
        }
        let weight = if property
            .split_ascii_whitespace()
            .any(|name| name == "author")
        {
            3
        } else if relation
            .split_ascii_whitespace()
            .any(|name| name == "author")
            && document.tag(node) == Tag::A
        {
            2
        } else {
            1
        };
        end = Some(document.subtree_end(node));
        found.push((weight, text));
    }
    let best = found.iter().map(|(weight, _)| *weight).max().unwrap_or(0);
    found
        .into_iter()
        .filter(|(weight, _)| *weight == best)
        .map(|(_, text)| text)
        .take(1)
        .collect()
}

/// What decides whether a text names people.
struct Judge<'m> {
    site_name: Option<&'m str>,
    title: Option<&'m str>,
    base: &'m Base,
}

impl Judge<'_> {
    /// The people among the texts, each once; none where there is nobody.
    fn people(&self, texts: Vec<String>) -> Option<String> {
        let mut people: Vec<String> = Vec::new();
        for name in texts
            .iter()
            .flat_map(|text| split(text))
            .filter(|name| self.is_person(name))
        {
            if !people.iter().any(|known| known.eq_ignore_ascii_case(&name))
                && people.len() < MAX_PEOPLE
            {
                people.push(name);
            }
        }
        (!people.is_empty()).then(|| people.join(", "))
    }

    fn is_person(&self, name: &str) -> bool {
        let words = name.split_whitespace().count();
        let letters = name.chars().filter(|c| c.is_alphabetic()).count();
        let title = self
            .title
            .is_some_and(|title| title.eq_ignore_ascii_case(name));
        (1..=6).contains(&words)
            && letters >= 2
            && name.chars().count() <= 60
            && !name.chars().any(|c| c.is_ascii_digit() || matches!(c, '@' | '/' | ':' | '{' | '<' | '_' | '#' | '?' | '!' | '|'))
            && !is_nobody(name)
            && !title
            && !is_site(name, self.site_name, self.base)
            // A handle or a user name: one word in lower case.
            && (words > 1 || !name.starts_with(char::is_lowercase))
    }
}

/// Whether a name stands for a role, a team or a machine.
fn is_nobody(name: &str) -> bool {
    const WORDS: [&str; 46] = [
        "admin",
        "administrator",
        "editor",
        "editors",
        "editorial",
        "staff",
        "team",
        "redaktion",
        "redaction",
        "rédaction",
        "redacción",
        "redazione",
        "redactie",
        "author",
        "autor",
        "unknown",
        "anonymous",
        "guest",
        "webmaster",
        "user",
        "news",
        "desk",
        "newsroom",
        "press",
        "media",
        "agency",
        "office",
        "inc",
        "inc.",
        "llc",
        "ltd",
        "gmbh",
        "company",
        "group",
        "association",
        "university",
        "institute",
        "department",
        "support",
        "contributor",
        "contributors",
        "writer",
        "writers",
        "reporter",
        "correspondent",
        "magazine",
    ];
    name.split(|c: char| c.is_whitespace() || c == ',')
        .any(|word| WORDS.iter().any(|known| word.to_lowercase() == *known))
}

/// The names in a text: without what introduces them, and without what follows.
fn split(text: &str) -> Vec<String> {
    let text = without_introduction(text.trim());
    let text = &text[..text
        .find(['|', '•', '·', '\n', '(', '–', '—'])
        .unwrap_or(text.len())];
    let mut names = Vec::new();
    for part in text
        .split([',', ';', '&'])
        .flat_map(|part| part.split(" and "))
        .flat_map(|part| part.split(" und "))
        .flat_map(|part| part.split(" y "))
    {
        let name = part
            .trim()
            .trim_start_matches("and ")
            .trim_matches(|c: char| !c.is_alphanumeric() && c != '.' && c != ')')
            .trim();
        if !name.is_empty() {
            names.push(name.to_owned());
        }
    }
    names
}

fn without_introduction(text: &str) -> &str {
    const STARTS: [&str; 22] = [
        "written by",
        "posted by",
        "published by",
        "reviewed by",
        "story by",
        "words by",
        "text by",
        "article by",
        "by:",
        "by",
        "author:",
        "author",
        "von",
        "par",
        "por",
        "di",
        "door",
        "av",
        "autor:",
        "text:",
        "автор:",
        "作者：",
    ];
    let mut text = text;
    loop {
        let found = STARTS.iter().find(|start| {
            text.get(..start.len())
                .is_some_and(|head| head.to_lowercase() == **start)
                && text[start.len()..].starts_with(|c: char| c.is_whitespace() || !c.is_ascii())
        });
        match found {
            Some(start) => {
                text =
                    text[start.len()..].trim_start_matches(|c: char| c.is_whitespace() || c == ':')
            }
            None => return text,
        }
    }
}
