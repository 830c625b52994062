//! Time and memory of building trees: `cargo run --release --example bench_parse -- --data DIR...`
//!
//! Every file of the directories is parsed `ROUNDS` times; the fastest round of each counts.

use std::hint::black_box;
use std::time::{Duration, Instant};
use std::{env, fs};

use riptide_extractor::parse::Document;

const ROUNDS: usize = 5;

fn main() {
    let directories: Vec<String> = env::args()
        .skip(1)
        .filter(|argument| argument != "--data")
        .collect();
    let pages: Vec<String> = directories
        .iter()
        .flat_map(|directory| pages(directory))
        .collect();
    if pages.is_empty() {
        println!(
            "no pages in {}: name a directory with --data",
            directories.join(", ")
        );
        return;
    }
    let mut total = Duration::ZERO;
    let (mut bytes, mut nodes, mut held) = (0, 0, 0);
    for page in &pages {
        let best = (0..ROUNDS).map(|_| {
            let start = Instant::now();
            black_box(Document::parse(black_box(page)));
            start.elapsed()
        });
        total += best.min().unwrap_or_default();
        let document = Document::parse(page);
        bytes += page.len();
        nodes += document.len();
        held += document.heap_bytes();
    }
    let megabytes = bytes as f64 / 1e6;
    println!(
        "{} pages, {megabytes:.1} MB: {:.3} ms/MB, {:.0} bytes of HTML a node, {:.2} bytes of tree a byte of HTML",
        pages.len(),
        total.as_secs_f64() * 1e3 / megabytes,
        bytes as f64 / nodes as f64,
        held as f64 / bytes as f64,
    );
}

fn pages(directory: &str) -> Vec<String> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    let mut files: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    files
        .iter()
        .flat_map(fs::read)
        .map(|page| String::from_utf8_lossy(&page).into_owned())
        .collect()
}
