//! The documents about all gems: `versions` and `names` of the compact index, and RubyGems' older lists.
//!
//! `versions` grows at its end, as clients expect that fetch only what is new: it is kept together with what it said last of
//! each gem. A line is `{gem} {version},-{version},... {MD5 of info/{gem}}`, and of several lines of a gem the last one
//! counts: a client that has `info/{gem}` with that digest does not ask for it again.
//!
//! A public source's own `versions` is passed on: clients take a gem that is missing there for one that does not exist.
//! Behind it come lines for what is held, unless the source's last line is right already. Where the two differ, the line has a
//! digest that is that of neither, so that clients ask: what is held may be older than what the source has.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use bytes::Bytes;
use catalog::{RenderedList, RepositoryParts};
use md5::Md5;
use model::{Error, Result};
use sha2::{Digest as _, Sha256};

use super::entity_tag::md5_of;
use super::info::{DASHES, Line, lines};
use super::marshalled::{Release, packed_list};
use super::version::Version;

/// Where there is no source, `versions` was always begun at this time: the same content has the same digest everywhere.
const HEADER: &str = "created_at: 2000-01-01T00:00:00Z\n---\n";
/// So much may be added to `versions`, or as much as it had, before it is written anew.
const GROWTH_BYTES: usize = 1 << 20;

/// A document about all gems.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum List {
    Versions,
    Names,
    /// All versions but pre-releases.
    Specs,
    /// Of those, the latest of each platform.
    LatestSpecs,
    PrereleaseSpecs,
}

impl List {
    const ALL: [Self; 5] = [
        Self::Versions,
        Self::Names,
        Self::Specs,
        Self::LatestSpecs,
        Self::PrereleaseSpecs,
    ];

    pub(super) const fn number(self) -> u8 {
        match self {
            Self::Versions => 16,
            Self::Names => 17,
            Self::Specs => 18,
            Self::LatestSpecs => 19,
            Self::PrereleaseSpecs => 20,
        }
    }

    /// Whether what a public source says of all gems is part of it.
    pub(super) const fn has_source(self) -> bool {
        matches!(self, Self::Versions | Self::Names)
    }
}

/// Makes a document: what the catalog calls when none lies ready.
pub(super) fn render(parts: &RepositoryParts<'_>, variant: u8) -> Result<RenderedList> {
    let mut all = List::ALL.into_iter();
    let list = all.find(|list| list.number() == variant);
    let gems = gems(parts)?;
    let source = Source::of(parts.list, &gems)?;
    let plain = |bytes: Bytes| RenderedList {
        bytes,
        notes: Arc::new(()),
    };
    Ok(match list.unwrap_or(List::Names) {
        List::Versions => versions(&gems, &source, parts.before),
        List::Names => plain(names(&gems, &source).into()),
        List::Specs => plain(packed_list(&releases(&gems, false))?.into()),
        List::LatestSpecs => plain(packed_list(&latest(&gems))?.into()),
        List::PrereleaseSpecs => plain(packed_list(&releases(&gems, true))?.into()),
    })
}

/// A gem that is held, by its `info` document.
struct Gem<'p> {
    name: &'p str,
    lines: Vec<Line<'p>>,
    md5: &'p str,
}

impl Gem<'_> {
    fn rests(&self) -> Vec<String> {
        self.lines.iter().map(|line| line.name.rest()).collect()
    }
}

fn gems<'p>(parts: &RepositoryParts<'p>) -> Result<Vec<Gem<'p>>> {
    let read = |(name, document): &'p (model::PackageName, Arc<catalog::Document>)| {
        let text = std::str::from_utf8(&document.bytes).map_err(Error::internal)?;
        let found = lines(text).unwrap_or_else(|| "".lines());
        Ok(Gem {
            name: name.as_str(),
            lines: found.filter_map(Line::parse).collect(),
            md5: md5_of(&document.etag),
        })
    };
    parts.packages.iter().map(read).collect()
}

/// What a public source says of all gems.
struct Source<'p> {
    /// All of it.
    text: &'p str,
    /// Where its lines begin.
    body_at: usize,
    /// What it says last of the gems that are held.
    md5s: HashMap<&'p str, &'p str>,
}

