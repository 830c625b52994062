//! The rules of tree construction, one table for each, and what the tree tells about itself.

use riptide_extractor::parse::{Document, NodeId, Tag, MAX_DEPTH};

/// The subtree as well-formed markup: names, `id` and `href`, text in document order.
fn markup(document: &Document, id: NodeId) -> String {
    let mut out = String::new();
    let mut ends: Vec<(NodeId, &str)> = Vec::new();
    for node in document.descendants(id) {
        while let Some(&(end, name)) = ends.last().filter(|(end, _)| *end <= node) {
            let _ = end;
            out.push_str(&format!("</{name}>"));
            ends.pop();
        }
        if document.is_text(node) {
            out.push_str(&document.text(node));
            continue;
        }
        let name = document.name(node);
        out.push_str(&format!("<{name}"));
        for attribute in ["id", "href"] {
            if let Some(value) = document.attr(node, attribute) {
                out.push_str(&format!(" {attribute}={value}"));
            }
        }
        out.push('>');
        ends.push((document.subtree_end(node), name));
    }
    while let Some((_, name)) = ends.pop() {
        out.push_str(&format!("</{name}>"));
    }
    out
}

/// Checks the body that each input gives in standards mode.
fn check_bodies(cases: &[(&str, &str)]) {
    for (html, expected) in cases {
        let html = format!("<!DOCTYPE html><body>{html}");
        let document = Document::parse(&html);
        let body = document.body().expect("a body");
        assert_eq!(&markup(&document, body), expected, "{html}");
    }
}

#[test]
fn blocks_end_a_paragraph() {
    check_bodies(&[
        ("<p>a<p>b", "<p>a</p><p>b</p>"),
        ("<p>a<div>b</div>c", "<p>a</p><div>b</div>c"),
        ("<p>a<span>b<ul>c", "<p>a<span>b</span></p><ul>c</ul>"),
        (
            "<p>a<table><tr><td>b",
            "<p>a</p><table><tbody><tr><td>b</td></tr></tbody></table>",
        ),
        ("<p>a<h2>b</h2>", "<p>a</p><h2>b</h2>"),
        (
            "<p>a<button><p>b</button>c",
            "<p>a<button><p>b</p></button>c</p>",
        ),
        (
            "<p>a<object><p>b</object>c",
            "<p>a<object><p>b</p></object>c</p>",
        ),
        ("a</p>b", "a<p></p>b"),
    ]);
}

#[test]
fn in_quirks_mode_a_table_stays_in_the_paragraph() {
    let document = Document::parse("<p>a<table><tr><td>b");
    let body = document.body().unwrap();
    assert_eq!(
        markup(&document, body),
        "<p>a<table><tbody><tr><td>b</td></tr></tbody></table></p>"
    );
}

#[test]
fn items_end_the_item_before() {
    check_bodies(&[
        ("<ul><li>a<li>b</ul>c", "<ul><li>a</li><li>b</li></ul>c"),
        ("<ul><li>a<ul><li>b</ul>c<li>d", "<ul><li>a<ul><li>b</li></ul>c</li><li>d</li></ul>"),
        ("<li>a<div><li>b", "<li>a<div></div></li><li>b</li>"),
        ("<li>a<section><li>b", "<li>a<section><li>b</li></section></li>"),
        ("<dl><dt>a<dd>b<dt>c", "<dl><dt>a</dt><dd>b</dd><dt>c</dt></dl>"),
        ("<select><option>a<option>b<optgroup><option>c", "<select><option>a</option><option>b</option><optgroup><option>c</option></optgroup></select>"),
        ("<ruby>a<rp>(<rt>b<rp>)</ruby>", "<ruby>a<rp>(</rp><rt>b</rt><rp>)</rp></ruby>"),
    ]);
}

#[test]
fn headings_and_buttons_do_not_nest() {
    check_bodies(&[
        ("<h1>a<h2>b</h2>", "<h1>a</h1><h2>b</h2>"),
        ("<h1>a</h3>b", "<h1>a</h1>b"),
        ("<button>a<button>b", "<button>a</button><button>b</button>"),
        ("<select>a<select>b", "<select>a</select>b"),
        ("<form id=1>a<form id=2>b</form>c", "<form id=1>ab</form>c"),
    ]);
}

#[test]
fn formatting_is_opened_again_where_a_block_ended_it() {
    check_bodies(&[
        ("<p><b>a<p>b</b>c", "<p><b>a</b></p><p><b>b</b>c</p>"),
        ("<b><b><b><b>a<p>b", "<b><b><b><b>a<p>b</p></b></b></b></b>"),
        (
            "<p><b><b><b><b>a<p>b",
            "<p><b><b><b><b>a</b></b></b></b></p><p><b><b><b>b</b></b></b></p>",
        ),
        (
            "<table><tr><td><b>a<td>b",
            "<table><tbody><tr><td><b>a</b></td><td>b</td></tr></tbody></table>",
        ),
    ]);
}

