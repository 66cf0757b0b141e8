//! `v3/index.json`: where everything is, in the words that every generation of clients looks for ("Service index" in the
//! NuGet Server API).
//!
//! Some clients know only the names of their own generation, and stop without a word when one is missing; so each place is
//! named under all the names that the gallery has for it. There is no place for symbol packages: then clients do not send
//! them by themselves.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::StatusCode;
use model::{Error, ResourceType, Result};
use serde_json::{Value, json};

use super::ID;
use super::address::{AUTOCOMPLETE, CONTENT, Hive, PUBLISH, QUERY, SIGNATURES, VULNERABILITIES};
use super::source;
use crate::kit::body::Body;
use crate::kit::document_reply::json_reply;
use crate::{Context, Endpoint, Reply};

/// How long the service index waits for a public source that was never asked. Later requests find its answer.
const PATIENCE: Duration = Duration::from_secs(2);

fn places() -> [(String, &'static [&'static str]); 7] {
    let hive = |hive: Hive| format!("v3/{}/", hive.folder());
    [
        (CONTENT.to_owned(), &["PackageBaseAddress/3.0.0"]),
        (
            hive(Hive::SemVer1),
            &[
                "RegistrationsBaseUrl",
                "RegistrationsBaseUrl/3.0.0-beta",
                "RegistrationsBaseUrl/3.0.0-rc",
                "RegistrationsBaseUrl/3.4.0",
            ],
        ),
        (
            hive(Hive::SemVer2),
            &[
                "RegistrationsBaseUrl/3.6.0",
                "RegistrationsBaseUrl/Versioned",
            ],
        ),
        (
            QUERY.to_owned(),
            &[
                "SearchQueryService",
                "SearchQueryService/3.0.0-beta",
                "SearchQueryService/3.0.0-rc",
                "SearchQueryService/3.5.0",
            ],
        ),
        (
            AUTOCOMPLETE.to_owned(),
            &[
                "SearchAutocompleteService",
                "SearchAutocompleteService/3.0.0-beta",
                "SearchAutocompleteService/3.0.0-rc",
                "SearchAutocompleteService/3.5.0",
            ],
        ),
        (PUBLISH.to_owned(), &["PackagePublish/2.0.0"]),
        (
            format!("{VULNERABILITIES}index.json"),
            &["VulnerabilityInfo/6.7.0"],
        ),
    ]
}

/// The names of the resource that says who signs packages.
const SIGNATURE_TYPES: [&str; 3] = [
    "RepositorySignatures/4.7.0",
    "RepositorySignatures/4.9.0",
    "RepositorySignatures/5.0.0",
];

fn render(base: &str, has_signatures: bool) -> Value {
    let mut resources = Vec::new();
    let mut add = |place: &str, kind: &str| {
        resources.push(json!({ "@id": format!("{base}{place}"), "@type": kind }));
    };
    for (place, kinds) in places() {
        kinds.iter().for_each(|kind| add(&place, kind));
    }
    if has_signatures {
        SIGNATURE_TYPES
            .iter()
            .for_each(|kind| add(SIGNATURES, kind));
    }
    json!({ "version": "3.0.0", "resources": resources })
}

/// `GET v3/index.json`
pub(super) struct ReadServiceIndex;

impl Endpoint for ReadServiceIndex {
    fn label(&self) -> &'static str {
        "read-service-index"
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let asked = tokio::time::timeout(PATIENCE, signatures(&cx)).await;
            let has_signatures = matches!(asked, Ok(Ok(Some(_))));
            let index = render(&cx.base, has_signatures);
            Ok(json_reply(StatusCode::OK, &index).into())
        })
    }
}

/// `GET v3/repository-signatures/index.json`
pub(super) struct ReadSignatures;

