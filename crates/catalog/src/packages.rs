//! Packages and versions as the API lists and describes them. Only the named repository is looked at.

use model::{
    Asset, AssetName, DomainRef, EpochMillis, Error, ExternalConnectionName, FormatId, Origin,
    OriginType, Package, PackageCoordinates, PackageName, PackageVersion, PackageVersionStatus,
    Page, PageLimit, RepositoryName, ResourceType, Result, VersionDetails, VersionName,
};
use store::{AssetRow, Connection, PackageFilter, PackageRow, PackageVersionRow, VersionFilter};

use crate::Catalog;
use crate::asset_body::AssetBody;
use crate::failure::from_store;
use crate::version_manifest::OfVersion;

/// What a list of packages is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct PackageQuery {
    /// Only this format.
    pub format: Option<FormatId>,
    /// Only namespaces that start so.
    pub namespace_prefix: String,
    /// Only names that start so.
    pub name_prefix: String,
    /// Only packages with this publish switch.
    pub publish: Option<model::OriginRestriction>,
    /// Only packages with this upstream switch.
    pub upstream: Option<model::OriginRestriction>,
}

impl PackageQuery {
    /// The same for one format's rows; an empty one means all formats.
    fn filter(&self, format: &str) -> PackageFilter {
        PackageFilter {
            format: format.to_owned(),
            namespace_prefix: self.namespace_prefix.clone(),
            name_prefix: self.name_prefix.clone(),
            publish: self.publish,
            upstream: self.upstream,
        }
    }
}

/// What a list of versions is narrowed to, and its order.
#[derive(Debug, Clone, Copy, Default)]
pub struct VersionQuery {
    /// Only these.
    pub filter: VersionFilter,
    /// By time of publishing instead of by name.
    pub newest_first: bool,
}

/// A version with everything the API describes of it.
#[derive(Debug, Clone)]
pub struct DescribedVersion {
    /// What lists show.
    pub version: PackageVersion,
    /// What its metadata says for people.
    pub details: VersionDetails,
}

impl Catalog {
    /// A repository's packages, in order of format, namespace and name; of format, name and namespace when only names
    /// have to start so. A page's key is the format, the namespace and the name, tab-separated.
    pub async fn list_packages(
        &self,
        domain: &DomainRef,
        repository: &RepositoryName,
        query: &PackageQuery,
        after: Option<&str>,
        limit: PageLimit,
    ) -> Result<Page<Package>> {
        let mut parts = after.unwrap_or("").splitn(3, '\t');
        let mut part = || parts.next().unwrap_or("").to_owned();
        let (format, namespace, name) = (part(), part(), part());
        let after = (format.as_str(), namespace.as_str(), name.as_str());
        let view = self.repository_view(domain, repository).await?;
        let home = view.home().id;
        let by_name = !query.name_prefix.is_empty() && query.namespace_prefix.is_empty();
        let mut reader = self.store.read().await.map_err(from_store)?;
        let mut rows = Vec::new();
        for format in self.formats_to_list(query) {
            let filter = query.filter(format);
            let more = if by_name && format < after.0 {
                Vec::new()
            } else if by_name {
                let after = (format == after.0).then_some((after.2, after.1));
                reader
                    .list_packages_by_name(home, format, after, &filter, limit)
                    .await
                    .map_err(from_store)?
            } else {
                reader
                    .list_packages(home, after, &filter, limit)
                    .await
                    .map_err(from_store)?
            };
            rows.extend(more);
            if rows.len() > limit.rows() {
                break;
            }
        }
        let page = Page::from_rows(rows, limit, |row| {
            format!("{}\t{}\t{}", row.format, row.namespace, row.name)
        });
        let items: Result<Vec<_>> = page
            .items
            .iter()
            .map(|row| self.package_from_row(row))
            .collect();
        Ok(Page {
            items: items?,
            next: page.next,
        })
    }

