//! `v3/query` and `v3/autocomplete` ("Search" and "Autocomplete" in the NuGet Server API). Only what the repository and its upstreams hold is searched, by
//! the words of ids. Numbers that make no sense are taken for the nearest that do.

use bytes::{BufMut as _, Bytes, BytesMut};
use catalog::{Encoding, SearchHit};
use futures_util::future::BoxFuture;
use futures_util::{StreamExt as _, stream};
use http::StatusCode;
use model::{ErrorKind, PackageCoordinates, Result};
use serde_json::json;

use super::ID;
use super::id::find_package;
use super::render::{Variant, render};
use super::search_entry::{Read, Wanted};
use crate::kit::body::Body;
use crate::kit::document_reply::{json_bytes_reply, json_reply};
use crate::{Context, Endpoint, Reply, RequestHead};

const DEFAULT_TAKE: usize = 20;
const MOST_TAKEN: usize = 100;
/// Later results are not given: finding them costs as much as everything before them. The gallery's limit.
const MOST_SKIPPED: usize = 3_000;
const MOST_WORDS: usize = 16;
/// Entries that are made at the same time where none lies ready.
const AT_ONCE: usize = 4;

/// What both kinds of search are asked for.
struct Query {
    words: Vec<String>,
    /// The one package that is meant, where the query names it.
    package: Option<PackageCoordinates>,
    skip: usize,
    take: usize,
    wanted: Wanted,
    package_type: Option<String>,
}

impl Query {
    fn read(head: &RequestHead<'_>) -> Self {
        let text = head.parameter("q").unwrap_or_default();
        let (words, package) = words(&text);
        let number = |name: &str| {
            let text = head.parameter(name)?;
            let number = text.trim().parse::<i128>().ok()?;
            Some(usize::try_from(number.max(0)).unwrap_or(usize::MAX))
        };
        let is_true = |name: &str| {
            head.parameter(name)
                .is_some_and(|text| text.eq_ignore_ascii_case("true"))
        };
        let level = head.parameter("semVerLevel");
        let semver2 = level.is_some_and(|level| level.trim().starts_with("2."));
        let package_type = head.parameter("packageType");
        Self {
            words,
            package,
            skip: number("skip").unwrap_or(0).min(MOST_SKIPPED),
            take: number("take").unwrap_or(DEFAULT_TAKE).min(MOST_TAKEN),
            wanted: Wanted {
                prerelease: is_true("prerelease"),
                semver2,
            },
            package_type: package_type
                .map(|text| text.into_owned())
                .filter(|text| !text.is_empty()),
        }
    }

    /// The entries that are found, each with what is read of it again.
    async fn entries(&self, cx: &Context) -> Result<Vec<(Bytes, Read)>> {
        if self.take == 0 {
            return Ok(Vec::new());
        }
        let packages: Vec<PackageCoordinates> = match &self.package {
            Some(_) if self.skip > 0 => Vec::new(),
            Some(package) => vec![package.clone()],
            None => {
                let hits =
                    cx.catalog
                        .search_packages(&cx.grant, ID, &self.words, self.skip, self.take);
                let hits: Vec<SearchHit> = hits.await?;
                hits.into_iter().map(|hit| hit.package).collect()
            }
        };
        let made = stream::iter(packages)
            .map(|package| async move { entry(cx, &package, self.wanted).await })
            .buffered(AT_ONCE);
        let mut made = std::pin::pin!(made);
        let mut found = Vec::new();
        while let Some(entry) = made.next().await {
            if let Some((bytes, read)) = entry?
                && self.is_of_type(&read)
            {
                found.push((bytes, read));
            }
        }
        Ok(found)
    }

    fn is_of_type(&self, entry: &Read) -> bool {
        self.package_type.as_ref().is_none_or(|wanted| {
            let mut types = entry.package_types.iter();
            types.any(|kind| kind.name.eq_ignore_ascii_case(wanted))
        })
    }
}

/// The words of a query, as ids hold them. `packageid:` names one package; other names of fields search for nothing here,
/// and what follows them is taken for a word of the id.
fn words(text: &str) -> (Vec<String>, Option<PackageCoordinates>) {
    let mut words = Vec::new();
    for word in text.split_whitespace().take(MOST_WORDS) {
        let lower = word.to_lowercase();
        if let Some(id) = lower.strip_prefix("packageid:") {
            let id = id.trim_matches('"');
            if let Some(package) = find_package(id) {
                return (Vec::new(), Some(package));
            }
        }
        let word = lower.strip_prefix("id:").unwrap_or(&lower);
        let word = word.trim_matches('"');
        if !word.is_empty() {
            words.push(word.to_owned());
        }
    }
    (words, None)
}

