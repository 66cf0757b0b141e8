//! `POST api/v1/gems`: `gem push`. The body is the gem, staged while it arrives, so memory does not grow with it.
//!
//! Which gem it is stands in its metadata, the first member of its archive; only who may publish that is let on.

use bytes::{Bytes, BytesMut};
use catalog::AssetAddition;
use futures_util::future::BoxFuture;
use http::HeaderMap;
use http::header::{CONTENT_TYPE, HeaderValue};
use model::{
    Action, AssetName, Error, ErrorKind, InvalidReason, PackageCoordinates, PackageVersionStatus,
    ResourceType, Result, VersionName,
};

use super::archive::{GemFault, METADATA_PACKED_BYTES, Member, read_metadata};
use super::gem::refuse;
use super::gemspec::Gemspec;
use super::index::TEXT;
use super::name::{find_gem, is_new_name};
use crate::kit::body::{Body, Response, announced_bytes, drain, full, next_chunk, too_large};
use crate::kit::tar::{BLOCK_BYTES, Block, Header};
use crate::{Context, Endpoint, PackageLimits, Permission, Reply, Told};

/// A push, as far as it has been read.
pub(super) struct Push {
    announced_bytes: Option<u64>,
    /// What was read to find the metadata.
    begun: BytesMut,
    found: Option<Found>,
}

/// What the metadata says.
struct Found {
    gem: PackageCoordinates,
    version: VersionName,
    file: AssetName,
    /// As people read it: `widget (1.0)`.
    title: String,
}

impl Push {
    pub(super) fn of(headers: &HeaderMap) -> Result<Self> {
        let content_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
        if content_type.is_some_and(|name| name.starts_with(b"multipart/")) {
            let message = "Attestations are not kept here yet. Push the gem without --attestation.";
            return Err(Error::invalid(InvalidReason::Other, message));
        }
        Ok(Self {
            announced_bytes: announced_bytes(headers),
            begun: BytesMut::new(),
            found: None,
        })
    }

    /// Reads on until so many bytes are there.
    async fn need(&mut self, body: &mut Body, bytes: u64, limit_bytes: u64) -> Result<()> {
        while (self.begun.len() as u64) < bytes {
            if bytes > limit_bytes {
                let fault = "its metadata is not at its beginning. Build it with a newer RubyGems";
                return Err(refuse("", &GemFault(fault.into())));
            }
            let Some(chunk) = next_chunk(body).await? else {
                return Err(refuse("", &GemFault("it ends before its end".into())));
            };
            self.begun.extend_from_slice(&chunk);
        }
        Ok(())
    }

    async fn find_metadata(&mut self, body: &mut Body, limit_bytes: u64) -> Result<Vec<u8>> {
        let refuse = |fault: GemFault| refuse("", &fault);
        let mut at: u64 = 0;
        loop {
            let content_at = at + BLOCK_BYTES as u64;
            self.need(body, content_at, limit_bytes).await?;
            let header = self.header(at)?;
            let member = Member::of(&header).map_err(refuse)?;
            let end = content_at.saturating_add(header.size_bytes);
            if member == Member::Metadata {
                if header.size_bytes > METADATA_PACKED_BYTES {
                    return Err(refuse(GemFault("its metadata.gz is too large".into())));
                }
                self.need(body, end, limit_bytes.max(end)).await?;
                let (from, to) = (place(content_at)?, place(end)?);
                return Ok(self.begun[from..to].to_vec());
            }
            at = end
                .checked_next_multiple_of(BLOCK_BYTES as u64)
                .unwrap_or(u64::MAX - BLOCK_BYTES as u64);
        }
    }

    fn header(&self, at: u64) -> Result<Header> {
        let from = place(at)?;
        let mut block: Block = [0; BLOCK_BYTES];
        block.copy_from_slice(&self.begun[from..from + BLOCK_BYTES]);
        if block.iter().all(|b| *b == 0) {
            return Err(refuse("", &GemFault("it has no metadata.gz".into())));
        }
        Header::read(&block).map_err(|fault| refuse("", &GemFault(fault.0.into())))
    }
}

fn place(at: u64) -> Result<usize> {
    usize::try_from(at).map_err(Error::internal)
}

impl Found {
    fn of(spec: &Gemspec) -> Result<Self> {
        let file = spec.file();
        let gem = find_gem(&spec.name).filter(|_| is_new_name(&spec.name));
        let version = VersionName::parse(&spec.number);
        let (Some(gem), Ok(version), Ok(asset)) = (gem, version, AssetName::parse(&file)) else {
            let fault = "its name, version and platform cannot be those of a gem";
            return Err(refuse(&file, &GemFault(fault.into())));
        };
        let rest = file.strip_prefix(spec.name.as_str()).unwrap_or_default();
        let rest = rest.trim_start_matches('-').trim_end_matches(".gem");
        Ok(Self {
            gem,
            version,
            title: format!("{} ({rest})", spec.name),
            file: asset,
        })
    }
}

