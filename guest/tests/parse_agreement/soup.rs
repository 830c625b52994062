//! Tag soup from a generator: the same soup every time.

use crate::{oracle, ours};

/// What soup is made of, with bars between. Without `mi`, `annotation-xml`, `foreignObject` and
/// `desc`, which stop a stray end tag by the standard (and here), but not in html5ever; and without
/// document types further in, which html5ever lets white space in tables run across.
const PIECES: &str = "\
    <p>|</p>|<div>|</div>|<b>|</b>|<i>|</i>|<a href=1>|<a href=2>|</a>|<table>|</table>|\
    <tr>|</tr>|<td>|</td>|<th>|<tbody>|<caption>|</caption>|<col>|<ul>|</ul>|<li>|</li>|\
    <dl>|<dt>|<dd>|</dl>|<h1>|</h1>|<h2>|</h3>|<form>|</form>|<button>|</button>|<select>|\
    </select>|<option>|<optgroup>|<svg>|</svg>|<title>t</title>|<g>|</g>|<math>|<mrow>|\
    </math>|<br>|</br>|<hr>|<img src=3>|<font size=1>|</font>|<nobr>|</nobr>|<span>|</span>|\
    <x-y>|</x-y>|<pre>|</pre>|<center>|<object>|</object>|<template>|</template>|<noscript>|\
    </noscript>|<body>|</body>|</html>|<head>|</head>|<script>s</script>|\
    <textarea>\n\n</textarea>|<ruby>|<rt>|<rp>|<blockquote>|</blockquote>|<input>|\
    <input type=hidden>|<!-- c -->| |\n|one|&amp;two|three|<em>|</em>|<code>|</code>|\
    <address>|</address>|<frameset>|<main>|</main>|<circle/>|</mrow>";

#[test]
fn tag_soup_gives_the_same_tree() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 33) as usize % below
    };
    let rounds =
        std::env::var("RIPTIDE_SOUP").map_or(3000, |rounds| rounds.parse().expect("a number"));
    let pieces: Vec<&str> = PIECES.split('|').collect();
    let mut differing = 0;
    for _ in 0..rounds {
        let length = 3 + random(25);
        let mut soup = vec![["", "<!DOCTYPE html>"][random(2)]];
        soup.extend((0..length).map(|_| pieces[random(pieces.len())]));
        if differ(&soup) {
            differing += 1;
            if differing <= 3 {
                report(soup);
            }
        }
    }
    assert_eq!(differing, 0, "of {rounds} soups");
}

fn differ(pieces: &[&str]) -> bool {
    let soup = pieces.concat();
    oracle::outline(&soup).lines() != ours::outline(&soup).lines()
}

/// Shows the difference with as few pieces as still show it.
fn report(mut pieces: Vec<&str>) {
    let mut at = 0;
    while at < pieces.len() {
        let piece = pieces.remove(at);
        if differ(&pieces) {
            at = 0;
        } else {
            pieces.insert(at, piece);
            at += 1;
        }
    }
    let soup = pieces.concat();
    let (theirs, ours) = (oracle::outline(&soup).lines(), ours::outline(&soup).lines());
    println!(
        "{soup:?}\n  html5ever:\n    {}\n  ours:\n    {}",
        theirs.join("\n    "),
        ours.join("\n    ")
    );
}