    /// The formats to be listed one after the other; one empty text stands for all at once. Prefixes are looked up
    /// format by format, because the packages that have one lie together only within a format.
    fn formats_to_list(&self, query: &PackageQuery) -> Vec<&'static str> {
        let has_prefix = !query.namespace_prefix.is_empty() || !query.name_prefix.is_empty();
        match query.format {
            Some(format) => vec![format.as_str()],
            None if has_prefix => {
                let mut formats = self.formats.ids();
                formats.sort_unstable();
                formats
            }
            None => vec![""],
        }
    }

    /// A package with its origin controls.
    pub async fn get_package(
        &self,
        domain: &DomainRef,
        repository: &RepositoryName,
        package: &PackageCoordinates,
    ) -> Result<Package> {
        let (_, row) = self.package_row(domain, repository, package).await?;
        self.package_from_row(&row)
    }

    /// A package's versions and the one to show first. In order of name, or newest first; a page's key is the
    /// version's name, or its time and name, tab-separated.
    pub async fn list_package_versions(
        &self,
        domain: &DomainRef,
        repository: &RepositoryName,
        package: &PackageCoordinates,
        query: VersionQuery,
        after: Option<&str>,
        limit: PageLimit,
    ) -> Result<(Option<VersionName>, Page<PackageVersion>)> {
        let (mut reader, row) = self.package_row(domain, repository, package).await?;
        let VersionQuery {
            filter,
            newest_first,
        } = query;
        let page = if newest_first {
            let (at, name) = match after.and_then(|key| key.split_once('\t')) {
                Some((at, name)) => (EpochMillis(at.parse().unwrap_or(i64::MIN)), name),
                None => (EpochMillis(i64::MAX), ""),
            };
            let rows = reader
                .list_versions_by_time(row.id, (at, name), filter, limit)
                .await
                .map_err(from_store)?;
            Page::from_rows(rows, limit, |row| {
                format!("{}\t{}", row.published_at_ms, row.version)
            })
        } else {
            let after = after.unwrap_or("");
            let rows = reader
                .list_versions_by_name(row.id, after, filter, limit)
                .await
                .map_err(from_store)?;
            Page::from_rows(rows, limit, |row| row.version.clone())
        };
        let default = self.default_display_version(&mut reader, &row).await?;
        let items: Result<Vec<_>> = page.items.iter().map(version_from_row).collect();
        Ok((
            default,
            Page {
                items: items?,
                next: page.next,
            },
        ))
    }

    /// One version with what its metadata says.
    pub async fn get_package_version(
        &self,
        domain: &DomainRef,
        repository: &RepositoryName,
        package: &PackageCoordinates,
        version: &VersionName,
    ) -> Result<DescribedVersion> {
        let (mut reader, row) = self.package_row(domain, repository, package).await?;
        let rules = self.rules(package.format)?;
        let found = reader
            .find_version_metadata(row.id, &rules.version_key(version))
            .await
            .map_err(from_store)?;
        let found = found.ok_or_else(|| version_not_found(package, version))?;
        let details = rules.details(package, &found.metadata);
        Ok(DescribedVersion {
            version: version_from_row(&found.version)?,
            details,
        })
    }

    /// A version's assets in order of name.
    pub async fn list_package_version_assets(
        &self,
        domain: &DomainRef,
        repository: &RepositoryName,
        package: &PackageCoordinates,
        version: &VersionName,
        after: Option<&str>,
        limit: PageLimit,
    ) -> Result<OfVersion<Page<Asset>>> {
        let (mut reader, row) = self.package_row(domain, repository, package).await?;
        let found = self
            .find_version(&mut reader, &row, package, version)
            .await?;
        if found.status().map_err(from_store)? == PackageVersionStatus::Disposed {
            let nothing = Page {
                items: Vec::new(),
                next: None,
            };
            return OfVersion::new(&found, nothing);
        }
        let rows = reader
            .list_assets(found.id, after.unwrap_or(""), limit)
            .await
            .map_err(from_store)?;
        let page = Page::from_rows(rows, limit, |row| row.name.clone());
        let items: Result<Vec<_>> = page.items.iter().map(asset_from_row).collect();
        let page = Page {
            items: items?,
            next: page.next,
        };
        OfVersion::new(&found, page)
    }

    /// An asset's bytes, as the API hands them out: only what the repository itself holds. `revision` pins them.
    pub async fn get_package_version_asset(
        &self,
        domain: &DomainRef,
        repository: &RepositoryName,
        package: &PackageCoordinates,
        version: &VersionName,
        asset: &AssetName,
        revision: Option<&str>,
    ) -> Result<OfVersion<AssetBody>> {
        let (mut reader, row) = self.package_row(domain, repository, package).await?;
        let found = self
            .find_version(&mut reader, &row, package, version)
            .await?;
        if revision.is_some_and(|wanted| wanted != found.revision) {
            let message = format!(
                "The revision of version '{version}' is not the one asked for. current revision: {}, expected \
                 revision: {}",
                found.revision,
                revision.unwrap_or_default()
            );
            return Err(Error::conflict(
                ResourceType::PackageVersion,
                version.as_str(),
                message,
            ));
        }
        let no_asset = || {
            let message = format!(
                "Asset '{asset}' was not found in version '{version}' of package '{}'.",
                package.name
            );
            Error::not_found(ResourceType::Asset, asset.as_str(), message)
        };
        let status = found.status().map_err(from_store)?;
        if !self.is_served(package.format, status)? {
            return Err(no_asset());
        }
        let row = reader
            .find_asset(found.id, asset)
            .await
            .map_err(from_store)?
            .ok_or_else(no_asset)?;
        drop(reader);
        let digests = row.digests().map_err(from_store)?;
        let body = self.open_held(digests).await?;
        body.ready(None).await?;
        OfVersion::new(&found, body)
    }

    /// Whether whoever names a version of this status gets its assets.
    pub(crate) fn is_served(&self, format: FormatId, status: PackageVersionStatus) -> Result<bool> {
        let is_open = status == PackageVersionStatus::Unfinished
            && self.rules(format)?.is_published_through_api();
        Ok(is_open || status.is_downloadable())
    }

    /// The version to show first: the one that the format's default tag names, else the newest. One that is not
    /// listed is not shown either.
    pub(crate) async fn default_display_version(
        &self,
        reader: &mut Connection,
        package: &PackageRow,
    ) -> Result<Option<VersionName>> {
        let rules = self.format(&package.format)?;
        if let Some(tag) = rules.default_tag()
            && let Some(row) = reader
                .list_package_tags(package.id)
                .await
                .map_err(from_store)?
                .into_iter()
                .find(|row| row.tag == tag)
            && let Some(found) = reader
                .find_version(
                    package.id,
                    &rules.version_key(&parse_version(&row.version)?),
                )
                .await
                .map_err(from_store)?
            && found.status().map_err(from_store)?.is_listed()
        {
            return parse_version(&row.version).map(Some);
        }
        let newest = reader
            .find_newest_version(package.id)
            .await
            .map_err(from_store)?;
        newest.map(|row| parse_version(&row.version)).transpose()
    }

    pub(crate) async fn find_version(
        &self,
        reader: &mut Connection,
        row: &PackageRow,
        package: &PackageCoordinates,
        version: &VersionName,
    ) -> Result<PackageVersionRow> {
        let key = self.version_key(package, version)?;
        let found = reader
            .find_version(row.id, &key)
            .await
            .map_err(from_store)?;
        found.ok_or_else(|| version_not_found(package, version))
    }

    pub(crate) async fn package_row(
        &self,
        domain: &DomainRef,
        repository: &RepositoryName,
        package: &PackageCoordinates,
    ) -> Result<(Connection, PackageRow)> {
        let view = self.repository_view(domain, repository).await?;
        let mut reader = self.store.read().await.map_err(from_store)?;
        let row = reader
            .find_package(view.home().id, package)
            .await
            .map_err(from_store)?;
        let row = row.ok_or_else(|| package_not_in_repository(view.home().id, package))?;
        Ok((reader, row))
    }

    pub(crate) fn package_from_row(&self, row: &PackageRow) -> Result<Package> {
        let corrupt = |e| Error::internal(format!("package {}: {e}", row.id));
        let namespace = if row.namespace.is_empty() {
            None
        } else {
            Some(model::Namespace::parse(&row.namespace).map_err(corrupt)?)
        };
        let coordinates = PackageCoordinates {
            format: self.format(&row.format)?.id(),
            namespace,
            name: PackageName::parse(&row.name).map_err(corrupt)?,
        };
        Ok(Package {
            coordinates,
            restrictions: row.restrictions(),
        })
    }
}

