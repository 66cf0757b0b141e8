//! Reading pages of the simple repository API in HTML (PEP 503 and what was added to it), for mirrors that have nothing
//! else.
//!
//! Not a parser of HTML: it finds anchors, `base` and `meta` by their tags, with attributes as the specification of HTML
//! tokenizes them. A page without the marks of an index, e.g. of a log-in, is unreadable.

use std::borrow::Cow;

use catalog::Unreadable;
use percent_encoding::percent_decode_str;
use url::Url;

use super::source::{SourceFile, SourcePage};
use super::version_metadata::{CoreMetadataFact, FileFacts, Hashes, Yanked};

/// More anchors than the largest project has files.
const ANCHORS: usize = 200_000;
const ATTRIBUTES: usize = 64;

/// Reads a page; also what its addresses are relative to.
pub(super) fn read(page_url: &Url, text: &str) -> Result<(SourcePage, Url), Unreadable> {
    let mut page = SourcePage::default();
    let mut base: Option<Url> = None;
    let mut is_index = false;
    for tag in Tags(text) {
        match tag.name.to_ascii_lowercase().as_str() {
            "a" => {
                if page.files.len() == ANCHORS {
                    return Err(Unreadable("it has too many files".into()));
                }
                page.files.extend(read_anchor(&tag));
            }
            "base" if base.is_none() => {
                let href = tag
                    .attribute("href")
                    .and_then(|href| page_url.join(&href).ok());
                base = href;
            }
            "meta" => is_index |= read_meta(&tag, &mut page)?,
            _ => {}
        }
    }
    if !is_index && page.files.is_empty() {
        return Err(Unreadable("it is no page of an index".into()));
    }
    Ok((page, base.unwrap_or_else(|| page_url.clone())))
}

/// Takes what a `meta` says; tells whether it is the mark of an index.
fn read_meta(tag: &Tag<'_>, page: &mut SourcePage) -> Result<bool, Unreadable> {
    let (Some(name), Some(content)) = (tag.attribute("name"), tag.attribute("content")) else {
        return Ok(false);
    };
    let content = content.into_owned();
    match name.as_ref() {
        "pypi:repository-version" if content.starts_with("1.") => return Ok(true),
        "pypi:repository-version" => {
            return Err(Unreadable(format!("it is of version {content}")));
        }
        "pypi:tracks" => page.extras.tracks.push(content),
        "pypi:alternate-locations" => page.extras.alternate_locations.push(content),
        "pypi:project-status" => page.extras.status = Some(content),
        "pypi:project-status-reason" => page.extras.status_reason = Some(content),
        _ => {}
    }
    Ok(false)
}

/// A file: its name is the last part of its address, as installers see it.
fn read_anchor(tag: &Tag<'_>) -> Option<SourceFile> {
    let href = tag.attribute("href")?;
    let (address, fragment) = href.split_once('#').unwrap_or((&href, ""));
    let path = address.split('?').next().unwrap_or_default();
    let last = path.rsplit('/').next().filter(|last| !last.is_empty())?;
    let name = percent_decode_str(last).decode_utf8().ok()?.into_owned();
    super::file_name::Form::of(&name)?;
    let core_metadata = tag
        .attribute("data-core-metadata")
        .or_else(|| tag.attribute("data-dist-info-metadata"))
        .map(|value| match value.strip_prefix("sha256=") {
            Some(digest) => CoreMetadataFact::Sha256(digest.to_owned()),
            None => CoreMetadataFact::There(value != "false"),
        });
    let facts = FileFacts {
        hashes: read_hashes(fragment),
        requires_python: tag.text("data-requires-python"),
        yanked: tag.text("data-yanked").map(Yanked::Reason),
        core_metadata,
        provenance: tag.text("data-provenance"),
        ..FileFacts::default()
    };
    Some(SourceFile {
        name,
        url: address.to_owned(),
        facts,
    })
}

/// `sha256=...`, perhaps among other things.
fn read_hashes(fragment: &str) -> Hashes {
    let mut hashes = Hashes::default();
    for (name, digest) in fragment.split('&').filter_map(|part| part.split_once('=')) {
        let digest = Some(digest.to_owned());
        match name {
            "sha256" => hashes.sha256 = digest,
            "sha512" => hashes.sha512 = digest,
            "sha1" => hashes.sha1 = digest,
            "md5" => hashes.md5 = digest,
            _ => {}
        }
    }
    hashes
}

/// The start of an element.
struct Tag<'t> {
    name: &'t str,
    attributes: Vec<(&'t str, &'t str)>,
}

impl Tag<'_> {
    fn attribute(&self, name: &str) -> Option<Cow<'_, str>> {
        let is_it = |(found, _): &&(&str, &str)| found.eq_ignore_ascii_case(name);
        let (_, value) = self.attributes.iter().find(is_it)?;
        Some(unescape(value))
    }

    fn text(&self, name: &str) -> Option<String> {
        self.attribute(name).map(Cow::into_owned)
    }
}

/// The starts of elements in a text.
struct Tags<'t>(&'t str);

impl<'t> Iterator for Tags<'t> {
    type Item = Tag<'t>;

