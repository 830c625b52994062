//! One walk over the document that finds everything metadata is read from.

use std::borrow::Cow;

use super::introductions::is_in_lower_case;
use super::json::{self, Value};
use crate::blocks::text::beginning;
use crate::needles::Needles;
use crate::parse::{Document, NodeId, Tag};
use crate::render::{collapse, is_permalink};

/// More than so many places of one kind are a list, a calendar or an attack.
const MAX_CLUES: usize = 64;
const MAX_METAS: usize = 400;

/// Where in a document its metadata stands.
pub struct Sources<'d, 'a> {
    pub document: &'d Document<'a>,
    /// Names in lower case.
    metas: Vec<(String, NodeId)>,
    pub title: Option<NodeId>,
    pub headings: Vec<NodeId>,
    /// Headings below the first level.
    pub subheadings: Vec<NodeId>,
    pub times: Vec<NodeId>,
    /// Elements whose names speak of an author, of a date, of breadcrumbs, of tags.
    pub bylines: Vec<NodeId>,
    /// Links to the page of a person.
    pub author_links: Vec<NodeId>,
    /// Links to the page of a user.
    pub user_links: Vec<NodeId>,
    /// Texts that start with "by".
    pub introductions: Vec<NodeId>,
    pub dates: Vec<NodeId>,
    /// Texts that say that a date of publication is in them or follows.
    pub date_labels: Vec<NodeId>,
    pub breadcrumbs: Vec<NodeId>,
    pub tags: Vec<NodeId>,
    pub scripts: Vec<NodeId>,
    pub language: Option<Cow<'a, str>>,
}

impl<'d, 'a> Sources<'d, 'a> {
    pub fn find(document: &'d Document<'a>) -> Self {
        let mut sources = Self {
            document,
            metas: Vec::new(),
            title: None,
            headings: Vec::new(),
            subheadings: Vec::new(),
            times: Vec::new(),
            bylines: Vec::new(),
            author_links: Vec::new(),
            user_links: Vec::new(),
            introductions: Vec::new(),
            dates: Vec::new(),
            date_labels: Vec::new(),
            breadcrumbs: Vec::new(),
            tags: Vec::new(),
            scripts: Vec::new(),
            language: document.html().and_then(|html| {
                document
                    .attr(html, "lang")
                    .or_else(|| document.attr(html, "xml:lang"))
            }),
        };
        for node in document.ids() {
            sources.look_at(node);
        }
        sources
    }

    fn look_at(&mut self, node: NodeId) {
        let document = self.document;
        match document.tag(node) {
            Tag::TEXT => {
                let text = document.raw_text(node).trim_ascii();
                if introduces(text) {
                    push(&mut self.introductions, node);
                }
                if labels_date(text) {
                    push(&mut self.date_labels, node);
                }
                return;
            }
            Tag::BR | Tag::IMG => return,
            Tag::META => return self.look_at_meta(node),
            Tag::TITLE => {
                self.title.get_or_insert(node);
                return;
            }
            Tag::SCRIPT => {
                if document
                    .raw_attr(node, "type")
                    .is_some_and(|kind| kind.to_ascii_lowercase().contains("ld+json"))
                {
                    push(&mut self.scripts, node);
                }
                return;
            }
            Tag::H1 => push(&mut self.headings, node),
            Tag::H2 | Tag::H3 | Tag::H4 | Tag::H5 | Tag::H6 => push(&mut self.subheadings, node),
            Tag::TIME => push(&mut self.times, node),
            Tag::A => {
                let href = document
                    .raw_attr(node, "href")
                    .filter(|href| href.len() < 300);
                let words = OF_PEOPLE_AND_USERS.matches(href.unwrap_or_default());
                match words.map(|(word, _)| word).min() {
                    Some(..OF_PEOPLE) => push(&mut self.author_links, node),
                    Some(OF_PEOPLE..) => push(&mut self.user_links, node),
                    None => {}
                }
            }
            _ => {}
        }
        self.look_at_names(node);
    }

    /// What the names of an element speak of.
    fn look_at_names(&mut self, node: NodeId) {
        let mut clues = 0;
        for (name, value) in self.document.raw_attrs(node) {
            clues |= match name.len() {
                2 if name.eq_ignore_ascii_case("id") => clue::of_names(value),
                3 if name.eq_ignore_ascii_case("rel") => clue::of_relation(value),
                5 if name.eq_ignore_ascii_case("class") => clue::of_names(value),
                8 if name.eq_ignore_ascii_case("itemprop") => clue::of_names(value),
                10 if name.eq_ignore_ascii_case("aria-label") => {
                    clue::of_names(value) & clue::BREADCRUMB
                }
                11 if name.eq_ignore_ascii_case("data-testid") => clue::of_names(value),
                _ => 0,
            };
        }
        if clues == 0 {
            return;
        }
        for (bit, list) in [
            (clue::BYLINE, &mut self.bylines),
            (clue::DATE, &mut self.dates),
            (clue::BREADCRUMB, &mut self.breadcrumbs),
            (clue::TAG, &mut self.tags),
        ] {
            if clues & bit != 0 {
                push(list, node);
            }
        }
    }

