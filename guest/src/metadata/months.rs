//! Names of months in the languages the web is written in.

/// One line a month: English, German, French, Spanish, Italian, Portuguese, Dutch, Scandinavian,
/// Finnish, Polish, Czech, Slovak, Hungarian, Romanian, Croatian, Turkish, Indonesian, Greek,
/// Russian, Ukrainian, Bulgarian, Arabic (Egypt and the Gulf; the Maghreb; the Levant), Hindi. In
/// the cases that dates use, lower case, separated by a bar.
const NAMES: [&str; 12] = [
    "january|jan|januar|jänner|janvier|janv|enero|ene|gennaio|gen|janeiro|januari|tammikuuta|tammikuu|stycznia|styczeń|ledna|leden|januára|január|jan|ianuarie|ian|siječnja|sijecnja|ocak|oca|ιανουαρίου|ιανουάριος|ιαν|января|янв|январь|січня|януари|يناير|جانفي|كانون الثاني|जनवरी",
    "february|feb|februar|feber|février|fevrier|févr|fév|febrero|febbraio|febb|fevereiro|fev|februari|helmikuuta|helmikuu|lutego|luty|února|únor|februára|február|febr|februarie|veljače|şubat|şub|φεβρουαρίου|φεβρουάριος|φεβ|февраля|фев|февр|февраль|лютого|февруари|فبراير|فيفري|شباط|फरवरी|फ़रवरी",
    "march|mar|märz|maerz|mär|mrz|mars|marzo|março|marco|maart|mrt|maaliskuuta|maaliskuu|marca|marzec|března|březen|marec|március|márc|martie|ožujka|mart|maret|μαρτίου|μάρτιος|μαρ|марта|мар|март|березня|مارس|آذار|أذار|मार्च",
    "april|apr|avril|avr|abril|abr|aprile|huhtikuuta|huhtikuu|kwietnia|kwiecień|dubna|duben|apríla|apríl|április|ápr|aprilie|travnja|nisan|nis|απριλίου|απρίλιος|απρ|апреля|апр|апрель|квітня|април|أبريل|ابريل|إبريل|أفريل|نيسان|अप्रैल",
    "may|mai|mayo|maggio|mag|maio|mei|maj|toukokuuta|toukokuu|maja|května|květen|mája|máj|május|svibnja|mayıs|may|μαΐου|μαίου|μάιος|μαι|μαϊ|мая|май|травня|مايو|ماي|أيار|ايار|मई",
    "june|jun|juni|juin|junio|giugno|giu|junho|kesäkuuta|kesäkuu|czerwca|czerwiec|června|červen|júna|jún|június|jún|iunie|iun|lipnja|haziran|haz|ιουνίου|ιούνιος|ιουν|июня|июн|июнь|червня|юни|يونيو|يونيه|جوان|حزيران|जून",
    "july|jul|juli|juillet|juil|julio|luglio|lug|julho|heinäkuuta|heinäkuu|lipca|lipiec|července|červenec|júla|júl|július|júl|iulie|iul|srpnja|temmuz|tem|ιουλίου|ιούλιος|ιουλ|июля|июл|июль|липня|юли|يوليو|يوليه|جويلية|تموز|जुलाई",
    "august|aug|août|aout|agosto|ago|ago|agustus|elokuuta|elokuu|sierpnia|sierpień|srpna|srpen|augusta|augusztus|augusti|kolovoza|ağustos|ağu|agu|augustus|αυγούστου|αύγουστος|αυγ|августа|авг|август|серпня|أغسطس|اغسطس|أوت|آب|अगस्त",
    "september|sep|sept|septembre|septiembre|setiembre|settembre|sett|set|setembro|syyskuuta|syyskuu|września|wrzesień|září|septembra|szeptember|szept|septembrie|rujna|eylül|eyl|σεπτεμβρίου|σεπτέμβριος|σεπ|сентября|сен|сент|сентябрь|вересня|септември|سبتمبر|شتنبر|أيلول|ايلول|सितंबर",
    "october|oct|oktober|okt|octobre|octubre|ottobre|ott|outubro|out|lokakuuta|lokakuu|października|październik|října|říjen|októbra|október|octombrie|listopada|ekim|eki|οκτωβρίου|οκτώβριος|οκτ|октября|окт|октябрь|жовтня|октомври|أكتوبر|اكتوبر|تشرين الأول|تشرين الاول|अक्टूबर",
    "november|nov|novembre|noviembre|novembro|marraskuuta|marraskuu|listopad|listopadu|novembra|noiembrie|studenoga|kasım|kas|νοεμβρίου|νοέμβριος|νοε|ноября|ноя|нояб|ноябрь|листопада|ноември|نوفمبر|نونبر|تشرين الثاني|नवंबर",
    "december|dec|dezember|dez|décembre|decembre|déc|diciembre|dic|dicembre|dezembro|desember|des|joulukuuta|joulukuu|grudnia|grudzień|prosince|prosinec|decembra|decembrie|prosinca|aralık|ara|δεκεμβρίου|δεκέμβριος|δεκ|декабря|дек|декабрь|грудня|декември|ديسمبر|دجنبر|كانون الأول|كانون الاول|दिसंबर",
];

