//! Extracts documents with the crate rs-trafilatura and says how long each took, so that no pipe and
//! no JSON is counted: a line in is `[html, url]`, a line out an object.

use std::io::{BufRead, Write};
use std::time::Instant;

use rs_trafilatura::{extract_with_options, Options};
use serde_json::{json, Value};

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let document: Value = serde_json::from_str(&line?)?;
        let text = |at: usize| document[at].as_str().unwrap_or_default();
        let options = Options {
            url: Some(text(1).to_owned()),
            include_links: true,
            include_images: true,
            output_markdown: true,
            ..Options::default()
        };
        let started = Instant::now();
        let extracted = extract_with_options(text(0), &options);
        let milliseconds = started.elapsed().as_secs_f64() * 1000.0;
        let object = match extracted {
            Ok(found) => json!({
                "text": found.content_text,
                "title": found.metadata.title,
                "byline": found.metadata.author,
                "date": found.metadata.date.map(|date| date.to_rfc3339()),
                "milliseconds": milliseconds,
            }),
            Err(_) => json!({ "text": "", "milliseconds": milliseconds }),
        };
        writeln!(out, "{object}")?;
        out.flush()?;
    }
    Ok(())
}
