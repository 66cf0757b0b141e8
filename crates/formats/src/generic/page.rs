//! A folder as JSON and as an HTML page. Knows no HTTP.
//!
//! Whatever a name holds stays text: it is escaped in pages and encoded in addresses.

use jiff::Timestamp;
use model::{Asset, PackageVersion, Page, PageLimit};
use serde_json::{Map, Value, json};

use super::ID;
use crate::kit::path;

/// What is known of something beside its name, in order.
pub(super) type Facts = Vec<(&'static str, Value)>;

/// A folder with one page of what is in it.
pub(super) struct Listing {
    base: String,
    /// The names from the repository's address to the folder.
    names: Vec<String>,
    /// The same with what each of them is, and what is known of the folder.
    facts: Facts,
    kind: &'static str,
    entries: Vec<Entry>,
    next: Option<String>,
}

/// Something in a folder.
pub(super) struct Entry {
    kind: &'static str,
    name: String,
    facts: Facts,
}

impl Entry {
    /// Something of a kind, as JSON names it.
    pub(super) fn new(kind: &'static str, name: &str) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            facts: Facts::new(),
        }
    }

    pub(super) fn with(mut self, facts: Facts) -> Self {
        self.facts = facts;
        self
    }
}

impl Listing {
    /// The folder of a repository, at its address.
    pub(super) fn new(base: &str, repository: &str) -> Self {
        Self {
            base: base.to_owned(),
            names: Vec::new(),
            facts: vec![
                ("format", json!(ID.as_str())),
                ("repository", json!(repository)),
            ],
            kind: "",
            entries: Vec::new(),
            next: None,
        }
    }

    /// The folder of this name below it.
    pub(super) fn below(mut self, kind: &'static str, name: &str) -> Self {
        self.names.push(name.to_owned());
        self.facts.push((kind, json!(name)));
        self
    }

    pub(super) fn with(mut self, facts: Facts) -> Self {
        self.facts.extend(facts);
        self
    }

    /// The folder with a page of what is in it.
    pub(super) fn of(mut self, kind: &'static str, page: Page<Entry>, limit: PageLimit) -> Self {
        self.kind = kind;
        self.entries = page.items;
        self.next = page.next.and_then(|key| {
            let folder = self.address(None)?;
            let key = path::write_value(&key);
            Some(if limit == PageLimit::MAX {
                format!("{folder}?after={key}")
            } else {
                format!("{folder}?after={key}&limit={}", limit.rows())
            })
        });
        self
    }

    /// Where the next page is.
    pub(super) fn next(&self) -> Option<&str> {
        self.next.as_deref()
    }

    /// Whether what is in the folder are files.
    fn is_of_files(&self) -> bool {
        self.kind == "assets"
    }

    /// The address of the folder, or of something in it; `None` where a name has a character that no address here can
    /// have.
    fn address(&self, entry: Option<&str>) -> Option<String> {
        let names = self.names.iter().map(String::as_str);
        let segments: Vec<&str> = names.chain(entry).collect();
        let slash = if entry.is_some() && self.is_of_files() {
            ""
        } else {
            "/"
        };
        match segments.as_slice() {
            [] => Some(self.base.clone()),
            segments => path::write(segments).map(|path| format!("{}{path}{slash}", self.base)),
        }
    }
}

/// What is shown of an asset.
pub(super) fn asset_facts(asset: &Asset) -> Facts {
    let digests = &asset.digests;
    let hashes = json!({
        "MD5": digests.md5.to_hex(),
        "SHA-1": digests.sha1.to_hex(),
        "SHA-256": digests.sha256.to_hex(),
        "SHA-512": digests.sha512.to_hex(),
    });
    vec![("size", json!(asset.size_bytes)), ("hashes", hashes)]
}

/// What is shown of a version.
pub(super) fn version_facts(version: &PackageVersion) -> Facts {
    let mut facts = vec![
        ("versionRevision", json!(version.revision)),
        ("status", json!(version.status.as_str())),
    ];
    if let Ok(time) = Timestamp::from_millisecond(version.published_at.0) {
        facts.push(("publishedTime", json!(format!("{time:.3}"))));
    }
    facts
}

/// The folder as JSON, with the members that the API has for the same things.
pub(super) fn render_json(listing: &Listing) -> Value {
    let mut document = object(&listing.facts);
    let entries = listing.entries.iter().map(|entry| {
        let mut member = Map::new();
        member.insert(entry.kind.to_owned(), json!(entry.name));
        member.append(&mut object(&entry.facts));
        if let Some(address) = listing.address(Some(&entry.name)) {
            member.insert("href".to_owned(), json!(address));
        }
        Value::Object(member)
    });
    document.insert(listing.kind.to_owned(), entries.collect());
    if let Some(next) = &listing.next {
        document.insert("next".to_owned(), json!(next));
    }
    Value::Object(document)
}

pub(super) fn object(facts: &Facts) -> Map<String, Value> {
    let members = facts.iter();
    members
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect()
}

