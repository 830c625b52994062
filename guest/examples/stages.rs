//! Times the stages of the engine over a folder of pages: `stages DIR`.

use std::fs;
use std::time::{Duration, Instant};

use riptide_extractor::blocks::segment;
use riptide_extractor::classify::{judge, model::Model, select, Favor, Scope};
use riptide_extractor::features::{block::Describer, page::Page, records::Records, Row};
use riptide_extractor::parse::Document;
use riptide_extractor::{extract, Mode};

fn main() -> std::io::Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_default();
    let mut paths: Vec<_> = fs::read_dir(folder)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    paths.sort();
    let pages: Vec<String> = paths
        .iter()
        .filter_map(|path| fs::read(path).ok())
        .map(|b| String::from_utf8_lossy(&b).into_owned())
        .collect();
    let model = Model::shipped();
    let mut times = [Duration::ZERO; 7];
    let mut blocks_seen = 0;
    for html in &pages {
        let mut clock = Clock(Instant::now());
        let document = Document::parse(html);
        times[0] += clock.lap();
        let blocks = segment(&document, &model.tables);
        times[1] += clock.lap();
        let page = Page::of(&blocks);
        let mut row = Row::default();
        page.describe(&document, &blocks, "https://example.org/a", &mut row);
        times[2] += clock.lap();
        let records = Records::new(&blocks);
        let describer = Describer::new(&blocks, &page, &records);
        for index in 0..blocks.blocks.len() {
            row.clear();
            describer.describe(index, &mut row);
        }
        times[3] += clock.lap();
        blocks_seen += judge(&model, &document, &blocks, "https://example.org/a")
            .chances
            .len();
        times[4] += clock.lap();
        let selection = select(
            &document,
            "https://example.org/a",
            Scope::Article,
            Favor::Balanced,
        );
        std::hint::black_box(selection.nodes.len());
        times[5] += clock.lap();
        let content = extract(html, "https://example.org/a", &Mode::Article);
        std::hint::black_box(content.is_ok());
        times[6] += clock.lap();
    }
    let bytes: usize = pages.iter().map(String::len).sum();
    println!(
        "{} pages, {} bytes and {} blocks each",
        pages.len(),
        bytes / pages.len().max(1),
        blocks_seen / pages.len().max(1)
    );
    for (name, time) in [
        "parse",
        "segment",
        "page",
        "blocks",
        "judge (page, blocks, trees)",
        "select (all but parse)",
        "everything, as the guest does",
    ]
    .iter()
    .zip(times)
    {
        println!(
            "{name:<30}{:>8.3} ms a page",
            time.as_secs_f64() * 1000.0 / pages.len().max(1) as f64
        );
    }
    Ok(())
}

struct Clock(Instant);

impl Clock {
    fn lap(&mut self) -> Duration {
        let now = Instant::now();
        let lap = now - self.0;
        self.0 = now;
        lap
    }
}
