//! PublishPackageVersion: an asset of a version, whose bytes are the body of the request.

use catalog::{AssetPublication, ExpectedDigests};
use model::{
    Action, AssetName, Constraint, DomainRef, Namespace, PackageCoordinates, RepositoryName,
    Result, Sha256Digest, VersionName,
};
use serde::Serialize;

use crate::operation::{Ctx, Resource, StreamedOperation};
use crate::protocol::member::{header, payload, query};
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, post};
use crate::protocol::upload::Upload;
use crate::shapes::AssetSummary;

pub(crate) struct PublishPackageVersion;

pub(crate) struct Input {
    domain: DomainRef,
    repository: RepositoryName,
    package: PackageCoordinates,
    version: VersionName,
    asset: AssetName,
    sha256: Sha256Digest,
    unfinished: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    package: String,
    version: String,
    version_revision: String,
    status: &'static str,
    asset: AssetSummary,
}

impl StreamedOperation for PublishPackageVersion {
    const NAME: &'static str = "PublishPackageVersion";
    const ROUTE: Route = post("/v1/package/version/publish");
    type Input = Input;
    type Output = Output;

    fn read(p: &mut Params) -> Read<Input> {
        let domain = p.domain();
        let repository = p.repository();
        let package = p.package_of_api();
        let version = p.version(&package);
        let asset = p.new_asset(&package);
        // The header is the hash that the signature was made over, too.
        let sha256 = p.required(header("assetSHA256", "x-amz-content-sha256"), sha256);
        p.payload(payload("assetContent"));
        let unfinished = p.boolean(query("unfinished"));
        Ok(Input {
            domain: domain?,
            repository: repository?,
            package: package?,
            version: version?,
            asset: asset?,
            sha256: sha256?,
            unfinished: unfinished?.unwrap_or(false),
        })
    }

    async fn run(ctx: &Ctx, input: Input, upload: &mut Upload) -> Result<Output> {
        let Input {
            domain,
            repository,
            package,
            version,
            asset,
            sha256,
            unfinished,
        } = input;
        let action = Action::PUBLISH_PACKAGE_VERSION;
        ctx.allow_action(action, Resource::Package(&domain, &repository, &package))
            .await?;
        let publication = AssetPublication {
            package: package.clone(),
            version,
            asset,
            expected: ExpectedDigests {
                sha256: Some(sha256),
                ..ExpectedDigests::default()
            },
            announced_bytes: upload.announced_bytes(),
            unfinished,
            only_new: false,
        };
        let published = ctx
            .catalog
            .publish_asset(&ctx.caller, &domain, &repository, publication, upload)
            .await?;
        Ok(Output {
            format: package.format.as_str(),
            namespace: package.namespace.as_ref().map(Namespace::to_string),
            package: package.name.to_string(),
            version: published.version.to_string(),
            version_revision: published.revision,
            status: published.status.as_str(),
            asset: (&published.asset).into(),
        })
    }
}

/// 64 lower-case hex digits.
fn sha256(text: &str) -> Result<Sha256Digest, Constraint> {
    match text.len() {
        0..64 => Err(Constraint::MinLength(64)),
        64 if !text.bytes().any(|b| b.is_ascii_uppercase()) => {
            Sha256Digest::from_hex(text).ok_or(Constraint::Pattern("[0-9a-f]+"))
        }
        64 => Err(Constraint::Pattern("[0-9a-f]+")),
        _ => Err(Constraint::MaxLength(64)),
    }
}
