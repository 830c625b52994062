//! Whole documents, and what is read from them.

use super::{read, Metadata};
use crate::address::Base;
use crate::parse::Document;

fn metadata_at(url: &str, html: &str) -> Metadata {
    let base = Base::new(url).expect("a URL");
    read(&Document::parse(html), &base)
}

fn metadata(html: &str) -> Metadata {
    metadata_at("https://www.example-news.com/world/fish", html)
}

/// A dated story with markup right below its heading.
fn byline_of(below: &str) -> Option<String> {
    byline_in("", below)
}

fn byline_in(head: &str, below: &str) -> Option<String> {
    metadata(&format!(
        "<title>Fish leave the bay</title>\
         <meta property='article:published_time' content='2024-05-03'>{head}\
         <main><h1>Fish leave the bay</h1>{below}<p>Nobody knows why they left.</p></main>"
    ))
    .byline
}

/// A page without declarations, with a date somewhere below its heading.
fn date_of(below: &str) -> Option<String> {
    metadata(&format!(
        "<title>Fish leave the bay</title><main><h1>Fish leave the bay</h1>{below}</main>"
    ))
    .published
}

#[test]
fn a_byline_is_read_past_the_signs_and_dates_around_it() {
    for (below, expected) in [
        ("<div class=author><p>Ann Example</p></div>", "Ann Example"),
        (
            "<div class=author><b>Ann Example</b> December 17, 2025</div>",
            "Ann Example",
        ),
        (
            "<div class=author><b>Ann Example</b> 17. Dezember 2025</div>",
            "Ann Example",
        ),
        (
            "<div class=author>Ann Example 17.12.2025</div>",
            "Ann Example",
        ),
        (
            "<div class=author>Dec. 19, 2025 · Ann Example on behalf of fish</div>",
            "Ann Example",
        ),
        (
            "<div class=author>Ann Example | Bay Reporter</div>",
            "Ann Example",
        ),
        (
            "<div class=author>Ann Example am Freitag</div>",
            "Ann Example",
        ),
        (
            "<div class=author>Ann Example Illustration von Bob Sample</div>",
            "Ann Example",
        ),
    ] {
        assert_eq!(byline_of(below).as_deref(), Some(expected), "{below}");
    }
}

#[test]
fn one_word_is_a_name_where_nobody_but_the_author_is_meant() {
    for (below, expected) in [
        (
            "<p class=byline>by <a rel=author href=/a/7>ann</a></p>",
            Some("ann"),
        ),
        (
            "<p class=byline>Posted by Annie on Friday</p>",
            Some("Annie"),
        ),
        ("<p class=byline>Wellness &amp; Prevention</p>", None),
        ("<p class=byline>Share</p>", None),
        ("<p>Posted by admin</p>", None),
    ] {
        assert_eq!(byline_of(below).as_deref(), expected, "{below}");
    }
}

#[test]
fn one_word_behind_a_long_text_is_a_name_where_all_agree() {
    let text = "<p>They left.</p>".repeat(200);
    let signed = "<footer class=entry-meta>by <span class='author vcard'><a class='fn' rel=author \
                  href=/author/7>tlow</a></span></footer>";
    let comment = "<div class=comment-list><b class='comment-author vcard'>cem</b></div>";
    let below = format!("{text}{signed}{comment}");
    assert_eq!(byline_of(&below).as_deref(), Some("tlow"));
    assert_eq!(byline_of(&format!("{text}<p>by then</p>")), None);
}

#[test]
fn a_team_or_the_owner_of_a_site_signs_only_right_below_the_heading() {
    let team = "<p class=author-name>The Fish Team</p>";
    assert_eq!(byline_of(team).as_deref(), Some("The Fish Team"));
    let text = "<p>They left.</p>".repeat(200);
    assert_eq!(byline_of(&format!("{text}{team}")), None);
    assert_eq!(byline_of("<p class=author-name>The Team</p>"), None);
    let blog = |below: &str| {
        let html = format!(
            "<title>On fish</title><meta property=og:type content=article>\
             <h1>On fish</h1><time>3 May 2024</time>{below}"
        );
        metadata_at("https://ann-example.org/fish", &html).byline
    };
    let owner = "Posted by <a rel=author href=/about>Ann Example</a>";
    assert_eq!(blog(owner).as_deref(), Some("Ann Example"));
    assert_eq!(blog("<a class=author href=/about>Ann Example</a>"), None);
}

