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

/// A name in [`NAMES`]: its month, counted from one, and where it stands there.
#[derive(Clone, Copy)]
struct Name {
    month: u8,
    length: u8,
    start: u16,
}

const SLOTS: usize = 1024;

/// The names by their hash, made while compiling: a page's dates are looked for by asking after
/// thousands of words. Open addressing, at most half full.
static TABLE: [Option<Name>; SLOTS] = table();

const fn table() -> [Option<Name>; SLOTS] {
    let mut table = [None; SLOTS];
    let (mut month, mut count) = (0, 0);
    while month < NAMES.len() {
        let names = NAMES[month].as_bytes();
        let (mut start, mut end, mut hash) = (0, 0, SEED);
        while end <= names.len() {
            if end < names.len() && names[end] != b'|' {
                hash = step(hash, names[end]);
                end += 1;
                continue;
            }
            let mut slot = hash as usize % SLOTS;
            while table[slot].is_some() {
                slot = (slot + 1) % SLOTS;
            }
            table[slot] = Some(Name {
                month: month as u8 + 1,
                length: (end - start) as u8,
                start: start as u16,
            });
            count += 1;
            end += 1;
            (start, hash) = (end, SEED);
        }
        month += 1;
    }
    assert!(count * 2 <= SLOTS);
    table
}

const SEED: u32 = 0x811c_9dc5;

const fn step(hash: u32, byte: u8) -> u32 {
    (hash ^ byte as u32).wrapping_mul(0x0100_0193)
}

/// The number of the month whose name is these two words in lower case.
pub fn month_of_two(first: &str, second: &str) -> Option<u32> {
    look_up([first, " ", second])
}

/// The number of the month with this name in lower case.
///
/// `listopada` is November in Poland and October in Croatia: the larger country wins.
pub fn month(name: &str) -> Option<u32> {
    if name == "listopada" {
        return Some(11);
    }
    look_up([name, "", ""])
}

/// The first month that has the name these parts make together.
fn look_up(parts: [&str; 3]) -> Option<u32> {
    let bytes = || parts.iter().flat_map(|part| part.bytes());
    let mut slot = bytes().fold(SEED, step) as usize % SLOTS;
    loop {
        let name = TABLE[slot]?;
        let start = usize::from(name.start);
        let known = &NAMES[usize::from(name.month) - 1][start..start + usize::from(name.length)];
        if known.bytes().eq(bytes()) {
            return Some(name.month.into());
        }
        slot = (slot + 1) % SLOTS;
    }
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