impl Endpoint for Push {
    fn label(&self) -> &'static str {
        "push"
    }

    fn look_into<'b>(
        &'b mut self,
        body: &'b mut Body,
        limits: &'b PackageLimits,
    ) -> BoxFuture<'b, Result<()>> {
        Box::pin(async move {
            let metadata = self
                .find_metadata(body, limits.document_bytes as u64)
                .await?;
            // Reading it takes a while.
            let read = tokio::task::spawn_blocking(move || read_metadata(&metadata));
            let spec = read.await.map_err(Error::internal)?;
            let spec = spec.map_err(|fault| refuse("", &fault))?;
            self.found = Some(Found::of(&spec)?);
            Ok(())
        })
    }

    fn permission(&self) -> Permission {
        const PUBLISH: &[Action] = &[Action::PUBLISH_PACKAGE_VERSION];
        Permission {
            actions: PUBLISH,
            package: self.found.as_ref().map(|found| found.gem.clone()),
        }
    }

    fn run(self: Box<Self>, cx: Context, mut body: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let Self {
                announced_bytes,
                begun,
                found,
            } = *self;
            let found = found.ok_or_else(|| Error::internal("a push was not looked into"))?;
            let limit_bytes = cx.catalog.settings().quotas.asset_size_bytes;
            if announced_bytes.is_some_and(|bytes| bytes > limit_bytes) {
                drain(body).await;
                return Err(too_large(limit_bytes));
            }
            match receive(&cx, begun.freeze(), &mut body, &found).await {
                Ok(staged) => publish(&cx, found, staged).await,
                Err(error) => {
                    drain(body).await;
                    Err(error)
                }
            }
        })
    }
}

async fn receive(
    cx: &Context,
    begun: Bytes,
    body: &mut Body,
    found: &Found,
) -> Result<catalog::Staged> {
    let limit_bytes = cx.catalog.settings().quotas.asset_size_bytes;
    let mut stage = cx.catalog.stage().await?;
    let mut next = Some(begun);
    while let Some(bytes) = next {
        if stage.written_bytes() + bytes.len() as u64 > limit_bytes {
            let message = format!("The asset is larger than the limit of {limit_bytes} bytes.");
            let file = found.file.as_str();
            return Err(Error::quota_exceeded(ResourceType::Asset, file, message));
        }
        stage.write(bytes).await.map_err(Error::internal)?;
        next = next_chunk(body).await?;
    }
    stage.finish().await.map_err(Error::internal)
}

async fn publish(cx: &Context, found: Found, staged: catalog::Staged) -> Result<Reply> {
    let Found {
        gem,
        version,
        file,
        title,
    } = found;
    // The gem may have taken hours, in which rights come and go.
    let grant = cx.grant_for(Action::PUBLISH_PACKAGE_VERSION, &gem).await?;
    let addition = AssetAddition {
        package: gem,
        version,
        asset: file.clone(),
        staged,
        metadata: None,
        is_finished: true,
    };
    let added = cx.catalog.add_asset(&grant, addition).await;
    let added = added.map_err(|error| told_apart(error, file.as_str()))?;
    if !added.is_new && added.status == PackageVersionStatus::Unlisted {
        let message = format!(
            "Repushing of gem versions is not allowed: {title} was yanked. Set its status to Published to have it back."
        );
        let kind = ResourceType::PackageVersion;
        return Err(Error::conflict(kind, added.version.as_str(), message));
    }
    let told = Told {
        action: Action::PUBLISH_PACKAGE_VERSION,
        package: None,
        version: Some(added.version),
    };
    let mut response = Response::new(full(format!("Successfully registered gem: {title}\n")));
    response.headers_mut().insert(CONTENT_TYPE, TEXT);
    response.extensions_mut().insert(told);
    Ok(response.into())
}

/// The public host's words where the gem is there with other bytes: release tools look for them.
fn told_apart(error: Error, file: &str) -> Error {
    let is_asset = |resource: &model::Resource| resource.kind == ResourceType::Asset;
    if error.kind != ErrorKind::Conflict || !error.resource.as_ref().is_some_and(is_asset) {
        return error;
    }
    let message = format!(
        "Repushing of gem versions is not allowed: '{file}' is here with other contents. Give the new build another \
         version, or delete this one first."
    );
    Error { message, ..error }
}
