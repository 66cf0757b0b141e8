//! What the manifest of a version says beside its description: dependencies and readme. Only the named repository is
//! looked at, and nothing is fetched from anywhere.

use model::{
    Dependency, DomainRef, Error, PackageCoordinates, Page, PageLimit, RepositoryName,
    ResourceType, Result, VersionName,
};
use store::PackageVersionRow;

use crate::Catalog;
use crate::failure::from_store;
use crate::packages::{parse_version, version_not_found};

/// Something of a version that was asked for, and which version that was.
#[derive(Debug, Clone)]
pub struct OfVersion<T> {
    /// The version's name, in its first spelling; whoever asked may have used another.
    pub version: VersionName,
    /// Its revision.
    pub revision: String,
    /// What was asked for.
    pub content: T,
}

impl<T> OfVersion<T> {
    pub(crate) fn new(row: &PackageVersionRow, content: T) -> Result<Self> {
        Ok(Self {
            version: parse_version(&row.version)?,
            revision: row.revision.clone(),
            content,
        })
    }
}

impl Catalog {
    /// The direct dependencies of a version. A page's key is how many came before it: they have no order of their own
    /// that a name would give a place in.
    pub async fn list_package_version_dependencies(
        &self,
        domain: &DomainRef,
        repository: &RepositoryName,
        package: &PackageCoordinates,
        version: &VersionName,
        after: Option<&str>,
        limit: PageLimit,
    ) -> Result<OfVersion<Page<Dependency>>> {
        let (mut reader, row) = self.package_row(domain, repository, package).await?;
        let rules = self.rules(package.format)?;
        let found = reader
            .find_version_metadata(row.id, &rules.version_key(version))
            .await
            .map_err(from_store)?;
        let found = found.ok_or_else(|| version_not_found(package, version))?;
        drop(reader);
        let all = rules.dependencies(&found.metadata);
        // A key that was not ours reads as the beginning.
        let begin = after.and_then(|key| key.parse().ok()).unwrap_or(0);
        let end = limit.rows().saturating_add(begin);
        let next = (end < all.len()).then(|| end.to_string());
        let items = all.into_iter().skip(begin).take(limit.rows()).collect();
        OfVersion::new(&found.version, Page { items, next })
    }

    /// The readme of a version.
    pub async fn get_package_version_readme(
        &self,
        domain: &DomainRef,
        repository: &RepositoryName,
        package: &PackageCoordinates,
        version: &VersionName,
    ) -> Result<OfVersion<String>> {
        let (mut reader, row) = self.package_row(domain, repository, package).await?;
        let found = self
            .find_version(&mut reader, &row, package, version)
            .await?;
        let not_there =
            |why: String| Error::not_found(ResourceType::PackageVersion, version.as_str(), why);
        if !self.rules(package.format)?.has_readme() {
            let why = format!("Packages of the format {} have no readme.", package.format);
            return Err(not_there(why));
        }
        let readme = reader
            .find_version_readme(found.id)
            .await
            .map_err(from_store)?;
        let readme = readme.filter(|text| !text.is_empty()).ok_or_else(|| {
            not_there(format!(
                "Version '{version}' of package '{}' has no readme.",
                package.name
            ))
        })?;
        OfVersion::new(&found, readme)
    }
}