#[test]
fn misnested_formatting_is_repaired_around_blocks() {
    check_bodies(&[
        ("<b>a<i>b</b>c</i>d", "<b>a<i>b</i></b><i>c</i>d"),
        ("<b>a<p>b</b>c</p>", "<b>a</b><p><b>b</b>c</p>"),
        (
            "<a href=1>a<div>b</a>c</div>",
            "<a href=1>a</a><div><a href=1>b</a>c</div>",
        ),
        ("<a href=1>a<a href=2>b", "<a href=1>a</a><a href=2>b</a>"),
        (
            "<a href=1>a<div>b<a href=2>c",
            "<a href=1>a</a><div><a href=1>b</a><a href=2>c</a></div>",
        ),
        (
            "<b>a<i>b<p>c</b>d",
            "<b>a<i>b</i></b><i><p><b>c</b>d</p></i>",
        ),
    ]);
}

#[test]
fn what_a_table_cannot_hold_goes_before_it() {
    check_bodies(&[
        ("<table>a<tr>b<td>c</table>d", "ab<table><tbody><tr><td>c</td></tr></tbody></table>d"),
        ("<table><p>a<tr><td>b</table>", "<p>a</p><table><tbody><tr><td>b</td></tr></tbody></table>"),
        ("<table> <tr> <td>a", "<table> <tbody><tr> <td>a</td></tr></tbody></table>"),
        ("<div><table><a href=1>x<tr><td>y</table>z", "<div><a href=1>x</a><table><tbody><tr><td>y</td></tr></tbody></table><a href=1>z</a></div>"),
        ("<table><table>a", "<table></table>a<table></table>"),
        ("<table><tr><td><table>a</table>b", "<table><tbody><tr><td>a<table></table>b</td></tr></tbody></table>"),
    ]);
}

#[test]
fn parts_of_tables_are_implied() {
    check_bodies(&[
        (
            "<table><td>a",
            "<table><tbody><tr><td>a</td></tr></tbody></table>",
        ),
        (
            "<table><caption>a<tr><th>b",
            "<table><caption>a</caption><tbody><tr><th>b</th></tr></tbody></table>",
        ),
        (
            "<table><col><tr><td>a",
            "<table><colgroup><col></col></colgroup><tbody><tr><td>a</td></tr></tbody></table>",
        ),
        (
            "<table><thead><tr><td>a<tbody><tr><td>b",
            "<table><thead><tr><td>a</td></tr></thead><tbody><tr><td>b</td></tr></tbody></table>",
        ),
        ("<td>a</td><tr>b", "ab"),
    ]);
}

#[test]
fn some_elements_hold_text_only() {
    check_bodies(&[
        ("<script>a<b>&amp;</script>c", "<script>a<b>&amp;</script>c"),
        (
            "<script><!--<script></script>--></script>a",
            "<script><!--<script></script>--></script>a",
        ),
        ("<style>a</styl></style >b", "<style>a</styl></style>b"),
        (
            "<textarea>\n\na<b>&lt;</textarea>b",
            "<textarea>\na<b><</textarea>b",
        ),
        ("<xmp>a<b></xmp>b", "<xmp>a<b></xmp>b"),
        ("<iframe>a<b></iframe>b", "<iframe>a<b></iframe>b"),
        (
            "<noscript><iframe src=a /></noscript><p>b",
            "<noscript><iframe></iframe></noscript><p>b</p>",
        ),
        ("<pre>\na\n</pre>", "<pre>a\n</pre>"),
        (
            "<plaintext>a</plaintext><b>",
            "<plaintext>a</plaintext><b></plaintext>",
        ),
        (
            "<noscript><p>a</p></noscript>b",
            "<noscript><p>a</p></noscript>b",
        ),
    ]);
}

#[test]
fn svg_and_math_end_where_html_begins() {
    check_bodies(&[
        (
            "<svg><title>a</title><path/><p>b",
            "<svg><title>a</title><path></path></svg><p>b</p>",
        ),
        (
            "<svg><foreignObject><p>a</p></foreignObject>b</svg>c",
            "<svg><foreignobject><p>a</p></foreignobject>b</svg>c",
        ),
        (
            "<svg><![CDATA[a<b]]></svg><![CDATA[c]]>d",
            "<svg>a<b</svg>d",
        ),
        (
            "<math><mi>a<b>c</b></math>d",
            "<math><mi>a<b>c</b></mi></math>d",
        ),
        ("<svg><a href=1>a</a></svg>", "<svg><a href=1>a</a></svg>"),
    ]);
}

