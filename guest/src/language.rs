//! The language of a document: what it says, otherwise what its text looks like.

use whatlang::{Detector, Lang};

/// As much text as is looked at: more changes nothing.
const SAMPLE_BYTES: usize = 3000;
/// Less text than this is a guess.
const MIN_SAMPLE_CHARS: usize = 24;

/// A language tag in the form of BCP 47: `en`, `pt-BR`, `zh-Hant-TW`; none for what is no tag.
pub fn tag(written: &str) -> Option<String> {
    let first = written.split([',', ';', '.']).next().unwrap_or_default();
    let mut parts = first.trim().split(['-', '_']);
    let primary = parts.next().unwrap_or_default().trim();
    let is_language =
        matches!(primary.len(), 2 | 3) && primary.bytes().all(|byte| byte.is_ascii_alphabetic());
    if !is_language {
        return named(primary);
    }
    let primary = primary.to_ascii_lowercase();
    if matches!(primary.as_str(), "und" | "zxx" | "mul" | "xx") {
        return None;
    }
    let mut tag = primary;
    for part in parts.map(str::trim) {
        let alphabetic = part.bytes().all(|byte| byte.is_ascii_alphabetic());
        match part.len() {
            2 if alphabetic => {
                tag = [&tag, "-", &part.to_ascii_uppercase()].concat();
                break;
            }
            3 if part.bytes().all(|byte| byte.is_ascii_digit()) => {
                tag = [&tag, "-", part].concat();
                break;
            }
            4 if alphabetic && tag.len() <= 3 => {
                tag = [
                    &tag,
                    "-",
                    &part[..1].to_ascii_uppercase(),
                    &part[1..].to_ascii_lowercase(),
                ]
                .concat();
            }
            _ => break,
        }
    }
    Some(tag)
}

/// Names that authors write where a tag belongs.
fn named(name: &str) -> Option<String> {
    let tag = match name.to_ascii_lowercase().as_str() {
        "english" => "en",
        "german" | "deutsch" => "de",
        "french" | "francais" | "français" => "fr",
        "spanish" | "español" | "espanol" => "es",
        "italian" | "italiano" => "it",
        "portuguese" | "português" => "pt",
        "dutch" | "nederlands" => "nl",
        "russian" => "ru",
        "japanese" => "ja",
        "chinese" => "zh",
        _ => return None,
    };
    Some(tag.to_owned())
}

/// The language a text is written in; none for too little text or too little certainty.
pub fn detect(text: &str) -> Option<String> {
    let mut end = text.len().min(SAMPLE_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let sample = &text[..end];
    if sample
        .chars()
        .filter(|c| c.is_alphabetic())
        .take(MIN_SAMPLE_CHARS)
        .count()
        < MIN_SAMPLE_CHARS
    {
        return None;
    }
    let found = Detector::new().detect(sample)?;
    (found.is_reliable() || found.confidence() > 0.5).then(|| short_code(found.lang()).to_owned())
}

/// The two letters of ISO 639-1, which BCP 47 wants where there are two. Without a wildcard, so that
/// a new language of the detector's does not compile before it has its letters.
fn short_code(language: Lang) -> &'static str {
    match language {
        Lang::Epo => "eo",
        Lang::Eng => "en",
        Lang::Rus => "ru",
        Lang::Cmn => "zh",
        Lang::Spa => "es",
        Lang::Por => "pt",
        Lang::Ita => "it",
        Lang::Ben => "bn",
        Lang::Fra => "fr",
        Lang::Deu => "de",
        Lang::Ukr => "uk",
        Lang::Kat => "ka",
        Lang::Ara => "ar",
        Lang::Hin => "hi",
        Lang::Jpn => "ja",
        Lang::Heb => "he",
        Lang::Yid => "yi",
        Lang::Pol => "pl",
        Lang::Amh => "am",
        Lang::Jav => "jv",
        Lang::Kor => "ko",
        Lang::Nob => "nb",
        Lang::Dan => "da",
        Lang::Swe => "sv",
        Lang::Fin => "fi",
        Lang::Tur => "tr",
        Lang::Nld => "nl",
        Lang::Hun => "hu",
        Lang::Ces => "cs",
        Lang::Ell => "el",
        Lang::Bul => "bg",
        Lang::Bel => "be",
        Lang::Mar => "mr",
        Lang::Kan => "kn",
        Lang::Ron => "ro",
        Lang::Slv => "sl",
        Lang::Hrv => "hr",
        Lang::Srp => "sr",
        Lang::Mkd => "mk",
        Lang::Lit => "lt",
        Lang::Lav => "lv",
        Lang::Est => "et",
        Lang::Tam => "ta",
        Lang::Vie => "vi",
        Lang::Urd => "ur",
        Lang::Tha => "th",
        Lang::Guj => "gu",
        Lang::Uzb => "uz",
        Lang::Pan => "pa",
        Lang::Aze => "az",
        Lang::Ind => "id",
        Lang::Tel => "te",
        Lang::Pes => "fa",
        Lang::Mal => "ml",
        Lang::Ori => "or",
        Lang::Mya => "my",
        Lang::Nep => "ne",
        Lang::Sin => "si",
        Lang::Khm => "km",
        Lang::Tuk => "tk",
        Lang::Aka => "ak",
        Lang::Zul => "zu",
        Lang::Sna => "sn",
        Lang::Afr => "af",
        Lang::Lat => "la",
        Lang::Slk => "sk",
        Lang::Cat => "ca",
        Lang::Tgl => "tl",
        Lang::Hye => "hy",
        Lang::Cym => "cy",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_written_as_bcp_47_wants_them() {
        for (written, expected) in [
            ("en", Some("en")),
            ("EN-us", Some("en-US")),
            ("pt_BR", Some("pt-BR")),
            ("zh-hant-tw", Some("zh-Hant-TW")),
            ("es-419", Some("es-419")),
            ("de_DE.UTF-8", Some("de-DE")),
            ("en, fr", Some("en")),
            ("English", Some("en")),
            ("", None),
            ("und", None),
            ("{{lang}}", None),
            ("1", None),
        ] {
            assert_eq!(tag(written).as_deref(), expected, "{written}");
        }
    }

    #[test]
    fn every_language_that_is_detected_has_its_two_letters() {
        let codes: std::collections::HashSet<&str> =
            Lang::all().iter().map(|&lang| short_code(lang)).collect();
        assert_eq!(codes.len(), Lang::all().len());
        for code in codes {
            assert_eq!(tag(code).as_deref(), Some(code));
            assert_eq!(code.len(), 2, "{code}");
        }
        assert_eq!(short_code(Lang::Cym), "cy");
    }

    #[test]
    fn languages_are_told_from_text() {
        for (text, expected) in [
            (
                "The quick brown fox jumps over the lazy dog and runs away from it.",
                Some("en"),
            ),
            (
                "Der schnelle braune Fuchs springt über den faulen Hund und läuft davon.",
                Some("de"),
            ),
            (
                "我们今天去公园散步，天气非常好，大家都很高兴。我们还吃了很多好吃的东西。",
                Some("zh"),
            ),
            ("short", None),
            ("", None),
            ("12345 67890 12345 67890 12345", None),
        ] {
            assert_eq!(detect(text).as_deref(), expected, "{text}");
        }
    }
}
