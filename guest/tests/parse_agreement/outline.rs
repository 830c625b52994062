//! What has to agree: which text stands in which blocks and links, in which order.

/// A step of a walk over the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// An element starts: its name, and a link's or an image's target.
    Start(String, Option<String>),
    End,
    Text(String),
}

/// A walk over a tree, told apart by what matters for text.
#[derive(Default, Debug)]
pub struct Outline(Vec<Item>);

impl Outline {
    pub fn push(&mut self, item: Item) {
        self.0.push(item);
    }

    pub fn start(&mut self, name: &str, html: bool, attribute: impl Fn(&str) -> Option<String>) {
        let target = match name {
            "a" if html => attribute("href"),
            "img" if html => attribute("src"),
            _ => None,
        };
        self.push(Item::Start(name.to_ascii_lowercase(), target));
    }

    /// Text; what comes in several pieces is joined.
    pub fn text(&mut self, text: &str) {
        if let Some(Item::Text(last)) = self.0.last_mut() {
            last.push_str(text);
        } else if !text.is_empty() {
            self.push(Item::Text(text.to_owned()));
        }
    }

    /// Every text that is not blank, under the path of all its ancestors.
    pub fn texts(&self) -> Vec<(String, String)> {
        let mut path: Vec<String> = Vec::new();
        let mut texts = Vec::new();
        for item in &self.0 {
            match item {
                Item::Start(name, None) => path.push(name.clone()),
                Item::Start(name, Some(target)) => path.push(format!("{name}({target})")),
                Item::End => {
                    path.pop();
                }
                Item::Text(text) if text.trim_matches([' ', '\n', '\t', '\x0c']).is_empty() => {}
                Item::Text(text) => texts.push((path.join("/"), text.clone())),
            }
        }
        texts
    }

    /// Every link and image in order, with its path.
    pub fn targets(&self) -> Vec<String> {
        let mut path: Vec<&str> = Vec::new();
        let mut targets = Vec::new();
        for item in &self.0 {
            match item {
                Item::Start(name, target) => {
                    path.push(name);
                    if let Some(target) = target {
                        targets.push(format!("{} {target}", path.join("/")));
                    }
                }
                Item::End => {
                    path.pop();
                }
                Item::Text(_) => {}
            }
        }
        targets
    }

    /// The whole tree, but for blank text right in `html`, `frameset` and `template`.
    pub fn lines(&self) -> Vec<String> {
        let mut path: Vec<&str> = Vec::new();
        let mut lines = Vec::new();
        for item in &self.0 {
            let depth = 2 * path.len();
            match item {
                Item::Start(name, _) => {
                    lines.push(format!("{:depth$}<{name}>", ""));
                    path.push(name);
                }
                Item::End => {
                    path.pop();
                }
                Item::Text(text)
                    if matches!(path.last(), Some(&("html" | "frameset" | "template")))
                        && text.trim().is_empty() => {}
                Item::Text(text) => lines.push(format!("{:depth$}{text:?}", "")),
            }
        }
        lines
    }
}