/// For every byte the lengths of the names that start with it, and of those that end with it, a bit
/// each. A page's dates are looked for by asking after thousands of words, and few pass.
static STARTS: [u64; 256] = lengths(true);
static ENDS: [u64; 256] = lengths(false);

const fn lengths(of_starts: bool) -> [u64; 256] {
    let mut lengths = [0; 256];
    let mut month = 0;
    while month < NAMES.len() {
        let names = NAMES[month].as_bytes();
        let (mut start, mut end) = (0, 0);
        while end <= names.len() {
            if end == names.len() || names[end] == b'|' {
                let byte = names[if of_starts { start } else { end - 1 }];
                lengths[byte as usize] |= 1 << (end - start);
                start = end + 1;
            }
            end += 1;
        }
        month += 1;
    }
    lengths
}

/// Whether a name has the length of a month's that starts and ends as it does.
fn is_plausible(first: Option<&u8>, last: Option<&u8>, length: usize) -> bool {
    let lengths =
        |table: &[u64; 256], byte: Option<&u8>| byte.map_or(0, |&b| table[usize::from(b)]);
    length < 64 && lengths(&STARTS, first) & lengths(&ENDS, last) & (1 << length) != 0
}

/// The number of the month whose name is these two words in lower case.
pub fn month_of_two(first: &str, second: &str) -> Option<u32> {
    let length = first.len() + 1 + second.len();
    is_plausible(first.as_bytes().first(), second.as_bytes().last(), length)
        .then(|| month(&[first, " ", second].concat()))?
}

/// The number of the month with this name in lower case.
///
/// `listopada` is November in Poland and October in Croatia: the larger country wins.
pub fn month(name: &str) -> Option<u32> {
    let bytes = name.as_bytes();
    if !is_plausible(bytes.first(), bytes.last(), bytes.len()) {
        return None;
    }
    if name == "listopada" {
        return Some(11);
    }
    let at = NAMES
        .iter()
        .position(|names| names.split('|').any(|known| known == name))?;
    u32::try_from(at + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_months_of_many_languages() {
        for (name, number) in [
            ("may", 5),
            ("märz", 3),
            ("août", 8),
            ("listopada", 11),
            ("грудня", 12),
            ("شباط", 2),
            ("जून", 6),
        ] {
            assert_eq!(month(name), Some(number), "{name}");
        }
        assert_eq!(month("monday"), None);
        assert_eq!(month(""), None);
        assert_eq!(month_of_two("كانون", "الثاني"), Some(1));
        assert_eq!(month_of_two("to", "day"), None);
    }

    #[test]
    fn no_name_stands_for_two_months() {
        for (at, names) in NAMES.iter().enumerate() {
            for name in names.split('|').filter(|&name| name != "listopada") {
                assert_eq!(month(name), u32::try_from(at + 1).ok(), "{name}");
            }
        }
    }
}