impl Endpoint for ReadSignatures {
    fn label(&self) -> &'static str {
        "read-repository-signatures"
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let found = signatures(&cx).await?.ok_or_else(|| {
                let message = "No public source of this repository signs its packages.";
                Error::not_found(ResourceType::Repository, cx.repository.as_str(), message)
            })?;
            Ok(json_reply(StatusCode::OK, &found).into())
        })
    }
}

/// What the sources of the repository say of who signs their packages, brought together.
async fn signatures(cx: &Context) -> Result<Option<Value>> {
    let catalog = &cx.catalog;
    let documents = catalog.documents_of_layouts(&cx.grant, ID, source::signatures);
    Ok(joined_signatures(&documents.await?))
}

/// The certificates of all sources. Not every package of this repository is signed by one of them, whatever a source says
/// of its own.
fn joined_signatures(documents: &[Bytes]) -> Option<Value> {
    let mut certificates = Vec::new();
    for document in documents {
        let document: Value = serde_json::from_slice(document).ok()?;
        let own = document
            .get("signingCertificates")
            .and_then(Value::as_array);
        certificates.extend(own.into_iter().flatten().cloned());
    }
    (!certificates.is_empty())
        .then(|| json!({ "allRepositorySigned": false, "signingCertificates": certificates }))
}

/// `GET v3/vulnerabilities/index.json` and its one page: nothing is known yet, which clients tell apart from not being asked.
pub(super) struct ReadVulnerabilities {
    pub(super) is_page: bool,
}

impl Endpoint for ReadVulnerabilities {
    fn label(&self) -> &'static str {
        "read-vulnerabilities"
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let document = if self.is_page {
                json!({})
            } else {
                json!([{
                    "@name": "base",
                    "@id": format!("{}{VULNERABILITIES}base.json", cx.base),
                    "@updated": "2020-01-01T00:00:00.0000000Z",
                    "comment": "What is known of vulnerable versions",
                }])
            };
            Ok(json_reply(StatusCode::OK, &document).into())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_has_all_the_names_that_clients_look_for() {
        let index = render("http://h/r/", true);
        let resources = index["resources"].as_array().unwrap();
        let place = |kind: &str| {
            let found = resources.iter().find(|resource| resource["@type"] == kind);
            found.unwrap_or_else(|| panic!("{kind}"))["@id"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        for (older, newer) in [
            ("RegistrationsBaseUrl", "RegistrationsBaseUrl/3.4.0"),
            (
                "RegistrationsBaseUrl/3.6.0",
                "RegistrationsBaseUrl/Versioned",
            ),
            ("SearchQueryService", "SearchQueryService/3.5.0"),
            (
                "SearchAutocompleteService/3.0.0-beta",
                "SearchAutocompleteService/3.5.0",
            ),
            ("RepositorySignatures/4.7.0", "RepositorySignatures/5.0.0"),
        ] {
            assert_eq!(place(older), place(newer));
        }
        assert_eq!(place("PackagePublish/2.0.0"), "http://h/r/api/v2/package");
        assert!(place("PackageBaseAddress/3.0.0").ends_with('/'));
        let text = index.to_string();
        assert!(!text.contains("SymbolPackagePublish"));
        assert!(
            !render("b/", false)
                .to_string()
                .contains("RepositorySignatures")
        );
    }

    #[test]
    fn certificates_of_sources_are_passed_on_and_what_is_signed_by_nobody_stays_usable() {
        let one =
            json!({"allRepositorySigned": true, "signingCertificates": [{"subject": "CN=a"}]});
        let other = json!({"signingCertificates": [{"subject": "CN=b"}]});
        let documents = [one, other].map(|document| Bytes::from(document.to_string()));
        let joined = joined_signatures(&documents).unwrap();
        assert_eq!(joined["allRepositorySigned"], false);
        assert_eq!(joined["signingCertificates"].as_array().unwrap().len(), 2);
        assert_eq!(joined_signatures(&[]), None);
        assert_eq!(joined_signatures(&[Bytes::from_static(b"<html>")]), None);
    }
}