/// The wording of the service, its trailing comma included.
pub(crate) fn package_not_in_repository(repository_id: i64, package: &PackageCoordinates) -> Error {
    let message = format!(
        "Package not found in repository. RepoId: {repository_id}, Package = PackageCoordinate{{packageType={}, \
         packageName={}}},",
        package.format, package.name
    );
    Error::not_found(ResourceType::Package, package.name.as_str(), message)
}

pub(crate) fn version_not_found(package: &PackageCoordinates, version: &VersionName) -> Error {
    let message = format!(
        "Version '{version}' of package '{}' was not found in the repository.",
        package.name
    );
    Error::not_found(ResourceType::PackageVersion, version.as_str(), message)
}

pub(crate) fn parse_version(text: &str) -> Result<VersionName> {
    VersionName::parse(text)
        .map_err(|e| Error::internal(format!("a row names the version '{text}': {e}")))
}

pub(crate) fn version_from_row(row: &PackageVersionRow) -> Result<PackageVersion> {
    let corrupt = |what: &str| Error::internal(format!("version {} has {what}", row.id));
    let origin = match OriginType::parse(&row.origin_type) {
        Some(OriginType::Internal) => Origin::Internal(
            RepositoryName::parse(&row.origin_name).map_err(|_| corrupt("an unreadable origin"))?,
        ),
        Some(OriginType::External) => Origin::External(
            ExternalConnectionName::parse(&row.origin_name)
                .map_err(|_| corrupt("an unreadable origin"))?,
        ),
        Some(OriginType::Unknown) => Origin::Unknown,
        None => return Err(corrupt("an unknown type of origin")),
    };
    Ok(PackageVersion {
        version: parse_version(&row.version)?,
        revision: row.revision.clone(),
        status: row.status().map_err(from_store)?,
        origin,
        published_at: EpochMillis(row.published_at_ms),
    })
}

pub(crate) fn asset_from_row(row: &AssetRow) -> Result<Asset> {
    let name = AssetName::parse(&row.name)
        .map_err(|e| Error::internal(format!("asset of version {}: {e}", row.version_id)))?;
    Ok(Asset {
        name,
        size_bytes: row.size(),
        digests: row.digests().map_err(from_store)?,
    })
}
