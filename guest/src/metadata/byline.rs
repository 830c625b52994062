//! Who wrote a document: people, or nobody.
//!
//! What machines are told is trusted where the document is a story; what readers see only near
//! the heading. A name in a review, a testimonial or a list of other stories is nobody's byline.

use super::candidates::{candidates, Candidate};
use super::introductions::introduction;
use super::json::Value;
use super::linked::{types, LinkedData};
use super::names::Names;
use super::sources::Sources;
use super::{plain, Story};
use crate::address::Base;

const MAX_PEOPLE: usize = 12;

/// The names of the authors, separated by commas.
pub fn find(
    sources: &Sources<'_, '_>,
    linked: &LinkedData<'_>,
    story: &Story<'_>,
    base: &Base,
) -> Option<String> {
    let names = Names {
        site_name: story.site_name,
        title: story.title,
        base,
    };
    // What stands on a front page is by others.
    if matches!(base.path(), "" | "/") && linked.rank() < 3 {
        return None;
    }
    let people = linked_authors(linked);
    let declared = meta_authors(sources);
    let discussion = story.is_discussion;
    let stated = if discussion {
        names.users(&people)
    } else {
        names.persons(&people)
    };
    let told = || names.people(&declared);
    if let Some(stated) = stated {
        // Some tell search engines of the first author only, and all of them to others.
        let goes_on = |told: &String| {
            told.strip_prefix(&*stated)
                .and_then(|rest| rest.strip_prefix(", "))
                .is_some_and(|others| others.contains(' '))
        };
        return Some(told().filter(goes_on).unwrap_or(stated));
    }
    if let Some(told) = told() {
        return Some(told);
    }
    let candidates = candidates(sources, story);
    // The people on the page of a product are others.
    let of_work = linked.rank() == 2 && !story.is_story;
    // A blog may be called after its author, who is then declared and not shown.
    let owner = || {
        let owners = || names.owners(&declared).or_else(|| names.owners(&people));
        owners().filter(|_| story.is_story)
    };
    shown(&candidates, story, &names)
        .filter(|_| !of_work)
        .or_else(owner)
        .or_else(|| agreed(&candidates, story, &names).filter(|_| !of_work))
        // Nobody by name: the site may be called after its author, or a story say only which
        // team it is from. Organisations are no authors: most are the site itself.
        .or_else(|| names.authors(&people))
        .or_else(|| {
            names
                .authors(&declared)
                .filter(|_| story.is_story && story.is_dated)
        })
        .or_else(|| signed(&candidates, &declared, story, &names).filter(|_| !of_work))
}

/// The people who are the authors in the document's own JSON-LD.
fn linked_authors(linked: &LinkedData<'_>) -> Vec<String> {
    let mut people = Vec::new();
    // The author of a product is who made the shop's template.
    let Some(article) = linked.article().filter(|_| linked.rank() != 2) else {
        return people;
    };
    let question = || article.get("mainEntity")?.items().first();
    let author = |object: &'_ Value<'_>| {
        object
            .get("author")
            .or_else(|| object.get("creator"))
            .is_some()
    };
    let object = if author(article) {
        article
    } else {
        question().unwrap_or(article)
    };
    let authors = object.get("author").or_else(|| object.get("creator"));
    for author in authors
        .map(Value::items)
        .unwrap_or_default()
        .iter()
        .take(MAX_PEOPLE)
    {
        let author = linked.resolved(author);
        let organisation = types(author).any(|kind| {
            kind.ends_with("Organization") || matches!(kind, "WebSite" | "Brand" | "Corporation")
        });
        // A site of one person's is told to be both.
        if organisation && !types(author).any(|kind| kind == "Person") {
            continue;
        }
        match author {
            Value::String(name) => people.push(plain(name)),
            author => {
                let names = author.get("name").map(Value::items).unwrap_or_default();
                people.extend(names.iter().filter_map(Value::as_str).map(plain));
            }
        }
    }
    people
}

fn meta_authors(sources: &Sources<'_, '_>) -> Vec<String> {
    const NAMES: [&str; 11] = [
        "author",
        "article:author",
        "article:author:name",
        "byl",
        "parsely-author",
        "sailthru.author",
        "dc.creator",
        "dcterms.creator",
        "dc.creator.personalname",
        "article:author_name",
        "cxenseparse:author",
    ];
    let values = |name| -> Vec<String> {
        sources
            .metas_of(name)
            .filter(|value| !value.contains("://"))
            .take(MAX_PEOPLE)
            .collect()
    };
    let written = citation_authors(sources);
    if !written.is_empty() {
        return written;
    }
    NAMES
        .into_iter()
        .map(values)
        .find(|names| !names.is_empty())
        .unwrap_or_else(|| labelled_authors(sources))
}

/// The authors of a paper, which are told to libraries one by one and with the family name first.
fn citation_authors(sources: &Sources<'_, '_>) -> Vec<String> {
    let told = sources
        .metas_of("citation_author")
        .chain(sources.metas_of("citation_authors"))
        .take(MAX_PEOPLE);
    told.map(|names| {
        let in_order = names.split(';').map(|name| match name.split_once(',') {
            Some((family, given)) if !given.contains(',') => {
                format!("{} {}", given.trim(), family.trim())
            }
            _ => name.trim().to_owned(),
        });
        in_order.collect::<Vec<_>>().join("; ")
    })
    .collect()
}

