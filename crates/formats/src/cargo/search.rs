//! `GET api/v1/crates?q=...`: what `cargo search` speaks. Only what the repository and its upstreams hold is searched.

use catalog::SearchHit;
use futures_util::future::BoxFuture;
use http::StatusCode;
use model::Result;
use serde_json::{Value, json};

use super::ID;
use super::version_metadata::Kept;
use crate::kit::body::Body;
use crate::kit::document_reply::json_reply;
use crate::{Context, Endpoint, Reply, RequestHead};

const DEFAULT_SIZE: usize = 10;
const LARGEST_SIZE: usize = 100;
/// Later results are not given: finding them costs as much as everything before them.
const LARGEST_SKIP: usize = 5000;
const MOST_WORDS: usize = 16;

/// `GET api/v1/crates`
pub(super) struct Search {
    words: Vec<String>,
    size: usize,
    skip: usize,
}

impl Search {
    pub(super) fn read(head: &RequestHead<'_>) -> Self {
        let number = |name, default: usize| {
            head.parameter(name)
                .and_then(|text| text.parse::<usize>().ok())
                .unwrap_or(default)
        };
        let size = number("per_page", DEFAULT_SIZE).clamp(1, LARGEST_SIZE);
        let page = number("page", 1).max(1) - 1;
        Self {
            words: words(&head.parameter("q").unwrap_or_default()),
            size,
            skip: page.saturating_mul(size).min(LARGEST_SKIP),
        }
    }
}

/// The words of a search as names hold them: in lower case, and apart at separators, of which people remember the wrong
/// one.
fn words(text: &str) -> Vec<String> {
    text.split(|c: char| c.is_whitespace() || c == '-' || c == '_')
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .take(MOST_WORDS)
        .collect()
}

impl Endpoint for Search {
    fn label(&self) -> &'static str {
        "search"
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            // One more than is shown tells that there are more.
            let found = cx
                .catalog
                .search_packages(&cx.grant, ID, &self.words, self.skip, self.size + 1)
                .await?;
            let crates: Vec<Value> = found.iter().take(self.size).map(object).collect();
            let answer = json!({
                "crates": crates,
                "meta": { "total": self.skip + found.len() },
            });
            Ok(json_reply(StatusCode::OK, &answer).into())
        })
    }
}

fn object(hit: &SearchHit) -> Value {
    let kept = Kept::read(hit.metadata.as_bytes());
    let head = kept.index().map(|(_, head)| head);
    let name = head.map_or_else(
        || hit.package.name.to_string(),
        |head| head.name.into_owned(),
    );
    let version = hit.version.as_str();
    json!({
        "id": name,
        "name": name,
        "max_version": version,
        "newest_version": version,
        "description": kept.about().description,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p16_words_are_literal_text_and_separators_do_not_matter() {
        assert_eq!(
            words("  Serde-JSON_x % * ? \\ "),
            ["serde", "json", "x", "%", "*", "?", "\\"]
        );
        assert_eq!(words(" - _ "), Vec::<String>::new());
        assert_eq!(words(&"a ".repeat(1000)).len(), MOST_WORDS);
    }
}