#[test]
fn the_authors_of_a_paper_are_told_to_libraries() {
    let head = "<meta name=citation_author content='Example, Ann B.'>\
                <meta name=citation_author content='Bob Sample'>";
    let references = "<p class=author>Other Person</p>";
    let expected = Some("Ann B. Example, Bob Sample");
    assert_eq!(byline_in(head, references).as_deref(), expected);
}

#[test]
fn the_author_may_be_labelled_for_those_who_share_the_story() {
    for (label, expected) in [
        ("Written by", Some("Ann Example")),
        ("Verfasst von", Some("Ann Example")),
        ("Est. reading time", None),
    ] {
        let head = format!(
            "<meta name=twitter:label1 content='{label}'><meta name=twitter:data1 content='Ann Example'>"
        );
        assert_eq!(byline_in(&head, "").as_deref(), expected, "{label}");
    }
}

#[test]
fn the_first_author_told_to_search_engines_may_be_one_of_several() {
    let story = |others: &str| {
        let head = format!(
            "<meta name=author content='Ann Example, {others}'><script type=application/ld+json>\
             {{\"@type\": \"Article\", \"author\": {{\"name\": \"Ann Example\"}}}}</script>"
        );
        byline_in(&head, "")
    };
    assert_eq!(
        story("Bob Sample").as_deref(),
        Some("Ann Example, Bob Sample")
    );
    assert_eq!(story("AE").as_deref(), Some("Ann Example"));
}

#[test]
fn two_first_names_are_authors_where_they_are_declared() {
    let head = "<meta name=author content='Ann &amp; Bob'>";
    assert_eq!(byline_in(head, "").as_deref(), Some("Ann, Bob"));
}

#[test]
fn one_word_is_a_name_where_the_page_of_a_person_is_called_so() {
    for (below, expected) in [
        ("<a href='/author/yucy/'>Yucy</a>", Some("Yucy")),
        (
            "<a href='/autor/frau-gräte'>Frau Gräte</a>",
            Some("Frau Gräte"),
        ),
        ("<a href='/author/7'>Yucy</a>", None),
        ("<a href='/author/yucy/'>Posts</a>", None),
        ("<a href='/world/people/'>People</a>", None),
    ] {
        assert_eq!(byline_of(below).as_deref(), expected, "{below}");
    }
}

#[test]
fn boxes_around_the_heading_or_right_below_it_are_the_storys_whatever_they_are_called() {
    let author = "<a rel=author href=/7>Ann Example</a>";
    let other = "<div class=teaser><a rel=author href=/8>Bob Sample</a></div>";
    let far = "<p>They left.</p>".repeat(30);
    let story = |html: String| {
        let head = "<title>Fish leave the bay</title><meta property=og:type content=article>";
        metadata(&[head, &html].concat()).byline
    };
    let heading = "<h1>Fish leave the bay</h1>";
    let expected = Some("Ann Example");
    for html in [
        format!("<div class=first-slide>{heading}{author}</div>{far}{other}"),
        format!("{heading}<div class=teaser-meta>{author}</div>{far}{other}"),
        format!(
            "{heading}<aside>{}{author}</aside>{far}{other}",
            "<p>Share</p>".repeat(20)
        ),
    ] {
        assert_eq!(story(html.clone()).as_deref(), expected, "{html}");
    }
    assert_eq!(story(format!("{heading}{far}{other}")), None);
}

#[test]
fn a_blog_s_owner_is_its_author_where_declared_or_marked() {
    let blog = |site: &str, head: &str, below: &str| {
        let html = format!(
            "<title>On fish</title><meta property=og:site_name content='{site}'>\
             <meta property=og:type content=article>{head}<h1>On fish</h1>\
             <time>3 May 2024</time>{below}"
        );
        metadata_at("https://blog.example.org/fish", &html).byline
    };
    let far = "<p>They left.</p>".repeat(200) + "<p class=author>Bob Sample</p>";
    let declared = "<meta name=author content='Ann Example'>";
    let owned = blog("Ann Example", declared, &far);
    assert_eq!(owned.as_deref(), Some("Ann Example"));
    assert_eq!(blog("Ann Example", "", &far).as_deref(), Some("Bob Sample"));
    let both = "<script type=application/ld+json>{\"@type\": \"Article\", \"author\": \
                {\"@type\": [\"Person\", \"Organization\"], \"name\": \"Ann Example\"}}</script>";
    assert_eq!(blog("Fish", both, "").as_deref(), Some("Ann Example"));
    let pseudonym =
        "<span class='author vcard'><a class=fn rel=author href=/about>fishlady</a></span>";
    assert_eq!(blog("Fishlady", "", pseudonym).as_deref(), Some("fishlady"));
    assert_eq!(blog("Fishlady", "", "<p class=author>fishlady</p>"), None);
}

