//! The words that introduce an author: `written by`, `Von`, `文／`.

/// The words, in lower case.
const STARTS: [&str; 88] = [
    "guest post by",
    "post by",
    "written by",
    "posted by",
    "submitted by",
    "gespeichert von",
    "eingereicht von",
    "soumis par",
    "enviado por",
    "postado por",
    "geplaatst door",
    "published by",
    "reported by",
    "story by",
    "words by",
    "text by",
    "article by",
    "created by",
    "started by",
    "by:",
    "by",
    "authors:",
    "author:",
    "veröffentlicht von",
    "geschrieben von",
    "ein artikel von",
    "ein beitrag von",
    "von:",
    "von",
    "publié par",
    "écrit par",
    "par",
    "escrito por",
    "publicado por",
    "por:",
    "por",
    "scritto da",
    "di",
    "door",
    "autor:",
    "text:",
    "text & fotos:",
    "text und fotos:",
    "texte et photos :",
    "texto y fotos:",
    "testo e foto:",
    "автор:",
    "作者：",
    "作者:",
    "author",
    "authors",
    "autor",
    "autorin",
    "auteur",
    "autore",
    "vom",
    "verfasst von",
    "erstellt von",
    "eingestellt von",
    "gepostet von",
    "text von",
    "bericht von",
    "ein gastbeitrag von",
    "redaktion:",
    "interview:",
    "rédigé par",
    "redactie:",
    "publicado por:",
    "articolo di",
    "a cura di",
    "文：",
    "文/",
    "文／",
    "记者：",
    "記者：",
    "责任编辑：",
    "責任編輯：",
    "撰文：",
    "執筆：",
    "執筆者：",
    "著者：",
    "ライター：",
    "بقلم",
    "بقلم:",
    "كتب:",
    "الكاتب:",
    "글:",
    "기자:",
];

/// What follows the words that introduce an author; none where there are none.
pub fn introduced(text: &str) -> Option<&str> {
    introduction(text).map(|(rest, _)| rest)
}

/// What follows the words that introduce an author, and whether they mean nothing else: `by` alone
/// may also say when or how.
pub fn introduction(text: &str) -> Option<(&str, bool)> {
    // Chinese and Japanese set what is on one line apart by wide spaces.
    let wide = || {
        text.split('\u{3000}')
            .skip(1)
            .find_map(introduction_at_start)
    };
    introduction_at_start(text).or_else(wide)
}

fn introduction_at_start(text: &str) -> Option<(&str, bool)> {
    let mut text = text.trim_start_matches(|c: char| {
        c.is_whitespace() || matches!(c, '–' | '-' | '|' | '•' | '·')
    });
    let (mut found, mut strong) = (false, false);
    loop {
        let start = STARTS.iter().find(|start| {
            let head = text.get(..start.len());
            let rest = text.get(start.len()..).unwrap_or_default();
            head.is_some_and(|head| is_in_lower_case(head, start))
                && (rest.is_empty()
                    || start.ends_with([':', '：', '/', '／'])
                    || rest
                        .starts_with(|c: char| c.is_whitespace() || matches!(c, ':' | ',' | '|')))
        });
        match start {
            Some(start) => {
                let of_editor = matches!(
                    *start,
                    "责任编辑：" | "責任編輯：" | "redaktion:" | "redactie:"
                );
                strong |= start.contains([' ', ':', '：', '／', '/']) && !of_editor;
                text = text[start.len()..]
                    .trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ':' | ',' | '|'))
            }
            None => return found.then_some((text, strong)),
        }
        found = true;
    }
}

/// Whether a text is this one in lower case, of the same length. Every text of a page is asked after
/// every word that introduces an author, so most are told apart by their first byte.
pub fn is_in_lower_case(text: &str, lower: &str) -> bool {
    let first = |text: &str| text.as_bytes().first().map(u8::to_ascii_lowercase);
    first(text) == first(lower)
        && if lower.is_ascii() {
            text.eq_ignore_ascii_case(lower)
        } else {
            text.to_lowercase() == lower
        }
}