    fn look_at_meta(&mut self, node: NodeId) {
        let document = self.document;
        let key = ["property", "name", "itemprop", "http-equiv"]
            .iter()
            .find_map(|name| {
                document
                    .attr(node, name)
                    .filter(|key| !key.trim().is_empty())
            });
        if let Some(key) = key.filter(|key| self.metas.len() < MAX_METAS && key.len() < 64) {
            self.metas.push((key.trim().to_ascii_lowercase(), node));
        }
    }

    /// The content of the first of these `meta` names that has one, the text as readers see it.
    pub fn meta(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.metas_of(name).next())
    }

    /// The contents of all `meta` elements of a name.
    pub fn metas_of<'s>(&'s self, name: &'s str) -> impl Iterator<Item = String> + 's {
        let content = |node| {
            self.document
                .attr(node, "content")
                .map(|content| super::plain(&content))
                .filter(|content| !content.is_empty())
        };
        self.metas
            .iter()
            .filter(move |(known, _)| known == name)
            .filter_map(move |(_, node)| content(*node))
    }

    /// What the scripts of JSON-LD hold.
    pub fn linked_data(&self, texts: &'d [Cow<'a, str>]) -> Vec<Value<'d>> {
        texts.iter().flat_map(|text| json::read(text)).collect()
    }

    /// The texts of the scripts of JSON-LD.
    pub fn script_texts(&self) -> Vec<Cow<'a, str>> {
        let child = |node| {
            self.document
                .first_child(node)
                .map(|text| self.document.text(text))
        };
        self.scripts
            .iter()
            .filter_map(|&script| child(script))
            .collect()
    }

    /// The text of an element as readers see it, its beginning where it is long.
    pub fn text(&self, node: NodeId) -> String {
        self.text_with(node, " ", "")
    }

    /// As [`Sources::text`], with a bar where a block ends and a space where an element does:
    /// names and roles are often set apart by nothing else.
    pub fn parts_text(&self, node: NodeId) -> String {
        self.text_with(node, " | ", " ")
    }

    fn text_with(&self, node: NodeId, block: &str, inline: &str) -> String {
        const MAX_NODES: usize = 64;
        const MAX_BYTES: usize = 600;
        const MAX_TEXT_BYTES: usize = 4000;
        let mut text = String::new();
        let mut below = self.document.descendants(node);
        let mut nodes = 0;
        while let Some(inner) = below.next() {
            nodes += 1;
            if nodes > MAX_NODES || text.len() > MAX_BYTES {
                break;
            }
            match self.document.tag(inner) {
                Tag::TEXT if self.document.raw_text(inner).len() <= MAX_TEXT_BYTES => {
                    text.push_str(&self.document.text(inner));
                }
                // The same text may stand in all of the places that are looked at.
                Tag::TEXT => {
                    text.push_str(beginning(self.document.raw_text(inner), MAX_TEXT_BYTES));
                }
                Tag::SCRIPT | Tag::STYLE | Tag::SVG | Tag::TEMPLATE | Tag::BUTTON | Tag::SELECT => {
                    below.skip_subtree(inner);
                }
                Tag::A | Tag::SPAN if is_permalink(self.document, inner) => {
                    below.skip_subtree(inner);
                }
                Tag::BR | Tag::DIV | Tag::P | Tag::LI | Tag::TD | Tag::H2 | Tag::H3 | Tag::H4 => {
                    text.push_str(block);
                }
                _ => text.push_str(inline),
            }
        }
        collapse(&text)
    }
}

/// Whether a text may be `By Ann Example`: told by its first letters, as every text is asked.
fn introduces(text: &str) -> bool {
    const MAX_BYTES: usize = 120;
    let [first, second, ref rest @ ..] = *text.as_bytes() else {
        return false;
    };
    let third = rest.first().map_or(0, u8::to_ascii_lowercase);
    let plausible = matches!(
        (first.to_ascii_lowercase(), second.to_ascii_lowercase()),
        (b'a', b'r' | b'u' | b' ')
            | (b'b', b'y' | b'e')
            | (b'd', b'i' | b'o')
            | (b'e', b'i' | b'r' | b's')
            | (b'g', b'e' | b'u')
            | (b'i', b'n')
            | (b'p', b'a' | b'o' | b'u')
            | (b'r', b'e' | 0xC3)
            | (b's', b'c' | b't')
            | (b't', b'e')
            | (b'v', b'e' | b'o')
            | (b'w', b'o' | b'r')
            | (0xD0 | 0xD8..=0xD9 | 0xE3..=0xEB, _)
    ) || matches!(
        (
            first.to_ascii_lowercase(),
            second.to_ascii_lowercase(),
            third
        ),
        (b'e', b'n', b'v') | (b's', b'o', b'u') | (b's', b'u', b'b')
    );
    plausible && text.len() <= MAX_BYTES && super::introductions::introduced(text).is_some()
}