#[test]
fn what_follows_a_name_or_introduces_it_is_none_of_it() {
    for (below, expected) in [
        ("<p class=author>Ann Example @annexample</p>", "Ann Example"),
        ("<p>Text & Fotos: Ann Example</p>", "Ann Example"),
        (
            "<p>Gespeichert von <a class=username href=/user/7>Ann Example</a></p>",
            "Ann Example",
        ),
        ("<p>Submitted by Ann Example</p>", "Ann Example"),
    ] {
        assert_eq!(byline_of(below).as_deref(), Some(expected), "{below}");
    }
}

#[test]
fn the_authors_of_a_list_are_those_of_its_entries() {
    let entry =
        |name: &str| format!("<h2><a href=/{name}>Book</a></h2><p class=author>{name} Writer</p>");
    let list: String = ["Ann", "Bob", "Cem", "Dan", "Eve"].map(entry).concat();
    let page = metadata(&format!(
        "<title>Best books</title><h1>Best books</h1>{list}"
    ));
    assert_eq!(page.byline, None);
}

#[test]
fn a_date_below_the_heading_is_that_of_publication() {
    for below in [
        "<p>3 May 2024</p>",
        "<p>Posted: <b>May 3, 2024</b></p>",
        "<p><a href=/world/fish>May 3, 2024</a></p>",
        "<p><a href=/2024/05>3 May 2024</a></p>",
        "<div><h2><a href=#causes>Causes</a></h2><p>3 May 2024</p></div>",
        "<div><h2><a href=/world/fish/>Fish leave the bay</a></h2><p>3 May 2024</p></div>",
    ] {
        assert_eq!(date_of(below).as_deref(), Some("2024-05-03"), "{below}");
    }
}

#[test]
fn the_date_beside_the_heading_is_the_documents_however_many_follow() {
    let others = ["4 May 2024", "5 May 2024", "6 May 2024", "7 May 2024"]
        .map(|day| format!("<p>Fish were seen again, said the paper of the day.</p><p>{day}</p>"))
        .concat();
    let far = "<p>Nobody knows why they left.</p>".repeat(5);
    let beside = date_of(&format!("<p>3 May 2024</p>{far}{others}"));
    assert_eq!(beside.as_deref(), Some("2024-05-03"));
    assert_eq!(date_of(&format!("{far}{others}")), None);
}

#[test]
fn a_paragraph_may_open_with_the_date() {
    let rest = "Nobody knows why the fish left the bay. ".repeat(5);
    let found = |opening: &str| date_of(&format!("<p>{opening}{rest}</p>"));
    let date = Some("2024-05-03");
    assert_eq!(found("(3 May 2024) ").as_deref(), date);
    assert_eq!(found("Galway, 3 May 2024 – ").as_deref(), date);
    assert_eq!(found("On 3 May 2024 they left. "), None);
}

#[test]
fn what_is_around_the_heading_is_the_documents_whatever_it_is_called() {
    let page = |class: &str, inner: &str, outer: &str| {
        let html = format!(
            "<title>Fish leave the bay</title><div class='{class}'>\
             <h1>Fish leave the bay</h1>{inner}</div><div class=related>{outer}</div>"
        );
        metadata(&html).published
    };
    let date = "<p>3 May 2024</p>";
    let teaser = page("post category-popular", date, "");
    assert_eq!(teaser.as_deref(), Some("2024-05-03"));
    assert_eq!(page("post category-popular", "", date), None);
}

#[test]
fn the_footer_of_an_article_speaks_of_it_that_of_the_page_of_the_site() {
    let footer = "<footer><p>By <a rel=author href=/7>Ann Example</a>, 3 May 2024</p></footer>";
    let page = |inside: &str, behind: &str| {
        metadata(&format!(
            "<title>Fish leave the bay</title><article><h1>Fish leave the bay</h1>\
             <p>Nobody knows why they left.</p>{inside}</article>{behind}"
        ))
    };
    let inside = page(footer, "");
    assert_eq!(inside.published.as_deref(), Some("2024-05-03"));
    assert_eq!(inside.byline.as_deref(), Some("Ann Example"));
    let behind = page("", footer);
    assert_eq!((behind.published, behind.byline), (None, None));
}

