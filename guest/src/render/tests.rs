//! Markdown by example.

use super::markdown;
use crate::address::Base;
use crate::keep::Kept;
use crate::parse::Document;

fn of(html: &str) -> String {
    let document = Document::parse(html);
    let base = Base::new("https://example.com/a/").expect("a URL");
    markdown(&document, &Kept::body(&document), &base)
}

fn assert_all(cases: &[(&str, &str)]) {
    for (html, expected) in cases {
        assert_eq!(&of(html), expected, "{html}");
    }
}

#[test]
fn headings_and_paragraphs() {
    assert_all(&[
        (
            "<h1>One</h1><h3> Two\n<b>three</b></h3><p>Four</p>five",
            "# One\n\n### Two three\n\nFour\n\nfive",
        ),
        ("<h2></h2><p> </p><div><div></div></div>x", "x"),
        (
            "<h2>a<br>b</h2><h2><div>c</div><div>d</div></h2>",
            "## a b\n\n## c d",
        ),
        (
            "<h2>Title<a class=headerlink href=#t>¶</a></h2>",
            "## Title",
        ),
        (
            "<h2><p>A paragraph in a heading</p></h2>",
            "A paragraph in a heading",
        ),
        ("a<br>b<br><br>c<br>", "a  \nb\n\nc"),
        ("<p>a</p><hr><hr><p>b</p><hr>", "a\n\n---\n\nb"),
        ("<div>a<p>b</p>c</div>", "a\n\nb\n\nc"),
    ]);
}

#[test]
fn emphasis_keeps_white_space_outside() {
    assert_all(&[
        ("a<b> b </b>c", "a **b** c"),
        ("<b></b>x<i> </i>y", "x y"),
        ("<strong><b>x</b></strong>", "**x**"),
        ("<b>x<i>y</i></b>", "**x*y***"),
        ("<b>a</b><b>b</b>", "**ab**"),
        ("<b>Was $12</b><i>Now</i> $9", "**Was $12** *Now* $9"),
        ("<b><p>a</p><p>b</p></b>", "**a**\n\n**b**"),
        (
            "<del>a</del> <q>b</q> H<sub>2</sub>O 10<sup>6</sup>",
            "~~a~~ “b” H<sub>2</sub>O 10<sup>6</sup>",
        ),
        ("<em>a<br>b</em>", "*a  \nb*"),
    ]);
}

#[test]
fn links_and_images_are_absolute() {
    assert_all(&[
        (
            "<a href=/x>one <b>two</b></a>.",
            "[one **two**](https://example.com/x).",
        ),
        (
            "<a href='b(c)'>x</a>",
            "[x](https://example.com/a/b%28c%29)",
        ),
        (
            "<a href=#top>x</a> <a>y</a> <a href='javascript:z()'>z</a>",
            "x y z",
        ),
        ("<a href=x></a>y", "y"),
        (
            "<img src=p.jpg alt='A [b]\nc'>",
            "![A b c](https://example.com/a/p.jpg)",
        ),
        (
            "<a href=/x><img src=p.jpg alt=P></a>",
            "![P](https://example.com/a/p.jpg)",
        ),
        (
            "<a href=/x><h3>T</h3><p>d</p></a>",
            "### [T](https://example.com/x)\n\nd",
        ),
        (
            "<figure><img src=p.jpg><figcaption>C</figcaption></figure>",
            "![](https://example.com/a/p.jpg)\n\nC",
        ),
    ]);
}

#[test]
fn lists_nest_and_count() {
    assert_all(&[
        ("<ul><li>a<li>b</ul>c", "- a\n- b\n\nc"),
        (
            "x<ul><li>a<ul><li>b<li>c</ul><li>d</ul>",
            "x\n\n- a\n  - b\n  - c\n- d",
        ),
        ("<ol><li>a<li>b</ol>", "1. a\n2. b"),
        (
            "<ol start=9><li>a<li>b<ul><li>c</ul></ol>",
            "9. a\n10. b\n    - c",
        ),
        ("<ol><li value=5>a<li>b</ol>", "5. a\n6. b"),
        (
            "<ul><li><p>a</p><p>b</p><li><p>c</p></ul>",
            "- a\n\n  b\n- c",
        ),
        ("<ul><li></li><li>a</li><li> </li></ul>", "- a"),
        ("<ul><li><h3>T</h3>x</ul>", "- **T**\n\n  x"),
        ("<ul><li>a<pre>b</pre></ul>", "- a\n\n  ```\n  b\n  ```"),
        (
            "<dl><dt>a<dd>b<dd>c<dt>d<dd>e</dl>",
            "a\n: b\n: c\n\nd\n: e",
        ),
        ("<ul><li>a</ul><ul><li>b</ul>", "- a\n\n- b"),
    ]);
}

#[test]
fn quotations_and_code() {
    assert_all(&[
        (
            "<blockquote><p>a</p><p>b</p></blockquote><p>c",
            "> a\n>\n> b\n\nc",
        ),
        (
            "a<blockquote>b<blockquote>c</blockquote></blockquote>",
            "a\n\n> b\n>\n> > c",
        ),
        (
            "<blockquote><ul><li>a<li>b</ul></blockquote>",
            "> - a\n> - b",
        ),
        (
            "Use <code>a_b()</code> or <kbd>`</kbd>",
            "Use `a_b()` or `` ` ``",
        ),
        (
            "<pre><code class=language-rust>fn main() {\n    x\n}\n</code></pre>",
            "```rust\nfn main() {\n    x\n}\n```",
        ),
        ("<pre>a\n\n```\nb</pre>", "````\na\n\n```\nb\n````"),
        ("<code>a<p>b</p></code>", "a\n\nb"),
    ]);
}

