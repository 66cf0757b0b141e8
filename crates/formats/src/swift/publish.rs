//! `PUT {scope}/{name}/{version}`: publishing a release ("Create a package release" in the registry specification, section
//! 4.6). What is published is there when the answer comes, so nothing is ever polled for.
//!
//! The archive is staged while it arrives, so memory does not grow with it. Sections may come in any order.

use catalog::{AssetAddition, PublishedAsset, Staged};
use futures_util::future::BoxFuture;
use http::header::{HeaderValue, LOCATION};
use http::{HeaderMap, StatusCode};
use model::{Action, Error, ResourceType, Result};

use super::link::release_url;
use super::publish_form::{ARCHIVE, Decoder, Sections, missing_archive, twice};
use super::release::ReleaseAddress;
use super::source_archive::{SIGNATURE_FORMAT, asset_name};
use super::version;
use super::version_metadata::VersionMetadata;
use crate::kit::body::{Body, Response, announced_bytes, drain, empty, too_large, waits};
use crate::kit::multipart::{Event, FormScanner, PartEncoding, PartHead};
use crate::{Context, Endpoint, Permission, Reply, Subject};

const PUBLISH: &[Action] = &[Action::PUBLISH_PACKAGE_VERSION];

/// `PUT {scope}/{name}/{version}`
pub(super) struct PublishRelease {
    release: ReleaseAddress,
    form: FormScanner,
}

impl PublishRelease {
    /// Everything that can be refused before the body is asked for.
    pub(super) fn of(release: ReleaseAddress, headers: &HeaderMap) -> Result<Self> {
        version::check_publishable(&release.version)?;
        let form = FormScanner::of(headers)?.taking_encodings();
        Ok(Self { release, form })
    }
}

impl Endpoint for PublishRelease {
    fn label(&self) -> &'static str {
        "publish-release"
    }

    fn permission(&self) -> Permission {
        Permission::on(PUBLISH, self.release.identity.package.clone())
    }

    fn subject(&self) -> Subject<'_> {
        self.release.subject()
    }

    fn run(mut self: Box<Self>, cx: Context, mut body: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            if let Err(error) = check_length(&cx) {
                // Who has sent nothing yet would take a read for leave to send all of it.
                if !waits(&cx.headers) {
                    drain(body).await;
                }
                return Err(error);
            }
            match self.receive(&cx, &mut body).await {
                Ok((staged, said)) => self.publish(&cx, staged, said).await,
                Err(error) => {
                    drain(body).await;
                    Err(error)
                }
            }
        })
    }
}

/// The largest form: an archive, the other sections, and what stands between them.
fn limit_bytes(cx: &Context) -> u64 {
    let asset_bytes = cx.catalog.settings().quotas.asset_size_bytes;
    // In base64 an archive is a third longer.
    let largest = asset_bytes.saturating_add(asset_bytes / 2);
    largest.saturating_add(cx.limits.document_bytes as u64)
}

fn check_length(cx: &Context) -> Result<()> {
    let limit_bytes = limit_bytes(cx);
    if announced_bytes(&cx.headers).is_some_and(|length| length > limit_bytes) {
        return Err(too_large(limit_bytes));
    }
    Ok(())
}

impl PublishRelease {
    /// Reads the form: the archive, and what is said of it.
    async fn receive(
        &mut self,
        cx: &Context,
        body: &mut Body,
    ) -> Result<(Staged, VersionMetadata)> {
        let mut sections = Sections::default();
        let mut archive = None;
        let mut passed_over_bytes = 0;
        loop {
            match self.form.next(body).await? {
                Event::Part(head) if head.name == ARCHIVE => {
                    if archive.is_some() {
                        return Err(twice(ARCHIVE));
                    }
                    archive = Some(self.receive_archive(cx, body, head.encoding).await?);
                }
                Event::Part(head) => {
                    passed_over_bytes += self.read_section(body, &head, &mut sections).await?;
                    if passed_over_bytes > cx.limits.document_bytes {
                        return Err(too_large(cx.limits.document_bytes as u64));
                    }
                }
                Event::Content(_) | Event::PartEnd => {}
                Event::End => break,
            }
        }
        self.form.finish(body).await?;
        let archive = archive.ok_or_else(missing_archive)?;
        let format = cx.headers.get(SIGNATURE_FORMAT);
        let said = sections.check(&self.release.identity.spelling, format)?;
        Ok((archive, said))
    }