/// The folder as a page.
pub(super) fn render_html(listing: &Listing) -> String {
    let title: String = listing
        .names
        .iter()
        .fold(String::new(), |title, name| title + &escaped(name) + "/");
    let title = format!("Index of /{title}");
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{title}</title></head>\n\
         <body>\n<h1>{title}</h1>\n<ul>\n"
    );
    for (name, value) in &listing.facts {
        html += &format!("<li>{name}: {}</li>\n", escaped(&plain(value)));
    }
    html += "</ul>\n<table>\n";
    if let Some((_, above)) = listing.names.split_last() {
        let above: Vec<&str> = above.iter().map(String::as_str).collect();
        let above = path::write(&above).map_or(String::new(), |path| path + "/");
        let address = escaped(&format!("{}{above}", listing.base));
        html += &format!("<tr><td><a href=\"{address}\">..</a></td></tr>\n");
    }
    let slash = if listing.is_of_files() { "" } else { "/" };
    for entry in &listing.entries {
        let name = escaped(&entry.name);
        html += &match listing.address(Some(&entry.name)) {
            Some(address) => {
                let address = escaped(&address);
                format!("<tr><td><a href=\"{address}\">{name}{slash}</a></td>")
            }
            None => format!("<tr><td>{name}{slash}</td>"),
        };
        for (_, value) in &entry.facts {
            html += &format!("<td>{}</td>", escaped(&plain(value)));
        }
        html += "</tr>\n";
    }
    html += "</table>\n";
    if let Some(next) = &listing.next {
        html += &format!(
            "<p><a rel=\"next\" href=\"{}\">More</a></p>\n",
            escaped(next)
        );
    }
    html + "</body>\n</html>\n"
}

/// A value as people read it: of several digests the one to compare.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(members) => members.get("SHA-256").map(plain).unwrap_or_default(),
        value => value.to_string(),
    }
}

/// Text as it stands in a page and in the quotes of an attribute.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(names: &[&str], next: Option<&str>) -> Page<Entry> {
        Page {
            items: names.iter().map(|name| Entry::new("name", name)).collect(),
            next: next.map(str::to_owned),
        }
    }

    fn of_files(names: &[&str], next: Option<&str>) -> Listing {
        Listing::new("http://packages.example/generic/d/acme-1/main/", "main")
            .below("namespace", "tools")
            .below("package", "in&staller")
            .below("version", "1.0.0")
            .of("assets", page(names, next), PageLimit::new(2))
    }

    #[test]
    fn u14_f_ge_1_names_are_text_in_pages_and_encoded_in_addresses() {
        let hostile = "a b+c%2F`&{\u{fc}}";
        let listing = of_files(&[hostile], None);
        let html = render_html(&listing);
        let address = "http://packages.example/generic/d/acme-1/main/tools/in%26staller/1.0.0/\
                       a%20b%2Bc%252F%60%26%7B%C3%BC%7D";
        assert!(
            html.contains(&format!(
                "<a href=\"{address}\">a b+c%2F`&amp;{{\u{fc}}}</a>"
            )),
            "{html}"
        );
        assert!(html.contains("<title>Index of /tools/in&amp;staller/1.0.0/</title>"));
        assert!(html.contains("<li>package: in&amp;staller</li>"));
        assert!(html.contains(
            "href=\"http://packages.example/generic/d/acme-1/main/tools/in%26staller/\">..</a>"
        ));
        let json = render_json(&listing);
        assert_eq!(json["assets"][0]["name"], hostile);
        assert_eq!(json["assets"][0]["href"], address);
        assert_eq!(json["namespace"], "tools");
    }

    #[test]
    fn u14_markup_in_a_name_is_no_markup() {
        // No asset can be called so today; namespaces and versions can.
        let listing = Listing::new("http://packages.example/", "main")
            .below("namespace", "\"><script>alert(1)</script>");
        let listing = listing.of(
            "packages",
            page(&["<svg onload=1>", "'onmouseover='x"], None),
            PageLimit::MAX,
        );
        let html = render_html(&listing);
        for tag in html.split('<').skip(1) {
            let name = tag
                .trim_start_matches('/')
                .split([' ', '>'])
                .next()
                .unwrap();
            let ours = [
                "!DOCTYPE", "html", "head", "meta", "title", "body", "h1", "ul", "li",
            ];
            let ours = ours.iter().chain(&["table", "tr", "td", "a"]);
            assert!(ours.copied().any(|tag| tag == name), "{name}: {html}");
        }
        for address in html.split("href=").skip(1) {
            let (address, rest) = address[1..].split_once('"').unwrap();
            assert!(address.starts_with("http://packages.example/"), "{address}");
            assert!(rest.starts_with('>'), "{rest}");
        }
        assert_eq!(escaped("<>&\"'"), "&lt;&gt;&amp;&quot;&#39;");
    }

    #[test]
    fn a_name_that_no_address_can_hold_is_shown_without_one() {
        let listing = of_files(&["a;b"], None);
        assert!(render_html(&listing).contains("<tr><td>a;b</td>"));
        let json = render_json(&listing);
        assert_eq!(json["assets"][0]["name"], "a;b");
        assert!(json["assets"][0].get("href").is_none());
    }

    #[test]
    fn the_next_page_comes_after_the_last_name() {
        let listing = of_files(&["a", "b&c"], Some("b&c"));
        let next = listing.next().unwrap();
        assert!(next.ends_with("/1.0.0/?after=b%26c&limit=2"), "{next}");
        assert_eq!(render_json(&listing)["next"], next);
        assert!(render_html(&listing).contains("?after=b%26c&amp;limit=2\">More</a>"));
        assert!(of_files(&["a"], None).next().is_none());
    }
}
