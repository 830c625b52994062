//! Extract documents natively and print JSON, one object a line: to score, to compare, to debug.
//!
//!     cargo run --release --example extract -- [--mode MODE | --select CSS]... FILE URL
//!     cargo run --release --example extract -- [--mode MODE] --list < list.tsv
//!
//! A line of the list is an id, a file and a URL, separated by tabs. Objects have the fields that
//! `score_extraction.py` reads, and the rest of the content.

use std::io::{BufRead, Write};
use std::process::ExitCode;

use riptide_extractor::{extract, Content, Mode};
use serde_json::{json, Value};

fn main() -> ExitCode {
    match run(std::env::args().skip(1).collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Vec<String>) -> Result<(), String> {
    let mut mode = Mode::Article;
    let mut places = Vec::new();
    let mut list = false;
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--mode" => mode = mode_named(&value()?)?,
            "--select" => {
                let mut selectors = match mode {
                    Mode::Custom(selectors) => selectors,
                    _ => Vec::new(),
                };
                selectors.push(value()?);
                mode = Mode::Custom(selectors);
            }
            "--list" => list = true,
            _ => places.push(argument),
        }
    }
    let mut out = std::io::stdout().lock();
    if list {
        for line in std::io::stdin().lock().lines() {
            let line = line.map_err(|error| error.to_string())?;
            let [id, file, url] = line.split('\t').collect::<Vec<_>>()[..] else {
                return Err(format!("not id, file and URL: {line}"));
            };
            print(&mut out, id, &one(file, url, &mode))?;
        }
        return Ok(());
    }
    let [file, url] = &places[..] else {
        return Err("usage: extract [--mode MODE | --select CSS]... FILE URL".into());
    };
    print(&mut out, file, &one(file, url, &mode))
}

fn mode_named(name: &str) -> Result<Mode, String> {
    match name {
        "article" => Ok(Mode::Article),
        "full" => Ok(Mode::Full),
        "metadata" => Ok(Mode::Metadata),
        _ => Err(format!(
            "no such mode: {name}; article, full, metadata, or --select CSS"
        )),
    }
}

fn one(file: &str, url: &str, mode: &Mode) -> Result<Content, String> {
    let bytes = std::fs::read(file).map_err(|error| format!("{file}: {error}"))?;
    extract(&String::from_utf8_lossy(&bytes), url, mode).map_err(|error| error.to_string())
}

fn print(out: &mut impl Write, id: &str, content: &Result<Content, String>) -> Result<(), String> {
    let object = match content {
        Ok(content) => fields(id, content),
        Err(sentence) => json!({ "id": id, "error": sentence }),
    };
    writeln!(out, "{object}").map_err(|error| error.to_string())
}

fn fields(id: &str, content: &Content) -> Value {
    json!({
        "id": id,
        "url": content.url,
        "title": content.title,
        "byline": content.byline,
        "published_iso": content.published_iso,
        "language": content.language,
        "site_name": content.site_name,
        "description": content.description,
        "categories": content.categories,
        "word_count": content.word_count,
        "reading_time": content.reading_time,
        "quality_score": content.quality_score,
        "links": content.links,
        "media": content.media,
        "text": content.text,
        "markdown": content.markdown,
    })
}
