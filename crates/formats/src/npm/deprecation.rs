//! `npm deprecate`: the client reads the packument, sets notices, and sends all of it back.
//!
//! Of what comes back only the notices are taken, and only for versions that the repository itself holds. Everything
//! else in the document is the client's copy of what we said, and no way to change anything.

use std::collections::HashMap;

use http::StatusCode;
use model::{Action, Error, InvalidReason, PackageCoordinates, Result, VersionName};
use serde_json::json;

use super::members::{Members, ObjectWriter, read_text};
use super::name::display_name;
use super::overview::Overview;
use super::publication::PublishDocument;
use super::unpublish::not_held;
use crate::kit::document_reply::json_reply;
use crate::{Context, Reply, Told};

/// The longest notice.
const NOTICE_BYTES: usize = 16 * 1024;

/// Takes the notices of a document.
pub(super) async fn edit(
    cx: &Context,
    package: &PackageCoordinates,
    document: String,
) -> Result<Reply> {
    let grant = cx.grant_for(Action::PUT_PACKAGE_METADATA, package).await?;
    let read_package = package.clone();
    let read = tokio::task::spawn_blocking(move || notices(&read_package, &document));
    let (revision, sent) = read.await.map_err(Error::internal)??;
    let overview = Overview::of(cx, package).await?;
    if let Some(revision) = revision {
        overview.check_revision(package, &revision)?;
    }
    let shown = |version: &str| overview.versions.get(version).cloned().flatten();
    let changes: HashMap<String, Option<String>> = sent
        .into_iter()
        .filter(|(version, notice)| shown(version) != *notice)
        .collect();
    if !changes.is_empty() {
        let held = cx.catalog.list_own_versions(&grant, package).await?;
        if let Some(other) = changes
            .keys()
            .find(|version| !held.iter().any(|held| held.as_str() == *version))
        {
            return Err(not_held(package, other));
        }
        let apply = move |version: &VersionName, metadata: &str| match changes.get(version.as_str())
        {
            Some(notice) => with_notice(metadata, notice.as_deref()).map(Some),
            None => Ok(None),
        };
        cx.catalog
            .edit_metadata(&grant, package, Box::new(apply))
            .await?;
    }
    let answer = json!({ "ok": true, "success": true, "id": display_name(package) });
    let mut response = json_reply(StatusCode::OK, &answer);
    let action = Action::PUT_PACKAGE_METADATA;
    let told = Told {
        action,
        package: None,
        version: None,
    };
    response.extensions_mut().insert(told);
    Ok(response.into())
}

/// The revision and the notices of a document.
type Sent = (Option<String>, HashMap<String, Option<String>>);

fn notices(package: &PackageCoordinates, text: &str) -> Result<Sent> {
    let document = PublishDocument::read(text)?;
    document.check_name(package)?;
    let refuse = |reason: &str| {
        Error::invalid(
            InvalidReason::CannotParse,
            format!("The document cannot be used: {reason}."),
        )
    };
    let versions = document
        .versions
        .ok_or_else(|| refuse("it has neither a tarball to publish nor versions to edit"))?;
    let mut notices = HashMap::new();
    for (version, manifest) in versions.0 {
        let manifest = Members::read(manifest.get())
            .map_err(|_| refuse("a version in it is not an object"))?;
        let notice = manifest
            .get("deprecated")
            .and_then(read_text)
            .filter(|notice| !notice.is_empty());
        if notice
            .as_ref()
            .is_some_and(|notice| notice.len() > NOTICE_BYTES)
        {
            return Err(refuse("a deprecation notice in it is longer than 16 KiB"));
        }
        notices.insert(
            version.into_owned(),
            notice.map(std::borrow::Cow::into_owned),
        );
    }
    Ok((document.revision.map(std::borrow::Cow::into_owned), notices))
}

/// A version's metadata with this notice, or with none.
fn with_notice(metadata: &str, notice: Option<&str>) -> Result<String> {
    let members = Members::read(metadata).map_err(Error::internal)?;
    let mut out = Vec::with_capacity(metadata.len() + 128);
    let mut writer = ObjectWriter::begin(&mut out);
    for (name, value) in &members.0 {
        if name != "deprecated" {
            writer.raw(name, value.get());
        }
    }
    if let Some(notice) = notice {
        writer.text("deprecated", notice);
    }
    writer.end();
    String::from_utf8(out).map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::npm::name::read_segments;

    #[test]
    fn only_notices_are_read_out_of_a_document() {
        let package = read_segments(&["a"]).unwrap().0;
        let text = r#"{"_rev":"2-x","name":"a","versions":{"1.0.0":{"deprecated":"old","x":1},"2.0.0":{"deprecated":""},
            "3.0.0":{"deprecated":false}}}"#;
        let (revision, found) = notices(&package, text).unwrap();
        assert_eq!(revision.as_deref(), Some("2-x"));
        assert_eq!(found["1.0.0"].as_deref(), Some("old"));
        assert_eq!((&found["2.0.0"], &found["3.0.0"]), (&None, &None));
        for bad in [
            "{}",
            r#"{"name":"b","versions":{}}"#,
            r#"{"versions":{"1.0.0":7}}"#,
            "[]",
        ] {
            assert!(notices(&package, bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_notice_is_set_moved_and_taken_away_and_nothing_else_changes() {
        let before = r#"{"name":"a","deprecated":"x","dist":{"y":[1.50]}}"#;
        assert_eq!(
            with_notice(before, Some("\"new\"")).unwrap(),
            r#"{"name":"a","dist":{"y":[1.50]},"deprecated":"\"new\""}"#
        );
        assert_eq!(
            with_notice(before, None).unwrap(),
            r#"{"name":"a","dist":{"y":[1.50]}}"#
        );
    }
}