impl<'p> Source<'p> {
    fn of(list: Option<&'p Bytes>, gems: &[Gem<'p>]) -> Result<Self> {
        let text = match list {
            Some(bytes) => std::str::from_utf8(bytes).map_err(Error::internal)?,
            None => "",
        };
        let found = lines(text).map(|_| text.find(DASHES).unwrap_or(0));
        let body_at = found.map_or(text.len(), |at| {
            let rest = &text[at..];
            at + rest.find('\n').map_or(rest.len(), |end| end + 1)
        });
        let mut source = Self {
            text,
            body_at,
            md5s: HashMap::new(),
        };
        let mut held: HashMap<&str, Option<&str>> =
            gems.iter().map(|gem| (gem.name, None)).collect();
        for (name, md5) in said(&text[body_at..]) {
            if let Some(last) = held.get_mut(name) {
                *last = Some(md5);
            }
        }
        let known = held
            .into_iter()
            .filter_map(|(name, md5)| Some((name, md5?)));
        source.md5s = known.collect();
        Ok(source)
    }

    const fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

/// Names and digests of the lines of a `versions` document.
fn said(body: &str) -> impl Iterator<Item = (&str, &str)> {
    body.lines().filter_map(|line| {
        let (name, rest) = line.split_once(' ')?;
        Some((name, rest.rsplit_once(' ')?.1))
    })
}

/// What `versions` says of a gem.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Said {
    rests: Vec<String>,
    md5: String,
}

/// What is remembered of `versions`.
#[derive(Debug)]
struct Ledger {
    gems: BTreeMap<String, Said>,
    /// How much of the source's is in it, and the digest of that.
    source_bytes: usize,
    source_digest: [u8; 32],
    /// Its size when it was written anew.
    whole_bytes: usize,
}

/// The digest to show for a gem.
fn digest(gem: &Gem<'_>, source: &Source<'_>) -> String {
    match source.md5s.get(gem.name) {
        None => gem.md5.to_owned(),
        Some(said) if *said == gem.md5 => gem.md5.to_owned(),
        Some(said) => hex::encode(Md5::digest(format!("{} {said}", gem.md5))),
    }
}

fn versions(gems: &[Gem<'_>], source: &Source<'_>, before: Option<&RenderedList>) -> RenderedList {
    let grown = before.and_then(|before| {
        let ledger = before.notes.downcast_ref::<Ledger>()?;
        let text = std::str::from_utf8(&before.bytes).ok()?;
        grown(gems, source, text, ledger)
    });
    let (text, whole_bytes) = match grown {
        Some(grown) => grown,
        None => {
            let text = whole(gems, source);
            let bytes = text.len();
            (text, bytes)
        }
    };
    let of = |gem: &Gem<'_>| {
        let said = Said {
            rests: gem.rests(),
            md5: digest(gem, source),
        };
        (gem.name.to_owned(), said)
    };
    let ledger = Ledger {
        gems: gems.iter().map(of).collect(),
        source_bytes: source.text.len(),
        source_digest: Sha256::digest(source.text).into(),
        whole_bytes,
    };
    RenderedList {
        bytes: Bytes::from(text),
        notes: Arc::new(ledger),
    }
}