/// Whether a text says that the document was published on the day it goes on to name.
fn labels_date(text: &str) -> bool {
    const MAX_BYTES: usize = 80;
    const STARTS: [&str; 33] = [
        "published",
        "post time:",
        "post date:",
        "this entry was posted on",
        "this post was published on",
        "dieser beitrag wurde am",
        "dieser eintrag wurde am",
        "geschrieben am",
        "cette entrée a été publiée le",
        "esta entrada fue publicada el",
        "dit bericht werd geplaatst op",
        "posted on",
        "posted:",
        "date published",
        "publication date",
        "publish date",
        "date:",
        "veröffentlicht",
        "erschienen am",
        "erstellt am",
        "datum:",
        "publié le",
        "mis en ligne le",
        "publicado el",
        "publicado em",
        "publicado:",
        "fecha:",
        "pubblicato il",
        "gepubliceerd op",
        "опубликовано",
        "发布时间",
        "公開日",
        "نشر في",
    ];
    // Two bytes tell most texts apart before anything is compared.
    let [first, second, ..] = *text.as_bytes() else {
        return false;
    };
    let plausible = matches!(
        (first.to_ascii_lowercase(), second.to_ascii_lowercase()),
        (b'c' | b'f' | b'g' | b'v', b'e')
            | (b'd', b'a' | b'i')
            | (b'e', b'r' | b's')
            | (b'm', b'i')
            | (b'p', b'o' | b'u')
            | (b't', b'h')
            | (0xD0 | 0xD9 | 0xE5, _)
    );
    let starts_with = |start: &&str| {
        let head = text.get(..start.len());
        head.is_some_and(|head| is_in_lower_case(head, start))
    };
    plausible && text.len() <= MAX_BYTES && STARTS.iter().any(starts_with)
}

/// What the addresses of pages about people have in common, and those of pages about the users of a
/// forum: a link is asked after both at once.
static OF_PEOPLE_AND_USERS: Needles<23> = Needles::new([
    "/author/",
    "/authors/",
    "/autor/",
    "/autoren/",
    "/auteur/",
    "/autores/",
    "/people/",
    "/person/",
    "/profile/",
    "/contributor/",
    "/contributors/",
    "/staff/",
    "/journalist/",
    "/writers/",
    "/members/",
    "/member/",
    "/user/",
    "/users/",
    "/u/",
    "mode=viewprofile",
    "action=profile",
    "member.php?",
    "/profiles/",
]);

/// Whether an address, or its beginning, is that of pages about people.
pub fn is_of_people(address: &str) -> bool {
    OF_PEOPLE_AND_USERS
        .matches(address)
        .any(|(word, _)| word < OF_PEOPLE)
}

/// How many of them are of people: the first.
const OF_PEOPLE: usize = 14;

fn push(list: &mut Vec<NodeId>, node: NodeId) {
    if list.len() < MAX_CLUES {
        list.push(node);
    }
}

/// What the names of an element speak of.
mod clue {
    use crate::needles::Needles;

    pub const BYLINE: u8 = 1;
    pub const DATE: u8 = 2;
    pub const BREADCRUMB: u8 = 4;
    pub const TAG: u8 = 8;

    static WORDS: Needles<14> = Needles::ignoring_case([
        "author",
        "autor",
        "auteur",
        "autore",
        "byline",
        "writer",
        "writtenby",
        "date",
        "datum",
        "fecha",
        "publish",
        "posted",
        "time",
        "breadcrumb",
    ]);
    const CLUES: [u8; 14] = [
        BYLINE, BYLINE, BYLINE, BYLINE, BYLINE, BYLINE, BYLINE, DATE, DATE, DATE, DATE, DATE, DATE,
        BREADCRUMB,
    ];

    /// The clues in an id or class.
    pub fn of_names(names: &str) -> u8 {
        WORDS.matches(names).fold(0, |clues, (word, end)| {
            let clue = CLUES[word];
            // `authorize`, `authority`, `authoring`
            let other = clue == BYLINE && matches!(names.as_bytes().get(end), Some(b'i' | b'I'));
            clues | if other { 0 } else { clue }
        })
    }

    /// The clues in a `rel` attribute.
    pub fn of_relation(relation: &str) -> u8 {
        let has = |word: &str| {
            relation
                .split_ascii_whitespace()
                .any(|part| part.eq_ignore_ascii_case(word))
        };
        (u8::from(has("author")) * BYLINE) | (u8::from(has("tag")) * TAG)
    }
}
