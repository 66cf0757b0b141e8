//! What a repository itself holds, for package clients of formats that look nowhere else.
//!
//! Upstreams and public sources play no part: that is `resolve` and `pull`. What the API lists is another matter too,
//! see `packages`: here a version is shown as its status says that clients may see it.

use std::sync::Arc;

use model::{
    Asset, AssetName, Digests, Error, FormatId, Namespace, PackageCoordinates, PackageName,
    PackageVersion, PackageVersionStatus, Page, PageLimit, ResourceType, Result, VersionName,
};
use store::{Connection, PackageRow, PackageVersionRow, VersionFilter};

use crate::asset_body::AssetAnswer;
use crate::asset_reading::{HeldAsset, missing_bytes};
use crate::failure::from_store;
use crate::packages::{asset_from_row, version_from_row, version_not_found};
use crate::pull::AssetKey;
use crate::resolve::package_not_found;
use crate::{CacheOutcome, Catalog, Grant};

/// No name holds it, so that no text that begins with a name comes after the two together.
const LAST: &str = "\u{10ffff}";

impl Catalog {
    /// The namespaces of a format's packages, in order.
    pub async fn held_namespaces(
        &self,
        grant: &Grant,
        format: FormatId,
        after: Option<&Namespace>,
        limit: PageLimit,
    ) -> Result<Page<Namespace>> {
        let home = grant.view().home().id;
        let mut found: Vec<String> = Vec::new();
        let mut last = after.map_or_else(String::new, |after| after.as_str().to_owned());
        let mut reader = self.store.read().await.map_err(from_store)?;
        // Each round finds at least one, and steps over all that the last one found still has.
        while found.len() <= limit.rows() {
            let after = if last.is_empty() { "" } else { LAST };
            let rows = reader
                .list_packages_of_format(home, format.as_str(), (&last, after), limit)
                .await
                .map_err(from_store)?;
            for row in rows {
                if found.last() != Some(&row.namespace) {
                    found.push(row.namespace);
                }
            }
            match found.last() {
                Some(newest) if *newest != last => last.clone_from(newest),
                _ => break,
            }
        }
        let page = Page::from_rows(found, limit, Clone::clone);
        let names = page.items.iter().map(|name| {
            Namespace::parse(name)
                .map_err(|e| Error::internal(format!("a row names the namespace '{name}': {e}")))
        });
        Ok(Page {
            items: names.collect::<Result<_>>()?,
            next: page.next,
        })
    }

    /// The names of a namespace's packages, in order.
    pub async fn held_package_names(
        &self,
        grant: &Grant,
        format: FormatId,
        namespace: &Namespace,
        after: Option<&PackageName>,
        limit: PageLimit,
    ) -> Result<Page<PackageName>> {
        let home = grant.view().home().id;
        let from = (namespace.as_str(), after.map_or("", PackageName::as_str));
        let mut reader = self.store.read().await.map_err(from_store)?;
        let mut rows = reader
            .list_packages_of_format(home, format.as_str(), from, limit)
            .await
            .map_err(from_store)?;
        rows.retain(|row| row.namespace == namespace.as_str());
        if rows.is_empty() && after.is_none() {
            let message = format!("The repository has no package in the namespace '{namespace}'.");
            let kind = ResourceType::Package;
            return Err(Error::not_found(kind, namespace.as_str(), message));
        }
        let page = Page::from_rows(rows, limit, |row| row.name.clone());
        let names = page.items.iter().map(|row| {
            PackageName::parse(&row.name)
                .map_err(|e| Error::internal(format!("package {}: {e}", row.id)))
        });
        Ok(Page {
            items: names.collect::<Result<_>>()?,
            next: page.next,
        })
    }