#[test]
fn tables_have_headers() {
    assert_all(&[
        (
            "<table><thead><tr><th>a<th>b</thead><tbody><tr><td>1|2<td> <tr><td><b>3</b><td><a href=/x>4</a></tbody></table>z",
            "| a | b |\n| --- | --- |\n| 1\\|2 |  |\n| **3** | [4](https://example.com/x) |\n\nz",
        ),
        ("<table><caption>C</caption><tr><td>a<td>b<tr><td>c<td>d</table>", "C\n\n| a | b |\n| --- | --- |\n| c | d |"),
        ("<table><tr><th colspan=2>a<tr><td>b<td>c</table>", "| a |  |\n| --- | --- |\n| b | c |"),
        ("<table><tr><th>a<th>b<tr><td rowspan=2>c<td>d<tr><td>e</table>", "| a | b |\n| --- | --- |\n| c | d |\n|  | e |"),
        ("<table><tr><td>a<td><p>b</p><p>c</p><tr><td>d<td>e<br>f</table>", "| a | b<br>c |\n| --- | --- |\n| d | e<br>f |"),
        ("<table><tr><td>a</td></tr><tr><td>b</td></tr></table>", "a\n\nb"),
        ("<table role=presentation><tr><td>a<td>b<tr><td>c<td>d</table>", "a\n\nb\n\nc\n\nd"),
        ("<table><tr><td><table><tr><td>a<td>b<tr><td>c<td>d</table></table>", "| a | b |\n| --- | --- |\n| c | d |"),
        ("<ul><li>x<table><tr><td>a<td>b<tr><td>c<td>d</table></ul>", "- x\n\n  | a | b |\n  | --- | --- |\n  | c | d |"),
    ]);
}

#[test]
fn footnotes_are_footnotes() {
    assert_all(&[
        (
            "<p>Fact<sup><a href=#fn1 id=fnref1>1</a></sup>.</p><ol><li id=fn1><p>Source <a href=#fnref1 class=footnote-backref>↩</a></p></ol>",
            "Fact[^1].\n\n[^1]: Source",
        ),
        (
            "<p>Fact<sup>[<a href=#cite_note-2>2</a>]</sup></p><ul><li id=cite_note-2><a href=#cite_ref-2>^</a> Source</ul>",
            "Fact[^2]\n\n[^2]: Source",
        ),
        (
            "<p>Fact<a href='#_ftn1' name='_ftnref1'>[1]</a></p><p><a href='#_ftnref1' name='_ftn1'>[1]</a> Source</p>",
            "Fact[^1]\n\n[^1]: Source",
        ),
        ("<p>Fact<a href=#fn1>1</a></p><div id=fn1>Source</div>", "Fact[^1]\n\n[^1]: Source"),
        ("<a href=#note-on-fish>Fish</a>", "Fish"),
    ]);
}

#[test]
fn formulas_keep_their_source() {
    assert_all(&[
        ("x <math><mi>a</mi><annotation encoding='application/x-tex'>{\\displaystyle a_1}</annotation></math>", "x $a_1$"),
        ("x<script type='math/tex; mode=display'>\\frac{a}{b}</script>", "x\n\n$$\\frac{a}{b}$$"),
        ("so \\(x_{1} * y_{2}\\) holds", "so \\(x_{1} * y_{2}\\) holds"),
        (
            "<span class=katex><span class=katex-mathml><math><mi>a</mi><annotation encoding='application/x-tex'>a</annotation></math></span>\
             <span class=katex-html aria-hidden=true>a</span></span>",
            "$a$",
        ),
    ]);
}

#[test]
fn text_is_escaped_only_where_it_would_be_markup() {
    assert_all(&[
        (
            "snake_case *x* 2 * 3 [1] #tag",
            "snake_case \\*x\\* 2 * 3 [1] #tag",
        ),
        ("<p># no heading<p>1. a list", "\\# no heading\n\n1. a list"),
        ("&lt;div&gt; 1 &lt; 2", "\\<div> 1 < 2"),
        ("a<br># b<br>== c", "a  \n\\# b  \n\\== c"),
        ("<p>-<p>12.", "\\-\n\n12\\."),
        ("<p>* * *<p>- - -", "\\* * *\n\n\\- - -"),
        ("<h2>C #</h2>", "## C \\#"),
        (
            "Look!<a href=/x>a]b</a>",
            "Look\\![a\\]b](https://example.com/x)",
        ),
        ("<b>a *</b>", "**a \\***"),
    ]);
}

#[test]
fn depth_costs_no_more_than_its_elements() {
    for tags in [
        ["<ul><li>", "</li></ul>"],
        ["<blockquote>", "</blockquote>"],
        ["<b>", "</b>"],
        ["<table><tr><td>", ""],
        ["<a href=x>", ""],
        ["<code>", ""],
    ] {
        let html = format!("{}x{}", tags[0].repeat(3_000), tags[1].repeat(3_000));
        let markdown = of(&html);
        assert!(
            markdown.contains('x') && markdown.len() < 200,
            "{}: {} bytes",
            tags[0],
            markdown.len()
        );
    }
}
