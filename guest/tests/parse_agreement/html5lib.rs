//! The cases of html5lib-tests, `tree-construction/*.dat`: from `RIPTIDE_HTML5LIB_TESTS`.

use std::fs;

use crate::{oracle, ours};

/// The inputs of a file that parse a whole document, scripting off or not told.
fn inputs(file: &str) -> Vec<String> {
    let mut inputs = Vec::new();
    for case in format!("\n{file}").split("\n#data\n").skip(1) {
        let Some((input, rest)) = case.split_once("\n#errors") else {
            continue;
        };
        if !rest.contains("#document-fragment") && !rest.contains("#script-on") {
            inputs.push(input.to_owned());
        }
    }
    inputs
}

#[test]
fn the_cases_of_html5lib_give_the_same_tree() {
    let Ok(directory) = std::env::var("RIPTIDE_HTML5LIB_TESTS") else {
        println!("skipped: RIPTIDE_HTML5LIB_TESTS does not name the directory tree-construction");
        return;
    };
    let mut files: Vec<_> = fs::read_dir(&directory)
        .expect("a directory")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "dat"));
    files.sort();
    let (mut cases, mut texts, mut trees) = (0, 0, 0);
    for file in files {
        let content =
            String::from_utf8_lossy(&fs::read(&file).expect("a readable file")).into_owned();
        for input in inputs(&content) {
            let (theirs, ours) = (oracle::outline(&input), ours::outline(&input));
            cases += 1;
            let same_texts = theirs.texts() == ours.texts() && theirs.targets() == ours.targets();
            texts += usize::from(same_texts);
            let (theirs, ours) = (theirs.lines(), ours.lines());
            trees += usize::from(theirs == ours);
            if theirs != ours && (!same_texts || std::env::var("RIPTIDE_ALL").is_ok()) {
                println!(
                    "{}: {input:?}\n  html5ever:\n    {}\n  ours:\n    {}",
                    file.display(),
                    theirs.join("\n    "),
                    ours.join("\n    ")
                );
            }
        }
    }
    println!("{cases} cases: {texts} agree in text and links, {trees} in the whole tree");
    assert!(
        texts as f64 > 0.99 * cases as f64,
        "fewer cases agree than should"
    );
}