#[test]
fn the_only_time_of_a_story_is_its_date_wherever_it_stands() {
    let far = "<p>They left.</p>".repeat(200);
    let page = |kind: &str, times: &str| {
        let html = format!(
            "<title>Fish</title><meta property=og:type content={kind}><h1>Fish</h1>{far}{times}"
        );
        metadata(&html).published
    };
    let time = "<time datetime=2024-05-03>long ago</time>";
    let other = "<time datetime=2024-05-04>long ago</time>";
    assert_eq!(page("article", time).as_deref(), Some("2024-05-03"));
    assert_eq!(page("website", time), None);
    assert_eq!(page("article", &[time, other].concat()), None);
}

#[test]
fn of_two_declared_dates_the_one_that_is_shown_is_meant() {
    let page = |shown: &str| {
        let html = format!(
            "<title>Fish</title><script type=application/ld+json>{{\"@type\": \"Article\", \
             \"datePublished\": \"2021-01-01\"}}</script>\
             <meta property='article:published_time' content='2024-05-03'><h1>Fish</h1>{shown}"
        );
        metadata(&html).published
    };
    assert_eq!(page("<p>3 May 2024</p>").as_deref(), Some("2024-05-03"));
    assert_eq!(page("<p>1 January 2021</p>").as_deref(), Some("2021-01-01"));
    assert_eq!(page("").as_deref(), Some("2021-01-01"));
}

#[test]
fn the_day_of_a_country_s_readers_goes_before_greenwich_s() {
    let page = |language: &str, day: &str| {
        let html = format!(
            "<html lang={language}><title>Fische</title><h1>Fische</h1><p>{day}</p>\
             <meta property='article:published_time' content='2024-05-02T22:00:00Z'>"
        );
        metadata_at("https://www.example-news.de/fische", &html).published
    };
    let universal = Some("2024-05-02T22:00:00Z");
    assert_eq!(page("de", "3.5.2024").as_deref(), Some("2024-05-03"));
    assert_eq!(page("de", "2.5.2024").as_deref(), universal);
    assert_eq!(page("de", "1.5.2024").as_deref(), universal);
    assert_eq!(page("en", "3 May 2024").as_deref(), universal);
}

#[test]
fn the_first_post_of_a_thread_dates_it_though_posts_are_called_comments() {
    let post = |day: &str| format!("<div class=comment><p>{day}</p><p>Worms.</p></div>");
    let html = format!(
        "<title>Which bait?</title><h1>Which bait?</h1>{}{}",
        post("3 May 2024"),
        post("4 May 2024")
    );
    let date = |url: &str| metadata_at(url, &html).published;
    let thread = date("https://forum.example.com/threads/which-bait.9/");
    assert_eq!(thread.as_deref(), Some("2024-05-03"));
    assert_eq!(date("https://example.com/which-bait"), None);
}

#[test]
fn dates_of_other_documents_and_of_events_are_not_the_documents() {
    for below in [
        "<div><h2><a href=/world/birds>Birds come back</a></h2><p>3 May 2024</p></div>",
        "<div><a href=/world/birds><h3>Birds come back</h3></a><time datetime=2024-05-03>May 3</time></div>",
        "<a href=/world/birds><span>Birds come back</span> <span>3 May 2024</span></a>",
        "<p>1/27/2026 - 3/24/2026</p>",
        "<p>3 May 2024 – 5 May 2024</p>",
        "<p>Release date: 3 May 2024</p>",
    ] {
        assert_eq!(date_of(below), None, "{below}");
    }
}

