//! The name of the site, and how to recognise it in other texts.

use super::json::Value;
use super::linked::LinkedData;
use super::plain;
use super::sources::Sources;
use crate::address::Base;

/// The site's name: as it says, otherwise the part of the title that agrees with the host.
pub fn name(sources: &Sources<'_, '_>, linked: &LinkedData<'_>, base: &Base) -> Option<String> {
    let from_meta = sources.meta(&[
        "og:site_name",
        "application-name",
        "apple-mobile-web-app-title",
        "citation_journal_title",
        "dc.publisher",
        "dcterms.publisher",
    ]);
    let website = || {
        linked
            .of_type("WebSite")
            .find_map(|site| text_of(site, "name"))
    };
    let publisher = || {
        let publisher = linked.article()?.get("publisher")?;
        text_of(linked.resolved(publisher.items().first()?), "name")
    };
    let found = from_meta
        .or_else(website)
        .or_else(publisher)
        .filter(|name| name.len() <= 100 && !name.contains("{{"));
    found.or_else(|| {
        let title = sources.text(sources.title?);
        let parts = super::title::parts(&title);
        let ends = [*parts.last()?, *parts.first()?];
        ends.iter()
            .find(|part| parts.len() > 1 && is_site(part, None, base))
            .map(|part| (*part).to_owned())
    })
}

fn text_of(object: &Value<'_>, key: &str) -> Option<String> {
    object
        .get(key)?
        .items()
        .iter()
        .find_map(Value::as_str)
        .map(plain)
        .filter(|text| !text.is_empty())
}

/// Whether a text names the site rather than the document: it is the site's name, or the host
/// without its ending.
pub fn is_site(text: &str, site_name: Option<&str>, base: &Base) -> bool {
    let text = letters(text);
    if text.is_empty() {
        return false;
    }
    if site_name.map(letters).is_some_and(|name| {
        !name.is_empty()
            && (name == text
                || (text.len() >= 4 && name.contains(&text))
                || (name.len() >= 4 && text.starts_with(&name)))
    }) {
        return true;
    }
    let host = base.host();
    let label = host.rsplit('.').nth(1).unwrap_or(host);
    // `example.co.uk`: the label that matters is one further left.
    let label = if label.len() <= 3 {
        host.rsplit('.').nth(2).unwrap_or(label)
    } else {
        label
    };
    let label = letters(label);
    text == letters(host)
        || (label.len() >= 3
            && (text == label
                || (text.len() >= 4 && label.contains(&text))
                || (text.contains(&label) && text.len() <= label.len() + 12)))
}

/// The letters and digits of a text in lower case: what remains of a name in a host.
pub fn letters(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_are_recognised_by_name_and_host() {
        let base = Base::new("https://www.daily-example.co.uk/a").expect("a URL");
        for (text, expected) in [
            ("Daily Example", true),
            ("The Daily Example", true),
            ("daily-example.co.uk", true),
            ("News", false),
            ("", false),
            ("A story about an example", false),
        ] {
            assert_eq!(is_site(text, None, &base), expected, "{text}");
        }
        assert!(is_site("DX News", Some("DX News"), &base));
        assert!(is_site("DX News UK", Some("DX News"), &base));
    }
}
