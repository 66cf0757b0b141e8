//! The rules: publish, resolve, retain, delete, origin controls, quotas, changes.
//!
//! Everything that enters the service from outside goes through a method of [`Catalog`], as values of `model`
//! types. Nothing here knows HTTP, JSON of the API, or a package manager's protocol: what a format must tell
//! (where its public source is, how to read it, how to render a document) it tells through [`FormatRules`].

mod access_keys;
mod add_asset;
mod allowance;
mod asset_body;
mod asset_reading;
mod asset_search;
mod authorize;
mod background;
mod caller;
mod catalog;
mod change_log;
mod companion;
mod connections;
mod copy;
mod deletion;
mod discovery;
mod dispose;
mod document;
mod domains;
mod event_destinations;
mod events;
mod explain;
mod failure;
mod followed;
mod follower;
mod format_rules;
mod further_metadata;
mod heavy_work;
mod held_packages;
mod held_release;
mod held_version;
mod identities;
mod identity_rights;
mod ingest;
mod inspection;
mod labels;
mod layout_documents;
mod lease;
mod namespace_document;
mod origin_gate;
mod package_group_packages;
mod package_group_restrictions;
mod package_group_table;
mod package_groups;
mod package_names;
mod package_origin;
mod packages;
mod publish;
mod publish_asset;
mod pull;
mod rate_limiter;
mod redirect;
mod repositories;
mod repository_document;
mod repository_view;
mod request_facts;
mod request_rates;
mod resolve;
mod resource_policies;
mod resource_rights;
mod resource_tags;
mod retain;
mod rival_names;
mod search;
mod sessions;
mod settings;
mod snapshot;
mod source;
mod source_cache;
mod source_documents;
mod stamps;
mod storable_text;
mod stored_bytes;
mod sweep;
mod tags;
mod tokens;
mod version_batch;
mod version_growth;
mod version_manifest;
mod version_metadata;
mod version_statuses;
mod version_tags;
mod whole_version;

pub use access_keys::{AccessKey, KeyStatus};
pub use add_asset::AssetAddition;
pub use asset_body::{AssetAnswer, AssetBody};
pub use authorize::{Grant, RequestDetails, Target};
pub use caller::{Caller, RequestPlace};
pub use catalog::{Catalog, Parts};
pub use connections::{ConnectionDirectory, ConnectionInfo, NamedParty};
pub use copy::CopyRequest;
pub use discovery::{Base, CommandSource, Discovery, Place, first_address_line, is_address};
pub use document::{Document, DocumentKey, Encoding, Render};
pub use domains::NewDomain;
pub use event_destinations::EventBacklog;
pub use events::{Event, EventCursor, EventPage};
pub use follower::Sight;
pub use format_rules::{
    AssetBytes, Examined, FormatList, FormatRules, Growth, NameFold, PublicConnection,
};
pub use held_release::HeldRelease;
pub use identities::{
    AttachedPolicy, ManagedPolicy, NewManagedPolicy, NewOidcProvider, NewRole, OidcProvider, Role,
    Tag, User, check_session_name, read_path,
};
pub use inspection::{
    Finding, FindingKind, FoundPlace, InspectionProgress, InspectionReport, InspectionTerms,
};
pub use labels::{CacheOutcome, RequestId, RequestLabels};
pub use lease::Lease;
pub use package_group_restrictions::{
    AllowedRepository, AllowedRepositoryUpdates, GroupRestrictionChanges,
};
pub use package_groups::{NewPackageGroup, PackageGroupChanges};
pub use packages::{DescribedVersion, PackageQuery, VersionQuery};
pub use publish::{NewAsset, Publication, Published};
pub use publish_asset::{AssetPublication, IncomingBytes, PublishedAsset};
pub use rate_limiter::RateLimiter;
pub use redirect::REDIRECT_TAG;
pub use repositories::{NewRepository, RepositoryChanges};
pub use repository_document::{
    PackageDocuments, RenderedList, RepositoryDocument, RepositoryParts,
};
pub use request_facts::{PackageRequest, RequestFacts, RequestFailure, RequestParameters};
pub use resolve::{Metadata, PackageView, VersionView};
pub use resource_policies::PolicyHolder;
pub use search::SearchHit;
pub use sessions::{
    AssumeRole, AssumeRoleWithWebIdentity, CallerSession, FederatedSession, IssuedSession,
    OpenedSession, SessionFailure,
};
pub use settings::{Quotas, Rates, Settings};
pub use snapshot::SnapshotUpdate;
pub use source::{
    ExpectedDigests, PublicSource, SourceAsset, SourceChecksum, SourceCompanion, SourcePackage,
    SourceRequest, SourceVersion, Unreadable,
};
pub use sweep::{SweepReport, SweepTerms};
pub use tokens::AuthorizationToken;
pub use version_batch::VersionSelection;
pub use version_manifest::OfVersion;
pub use version_metadata::MetadataEdit;

pub use access::Explanation;
pub use blobs::{Stage, Staged};
pub use store::VersionFilter;
pub use upstream::Source;
