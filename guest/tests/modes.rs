//! The four modes on one page, and the errors of the contract.

use riptide_extractor::{extract, extract_links, extract_with_stats, validate_html, Error, Mode};

const URL: &str = "https://www.example-news.com/sport/2024/05/03/harbour";

fn page() -> String {
    let paragraph = "<p>The harbour race was sailed on a calm sea, and it took the boats, \
                     of which there were forty, most of the day to come back to the pier.</p>";
    format!(
        "<!doctype html><html lang=en-gb><head><title>Forty boats race | Example News</title>\
         <meta property=og:site_name content='Example News'>\
         <meta property=og:image content=/lead.jpg>\
         <meta name=description content='A race &amp;amp; its end'>\
         <script type=application/ld+json>{{\"@type\":\"NewsArticle\",\
         \"headline\":\"Forty boats race\",\"datePublished\":\"2024-05-03T10:20:30+01:00\",\
         \"author\":{{\"@type\":\"Person\",\"name\":\"Ann Example\"}},\
         \"articleSection\":[\"Sport\",\"Sailing\"]}}</script></head>\
         <body><nav><a href=/>Home</a> <a href=/sport>Sport</a></nav>\
         <main><article><h1>Forty boats race</h1>{}<p class=note>A note.</p>\
         <p><a href='/results' rel=nofollow>All results</a></p></article>\
         <section><p>A word by the organisers, who are not the author.</p></section></main>\
         <footer>Imprint</footer></body></html>",
        paragraph.repeat(8)
    )
}

#[test]
fn article_mode_has_the_body_and_what_is_known_of_it() {
    let (content, stats) = extract_with_stats(&page(), URL, &Mode::Article).expect("content");
    assert_eq!(content.url, URL);
    assert_eq!(content.title.as_deref(), Some("Forty boats race"));
    assert_eq!(content.byline.as_deref(), Some("Ann Example"));
    assert_eq!(
        content.published_iso.as_deref(),
        Some("2024-05-03T10:20:30+01:00")
    );
    assert_eq!(content.site_name.as_deref(), Some("Example News"));
    assert_eq!(content.description.as_deref(), Some("A race & its end"));
    assert_eq!(content.language.as_deref(), Some("en-GB"));
    assert_eq!(content.categories, ["Sport", "Sailing"]);
    assert_eq!(content.media, ["https://www.example-news.com/lead.jpg"]);
    assert_eq!(
        content.links,
        [
            "https://www.example-news.com/",
            "https://www.example-news.com/sport",
            "https://www.example-news.com/results"
        ]
    );
    assert!(
        content.text.contains("The harbour race"),
        "{}",
        content.text
    );
    assert!(!content.text.contains("Imprint") && !content.text.contains("Home"));
    assert!(content.word_count.is_some_and(|words| words > 200));
    assert_eq!(content.reading_time, Some(1));
    assert!(content.quality_score.is_some_and(|score| score > 50));
    assert_eq!((stats.links, stats.images), (3, 0));
    assert!(stats.nodes > 40);
}

#[test]
fn full_mode_has_everything_but_the_chrome() {
    let content = extract(&page(), URL, &Mode::Full).expect("content");
    assert!(content
        .markdown
        .starts_with("# Forty boats race\n\nThe harbour race"));
    assert!(content.text.contains("organisers"));
    assert!(!content.text.contains("Imprint") && !content.text.contains("Home"));
}

#[test]
fn metadata_mode_has_no_text() {
    let content = extract(&page(), URL, &Mode::Metadata).expect("content");
    let article = extract(&page(), URL, &Mode::Article).expect("content");
    assert_eq!((content.text.as_str(), content.markdown.as_str()), ("", ""));
    assert_eq!(
        (
            content.word_count,
            content.reading_time,
            content.quality_score
        ),
        (None, None, None)
    );
    assert_eq!(content.title, article.title);
    assert_eq!(content.byline, article.byline);
    assert_eq!(content.published_iso, article.published_iso);
    assert_eq!(content.categories, article.categories);
}

#[test]
fn custom_mode_has_what_matches_in_document_order() {
    let mode = Mode::Custom(vec![".note".into(), "footer, h1".into()]);
    let content = extract(&page(), URL, &mode).expect("content");
    assert_eq!(content.text, "Forty boats race\nA note.\nImprint");
    assert_eq!(content.markdown, "# Forty boats race\n\nA note.\n\nImprint");
    assert_eq!(content.links, Vec::<String>::new());
}

#[test]
fn links_say_what_their_markup_says() {
    let links = extract_links(&page(), URL).expect("links");
    let results = links.last().expect("a link");
    assert_eq!(
        (results.text.as_str(), results.nofollow, results.ugc),
        ("All results", true, false)
    );
}

#[test]
fn errors_are_those_of_the_contract() {
    for html in ["", " \n\t", "\u{FEFF} "] {
        let found = extract(html, URL, &Mode::Article);
        assert!(matches!(found, Err(Error::InvalidHtml(_))), "{html:?}");
    }
    for url in ["", "example.com/a", "/a", "http://", "no url"] {
        let found = extract("<p>x", url, &Mode::Article);
        assert!(matches!(found, Err(Error::InvalidHtml(_))), "{url}");
        assert!(
            matches!(extract_links("<p>x", url), Err(Error::InvalidHtml(_))),
            "{url}"
        );
    }
    let custom = |selectors: &[&str]| {
        let selectors = selectors
            .iter()
            .map(|&selector| selector.to_owned())
            .collect();
        extract("<p>x", URL, &Mode::Custom(selectors))
    };
    assert!(matches!(custom(&[]), Err(Error::UnsupportedMode(_))));
    let bad = custom(&["p", "a[[b"]);
    assert!(matches!(bad, Err(Error::Parse(sentence)) if sentence.contains("a[[b")));
    assert_eq!(custom(&["h1"]).expect("no match is no error").text, "");
}

#[test]
fn binary_data_is_no_document() {
    assert!(validate_html("<p>x"));
    assert!(validate_html("plain text is a document too"));
    assert!(!validate_html(" \n"));
    assert!(!validate_html(&"\u{0}\u{1}\u{2}PNG".repeat(10)));
    assert!(!validate_html(&"\u{FFFD}\u{FFFD}x".repeat(10)));
}

#[test]
fn no_input_makes_the_engine_panic() {
    let modes = [
        Mode::Article,
        Mode::Full,
        Mode::Metadata,
        Mode::Custom(vec!["p, li".into()]),
    ];
    let page = page();
    let cuts = (0..page.len())
        .step_by(37)
        .map(|end| page[..end].to_owned());
    let oddities = [
        "<",
        "<!",
        "&",
        "<p",
        "<p a",
        "</",
        "\u{0}",
        "<table><table>",
        "<svg><title>",
        "<a href>",
        "<base href='//'>",
        "<html><head></html>",
        "<frameset>",
    ];
    for html in cuts.chain(oddities.iter().map(|&odd| odd.to_owned())) {
        for mode in &modes {
            // Any answer will do, blank input is refused.
            let _ = extract(&html, URL, mode);
        }
    }
}
