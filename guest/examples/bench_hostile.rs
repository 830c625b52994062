//! What input meant to hurt costs: `cargo run --release --example bench_hostile [-- --megabytes N]`
//!
//! Every kind is parsed at half the size and the whole size: the time must double, not quadruple.

use std::env;
use std::hint::black_box;
use std::time::Instant;

use riptide_extractor::parse::Document;

/// What is repeated, after what and before what.
const KINDS: &[(&str, &str, &str, &str)] = &[
    ("text", "", "word ", ""),
    ("brackets", "", "<", ""),
    ("slashes", "", "</", ""),
    ("ampersands", "", "&", ""),
    ("NULs", "", "\0", ""),
    ("nested divs", "", "<div>", ""),
    ("nested divs with text", "", "<div>x", ""),
    ("divs and their ends", "", "<div>x</div>", ""),
    ("unclosed p", "", "<p>x", ""),
    ("p ends without p", "", "</p>x", ""),
    ("p below spans", "<p>", "<span>", "<div>"),
    ("div in p in spans", "", "<p><span>x<div>", ""),
    ("unclosed b", "", "<b>x", ""),
    ("b and p", "", "<b><p>x", ""),
    (
        "fonts that differ",
        "",
        "<font color=\u{1}>",
        "<p>x<p>x<p>x",
    ),
    ("misnested b and div", "", "<b><div>x</b>", ""),
    ("misnested a and p", "", "<a href=x><p>y", ""),
    (
        "adoption in depth",
        "<b><i><u><s><em>",
        "<div>x</b></i>",
        "",
    ),
    ("ends of b", "<div><div><div>", "</b>", ""),
    ("links", "", "<a href=/a>b</a>", ""),
    ("one tag, many attributes", "<a ", "a ", ">"),
    ("attributes that differ", "<a ", "a\u{1}=b ", ">"),
    (
        "many tags, many attributes",
        "",
        "<b a b c d e f g h i j>",
        "",
    ),
    ("an attribute without end", "<a href=\"", "x", ""),
    ("a comment without end", "<!--", "-", ""),
    ("comments", "", "<!---->", ""),
    ("a giant table", "<table>", "<tr><td>x", ""),
    ("nested tables", "", "<table><tr><td>x", ""),
    ("text in a table", "<table>", "x<tr>", ""),
    ("elements in a table", "<table>", "<b>x<i>", ""),
    ("tables in tables", "", "<table><i>x", ""),
    ("lists", "", "<ul><li>x", ""),
    ("forms", "", "<form><div></form>x", ""),
    ("buttons", "", "<button>x", ""),
    ("options", "<select>", "<option>x", ""),
    ("templates", "", "<template>x", ""),
    ("templates and cells", "", "<template><td>x</template>", ""),
    ("objects", "", "<object><b>x", ""),
    ("svg", "", "<svg>x", ""),
    ("foreignObject", "", "<svg><foreignObject>x", ""),
    ("svg and p", "", "<svg><p>x", ""),
    ("math", "", "<math><mi>x", ""),
    ("unknown elements", "", "<x-y>z", ""),
    ("unknown ends", "<x-y>", "</x-z>", ""),
    ("scripts", "", "<script>x</script>", ""),
    ("a script without end", "<script>", "</scrip", ""),
    ("escaped scripts", "<script>", "<!--<script>x", ""),
    ("titles without end", "", "<title>", ""),
    ("html tags", "", "<html a=b>", ""),
    ("head after head", "<head></head>", "<meta>", ""),
    ("framesets", "", "<frameset>", ""),
    ("CDATA", "<svg>", "<![CDATA[x]]>", ""),
];

fn main() {
    let argument = env::args()
        .skip_while(|argument| argument != "--megabytes")
        .nth(1);
    let megabytes: f64 =
        argument.map_or(4.0, |number| number.parse().expect("a number of megabytes"));
    println!(
        "{:28} {:>9} {:>9} {:>6} {:>10} {:>6}",
        "kind", "half ms", "whole ms", "ratio", "bytes/byte", "depth"
    );
    for (name, before, repeated, after) in KINDS {
        let half = time(&soup(before, repeated, after, megabytes * 0.5));
        let whole = time(&soup(before, repeated, after, megabytes));
        println!(
            "{name:28} {:>9.2} {:>9.2} {:>6.2} {:>10.2} {:>6}",
            half.0,
            whole.0,
            whole.0 / half.0,
            whole.1,
            whole.2,
        );
    }
}

/// `repeated` up to that many megabytes; U+0001 in it becomes a number that counts up.
fn soup(before: &str, repeated: &str, after: &str, megabytes: f64) -> String {
    let bytes = (megabytes * 1e6) as usize;
    let mut html = String::with_capacity(bytes + 64);
    html.push_str(before);
    let mut number = 0;
    while html.len() < bytes {
        match repeated.split_once('\u{1}') {
            Some((start, end)) => {
                html.push_str(&format!("{start}{number}{end}"));
                number += 1;
            }
            None => html.push_str(repeated),
        }
    }
    html.push_str(after);
    html
}

/// Milliseconds, bytes of tree per byte of HTML, greatest depth.
fn time(html: &str) -> (f64, f64, usize) {
    let start = Instant::now();
    let document = black_box(Document::parse(black_box(html)));
    let milliseconds = start.elapsed().as_secs_f64() * 1e3;
    let mut depths = vec![0usize; document.len()];
    for id in document.ids().skip(1) {
        depths[id.index()] = document
            .parent(id)
            .map_or(0, |parent| depths[parent.index()] + 1);
    }
    let depth = depths.into_iter().max().unwrap_or_default();
    (
        milliseconds,
        document.heap_bytes() as f64 / html.len() as f64,
        depth,
    )
}
