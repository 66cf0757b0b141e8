//! Entries of the change log: one log, from which events, audit, cache validity and history are read.

use crate::{EpochMillis, PackageCoordinates, RepositoryName, VersionName};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum ChangeKind {
    DomainCreated,
    DomainDeleted,
    RepositoryCreated,
    RepositoryUpdated,
    RepositoryDeleted,
    ConnectionAssociated,
    ConnectionDisassociated,
    PackageOriginUpdated,
    ResourcePolicyPut,
    ResourcePolicyDeleted,
    ResourceTagged,
    ResourceUntagged,
    PackageGroupCreated,
    PackageGroupUpdated,
    PackageGroupRestricted,
    PackageGroupDeleted,
    VersionPublished,
    AssetPublished,
    VersionIngested,
    VersionRetained,
    VersionCopied,
    VersionMetadataUpdated,
    VersionStatusUpdated,
    VersionDisposed,
    VersionDeleted,
    PackageDeleted,
    TagMoved,
    TagRemoved,
    MetadataRefreshed,
    AccessKeyCreated,
    AccessKeyDisabled,
    AccessKeyEnabled,
    AccessKeyDeleted,
    UserCreated,
    UserDeleted,
    RoleCreated,
    RoleUpdated,
    RoleDeleted,
    InlinePolicyPut,
    InlinePolicyDeleted,
    ManagedPolicyCreated,
    ManagedPolicyDeleted,
    PolicyAttached,
    PolicyDetached,
    PrincipalTagged,
    PrincipalUntagged,
    IdentityProviderCreated,
    IdentityProviderDeleted,
    SigningKeyCreated,
}

impl ChangeKind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[
        Self::DomainCreated,
        Self::DomainDeleted,
        Self::RepositoryCreated,
        Self::RepositoryUpdated,
        Self::RepositoryDeleted,
        Self::ConnectionAssociated,
        Self::ConnectionDisassociated,
        Self::PackageOriginUpdated,
        Self::ResourcePolicyPut,
        Self::ResourcePolicyDeleted,
        Self::ResourceTagged,
        Self::ResourceUntagged,
        Self::PackageGroupCreated,
        Self::PackageGroupUpdated,
        Self::PackageGroupRestricted,
        Self::PackageGroupDeleted,
        Self::VersionPublished,
        Self::AssetPublished,
        Self::VersionIngested,
        Self::VersionRetained,
        Self::VersionCopied,
        Self::VersionMetadataUpdated,
        Self::VersionStatusUpdated,
        Self::VersionDisposed,
        Self::VersionDeleted,
        Self::PackageDeleted,
        Self::TagMoved,
        Self::TagRemoved,
        Self::MetadataRefreshed,
        Self::AccessKeyCreated,
        Self::AccessKeyDisabled,
        Self::AccessKeyEnabled,
        Self::AccessKeyDeleted,
        Self::UserCreated,
        Self::UserDeleted,
        Self::RoleCreated,
        Self::RoleUpdated,
        Self::RoleDeleted,
        Self::InlinePolicyPut,
        Self::InlinePolicyDeleted,
        Self::ManagedPolicyCreated,
        Self::ManagedPolicyDeleted,
        Self::PolicyAttached,
        Self::PolicyDetached,
        Self::PrincipalTagged,
        Self::PrincipalUntagged,
        Self::IdentityProviderCreated,
        Self::IdentityProviderDeleted,
        Self::SigningKeyCreated,
    ];

    /// The spelling in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DomainCreated => "domain-created",
            Self::DomainDeleted => "domain-deleted",
            Self::RepositoryCreated => "repository-created",
            Self::RepositoryUpdated => "repository-updated",
            Self::RepositoryDeleted => "repository-deleted",
            Self::ConnectionAssociated => "connection-associated",
            Self::ConnectionDisassociated => "connection-disassociated",
            Self::PackageOriginUpdated => "package-origin-updated",
            Self::ResourcePolicyPut => "resource-policy-put",
            Self::ResourcePolicyDeleted => "resource-policy-deleted",
            Self::ResourceTagged => "resource-tagged",
            Self::ResourceUntagged => "resource-untagged",
            Self::PackageGroupCreated => "package-group-created",
            Self::PackageGroupUpdated => "package-group-updated",
            Self::PackageGroupRestricted => "package-group-restricted",
            Self::PackageGroupDeleted => "package-group-deleted",
            Self::VersionPublished => "version-published",
            Self::AssetPublished => "asset-published",
            Self::VersionIngested => "version-ingested",
            Self::VersionRetained => "version-retained",
            Self::VersionCopied => "version-copied",
            Self::VersionMetadataUpdated => "version-metadata-updated",
            Self::VersionStatusUpdated => "version-status-updated",
            Self::VersionDisposed => "version-disposed",
            Self::VersionDeleted => "version-deleted",
            Self::PackageDeleted => "package-deleted",
            Self::TagMoved => "tag-moved",
            Self::TagRemoved => "tag-removed",
            Self::MetadataRefreshed => "metadata-refreshed",
            Self::AccessKeyCreated => "access-key-created",
            Self::AccessKeyDisabled => "access-key-disabled",
            Self::AccessKeyEnabled => "access-key-enabled",
            Self::AccessKeyDeleted => "access-key-deleted",
            Self::UserCreated => "user-created",
            Self::UserDeleted => "user-deleted",
            Self::RoleCreated => "role-created",
            Self::RoleUpdated => "role-updated",
            Self::RoleDeleted => "role-deleted",
            Self::InlinePolicyPut => "inline-policy-put",
            Self::InlinePolicyDeleted => "inline-policy-deleted",
            Self::ManagedPolicyCreated => "managed-policy-created",
            Self::ManagedPolicyDeleted => "managed-policy-deleted",
            Self::PolicyAttached => "policy-attached",
            Self::PolicyDetached => "policy-detached",
            Self::PrincipalTagged => "principal-tagged",
            Self::PrincipalUntagged => "principal-untagged",
            Self::IdentityProviderCreated => "identity-provider-created",
            Self::IdentityProviderDeleted => "identity-provider-deleted",
            Self::SigningKeyCreated => "signing-key-created",
        }
    }

    /// Reads the spelling in the store.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text)
    }
}

/// One entry to append. The store gives it its sequence number, in the transaction of the rows it changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What happened.
    pub kind: ChangeKind,
    /// The time here.
    pub at: EpochMillis,
    /// The public source's own publish time, where there is one. Never mixed with `at`.
    pub source_published_at: Option<EpochMillis>,
    /// Who did it: a principal's ARN, or `service` for work in the background.
    pub actor: String,
    /// The repository, where it is about one.
    pub repository: Option<RepositoryName>,
    /// The package, where it is about one.
    pub package: Option<PackageCoordinates>,
    /// The version, where it is about one.
    pub version: Option<VersionName>,
    /// What else a reader needs to replay it, as a JSON object.
    pub detail: String,
}