#[test]
fn odd_tags_mean_what_browsers_take_them_for() {
    check_bodies(&[
        ("a</br>b", "a<br></br>b"),
        ("<image id=1>", "<img id=1></img>"),
        ("a</>b</ c>d<?e>f<!g>h", "abdfh"),
        ("a<!-->b<!--->c<!-- --!>d<!-- -- >e-->f", "abcdf"),
        ("a < b <3 </", "a < b <3 </"),
        ("a<b", "a"),
        ("<p id=1 id=2 ID=3>a", "<p id=1>a</p>"),
        ("<P ID=1>a</P >", "<p id=1>a</p>"),
        ("<p/>a", "<p>a</p>"),
        ("<x-y>a</X-Y>b", "<x-y>a</x-y>b"),
        ("a</body>b</html>c", "abc"),
        ("a\0b", "ab"),
    ]);
}

#[test]
fn head_and_body_are_implied() {
    for (html, expected) in [
        ("", "<html><head></head><body></body></html>"),
        ("a", "<html><head></head><body>a</body></html>"),
        (
            "\u{feff}<title>a</title>b",
            "<html><head><title>a</title></head><body>b</body></html>",
        ),
        (
            "<html id=1><head></head>\n<meta><body id=2>a",
            "<html id=1><head><meta></meta></head><body id=2>a</body></html>",
        ),
        (
            "<meta><html id=1><body><body id=2>",
            "<html id=1><head><meta></meta></head><body id=2></body></html>",
        ),
        (
            "<head><noscript><link></noscript><p>a",
            "<html><head><noscript><link></link></noscript></head><body><p>a</p></body></html>",
        ),
        (
            "<head><template><p>a</template>b",
            "<html><head><template><p>a</p></template></head><body>b</body></html>",
        ),
        (
            "<frameset><frame></frameset><noframes>a</noframes>",
            "<html><head></head><frameset><frame></frame></frameset><noframes>a</noframes></html>",
        ),
        (
            "<div><frameset>",
            "<html><head></head><frameset></frameset></html>",
        ),
    ] {
        let document = Document::parse(html);
        assert_eq!(markup(&document, document.root()), expected, "{html}");
        assert_eq!(document.tag(document.html().unwrap()), Tag::HTML);
        assert_eq!(document.tag(document.head().unwrap()), Tag::HEAD);
        assert_eq!(
            document.body().is_none(),
            html.contains("<frameset"),
            "{html}"
        );
    }
}

#[test]
fn an_svg_title_is_not_taken_for_the_documents() {
    let document = Document::parse("<svg><title>a</title><style>b</style></svg>");
    let tags: Vec<_> = document
        .descendants(document.body().unwrap())
        .map(|id| document.tag(id))
        .collect();
    assert_eq!(
        tags,
        [Tag::SVG, Tag::UNKNOWN, Tag::TEXT, Tag::STYLE, Tag::TEXT]
    );
}

#[test]
fn attributes_are_read_as_browsers_read_them() {
    let document =
        Document::parse("<a href='/?a=1&amp;b&copy=2' CLASS=\"x  y\" hidden data-x = z =q a/b>");
    let link = document.first_child(document.body().unwrap()).unwrap();
    assert_eq!(document.attr(link, "href").unwrap(), "/?a=1&b&copy=2");
    assert_eq!(document.raw_attr(link, "HREF"), Some("/?a=1&amp;b&copy=2"));
    assert_eq!(document.classes(link).collect::<Vec<_>>(), ["x", "y"]);
    assert_eq!(document.attr(link, "hidden").as_deref(), Some(""));
    assert_eq!(document.attr(link, "hid"), None);
    assert!(!document.has_attr(link, "data"));
    let all: Vec<_> = document.raw_attrs(link).collect();
    let expected = [
        ("href", "/?a=1&amp;b&copy=2"),
        ("CLASS", "x  y"),
        ("hidden", ""),
        ("data-x", "z"),
        ("=q", ""),
        ("a", ""),
        ("b", ""),
    ];
    assert_eq!(all, expected);
}

