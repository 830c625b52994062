//! When a document was published.

use super::dates;
use super::linked::LinkedData;
use super::moment::Moment;
use super::paths;
use super::places::Places;
use crate::address::Base;

/// The names that articles and posts say their date with.
const OF_STORIES: &[&str] = &[
    "article:published_time",
    "og:article:published_time",
    "article:published",
    "og:published_time",
    "og:publish_date",
    "datepublished",
    "parsely-pub-date",
    "sailthru.date",
    "pubdate",
    "publishdate",
    "publish-date",
    "publish_date",
    "published-date",
    "published_time",
    "publication_date",
    "article.published",
    "article:post_date",
    "bt:pubdate",
    "citation_publication_date",
    "citation_online_date",
    "published",
    "publish_time",
    "date_published",
    "pub_date",
    "dateposted",
    "article_date_original",
];

/// Names that any page may carry, and that then say when its file was made.
const OF_PAGES: [&str; 14] = [
    "cxenseparse:recs:publishtime",
    "cxenseparse:publishtime",
    "published_at",
    "rnews:datepublished",
    "dc.date.issued",
    "dc.date.created",
    "dcterms.issued",
    "dcterms.created",
    "dcterms.date",
    "dc.date",
    "citation_date",
    "timestamp",
    "article:create_at",
    "date",
];

/// The moment of publication in ISO 8601, as precise as the document says.
///
/// A date that only machines are told counts where the document is a story; any other page must
/// show it to readers too.
pub fn find(
    linked: &LinkedData<'_>,
    language: Option<&str>,
    places: &Places<'_, '_, '_>,
) -> Option<String> {
    // What a front page dates is what it lists.
    if matches!(places.base.path(), "" | "/") && linked.rank() < 3 {
        return None;
    }
    let told = Told { linked, places };
    let of_path = || paths::date(places.base.path(), places.order);
    let found = told
        .of_story()
        .or_else(|| places.marked())
        .or_else(of_path)
        .or_else(|| {
            let of_page = told.linked().or_else(|| told.first(&OF_PAGES))?;
            let shown = places.shown()?;
            shown.same_day(&of_page).then_some(of_page)
        })
        .or_else(|| places.labelled())
        .or_else(|| places.shown())
        .or_else(|| {
            let may_be_far = places.is_story && !told.is_of_product();
            may_be_far.then(|| places.named()).flatten()
        })?;
    // A date alone gets the time that a `time` element has for the same day.
    let precise = || {
        let mut times = places.times();
        times.find(|moment| moment.has_time() && moment.same_day(&found))
    };
    let found = Some(found)
        .filter(Moment::has_time)
        .or_else(precise)
        .unwrap_or(found);
    if !found.is_universal() {
        return Some(found.iso());
    }
    // A machine that tells Greenwich's time means the same moment as the page, which has its own.
    let local = told.same_instant(&found).or_else(|| {
        // English is read in all zones, any other language mostly in those of its own countries.
        let is_of_one_country = !language.is_some_and(|language| language.starts_with("en"));
        let of_page = of_path().or_else(|| places.shown().filter(|_| is_of_one_country));
        of_page.filter(|day| day.is_local_day_of(&found))
    });
    Some(local.unwrap_or(found).iso())
}

/// The dates that machines are told.
struct Told<'t, 'v, 's, 'd, 'n> {
    linked: &'t LinkedData<'v>,
    places: &'t Places<'s, 'd, 'n>,
}

impl Told<'_, '_, '_, '_, '_> {
    fn read(&self, text: &str) -> Option<Moment> {
        dates::find(text, self.places.order)
    }

    /// The date of the first of these `meta` names that has one.
    fn first(&self, names: &[&str]) -> Option<Moment> {
        let mut texts = names
            .iter()
            .flat_map(|name| self.places.sources.metas_of(name));
        texts.find_map(|text| self.read(&text))
    }

    /// The date of the document's own JSON-LD.
    fn linked(&self) -> Option<Moment> {
        let text = ["datePublished", "uploadDate", "dateCreated"]
            .iter()
            .find_map(|key| self.linked.story_text(key))?;
        self.read(&text)
    }

    /// The date that a story declares.
    fn of_story(&self) -> Option<Moment> {
        let shown = |told: &Moment| {
            let shown = self.places.shown();
            shown.is_some_and(|shown| shown.same_day(told))
        };
        let of_metas = || self.first(OF_STORIES).filter(|_| !self.is_of_product());
        let told = match self.linked().filter(|_| self.linked.rank() == 3) {
            // Of two that differ the one that readers are shown is meant.
            Some(linked) => of_metas()
                .filter(|other| !other.same_day(&linked) && shown(other))
                .unwrap_or(linked),
            None => of_metas()?,
        };
        // A publishing system dates each of its pages, and names an author on posts only.
        let must_be_shown =
            self.places.is_manual || (self.linked.rank() == 1 && !self.is_authored());
        (!must_be_shown || shown(&told)).then_some(told)
    }

    fn is_of_product(&self) -> bool {
        let kind = || self.places.sources.meta(&["og:type"]);
        self.linked.rank() == 2 || kind().is_some_and(|kind| kind.starts_with("product"))
    }

    fn is_authored(&self) -> bool {
        let authors = || self.places.sources.meta(&["author", "article:author"]);
        let article = self.linked.article();
        article.is_some_and(|page| page.get("author").is_some()) || authors().is_some()
    }

    /// The same minute as it is told in another zone.
    fn same_instant(&self, universal: &Moment) -> Option<Moment> {
        let metas = OF_STORIES
            .iter()
            .chain(&OF_PAGES)
            .flat_map(|name| self.places.sources.metas_of(name))
            .filter_map(|text| self.read(&text));
        metas
            .chain(self.linked())
            .chain(self.places.times())
            .find(|other| !other.is_universal() && other.same_instant(universal))
    }
}

/// Whether an address is that of a page of a manual or a wiki, which are dated by machines alone:
/// with the day when they were built, or when somebody first wrote them.
pub fn is_manual(base: &Base) -> bool {
    const HOSTS: [&str; 6] = [
        "docs.",
        "doc.",
        "devdocs.",
        "developer.",
        "developers.",
        "wiki.",
    ];
    const PATHS: [&str; 7] = [
        "/docs/",
        "/doc/",
        "/documentation/",
        "/manual/",
        "/reference/",
        "/handbook/",
        "/wiki/",
    ];
    HOSTS.iter().any(|start| base.host().starts_with(start))
        || PATHS.iter().any(|part| base.path().contains(part))
}