    /// Reads a small section; how many bytes of one that is passed over came.
    async fn read_section(
        &mut self,
        body: &mut Body,
        head: &PartHead,
        sections: &mut Sections,
    ) -> Result<usize> {
        let is_kept = sections.begin(&head.name)?;
        let mut decoder = Decoder::new(head.encoding);
        let mut passed_over_bytes = head.name.len();
        while let Event::Content(bytes) = self.form.next(body).await? {
            if !is_kept {
                passed_over_bytes += bytes.len();
            } else if decoder.is_needed() {
                sections.add(&head.name, &decoder.feed(&bytes)?)?;
            } else {
                sections.add(&head.name, &bytes)?;
            }
        }
        decoder.finish()?;
        Ok(passed_over_bytes)
    }

    async fn receive_archive(
        &mut self,
        cx: &Context,
        body: &mut Body,
        encoding: PartEncoding,
    ) -> Result<Staged> {
        let limit_bytes = cx.catalog.settings().quotas.asset_size_bytes;
        let mut stage = cx.catalog.stage().await?;
        let mut decoder = Decoder::new(encoding);
        while let Event::Content(mut bytes) = self.form.next(body).await? {
            if decoder.is_needed() {
                bytes = decoder.feed(&bytes)?.into();
            }
            if stage.written_bytes() + bytes.len() as u64 > limit_bytes {
                let message = format!("The asset is larger than the limit of {limit_bytes} bytes.");
                let name = asset_name();
                return Err(Error::quota_exceeded(
                    ResourceType::Asset,
                    name.as_str(),
                    message,
                ));
            }
            stage.write(bytes).await.map_err(Error::internal)?;
        }
        decoder.finish()?;
        stage.finish().await.map_err(Error::internal)
    }

    async fn publish(self, cx: &Context, staged: Staged, said: VersionMetadata) -> Result<Reply> {
        let ReleaseAddress { identity, version } = self.release;
        let package = identity.package;
        // The archive may have taken hours, in which rights come and go.
        let grant = cx
            .grant_for(Action::PUBLISH_PACKAGE_VERSION, &package)
            .await?;
        let addition = AssetAddition {
            package: package.clone(),
            version: version.clone(),
            asset: asset_name(),
            staged,
            metadata: Some(said.to_json()),
            is_finished: true,
        };
        let published: PublishedAsset = cx.catalog.add_asset(&grant, addition).await?;
        if !published.is_new {
            let held = cx
                .catalog
                .held_version_metadata(&grant, &package, &version)
                .await?;
            let is_same = held
                .is_some_and(|held| VersionMetadata::read(held.as_bytes()).says_the_same(&said));
            if !is_same {
                let message = format!(
                    "Version {version} of package '{}' already exists with this archive and other metadata or another \
                     signature. Publish another version number.",
                    identity.spelling
                );
                let kind = ResourceType::PackageVersion;
                return Err(Error::conflict(kind, version.as_str(), message));
            }
        }
        // Also where it was there: the package manager takes no other status for success.
        let mut response = Response::new(empty());
        *response.status_mut() = StatusCode::CREATED;
        let location = release_url(&cx.base, &package, published.version.as_str());
        response.headers_mut().insert(
            LOCATION,
            HeaderValue::try_from(location).map_err(Error::internal)?,
        );
        Ok(response.into())
    }
}