/// The author whom publishing systems tell to those who share a post, with a label: `Written by`.
fn labelled_authors(sources: &Sources<'_, '_>) -> Vec<String> {
    let pairs = [
        ("twitter:label1", "twitter:data1"),
        ("twitter:label2", "twitter:data2"),
    ];
    let of_author = |label: &str| {
        let label = sources.meta(&[label]);
        label.is_some_and(|label| matches!(introduction(&label), Some(("", _))))
    };
    pairs
        .into_iter()
        .filter(|(label, _)| of_author(label))
        .filter_map(|(_, name)| sources.meta(&[name]))
        .collect()
}

/// Trust from which a candidate counts. Nearness to the heading is worth two.
const ENOUGH: u8 = 5;

/// A page with so many other authors is a list of stories.
const MANY: usize = 3;

/// The authors that readers see.
fn shown(candidates: &[Candidate], story: &Story<'_>, names: &Names<'_>) -> Option<String> {
    let discussion = story.is_discussion;
    let read = |texts: &[String]| {
        if discussion {
            names.users(texts)
        } else {
            names.people(texts)
        }
    };
    if discussion {
        if let Some(name) = starter(candidates, story, names) {
            return Some(name);
        }
    }
    let enough = if story.is_story || story.is_dated || discussion {
        ENOUGH
    } else {
        ENOUGH + 1
    };
    let best = candidates.iter().map(|candidate| candidate.trust).max()?;
    for trust in (enough..=best).rev() {
        let mut found = candidates
            .iter()
            .filter(|candidate| candidate.trust == trust);
        let first = found.find_map(|candidate| {
            let texts = [candidate.text.clone()];
            // What is marked as the author right below the heading may be a first name.
            let person = || {
                names
                    .handle(&texts)
                    .filter(|_| trust > ENOUGH || candidate.is_certain)
            };
            Some((candidate, read(&texts).or_else(person)?))
        });
        let Some((first, name)) = first else { continue };
        if discussion {
            return Some(name);
        }
        if candidates.len() > MANY && !(story.is_story && story.is_dated) {
            let texts: Vec<String> = candidates.iter().map(|other| other.text.clone()).collect();
            let people = names.each_of_people(&texts);
            if people.iter().filter(|&other| *other != name).count() >= MANY {
                return None;
            }
        }
        // Several authors are marked each by itself, one right after the other.
        let beside = found.take_while(|other| other.node.index() < first.node.index() + 24);
        let texts: Vec<String> = std::iter::once(name)
            .chain(beside.map(|other| other.text.clone()))
            .collect();
        return read(&texts).or(texts.into_iter().next());
    }
    None
}

/// The author whom readers see anywhere, if only one is named: at the end of the text, in a box.
fn agreed(candidates: &[Candidate], story: &Story<'_>, names: &Names<'_>) -> Option<String> {
    if story.is_discussion || !(story.is_story || story.is_dated) {
        return None;
    }
    let all = unanimous(candidates.iter(), |text| names.people(text));
    let certain = || candidates.iter().filter(|candidate| candidate.is_certain);
    all.or_else(|| {
        unanimous(certain(), |text| {
            names.handle(text).filter(|name| is_written_like_one(name))
        })
    })
}

/// Who is named twice behind the heading of a thread before anybody is marked as an author: below
/// the heading and beside the first post. Those who answered are often marked alone.
fn starter(candidates: &[Candidate], story: &Story<'_>, names: &Names<'_>) -> Option<String> {
    let heading = story.heading?;
    let behind = candidates
        .iter()
        .filter(|candidate| candidate.node > heading && candidate.trust >= ENOUGH)
        .take_while(|candidate| !candidate.is_certain && candidate.trust == ENOUGH);
    let mut seen: Vec<String> = Vec::new();
    for candidate in behind {
        let Some(name) = names.users(std::slice::from_ref(&candidate.text)) else {
            continue;
        };
        if seen.contains(&name) {
            return seen.into_iter().next().filter(|first| *first == name);
        }
        seen.push(name);
    }
    None
}

/// Who signs a story beside its heading: somebody after whom the site is called, or a team.
fn signed(
    candidates: &[Candidate],
    declared: &[String],
    story: &Story<'_>,
    names: &Names<'_>,
) -> Option<String> {
    if story.is_discussion || !(story.is_story || story.is_dated) {
        return None;
    }
    let mut near = candidates
        .iter()
        .filter(|candidate| candidate.trust >= ENOUGH);
    near.find_map(|candidate| {
        let texts = [candidate.text.clone()];
        let is_declared = |name: &String| names.owners(declared).as_ref() == Some(name);
        let owner = || {
            let owner = names.owners(&texts);
            owner.filter(|owner| candidate.is_certain || is_declared(owner))
        };
        // What is marked in so many words may be a blogger's other name.
        let blogger = || {
            let blogger = names.bloggers(&texts);
            blogger.filter(|_| candidate.is_certain && candidate.trust > ENOUGH)
        };
        names.teams(&texts).or_else(owner).or_else(blogger)
    })
}

/// Whether a name is one word, or begins as names do.
fn is_written_like_one(name: &str) -> bool {
    !name.contains(' ') || !name.starts_with(char::is_lowercase)
}

/// The name that all agree on who give one.
fn unanimous<'c>(
    candidates: impl Iterator<Item = &'c Candidate>,
    read: impl Fn(&[String]) -> Option<String>,
) -> Option<String> {
    let mut found = candidates.filter_map(|candidate| read(std::slice::from_ref(&candidate.text)));
    let first = found.next()?;
    found.all(|other| other == first).then_some(first)
}
