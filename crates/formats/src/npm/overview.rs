//! What writes need to know of a package, in one small document: the state it is in, its tags, its versions.
//!
//! Kept ready like a packument, but the same whatever address the client uses, so the revision in it is, too. It is not
//! sent to clients as a whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use catalog::{Encoding, PackageView};
use model::{Error, PackageCoordinates, ResourceType, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::members::Members;
use super::shown::Shown;
use super::{Variant, render as render_variant};
use crate::Context;

/// A package, as a write sees it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Overview {
    /// Names the state of everything shown; clients hand it back with a change.
    pub(super) revision: String,
    /// The tags.
    pub(super) tags: BTreeMap<String, String>,
    /// The versions that are shown, with their deprecation notices.
    pub(super) versions: BTreeMap<String, Option<String>>,
}

impl Overview {
    /// The overview of a package; not found when the repository shows no version of it.
    pub(super) async fn of(cx: &Context, package: &PackageCoordinates) -> Result<Self> {
        let variant = Variant::Overview.number();
        let (document, _) = cx
            .catalog
            .document(
                &cx.grant,
                package,
                variant,
                &Arc::from(""),
                Encoding::Identity,
                render_variant,
            )
            .await?;
        serde_json::from_slice(&document.bytes).map_err(Error::internal)
    }

    /// Refuses a change that was made to an older state of the package.
    pub(super) fn check_revision(
        &self,
        package: &PackageCoordinates,
        revision: &str,
    ) -> Result<()> {
        if revision == self.revision {
            return Ok(());
        }
        let message = format!(
            "The package changed since revision '{}' was read. Read it again and repeat the change.",
            revision
                .chars()
                .take(64)
                .filter(|c| !c.is_control())
                .collect::<String>()
        );
        Err(Error::conflict(
            ResourceType::Package,
            package.name.as_str(),
            message,
        ))
    }
}

/// Writes the overview.
pub(super) fn render(view: &PackageView) -> Result<Bytes> {
    let shown = Shown::of(view)?;
    let mut hash = Sha256::new();
    let mut add = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    let mut versions = BTreeMap::new();
    for found in &shown.versions {
        add(found.version.as_str().as_bytes());
        add(found.metadata.as_bytes());
        let text = std::str::from_utf8(found.metadata.as_bytes()).map_err(Error::internal)?;
        let notice = Members::read(text)
            .map_err(Error::internal)?
            .text("deprecated");
        let notice = notice
            .filter(|text| !text.is_empty())
            .map(std::borrow::Cow::into_owned);
        versions.insert(found.version.as_str().to_owned(), notice);
    }
    for (tag, version) in &shown.tags {
        add(tag.as_bytes());
        add(version.as_bytes());
    }
    // Clients of the old database wrote a counter before the hash, and some still cut at the hyphen.
    let revision = format!("{}-{}", versions.len(), hex::encode(&hash.finalize()[..16]));
    let tags = shown
        .tags
        .iter()
        .map(|(tag, version)| ((*tag).to_owned(), (*version).to_owned()))
        .collect();
    serde_json::to_vec(&Overview {
        revision,
        tags,
        versions,
    })
    .map(Bytes::from)
    .map_err(Error::internal)
}