    fn next(&mut self) -> Option<Tag<'t>> {
        loop {
            let begin = self.0.find('<')?;
            let rest = &self.0[begin + 1..];
            if let Some(comment) = rest.strip_prefix("!--") {
                self.0 = comment.split_once("-->").map_or("", |(_, after)| after);
            } else if rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
                return Some(self.tag(rest));
            } else {
                self.0 = rest;
            }
        }
    }
}

impl<'t> Tags<'t> {
    fn tag(&mut self, text: &'t str) -> Tag<'t> {
        let ends_name = |c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>');
        let (name, mut rest) = text.split_at(text.find(ends_name).unwrap_or(text.len()));
        let mut attributes = Vec::new();
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
            if rest.is_empty() {
                break;
            }
            if let Some(after) = rest.strip_prefix('>') {
                rest = after;
                break;
            }
            let (attribute, after) = read_attribute(rest);
            rest = after;
            if attributes.len() < ATTRIBUTES {
                attributes.push(attribute);
            }
        }
        self.0 = rest;
        Tag { name, attributes }
    }
}

fn read_attribute(text: &str) -> ((&str, &str), &str) {
    let ends_name = |c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>' | '=');
    // A name may begin with an equals sign, and always has a character.
    let first = text.chars().next().map_or(0, char::len_utf8);
    let end = text[first..]
        .find(ends_name)
        .map_or(text.len(), |at| at + first);
    let (name, rest) = text.split_at(end);
    let after = rest.trim_start_matches(|c: char| c.is_ascii_whitespace());
    let Some(value) = after.strip_prefix('=') else {
        return ((name, ""), rest);
    };
    let value = value.trim_start_matches(|c: char| c.is_ascii_whitespace());
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
    if let Some(quote) = quote {
        let inner = &value[1..];
        let (value, rest) = inner.split_once(quote).unwrap_or((inner, ""));
        return ((name, value), rest);
    }
    let ends_value = |c: char| c.is_ascii_whitespace() || c == '>';
    let (value, rest) = value.split_at(value.find(ends_value).unwrap_or(value.len()));
    ((name, value), rest)
}

/// Replaces the references that indexes write: those that escaping makes, and numbers.
fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.char_indices().take(12).find(|(_, c)| *c == ';');
        let found = end.and_then(|(end, _)| Some((read_reference(&rest[1..end])?, end)));
        match found {
            Some((c, end)) => {
                out.push(c);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn read_reference(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn page_url() -> Url {
        Url::parse("https://index.example/simple/foo/").unwrap()
    }

    #[test]
    fn anchors_are_read_with_what_they_say() {
        let text = "<!DOCTYPE html><html><head><META NAME='pypi:repository-version' content=1.0>\
            <meta name=\"pypi:tracks\" content=\"https://t.example/\"><!-- <a href=\"foo-9.zip\"> -->\
            <base href=\"https://files.example/d/\"></head><body>\
            <A HREF=\"foo-1.0.zip#md5=aa&amp;sha256=bb\" data-requires-python=\"&gt;=3, &#60;4\" data-yanked>x</A>\
            <a data-core-metadata='sha256=cc' data-dist-info-metadata=true data-yanked = \"bad &quot;one&quot;\" \
            href=../foo%2B-1.1-py3-none-any.whl?x=1 >y</a><a href=\"?C=N;O=D\">Name</a><a href=\"/\">up</a><a>none</a>";
        let (page, base) = read(&page_url(), text).unwrap();
        assert_eq!(base.as_str(), "https://files.example/d/");
        assert_eq!(page.extras.tracks, ["https://t.example/"]);
        let [one, other] = page.files.as_slice() else {
            panic!("{:?}", page.files);
        };
        assert_eq!(
            (one.name.as_str(), one.url.as_str()),
            ("foo-1.0.zip", "foo-1.0.zip")
        );
        assert_eq!(one.facts.hashes.md5.as_deref(), Some("aa"));
        assert_eq!(one.facts.hashes.sha256.as_deref(), Some("bb"));
        assert_eq!(one.facts.requires_python.as_deref(), Some(">=3, <4"));
        assert_eq!(one.facts.yanked, Some(Yanked::Reason(String::new())));
        assert_eq!(other.name, "foo+-1.1-py3-none-any.whl");
        assert_eq!(
            other.facts.core_metadata,
            Some(CoreMetadataFact::Sha256("cc".into()))
        );
        assert_eq!(
            other.facts.yanked,
            Some(Yanked::Reason("bad \"one\"".into()))
        );
    }

    #[test]
    fn x09_pages_that_are_no_index_are_unreadable() {
        for text in [
            "",
            "not found",
            "<html><body><h1>Log in</h1><form action=\"/login\"><a href=\"/help\">Help</a></form>",
            "<meta name=\"pypi:repository-version\" content=\"2.0\"><a href=\"foo-1.0.zip\">",
        ] {
            assert!(read(&page_url(), text).is_err(), "{text}");
        }
        let empty = "<meta name=\"pypi:repository-version\" content=\"1.1\">";
        assert!(read(&page_url(), empty).unwrap().0.files.is_empty());
    }

    proptest! {
        #[test]
        fn no_page_makes_the_reader_fall_over(text in "(<[a-z!/-]{0,5}|[ =>\"'&;#x0-9é]{0,4}|href|data-yanked){0,40}") {
            read(&page_url(), &text).ok();
        }
    }
}