/// The entry of one package; nothing, where none of its versions is wanted.
async fn entry(
    cx: &Context,
    package: &PackageCoordinates,
    wanted: Wanted,
) -> Result<Option<(Bytes, Read)>> {
    let number = Variant::SearchEntry(wanted).number();
    let plain = Encoding::Identity;
    let made = cx
        .catalog
        .document(&cx.grant, package, number, &cx.base, plain, render)
        .await;
    let document = match made {
        Ok((document, _)) => document,
        Err(error) if error.kind == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let read = serde_json::from_slice(&document.bytes).ok();
    Ok(read.map(|read| (document.bytes.clone(), read)))
}

/// `GET v3/query`
pub(super) struct Search(Query);

impl Search {
    pub(super) fn read(head: &RequestHead<'_>) -> Self {
        Self(Query::read(head))
    }
}

impl Endpoint for Search {
    fn label(&self) -> &'static str {
        "search"
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let entries = self.0.entries(&cx).await?;
            let total = self.0.skip + entries.len();
            let mut answer = BytesMut::new();
            answer.put_slice(format!("{{\"totalHits\":{total},\"data\":[").as_bytes());
            for (at, (entry, _)) in entries.iter().enumerate() {
                if at > 0 {
                    answer.put_u8(b',');
                }
                answer.put_slice(entry);
            }
            answer.put_slice(b"]}");
            Ok(json_bytes_reply(answer.freeze()).into())
        })
    }
}

/// `GET v3/autocomplete`: ids by `q`, or the versions of `id`.
pub(super) struct Autocomplete {
    query: Query,
    id: Option<String>,
}

impl Autocomplete {
    pub(super) fn read(head: &RequestHead<'_>) -> Self {
        let id = head.parameter("id").map(|id| id.into_owned());
        Self {
            query: Query::read(head),
            id,
        }
    }
}

impl Endpoint for Autocomplete {
    fn label(&self) -> &'static str {
        "autocomplete"
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let answer = match &self.id {
                Some(id) => {
                    let found = match find_package(id) {
                        Some(package) => entry(&cx, &package, self.query.wanted).await?,
                        None => None,
                    };
                    let versions = found.into_iter().flat_map(|(_, read)| read.versions);
                    let versions: Vec<String> = versions.map(|found| found.version).collect();
                    json!({ "data": versions })
                }
                None => {
                    let entries = self.query.entries(&cx).await?;
                    let ids: Vec<String> = entries.into_iter().map(|(_, read)| read.id).collect();
                    json!({ "totalHits": self.query.skip + ids.len(), "data": ids })
                }
            };
            Ok(json_reply(StatusCode::OK, &answer).into())
        })
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, Method};

    use super::*;

    fn query(text: &str) -> Query {
        Query::read(&RequestHead {
            method: &Method::GET,
            segments: Vec::new(),
            trailing_slash: false,
            query: Some(text),
            headers: &HeaderMap::new(),
        })
    }

    #[test]
    fn f_nu_4_numbers_that_make_no_sense_become_the_nearest_that_do() {
        for (text, skip, take) in [
            ("", 0, 20),
            ("skip=5&take=7", 5, 7),
            ("skip=-1&take=-5", 0, 0),
            ("skip=99999999&take=99999999", 3_000, 100),
            ("skip=x&take=", 0, 20),
            ("skip=99999999999999999999&take=1e3", 3_000, 20),
            ("take=0", 0, 0),
        ] {
            let query = query(text);
            assert_eq!((query.skip, query.take), (skip, take), "{text}");
        }
        for (text, prerelease, semver2) in [
            ("", false, false),
            ("prerelease=true&semVerLevel=2.0.0", true, true),
            ("prerelease=TRUE&semVerLevel=2.0.0-rc", true, true),
            ("prerelease=1&semVerLevel=1.0.0", false, false),
            ("prerelease=&semVerLevel=banana", false, false),
            ("semVerLevel=20", false, false),
        ] {
            let wanted = Wanted {
                prerelease,
                semver2,
            };
            assert_eq!(query(text).wanted, wanted, "{text}");
        }
    }

    #[test]
    fn p16_words_are_literal_text() {
        let of = |text: &str| words(text).0;
        assert_eq!(
            of("  Json.NET % _ * ? \\ "),
            ["json.net", "%", "_", "*", "?", "\\"]
        );
        assert_eq!(of("id:Acme"), ["acme"]);
        assert_eq!(of("\"\""), Vec::<String>::new());
        assert_eq!(of(&"a ".repeat(1000)).len(), MOST_WORDS);
        let (words, package) = words("packageid:Acme.Lib");
        assert_eq!(
            (words.len(), package.unwrap().name.as_str()),
            (0, "acme.lib")
        );
        assert_eq!(of("packageid:a/b"), ["packageid:a/b"]);
    }
}
