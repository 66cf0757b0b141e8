//! `DELETE api/v1/gems/yank`: `gem yank`, and `PUT api/v1/gems/unyank`, which takes it back.
//!
//! A version that is yanked is Unlisted: the index is without it, and lock files that name it go on working. Statuses are
//! those of versions; where a version has gems for several platforms and not all of them are yanked, the ones that are stay
//! out of the index by a note of their own.

use bytes::BytesMut;
use catalog::VersionSelection;
use futures_util::future::BoxFuture;
use http::header::CONTENT_TYPE;
use model::{
    Action, Asset, Error, InvalidReason, PackageCoordinates, PackageVersionStatus, ResourceType,
    Result, VersionName,
};
use url::form_urlencoded;

use super::index::TEXT;
use super::name::{FileName, gem_of_segment};
use super::version::is_number;
use super::version_metadata::{GemFacts, VersionMetadata};
use super::{ID, platform};
use crate::kit::body::{Body, Response, full, next_chunk, too_large};
use crate::{Context, Endpoint, PackageLimits, Permission, Reply, RequestHead, Subject};

const FORM_BYTES: usize = 64 << 10;

/// A request to take a gem out of the index, or to take that back.
pub(super) struct Yank {
    is_back: bool,
    query: String,
    named: Option<Named>,
}

/// The gem that is meant.
struct Named {
    gem: PackageCoordinates,
    version: VersionName,
    platform: String,
}

impl Yank {
    pub(super) fn read(head: &RequestHead<'_>, is_back: bool) -> Self {
        Self {
            is_back,
            query: head.query.unwrap_or_default().to_owned(),
            named: None,
        }
    }
}

impl Named {
    /// Reads the fields, of the body or of the query.
    fn read(form: &[u8]) -> Result<Self> {
        let field = |name: &str| {
            let mut pairs = form_urlencoded::parse(form);
            pairs
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
        };
        let refuse = |reason: &str| {
            let message = format!("The request to yank a gem cannot be used: {reason}.");
            Error::invalid(InvalidReason::FieldValidation, message)
        };
        let name = field("gem_name").ok_or_else(|| refuse("the field 'gem_name' is missing"))?;
        let version = field("version").ok_or_else(|| refuse("the field 'version' is missing"))?;
        let version = VersionName::parse(&version)
            .ok()
            .filter(|v| is_number(v.as_str()));
        Ok(Self {
            gem: gem_of_segment(&name)?,
            version: version.ok_or_else(|| refuse("the field 'version' is no version"))?,
            platform: platform::normal(&field("platform").unwrap_or_default()),
        })
    }

    fn file(&self) -> String {
        let name = FileName {
            number: self.version.as_str(),
            platform: &self.platform,
        };
        name.file(self.gem.name.as_str())
    }

    fn title(&self) -> String {
        let name = FileName {
            number: self.version.as_str(),
            platform: &self.platform,
        };
        format!("{} ({})", self.gem.name, name.rest())
    }
}

impl Endpoint for Yank {
    fn label(&self) -> &'static str {
        if self.is_back { "unyank" } else { "yank" }
    }

    fn look_into<'b>(
        &'b mut self,
        body: &'b mut Body,
        _: &'b PackageLimits,
    ) -> BoxFuture<'b, Result<()>> {
        Box::pin(async move {
            let mut form = BytesMut::new();
            while let Some(chunk) = next_chunk(body).await? {
                if form.len() + chunk.len() > FORM_BYTES {
                    return Err(too_large(FORM_BYTES as u64));
                }
                form.extend_from_slice(&chunk);
            }
            if form.is_empty() {
                form.extend_from_slice(self.query.as_bytes());
            }
            self.named = Some(Named::read(&form)?);
            Ok(())
        })
    }

    fn subject(&self) -> Subject<'_> {
        self.named.as_ref().map_or_else(Subject::default, |named| {
            Subject::version(&named.gem, &named.version)
        })
    }

    fn permission(&self) -> Permission {
        const UPDATE: &[Action] = &[Action::of("UpdatePackageVersionsStatus")];
        Permission {
            actions: UPDATE,
            package: self.named.as_ref().map(|named| named.gem.clone()),
        }
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let named = self.named.as_ref();
            let named = named.ok_or_else(|| Error::internal("a yank was not looked into"))?;
            let held = Held::find(&cx, named).await?;
            let said = if self.is_back {
                held.put_back(&cx, named).await?;
                "Successfully re-indexed gem"
            } else {
                held.take_out(&cx, named).await?;
                "Successfully deleted gem"
            };
            let mut response = Response::new(full(format!("{said}: {}\n", named.title())));
            response.headers_mut().insert(CONTENT_TYPE, TEXT);
            Ok(response.into())
        })
    }
}

