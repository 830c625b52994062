//! The four modes on one page, and the errors of the contract.

use riptide_extractor::{
    extract, extract_favoring, extract_links, extract_with_stats, validate_html, Error, Favor,
    Mode, Stats,
};

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
         <section><h2>From the organisers</h2><p>A word by the organisers, who are not the \
         author. They would like to thank everybody who lent a boat, and the crew of the ferry, \
         which waited for an hour.</p></section></main>\
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
    assert!(content
        .text
        .contains("From the organisers\nA word by the organisers"));
    let article = extract(&page(), URL, &Mode::Article).expect("content");
    assert!(!article.text.contains("organisers"));
    assert!(!content.text.contains("Imprint") && !content.text.contains("Home"));
}

#[test]
fn metadata_mode_has_no_text() {
    let (content, stats) = extract_with_stats(&page(), URL, &Mode::Metadata).expect("content");
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
    assert_eq!(
        Stats { nodes: 0, ..stats },
        Stats::default(),
        "nothing else is looked for"
    );
}

#[test]
fn favor_keeps_less_or_more_of_what_is_in_doubt() {
    let words = |mode: &Mode, favor| {
        let (content, _) = extract_favoring(&page(), URL, mode, favor).expect("content");
        let words = content.text.split_whitespace();
        words
            .map(str::to_owned)
            .collect::<std::collections::HashSet<_>>()
    };
    for mode in [Mode::Article, Mode::Full] {
        let precise = words(&mode, Favor::Precision);
        let balanced = words(&mode, Favor::Balanced);
        assert!(!precise.is_empty() && precise.is_subset(&balanced));
        assert!(balanced.is_subset(&words(&mode, Favor::Recall)));
        let (content, _) = extract_with_stats(&page(), URL, &mode).expect("content");
        let (same, _) = extract_favoring(&page(), URL, &mode, Favor::Balanced).expect("content");
        assert_eq!(content, same);
    }
    let selected = Mode::Custom(vec!["h1".into()]);
    assert_eq!(
        words(&selected, Favor::Precision),
        words(&selected, Favor::Recall)
    );
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
    let modes = [
        Mode::Article,
        Mode::Full,
        Mode::Metadata,
        Mode::Custom(vec!["p".into()]),
    ];
    let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let latin = |bytes: &[u8]| {
        bytes
            .iter()
            .map(|&byte| char::from(byte))
            .collect::<String>()
    };
    let png =
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0\x08\x06\0\0\0\x35\xd1\xdc\xe4";
    let utf_16: Vec<u8> = "<html><p>Text</p></html>"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for binary in [
        lossy(png),
        latin(png),
        "\u{FFFD}\u{FFFD}x".repeat(10),
        latin(b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0word/document.xml"),
        "%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj".to_owned(),
        latin(&utf_16),
    ] {
        assert!(!validate_html(&binary), "{binary:?}");
        for mode in &modes {
            let found = extract(&binary, URL, mode);
            assert!(
                matches!(&found, Err(Error::InvalidHtml(sentence)) if sentence.contains("binary")),
                "{binary:?}: {found:?}"
            );
        }
        assert!(extract_links(&binary, URL).is_err());
    }
    assert!(!validate_html(" \n"));
}

#[test]
fn a_document_with_a_few_odd_bytes_is_read() {
    for html in [
        "<p>x".to_owned(),
        "plain text is a document too".to_owned(),
        "\u{FEFF}<!doctype html><p>x".to_owned(),
        "\0\0<p>x".to_owned(),
        format!("<p>x</p>{}<p>y</p>", "\0".repeat(6)),
        // Windows-1251 that was taken for UTF-8: the structure is still there.
        format!(
            "<html><body><p>{}x</p></body></html>",
            "\u{FFFD}".repeat(300)
        ),
        "a line, a form feed \u{c} and an escape \u{1b}[0m".to_owned(),
    ] {
        assert!(validate_html(&html), "{html:?}");
        let content = extract(&html, URL, &Mode::Full).expect("content");
        assert!(!content.text.is_empty(), "{html:?}");
    }
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
