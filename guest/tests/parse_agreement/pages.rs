//! Real pages.

use std::fs;
use std::path::PathBuf;

use crate::{oracle, ours};

/// Every file of the directories in `RIPTIDE_PAGES`, colon-separated.
fn pages() -> Vec<PathBuf> {
    let Ok(directories) = std::env::var("RIPTIDE_PAGES") else {
        return Vec::new();
    };
    let mut pages = Vec::new();
    for directory in directories.split(':') {
        let entries =
            fs::read_dir(directory).unwrap_or_else(|error| panic!("{directory}: {error}"));
        pages.extend(entries.map(|entry| entry.expect("a directory that can be read").path()));
    }
    pages.sort();
    pages
}

#[test]
fn real_pages_give_the_same_text_in_the_same_blocks() {
    let pages = pages();
    if pages.is_empty() {
        println!("skipped: RIPTIDE_PAGES names no directory of HTML pages");
        return;
    }
    let (mut same, mut same_links, mut bytes, mut bytes_same, mut apart) = (0, 0, 0, 0, 0);
    for page in &pages {
        let html = String::from_utf8_lossy(&fs::read(page).expect("a readable page")).into_owned();
        let (theirs, ours) = (oracle::outline(&html), ours::outline(&html));
        let links = theirs.targets() == ours.targets();
        let (theirs, ours) = (theirs.texts(), ours.texts());
        if theirs.iter().any(goes_on_behind_its_noscript) {
            apart += 1;
            continue;
        }
        let agreeing = agreeing_bytes(&theirs, &ours);
        bytes += theirs.iter().map(|(_, text)| text.len()).sum::<usize>();
        bytes_same += agreeing;
        same += usize::from(theirs == ours);
        same_links += usize::from(links);
        if theirs != ours || !links {
            println!("{}: {}", page.display(), first_difference(&theirs, &ours));
        }
    }
    let compared = pages.len() - apart;
    let share = |part: usize, whole: usize| 100.0 * part as f64 / whole.max(1) as f64;
    println!(
        "{} pages, {apart} of them set apart: {:.2} % agree in every text and its whole path, {:.2} % in every link and image; {:.4} % of the text",
        pages.len(),
        share(same, compared),
        share(same_links, compared),
        share(bytes_same, bytes),
    );
    assert!(
        share(same, compared) > 99.0,
        "fewer pages agree than should"
    );
    assert!(
        share(bytes_same, bytes) > 99.9,
        "less text agrees than should"
    );
}

/// Whether html5ever, which knows no scripts, takes a `noscript`'s end for text of an element within
/// it. Here that element ends with it: nothing behind it is to be compared.
fn goes_on_behind_its_noscript((path, text): &(String, String)) -> bool {
    path.contains("/noscript/") && text.contains("</noscript>")
}

type Texts = [(String, String)];

fn first_difference(theirs: &Texts, ours: &Texts) -> String {
    let clip = |text: Option<&(String, String)>| match text {
        Some((path, text)) => format!("{path} {:?}", text.chars().take(60).collect::<String>()),
        None => "nothing".to_owned(),
    };
    match theirs.iter().zip(ours).position(|(a, b)| a != b) {
        None if theirs.len() == ours.len() => "links or images alone differ".to_owned(),
        place => {
            let place = place.unwrap_or(theirs.len().min(ours.len()));
            format!(
                "text {place}\n  html5ever: {}\n  ours:      {}",
                clip(theirs.get(place)),
                clip(ours.get(place))
            )
        }
    }
}

/// How much of html5ever's text is in ours under the same path, in order, as a greedy match finds.
fn agreeing_bytes(theirs: &Texts, ours: &Texts) -> usize {
    const AHEAD: usize = 200;
    let (mut next, mut bytes) = (0, 0);
    for text in theirs {
        let window = &ours[next..ours.len().min(next + AHEAD)];
        if let Some(found) = window.iter().position(|other| other == text) {
            next += found + 1;
            bytes += text.1.len();
        }
    }
    bytes
}