#[test]
fn a_front_page_has_no_date_and_another_without_author_only_what_it_shows() {
    let html = "<title>Example News</title><h1>Fish leave the bay</h1><p>3 May 2024</p>";
    assert_eq!(
        metadata_at("https://www.example-news.com/", html).published,
        None
    );
    let page = |author: &str, shown: &str| {
        let html = format!(
            "<title>Our boats</title><script type=application/ld+json>{{\"@type\": \"WebPage\"{author}, \
             \"datePublished\": \"2024-05-03\"}}</script>\
             <meta property='article:published_time' content='2024-05-03'>\
             <h1>Our boats</h1>{shown}"
        );
        metadata(&html).published
    };
    assert_eq!(page("", ""), None);
    let author = ", \"author\": {\"name\": \"Ann Example\"}";
    let date = Some("2024-05-03");
    assert_eq!(page(author, "").as_deref(), date);
    assert_eq!(page("", "<p>3 May 2024</p>").as_deref(), date);
}

#[test]
fn whoever_started_a_thread_is_named_before_those_who_answered() {
    let user = |name: &str| format!("<a class=username href=/members/{name}.7/>{name}</a>");
    let html = format!(
        "<title>Which bait?</title><main><h1>Which bait?</h1><p>{starter} · <time>3 May 2024</time></p>\
         <div>{starter}<p>The fish don't bite.</p></div>\
         <div itemprop=author>{other}<p>Worms.</p></div></main>",
        starter = user("annie_7"),
        other = user("cem.o"),
    );
    let page = metadata_at("https://forum.example.com/threads/which-bait.9/", &html);
    assert_eq!(page.byline.as_deref(), Some("annie_7"));
}

#[test]
fn a_guest_s_post_says_whose_it_is() {
    let below = "<p>Guest post by Ann Example</p>";
    assert_eq!(byline_of(below).as_deref(), Some("Ann Example"));
}

#[test]
fn a_script_is_nothing_that_readers_see() {
    let script = "<script>var day = '3 May 2024'</script>";
    assert_eq!(date_of(script), None);
}

#[test]
fn whoever_reviewed_or_edited_a_story_is_not_its_author() {
    let below = "<p>By <a rel=author href=/author/1>Ann Example, MD</a></p>\
                 <p>Reviewed by <a rel=author href=/author/2>Bob Sample, PhD</a></p>";
    assert_eq!(byline_of(below).as_deref(), Some("Ann Example, MD"));
    let reviewed = "<p>Medically reviewed by <a rel=author href=/author/2>Bob Sample</a></p>";
    assert_eq!(byline_of(reviewed), None);
}

#[test]
fn a_manual_is_dated_only_where_it_shows_more_than_when_it_was_built() {
    let page = |shown: &str| {
        let html = format!(
            "<title>Joins</title><meta property=og:type content=article>\
             <meta property='article:published_time' content='2024-05-03'><h1>Joins</h1>{shown}"
        );
        metadata_at("https://docs.example.org/18/joins", &html).published
    };
    assert_eq!(page(""), None);
    assert_eq!(page("<p>Last updated 3 May 2024</p>"), None);
    assert_eq!(page("<p>3 May 2024</p>").as_deref(), Some("2024-05-03"));
}

#[test]
fn a_heading_that_leads_to_the_site_is_its_name_and_no_part_of_the_title() {
    let title = |head: &str, headings: &str| {
        let html = format!("<title>{head}</title>{headings}<p>Text.</p>");
        metadata_at("https://blog.example.org/notes/fish", &html).title
    };
    let site = "<h1><a href='/'>On the bay</a></h1>";
    let own = "<h2><a href='/notes/fish'>Why fish leave</a></h2>";
    for (head, headings) in [
        ("On the bay: Why fish leave", [site, own].concat()),
        ("Why fish leave | On the bay", site.to_owned()),
        (
            "Why fish leave",
            "<h1><a href='/notes'>Why</a></h1>".to_owned() + own,
        ),
        (
            "Why fish leave",
            "<h1><a href='/notes/fish'>Why fish leave</a></h1>".to_owned(),
        ),
    ] {
        assert_eq!(
            title(head, &headings).as_deref(),
            Some("Why fish leave"),
            "{headings}"
        );
    }
}

#[test]
fn the_words_over_and_below_a_heading_are_no_part_of_the_title() {
    for heading in [
        "<span class=kicker>From the bay</span> Why fish leave",
        "<span class=topline>From the bay:</span> Why fish leave",
        "Why fish leave <span class=entry-subtitle>And where to</span>",
        "<span class=subtitle>Why fish leave</span>",
    ] {
        let html = format!("<title>Why fish leave the bay</title><h1>{heading}</h1>");
        assert_eq!(
            metadata(&html).title.as_deref(),
            Some("Why fish leave"),
            "{heading}"
        );
    }
}
