//! JSON-LD: the objects that describe the document, and what they say.

use super::json::Value;
use super::plain;

/// Objects beyond this number are not looked at: a page has a few dozen.
const MAX_OBJECTS: usize = 4000;

/// The objects of a document's JSON-LD, nested ones included, in document order.
pub struct LinkedData<'v> {
    objects: Vec<&'v Value<'v>>,
    article: Option<&'v Value<'v>>,
}

impl<'v> LinkedData<'v> {
    pub fn new(values: &'v [Value<'v>]) -> Self {
        let mut objects = Vec::new();
        // Breadth first, so that a page's own object comes before those that it only mentions.
        let mut level: Vec<&Value<'_>> = values.iter().collect();
        while !level.is_empty() && objects.len() < MAX_OBJECTS {
            let mut next = Vec::new();
            for value in level {
                match value {
                    Value::Array(values) => next.extend(values),
                    Value::Object(members) => {
                        objects.push(value);
                        next.extend(
                            members.iter().map(|(_, value)| value).filter(|value| {
                                matches!(value, Value::Array(_) | Value::Object(_))
                            }),
                        );
                    }
                    _ => {}
                }
            }
            level = next;
        }
        let rank = |value: &&Value<'_>| types(value).map(article_rank).max().unwrap_or(0);
        let best = objects
            .iter()
            .copied()
            .map(|value| rank(&value))
            .max()
            .filter(|&rank| rank > 0);
        let article =
            best.and_then(|best| objects.iter().copied().find(|value| rank(value) == best));
        Self { objects, article }
    }

    /// The object that describes the document itself.
    pub fn article(&self) -> Option<&'v Value<'v>> {
        self.article
    }

    /// How much the type of [`LinkedData::article`] says: 0 none, 1 a page, 2 a work, 3 an article.
    pub fn rank(&self) -> u8 {
        self.article.map_or(0, |article| {
            types(article).map(article_rank).max().unwrap_or(0)
        })
    }

    /// A text of the document's own object.
    pub fn article_text(&self, key: &str) -> Option<String> {
        let value = self.article?.get(key)?;
        value
            .items()
            .iter()
            .find_map(Value::as_str)
            .map(plain)
            .filter(|text| !text.is_empty())
    }

    /// As [`LinkedData::article_text`], or that of the question that a page is about.
    pub fn story_text(&self, key: &str) -> Option<String> {
        self.article_text(key).or_else(|| {
            let question = self.article?.get("mainEntity")?.items().first()?;
            question
                .get(key)?
                .items()
                .iter()
                .find_map(Value::as_str)
                .map(plain)
        })
    }

    /// The texts of a member of the document's own object, which may be a list.
    pub fn article_texts(&self, key: &str) -> Vec<String> {
        let value = self.article.and_then(|article| article.get(key));
        let items = value.map(Value::items).unwrap_or_default();
        items
            .iter()
            .filter_map(|item| {
                item.as_str()
                    .or_else(|| item.get("name").and_then(Value::as_str))
            })
            .map(plain)
            .collect()
    }

    /// The address of the image of the document's own object.
    pub fn article_image(&self) -> Option<String> {
        let image = self
            .article?
            .get("image")
            .or_else(|| self.article?.get("thumbnailUrl"))?;
        let image = self.resolved(image.items().first()?);
        image
            .as_str()
            .or_else(|| {
                image
                    .get("url")
                    .or_else(|| image.get("contentUrl"))?
                    .items()
                    .first()?
                    .as_str()
            })
            .map(str::to_owned)
    }

    /// The object that a reference of the form `{"@id": ...}` means, otherwise the value itself.
    pub fn resolved<'s>(&'s self, value: &'s Value<'v>) -> &'s Value<'v> {
        let Value::Object(members) = value else {
            return value;
        };
        let Some(id) = value
            .get("@id")
            .and_then(Value::as_str)
            .filter(|_| members.len() <= 2 && value.get("name").is_none())
        else {
            return value;
        };
        let is_meant = |object: &&&Value<'_>| {
            object.get("@id").and_then(Value::as_str) == Some(id) && object.get("name").is_some()
        };
        self.objects.iter().find(is_meant).copied().unwrap_or(value)
    }

    /// The objects of a type.
    pub fn of_type<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'v Value<'v>> + 's {
        self.objects
            .iter()
            .copied()
            .filter(move |object| types(object).any(|known| known == name))
    }
}

/// The types of an object without the address of the vocabulary.
pub fn types<'s>(object: &'s Value<'_>) -> impl Iterator<Item = &'s str> {
    let types = object.get("@type").map(Value::items).unwrap_or_default();
    types
        .iter()
        .filter_map(Value::as_str)
        .map(|name| name.rsplit(['/', ':', '#']).next().unwrap_or(name))
}

fn article_rank(name: &str) -> u8 {
    match name {
        "BlogPosting"
        | "LiveBlogPosting"
        | "SocialMediaPosting"
        | "Report"
        | "Recipe"
        | "HowTo"
        | "DiscussionForumPosting"
        | "QAPage" => 3,
        name if name.ends_with("Article") => 3,
        "Product"
        | "ProductGroup"
        | "VideoObject"
        | "PodcastEpisode"
        | "Event"
        | "Course"
        | "Book"
        | "Movie"
        | "JobPosting"
        | "CreativeWork"
        | "SoftwareApplication"
        | "Dataset" => 2,
        "WebPage" | "ItemPage" | "CollectionPage" | "AboutPage" | "FAQPage" | "ProfilePage"
        | "MedicalWebPage" => 1,
        _ => 0,
    }
}
