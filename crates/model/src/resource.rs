//! What the service keeps, as plain values: what `catalog` answers with.

use crate::{
    AccountId, Arn, AssetName, Digests, DomainName, EpochMillis, ExternalConnectionName, FormatId,
    Namespace, Origin, OriginRestrictions, PackageCoordinates, PackageName, PackageVersionStatus,
    RepositoryName, VersionName,
};

/// A domain by name and owner.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DomainRef {
    /// The account that owns it.
    pub owner: AccountId,
    /// Its name.
    pub name: DomainName,
}

/// A domain.
#[derive(Debug, Clone)]
pub struct Domain {
    /// Name and owner.
    pub domain: DomainRef,
    /// Its ARN.
    pub arn: Arn,
    /// When it was made.
    pub created_at: EpochMillis,
    /// The ARN of the key it is said to be encrypted with.
    pub encryption_key: String,
    /// How many repositories it has.
    pub repository_count: i64,
    /// The bytes of all its assets, each distinct one counted once.
    pub asset_size_bytes: i64,
}

/// A repository.
#[derive(Debug, Clone)]
pub struct Repository {
    /// Its name.
    pub name: RepositoryName,
    /// The account that administers it.
    pub administrator: AccountId,
    /// The domain it belongs to.
    pub domain: DomainRef,
    /// Its ARN.
    pub arn: Arn,
    /// What its users wrote about it.
    pub description: String,
    /// Its upstreams in order of priority.
    pub upstreams: Vec<RepositoryName>,
    /// Its external connections: at most one.
    pub external_connections: Vec<ExternalConnection>,
    /// When it was made.
    pub created_at: EpochMillis,
}

/// A repository's external connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalConnection {
    /// Its name.
    pub name: ExternalConnectionName,
    /// The format of the packages it brings.
    pub format: FormatId,
}

/// The permissions policy of a domain or a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourcePolicy {
    /// The ARN of what it hangs on.
    pub arn: Arn,
    /// The name of its present state.
    pub revision: String,
    /// Its text, as it was sent.
    pub document: String,
}

/// A package in a repository.
#[derive(Debug, Clone)]
pub struct Package {
    /// Its coordinates.
    pub coordinates: PackageCoordinates,
    /// Its origin controls.
    pub restrictions: OriginRestrictions,
}

/// A package version, as lists show it.
#[derive(Debug, Clone)]
pub struct PackageVersion {
    /// Its name.
    pub version: VersionName,
    /// The name of its present assets and metadata.
    pub revision: String,
    /// Its status.
    pub status: PackageVersionStatus,
    /// Where it came from.
    pub origin: Origin,
    /// When it arrived here, or at its public source.
    pub published_at: EpochMillis,
}

/// What a format reads out of a version's metadata for people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VersionDetails {
    /// The package's name as people write it.
    pub display_name: Option<String>,
    /// One sentence about it.
    pub summary: Option<String>,
    /// Where to read about it.
    pub home_page: Option<String>,
    /// Where its source is.
    pub source_code_repository: Option<String>,
    /// Its licences: a name, and an address where there is one.
    pub licenses: Vec<(String, Option<String>)>,
}

/// A package that a version depends on directly, as the version's manifest says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// The namespace of the package, where it has one.
    pub namespace: Option<Namespace>,
    /// The name of the package.
    pub package: PackageName,
    /// The kind of the dependency in the words of its format, where the format has kinds.
    pub dependency_type: Option<&'static str>,
    /// Which versions will do, as the manifest writes it.
    pub version_requirement: Option<String>,
}

/// An asset of a package version.
#[derive(Debug, Clone)]
pub struct Asset {
    /// Its name.
    pub name: AssetName,
    /// Its size.
    pub size_bytes: u64,
    /// Its digests.
    pub digests: Digests,
}
