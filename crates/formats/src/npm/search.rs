//! `-/v1/search`: what `npm search` speaks. Only what the repository and its upstreams hold is searched.

use catalog::SearchHit;
use futures_util::future::BoxFuture;
use http::StatusCode;
use model::Result;
use serde_json::{Map, Value, json};

use super::ID;
use super::members::Members;
use super::name::display_name;
use super::shown::write_time;
use crate::kit::body::Body;
use crate::kit::document_reply::json_reply;
use crate::{Context, Endpoint, Reply, RequestHead};

const DEFAULT_SIZE: usize = 20;
const LARGEST_SIZE: usize = 250;
/// Later results are not given: finding them costs as much as everything before them.
const LARGEST_FROM: usize = 5000;
const MOST_WORDS: usize = 16;

/// `GET -/v1/search`
pub(super) struct Search {
    words: Vec<String>,
    size: usize,
    from: usize,
}

impl Search {
    pub(super) fn read(head: &RequestHead<'_>) -> Self {
        let text = head.parameter("text").unwrap_or_default();
        let number = |name, default: usize| {
            head.parameter(name)
                .and_then(|text| text.parse::<usize>().ok())
                .unwrap_or(default)
        };
        Self {
            words: words(&text),
            size: number("size", DEFAULT_SIZE).min(LARGEST_SIZE),
            from: number("from", 0).min(LARGEST_FROM),
        }
    }
}

/// The words of a search, as names hold them: in lower case, a scope without its `@`.
fn words(text: &str) -> Vec<String> {
    let plain = |word: &str| word.trim_start_matches('@').to_lowercase();
    text.split_whitespace()
        .map(plain)
        .filter(|word| !word.is_empty())
        .take(MOST_WORDS)
        .collect()
}

impl Endpoint for Search {
    fn label(&self) -> &'static str {
        "search"
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let hits = if self.size == 0 {
                Vec::new()
            } else {
                cx.catalog
                    .search_packages(&cx.grant, ID, &self.words, self.from, self.size)
                    .await?
            };
            let objects: Vec<Value> = hits.iter().map(object).collect();
            let answer = json!({
                "objects": objects,
                "total": self.from + objects.len(),
                "time": write_time(cx.catalog.now()),
            });
            Ok(json_reply(StatusCode::OK, &answer).into())
        })
    }
}

/// One result. Nothing is known of popularity or quality, and npm wants the numbers.
fn object(hit: &SearchHit) -> Value {
    let manifest = Members::read(&hit.metadata).unwrap_or_default();
    let mut package = Map::new();
    package.insert("name".into(), display_name(&hit.package).into());
    if let Some(scope) = &hit.package.namespace {
        package.insert("scope".into(), scope.as_str().into());
    }
    package.insert("version".into(), hit.version.as_str().into());
    package.insert(
        "description".into(),
        manifest.text("description").unwrap_or_default().into(),
    );
    let keywords = manifest
        .get("keywords")
        .and_then(|value| serde_json::from_str::<Vec<String>>(value.get()).ok());
    package.insert("keywords".into(), keywords.unwrap_or_default().into());
    package.insert("date".into(), write_time(hit.published_at).into());
    let homepage = manifest
        .text("homepage")
        .map(|url| json!({ "homepage": url }));
    package.insert("links".into(), homepage.unwrap_or_else(|| json!({})));
    package.insert("maintainers".into(), json!([]));
    json!({
        "package": package,
        "score": { "final": 1, "detail": { "quality": 1, "popularity": 1, "maintenance": 1 } },
        "searchScore": 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p16_words_are_literal_text() {
        assert_eq!(
            words("  Left-Pad @Types/Node % _ * ? \\ "),
            ["left-pad", "types/node", "%", "_", "*", "?", "\\"]
        );
        assert_eq!(words(" @ "), Vec::<String>::new());
        assert_eq!(words(&"a ".repeat(1000)).len(), MOST_WORDS);
    }
}