#[test]
fn the_tree_can_be_walked_in_every_direction() {
    // With nodes out of the source's order as well.
    let document = Document::parse("<table>a<b>b<tr><td>c</table><div>d<p>e</b>f<p>g</div>h");
    for id in document.ids() {
        let children: Vec<_> = document.children(id).collect();
        assert_eq!(document.first_child(id), children.first().copied());
        assert_eq!(document.last_child(id), children.last().copied());
        for pair in children.windows(2) {
            assert_eq!(document.next_sibling(pair[0]), Some(pair[1]));
            assert_eq!(document.prev_sibling(pair[1]), Some(pair[0]));
        }
        for &child in &children {
            assert_eq!(document.parent(child), Some(id));
            assert!(document
                .ancestors(child)
                .any(|ancestor| ancestor == document.root()));
        }
        let last = children
            .last()
            .map_or(id.index() + 1, |&child| document.subtree_end(child).index());
        assert_eq!(document.subtree_end(id).index(), last);
        assert_eq!(document.descendants(id).count(), last - id.index() - 1);
    }
    assert_eq!(document.text_content(document.root()), "abcdefgh");
}

/// How deep the tree is.
fn depth(document: &Document) -> usize {
    let mut depths = vec![0; document.len()];
    for id in document.ids().skip(1) {
        depths[id.index()] = depths[document.parent(id).unwrap().index()] + 1;
    }
    depths.into_iter().max().unwrap()
}

#[test]
fn input_meant_to_hurt_gives_a_tree_in_proportion() {
    const TIMES: usize = 5_000;
    for (before, repeated) in [
        ("", "<div>x"),
        ("", "<p>x"),
        ("", "<b>x"),
        ("", "<b><p>x"),
        ("", "<b id=1><i><p>x"),
        ("", "<b><div>x</b>"),
        ("", "<a href=x><p>x"),
        ("", "<a href=x>x</a>"),
        ("<table>", "x<tr>"),
        ("<table>", "<b>x<i>"),
        ("", "<table><tr><td>x"),
        ("", "<table>x"),
        ("", "<form><div></form>x"),
        ("", "<template>x"),
        ("", "<template><td>x</template>"),
        ("", "<svg>x"),
        ("", "<svg><foreignObject>x"),
        ("", "<math><mi>x"),
        ("", "<object><b>x"),
        ("", "<select><option>x"),
        ("<a ", "x "),
        ("", "<a b c d e f>x"),
        ("", "<x"),
        ("", "<!--x"),
        ("", "x\0"),
        ("", "x&"),
        ("<frameset>", "<frameset>"),
    ] {
        let html = before.to_owned() + &repeated.repeat(TIMES);
        let document = Document::parse(&html);
        let heap = document.heap_bytes();
        assert!(
            heap <= 12 * html.len() + 100_000,
            "{before}{repeated}: {heap} bytes for {}",
            html.len()
        );
        assert!(
            depth(&document) <= 2 * MAX_DEPTH + 10,
            "{before}{repeated}: {}",
            depth(&document)
        );
        let in_tag = before.starts_with("<a")
            || repeated == "<x"
            || repeated == "<!--x"
            || before == "<frameset>";
        let text = document.text_content(document.root()).matches('x').count();
        assert_eq!(text, if in_tag { 0 } else { TIMES }, "{before}{repeated}");
    }
}

#[test]
fn elements_beyond_the_greatest_depth_become_siblings() {
    let html = "<div>".repeat(600) + "<p>deep</p>" + &"</div>".repeat(600) + "<p>shallow";
    let document = Document::parse(&html);
    assert_eq!(depth(&document), MAX_DEPTH + 1);
    let last = document.last_child(document.body().unwrap()).unwrap();
    assert_eq!(markup(&document, last), "shallow");
}

#[test]
fn any_bytes_give_a_tree_whose_links_agree() {
    const BYTES: &[u8] = b"<<<<>>>/!-?&#;x= \"'\n\0abpiu";
    let names = [
        "<table",
        "<td",
        "<svg",
        "</",
        "<template",
        "<select",
        "<a",
        "<p",
        "<!--",
        "&am",
        "&#x",
        "<b ",
    ];
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 33) as usize % below
    };
    for _ in 0..3000 {
        let mut html = String::new();
        for _ in 0..random(60) {
            match random(3) {
                0 => html.push_str(names[random(names.len())]),
                _ => html.push(char::from(BYTES[random(BYTES.len())])),
            }
        }
        let document = Document::parse(&html);
        for id in document.ids().skip(1) {
            let parent = document
                .parent(id)
                .expect("a parent of every node but the first");
            let inside = parent < id && document.subtree_end(id) <= document.subtree_end(parent);
            assert!(inside && document.subtree_end(id) > id, "{html:?}");
            assert!(
                document
                    .attrs(id)
                    .all(|(name, _)| document.has_attr(id, name)),
                "{html:?}"
            );
        }
    }
}