/// The document, written anew.
fn whole(gems: &[Gem<'_>], source: &Source<'_>) -> String {
    let mut out = if source.is_empty() {
        HEADER.to_owned()
    } else {
        source.text.to_owned()
    };
    end_line(&mut out);
    for gem in gems {
        let (md5, rests) = (digest(gem, source), gem.rests());
        let said = source.md5s.get(gem.name);
        if said == Some(&md5.as_str()) || (said.is_none() && rests.is_empty()) {
            continue;
        }
        push_line(&mut out, gem.name, &rests, &[], &md5);
    }
    out
}

/// The document with what is new at its end, and its size when it was last written anew; nothing when it cannot grow.
fn grown(
    gems: &[Gem<'_>],
    source: &Source<'_>,
    text: &str,
    ledger: &Ledger,
) -> Option<(String, usize)> {
    let known = source.text.as_bytes().get(..ledger.source_bytes)?;
    let is_same = <[u8; 32]>::from(Sha256::digest(known)) == ledger.source_digest;
    // Either had a source, or has none: its header is its own.
    if !is_same || (ledger.source_bytes == 0) != source.is_empty() {
        return None;
    }
    let news = source.text.get(ledger.source_bytes..)?;
    let mut out = text.to_owned();
    out.push_str(news);
    end_line(&mut out);
    let touched: HashMap<&str, &str> = said(news).collect();
    let mut gone: BTreeSet<&str> = ledger.gems.keys().map(String::as_str).collect();
    for gem in gems {
        gone.remove(gem.name);
        let (md5, rests) = (digest(gem, source), gem.rests());
        let before = ledger.gems.get(gem.name);
        let last = touched
            .get(gem.name)
            .copied()
            .or_else(|| before.map(|said| said.md5.as_str()))
            .or_else(|| source.md5s.get(gem.name).copied());
        let held = before.map_or(&[][..], |said| &said.rests);
        let is_told = touched.contains_key(gem.name) || before.is_none_or(|_| held == rests);
        if last == Some(md5.as_str()) && is_told {
            continue;
        }
        if last.is_none() && rests.is_empty() {
            continue;
        }
        push_line(&mut out, gem.name, &rests, held, &md5);
    }
    for name in gone {
        let Some(before) = ledger.gems.get(name) else {
            continue;
        };
        // Another digest than any document's: who has the old one asks.
        let md5 = hex::encode(Md5::digest(format!("{} gone", before.md5)));
        push_line(&mut out, name, &[], &before.rests, &md5);
    }
    let limit = ledger.whole_bytes + ledger.whole_bytes.max(GROWTH_BYTES);
    (out.len() <= limit).then_some((out, ledger.whole_bytes))
}

fn end_line(out: &mut String) {
    if !out.ends_with('\n') {
        out.push('\n');
    }
}

/// Adds a line that says what is new and what is gone.
fn push_line(out: &mut String, name: &str, rests: &[String], held: &[String], md5: &str) {
    let added = rests.iter().filter(|rest| !held.contains(rest)).cloned();
    let removed = held.iter().filter(|rest| !rests.contains(rest));
    let mut words: Vec<String> = added.collect();
    words.extend(removed.map(|rest| format!("-{rest}")));
    if words.is_empty() {
        // Only the digest is another. What stands here is known, or takes away what never was.
        words.push(rests.last().cloned().unwrap_or_else(|| "-0".to_owned()));
    }
    out.push_str(name);
    out.push(' ');
    out.push_str(&words.join(","));
    out.push(' ');
    out.push_str(md5);
    out.push('\n');
}

fn names(gems: &[Gem<'_>], source: &Source<'_>) -> String {
    let held = gems.iter().filter(|gem| !gem.lines.is_empty());
    let mut all: BTreeSet<&str> = held.map(|gem| gem.name).collect();
    all.extend(said(&source.text[source.body_at..]).map(|(name, _)| name));
    let mut out = String::from("---\n");
    for name in all {
        out.push_str(name);
        out.push('\n');
    }
    out
}

fn release<'g>(gem: &Gem<'g>, line: &Line<'g>) -> Release<'g> {
    Release {
        name: gem.name,
        number: line.name.number,
        platform: line.name.platform,
        dependencies: Vec::new(),
    }
}

fn is_prerelease(line: &Line<'_>) -> bool {
    Version::parse(line.name.number).is_some_and(|version| version.is_prerelease())
}

fn releases<'g>(gems: &[Gem<'g>], prerelease: bool) -> Vec<Release<'g>> {
    let of = |gem: &Gem<'g>| -> Vec<Release<'g>> {
        let lines = gem.lines.iter();
        lines
            .filter(|line| is_prerelease(line) == prerelease)
            .map(|line| release(gem, line))
            .collect()
    };
    gems.iter().flat_map(of).collect()
}

fn latest<'g>(gems: &[Gem<'g>]) -> Vec<Release<'g>> {
    let mut out = Vec::new();
    for gem in gems {
        let mut newest: BTreeMap<&str, &Line<'g>> = BTreeMap::new();
        for line in gem.lines.iter().filter(|line| !is_prerelease(line)) {
            let number = |line: &Line<'g>| Version::parse(line.name.number);
            let known = newest.entry(line.name.platform).or_insert(line);
            if number(known) < number(line) {
                *known = line;
            }
        }
        out.extend(newest.values().map(|line| release(gem, line)));
    }
    out
}

#[cfg(test)]
mod tests;
