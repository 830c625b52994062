//! Whether a document type puts browsers into quirks mode: then a table does not end a paragraph.

use super::{Builder, Mode};

const PREFIXES: &[&str] = &[
    "-//advasoft ltd//dtd html 3.0 aswedit + extensions//",
    "-//as//dtd html 3.0 aswedit + extensions//",
    "-//ietf//dtd html",
    "-//metrius//dtd metrius presentational//",
    "-//microsoft//dtd internet explorer 2.0",
    "-//microsoft//dtd internet explorer 3.0",
    "-//netscape comm. corp.//dtd",
    "-//o'reilly and associates//dtd html",
    "-//softquad software//dtd hotmetal pro 6.0::19990601::extensions to html 4.0//",
    "-//softquad//dtd hotmetal pro 4.0::19971010::extensions to html 4.0//",
    "-//spyglass//dtd html 2.0 extended//",
    "-//sq//dtd html 2.0 hotmetal + extensions//",
    "-//sun microsystems corp.//dtd hotjava",
    "-//w3c//dtd html 3",
    "-//w3c//dtd html 4.0 frameset//",
    "-//w3c//dtd html 4.0 transitional//",
    "-//w3c//dtd html experimental",
    "-//w3c//dtd w3 html//",
    "-//w3o//dtd w3 html 3.0//",
    "-//webtechs//dtd mozilla html",
];
const WHOLE: &[&str] = &[
    "-//w3o//dtd w3 html strict 3.0//en//",
    "-/w3c/dtd html 4.0 transitional/en",
    "html",
];
const WITHOUT_SYSTEM: &[&str] = &[
    "-//w3c//dtd html 4.01 frameset//",
    "-//w3c//dtd html 4.01 transitional//",
];
const SYSTEM: &str = "http://www.ibm.com/data/dtd/v11/ibmxhtml1-transitional.dtd";

impl Builder<'_> {
    #[cold]
    pub(super) fn doctype(&mut self, start: u32, end: u32) {
        if self.mode == Mode::Initial {
            self.quirks = is_quirky(self.raw(start, end));
            self.mode = Mode::BeforeHtml;
        }
    }
}

/// `declaration` is what follows `<!DOCTYPE`, up to and including `>`.
fn is_quirky(declaration: &str) -> bool {
    let Some(declaration) = declaration.strip_suffix('>') else {
        return true;
    };
    let declaration = declaration.trim_ascii();
    let name_end = declaration
        .bytes()
        .position(|b| b.is_ascii_whitespace())
        .unwrap_or(declaration.len());
    let (name, rest) = declaration.split_at(name_end);
    if !name.eq_ignore_ascii_case("html") {
        return true;
    }
    let rest = rest.trim_ascii();
    let (public, system) = if let Some(rest) = strip_word(rest, "public") {
        let Some((public, rest)) = quoted(rest) else {
            return true;
        };
        (
            Some(public.to_ascii_lowercase()),
            quoted(rest).map(|(system, _)| system),
        )
    } else if let Some(rest) = strip_word(rest, "system") {
        let Some((system, _)) = quoted(rest) else {
            return true;
        };
        (None, Some(system))
    } else {
        return !rest.is_empty();
    };
    let public = public.as_deref();
    public.is_some_and(|public| {
        WHOLE.contains(&public)
            || PREFIXES.iter().any(|prefix| public.starts_with(prefix))
            || system.is_none()
                && WITHOUT_SYSTEM
                    .iter()
                    .any(|prefix| public.starts_with(prefix))
    }) || system.is_some_and(|system| system.eq_ignore_ascii_case(SYSTEM))
}

fn strip_word<'s>(text: &'s str, word: &str) -> Option<&'s str> {
    let head = text.get(..word.len())?;
    head.eq_ignore_ascii_case(word).then(|| &text[word.len()..])
}

/// The quoted string that comes next, and what follows it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_ascii_start();
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    text[1..].split_once(quote)
}

#[cfg(test)]
mod tests {
    use super::is_quirky;

    #[test]
    fn document_types_are_told_apart() {
        for (declaration, quirky) in [
            (" html>", false),
            (" HTML >", false),
            (">", true),
            (" xhtml>", true),
            (" html SYSTEM \"about:legacy-compat\">", false),
            (" html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\" \"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd\">", false),
            (" HTML PUBLIC \"-//W3C//DTD HTML 4.01 Transitional//EN\" \"http://www.w3.org/TR/html4/loose.dtd\">", false),
            (" HTML PUBLIC \"-//W3C//DTD HTML 4.01 Transitional//EN\">", true),
            (" HTML PUBLIC '-//W3C//DTD HTML 4.0 Transitional//EN'>", true),
            (" HTML PUBLIC \"-//W3C//DTD HTML 3.2 Final//EN\">", true),
            (" html PUBLIC>", true),
            (" html whatever>", true),
            (" html", true),
        ] {
            assert_eq!(is_quirky(declaration), quirky, "{declaration}");
        }
    }
}
