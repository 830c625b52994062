//! What a document is filed under.

use super::json::Value;
use super::linked::LinkedData;
use super::plain;
use super::site::letters;
use super::sources::Sources;
use crate::parse::Tag;
use std::collections::HashSet;

const MAX_CATEGORIES: usize = 40;
const MAX_CHARS: usize = 80;

/// Sections, breadcrumbs, tags and keywords, each once.
pub fn find(
    sources: &Sources<'_, '_>,
    linked: &LinkedData<'_>,
    title: Option<&str>,
    site_name: Option<&str>,
) -> Vec<String> {
    let mut found = Vec::new();
    found.extend(linked.article_texts("articleSection"));
    found.extend(sources.metas_of("article:section"));
    found.extend(linked_breadcrumbs(linked));
    found.extend(marked_breadcrumbs(sources));
    for name in [
        "article:tag",
        "og:article:tag",
        "dc.subject",
        "dcterms.subject",
        "parsely-section",
        "sailthru.tags",
    ] {
        found.extend(sources.metas_of(name).flat_map(|list| split(&list)));
    }
    found.extend(sources.tags.iter().map(|&node| sources.text(node)));
    found.extend(
        linked
            .article_texts("keywords")
            .iter()
            .flat_map(|list| split(list)),
    );
    for name in [
        "keywords",
        "news_keywords",
        "parsely-tags",
        "citation_keywords",
    ] {
        found.extend(sources.metas_of(name).flat_map(|list| split(&list)));
    }
    let title = title.map(letters);
    let site = site_name.map(letters);
    let mut seen = HashSet::new();
    found.retain(|category| {
        let name = letters(category);
        let known = Some(&name) == title.as_ref() || Some(&name) == site.as_ref();
        !name.is_empty()
            && category.chars().count() <= MAX_CHARS
            && !known
            && !is_home(&name)
            && seen.insert(name)
    });
    found.truncate(MAX_CATEGORIES);
    found
}

/// Keywords come in one string, separated in as many ways as there are keyboards.
fn split(list: &str) -> Vec<String> {
    let separator = [';', '|', '，', '、', '；']
        .into_iter()
        .find(|&separator| list.contains(separator))
        .unwrap_or(',');
    list.split(separator)
        .map(|part| part.trim().trim_matches('"').trim().to_owned())
        .filter(|part| !part.is_empty())
        .collect()
}

/// The first breadcrumb, which says nothing.
fn is_home(name: &str) -> bool {
    const NAMES: [&str; 22] = [
        "home",
        "homepage",
        "startseite",
        "start",
        "accueil",
        "inicio",
        "início",
        "home page",
        "главная",
        "главнаястраница",
        "首页",
        "首頁",
        "ホーム",
        "トップ",
        "トップページ",
        "홈",
        "strona główna",
        "stronagłówna",
        "hem",
        "etusivu",
        "anasayfa",
        "الرئيسية",
    ];
    NAMES.contains(&name)
        || matches!(
            name,
            "uncategorized"
                | "uncategorised"
                | "breadcrumb"
                | "youarehere"
                | "domů"
                | "hjem"
                | "forside"
                | "kezdőlap"
                | "acasă"
        )
}

fn linked_breadcrumbs(linked: &LinkedData<'_>) -> Vec<String> {
    let Some(list) = linked.of_type("BreadcrumbList").next() else {
        return Vec::new();
    };
    let items = list
        .get("itemListElement")
        .map(Value::items)
        .unwrap_or_default();
    let name = |item: &Value<'_>| {
        let inner = item.get("item");
        item.get("name")
            .or_else(|| inner?.get("name"))
            .and_then(Value::as_str)
            .map(plain)
    };
    let mut names: Vec<(u32, String)> = items
        .iter()
        .take(32)
        .enumerate()
        .filter_map(|(at, item)| Some((position(item).unwrap_or(at as u32), name(item)?)))
        .collect();
    names.sort_by_key(|(position, _)| *position);
    names.into_iter().map(|(_, name)| name).collect()
}

fn position(item: &Value<'_>) -> Option<u32> {
    match item.get("position")? {
        Value::Number(digits) => digits.parse().ok(),
        Value::String(digits) => digits.trim().parse().ok(),
        _ => None,
    }
}

/// The links of the first element that is named after breadcrumbs.
fn marked_breadcrumbs(sources: &Sources<'_, '_>) -> Vec<String> {
    const MAX_NODES: usize = 200;
    let document = sources.document;
    sources
        .breadcrumbs
        .iter()
        .take(4)
        .map(|&crumbs| {
            let links = document
                .descendants(crumbs)
                .take(MAX_NODES)
                .filter(|&node| document.tag(node) == Tag::A);
            links
                .map(|link| sources.text(link))
                .filter(|text| !text.is_empty())
                .collect::<Vec<_>>()
        })
        .find(|names| (1..=10).contains(&names.len()))
        .unwrap_or_default()
}
