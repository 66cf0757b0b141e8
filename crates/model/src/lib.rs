//! The nouns of the service: names, coordinates, statuses, digests, ARNs, and the one error value.
//!
//! Pure: no I/O, no async, no clock. Values that have a grammar can only be made by parsing, so a value of
//! such a type is always well-formed and safe to put into a key, a path or a statement.

mod account;
mod action;
mod arn;
mod change;
mod constraint;
mod coordinates;
mod digest;
mod error;
mod name;
mod origin;
mod package_group;
mod page;
mod policy_document;
mod principal;
mod resource;
mod status;
mod taggable;
mod time;
mod version_outcome;

pub use account::AccountId;
pub use action::Action;
pub use arn::{Arn, ArnScope};
pub use change::{Change, ChangeKind};
pub use constraint::{Constraint, Violation, violations_message};
pub use coordinates::{
    AssetName, FormatId, Namespace, PackageCoordinates, PackageName, VersionKey, VersionName,
};
pub use digest::{Digests, Md5Digest, Sha1Digest, Sha256Digest, Sha512Digest};
pub use error::{Error, ErrorKind, InvalidReason, Resource, ResourceType, Result};
pub use name::{Description, DomainName, ExternalConnectionName, RepositoryName};
pub use origin::{Origin, OriginRestriction, OriginRestrictions, OriginType};
pub use package_group::{
    Association, AssociationType, EffectiveRestriction, Extra, GroupModes, GroupRestriction,
    GroupRestrictionMode, GroupRestrictionType, PackageGroup, PackageGroupPattern,
    PackageGroupReference, PackageGroupTable, PackageRange, PatternFault, PatternPrefix,
    PatternShape, Position, variation,
};
pub use page::{Page, PageLimit};
pub use policy_document::PolicyDocument;
pub use principal::{Identity, Principal, PrincipalKind};
pub use resource::{
    Asset, Dependency, Domain, DomainRef, ExternalConnection, Package, PackageVersion, Repository,
    ResourcePolicy, VersionDetails,
};
pub use status::PackageVersionStatus;
pub use taggable::TaggableResource;
pub use time::{Clock, EpochMillis, SystemClock};
pub use version_outcome::{
    FailedVersion, PackageVersionErrorCode, SuccessfulVersion, VersionOutcome,
};