/// What the repository itself holds of the version.
struct Held {
    status: PackageVersionStatus,
    /// The file that is meant.
    file: String,
    /// Whether another gem of the version is in the index.
    has_others: bool,
    is_noted: bool,
}

impl Held {
    async fn find(cx: &Context, named: &Named) -> Result<Self> {
        let (gem, version, file) = (&named.gem, &named.version, named.file());
        let not_here = || {
            let message = format!(
                "The gem {} is not held by this repository itself. If it comes from an upstream repository, it can \
                 only be yanked there.",
                named.title()
            );
            Error::not_found(ResourceType::PackageVersion, version.as_str(), message)
        };
        let held = cx.catalog.held_assets(&cx.grant, gem, version).await?;
        let (status, assets) = held.ok_or_else(not_here)?;
        let kept = cx
            .catalog
            .held_version_metadata(&cx.grant, gem, version)
            .await?;
        let kept = kept.unwrap_or_default();
        let gems = VersionMetadata::read(kept.as_bytes()).gems;
        let is_noted = |file: &str| gems.get(file).is_some_and(GemFacts::is_yanked);
        let is_it = |asset: &&Asset| asset.name.as_str() == file;
        let it = assets.iter().find(is_it).ok_or_else(not_here)?;
        let others = assets.iter().filter(|asset| asset.name != it.name);
        Ok(Self {
            status,
            has_others: others
                .into_iter()
                .any(|asset| !is_noted(asset.name.as_str())),
            is_noted: is_noted(&file),
            file,
        })
    }

    async fn take_out(&self, cx: &Context, named: &Named) -> Result<()> {
        if self.has_others && self.status == PackageVersionStatus::Published {
            return self.note(cx, named, true).await;
        }
        self.set_status(cx, named, PackageVersionStatus::Unlisted)
            .await
    }

    async fn put_back(&self, cx: &Context, named: &Named) -> Result<()> {
        if self.is_noted {
            self.note(cx, named, false).await?;
        }
        self.set_status(cx, named, PackageVersionStatus::Published)
            .await
    }

    async fn note(&self, cx: &Context, named: &Named, yanked: bool) -> Result<()> {
        let facts = GemFacts {
            yanked: Some(yanked),
            ..GemFacts::default()
        };
        let note = VersionMetadata::of_gem(&self.file, facts).to_json();
        cx.catalog
            .merge_version_metadata(&cx.grant, &named.gem, &named.version, note)
            .await
    }

    /// A version that is archived or disposed is no longer in the index: it stays as it is.
    async fn set_status(
        &self,
        cx: &Context,
        named: &Named,
        status: PackageVersionStatus,
    ) -> Result<()> {
        if !matches!(
            self.status,
            PackageVersionStatus::Published | PackageVersionStatus::Unlisted
        ) {
            let message = format!(
                "The gem {} is {}, and its status stays as it is.",
                named.title(),
                self.status
            );
            let (kind, version) = (ResourceType::PackageVersion, named.version.as_str());
            return Err(Error::conflict(kind, version, message));
        }
        let selection = VersionSelection {
            versions: [(named.version.clone(), None)].into(),
            expected_status: None,
        };
        let (caller, package) = (cx.caller(), &named.gem);
        debug_assert_eq!(package.format, ID);
        let outcome = cx
            .catalog
            .update_package_versions_status(
                caller,
                &cx.domain,
                &cx.repository,
                package,
                selection,
                status,
            )
            .await?;
        match outcome.failed.into_values().next() {
            None => Ok(()),
            Some(failed) => Err(Error::conflict(
                ResourceType::PackageVersion,
                named.version.as_str(),
                failed.message,
            )),
        }
    }
}