    /// The versions of a package that clients see in lists, in order of name.
    pub async fn held_versions(
        &self,
        grant: &Grant,
        package: &PackageCoordinates,
        after: Option<&VersionName>,
        limit: PageLimit,
    ) -> Result<Page<PackageVersion>> {
        let (mut reader, row) = self.held_package(grant, package).await?;
        let filter = VersionFilter {
            status: Some(PackageVersionStatus::Published),
            ..VersionFilter::default()
        };
        let after = after.map_or("", VersionName::as_str);
        let rows = reader
            .list_versions_by_name(row.id, after, filter, limit)
            .await
            .map_err(from_store)?;
        let page = Page::from_rows(rows, limit, |row| row.version.clone());
        Ok(Page {
            items: page
                .items
                .iter()
                .map(version_from_row)
                .collect::<Result<_>>()?,
            next: page.next,
        })
    }

    /// A version whose assets are served, and its assets in order of name.
    pub async fn held_version(
        &self,
        grant: &Grant,
        package: &PackageCoordinates,
        version: &VersionName,
        after: Option<&AssetName>,
        limit: PageLimit,
    ) -> Result<(PackageVersion, Page<Asset>)> {
        let (mut reader, row) = self.held_package(grant, package).await?;
        let found = self
            .served_version(&mut reader, &row, package, version)
            .await?;
        let after = after.map_or("", AssetName::as_str);
        let rows = reader
            .list_assets(found.id, after, limit)
            .await
            .map_err(from_store)?;
        let page = Page::from_rows(rows, limit, |row| row.name.clone());
        let assets = Page {
            items: page
                .items
                .iter()
                .map(asset_from_row)
                .collect::<Result<_>>()?,
            next: page.next,
        };
        Ok((version_from_row(&found)?, assets))
    }

    /// An asset of a version whose assets are served.
    pub async fn held_asset(
        &self,
        grant: &Grant,
        package: &PackageCoordinates,
        version: &VersionName,
        asset: &AssetName,
        only_describe: bool,
    ) -> Result<AssetAnswer> {
        let view = grant.view();
        let key = AssetKey::new(view.home().id, package, version, asset);
        let deliver = async |digests: Digests| {
            let sha256 = digests.sha256;
            let delivered = self.deliver_held(view, digests, only_describe).await?;
            delivered.ok_or_else(|| missing_bytes(sha256))
        };
        if let Some(digests) = self.known_digests(view, &key) {
            return Ok(AssetAnswer {
                body: deliver(digests).await?,
                cache: CacheOutcome::Hit,
            });
        }
        let made_at = self.reading_tick(view);
        let (mut reader, row) = self.held_package(grant, package).await?;
        let found = self
            .served_version(&mut reader, &row, package, version)
            .await?;
        let row = reader
            .find_asset(found.id, asset)
            .await
            .map_err(from_store)?;
        drop(reader);
        let row = row.ok_or_else(|| {
            let message =
                format!("Version '{version}' of package '{package}' has no asset '{asset}'.");
            Error::not_found(ResourceType::Asset, asset.as_str(), message)
        })?;
        let digests = row.digests().map_err(from_store)?;
        let held = HeldAsset {
            digests: digests.clone(),
            made_at,
        };
        self.held_assets.insert(key, Arc::new(held));
        Ok(AssetAnswer {
            body: deliver(digests).await?,
            cache: CacheOutcome::Miss,
        })
    }

    async fn held_package(
        &self,
        grant: &Grant,
        package: &PackageCoordinates,
    ) -> Result<(Connection, PackageRow)> {
        let mut reader = self.store.read().await.map_err(from_store)?;
        let row = reader
            .find_package(grant.view().home().id, package)
            .await
            .map_err(from_store)?;
        Ok((reader, row.ok_or_else(|| package_not_found(package))?))
    }

    /// A version that is hidden is told as one that is not there.
    async fn served_version(
        &self,
        reader: &mut Connection,
        row: &PackageRow,
        package: &PackageCoordinates,
        version: &VersionName,
    ) -> Result<PackageVersionRow> {
        let key = self.rules(package.format)?.version_key(version);
        let found = reader
            .find_version(row.id, &key)
            .await
            .map_err(from_store)?;
        if let Some(found) = found
            && self.is_served(package.format, found.status().map_err(from_store)?)?
        {
            return Ok(found);
        }
        Err(version_not_found(package, version))
    }
}
