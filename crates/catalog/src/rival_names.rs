//! Names that are taken for each other although they are different: a repository holds a package of one of them only, and
//! the nearest repository that holds one hides the others from above. Else whoever publishes `foo-bar` to a public source
//! could have it taken for an internal `foo_bar`.

use model::{Error, PackageCoordinates, PageLimit, ResourceType, Result};
use store::{Connection, PackageFilter};

use crate::failure::{Failure, from_store};
use crate::{Catalog, FormatRules};

impl Catalog {
    /// Whether a repository holds a package whose name is taken for this one.
    pub(crate) async fn has_rival(
        &self,
        repository_id: i64,
        package: &PackageCoordinates,
    ) -> Result<bool> {
        let rules = self.rules(package.format)?;
        if rules.name_fold(package).is_none() {
            return Ok(false);
        }
        let mut reader = self.store.read().await.map_err(from_store)?;
        let rival = find_rival(&mut reader, rules, repository_id, package).await;
        Ok(rival.map_err(Error::from)?.is_some())
    }
}

/// The name of another package of a repository that is taken for this one.
async fn find_rival(
    connection: &mut Connection,
    rules: &dyn FormatRules,
    repository_id: i64,
    package: &PackageCoordinates,
) -> Result<Option<String>, Failure> {
    let Some(names) = rules.name_fold(package) else {
        return Ok(None);
    };
    let (name, namespace) = (package.name.as_str(), package.namespace_str());
    let folded = (names.fold)(name);
    let filter = PackageFilter {
        name_prefix: names.stem,
        ..PackageFilter::default()
    };
    let mut after: Option<(String, String)> = None;
    loop {
        let from = after
            .as_ref()
            .map(|(name, of)| (name.as_str(), of.as_str()));
        let format = package.format.as_str();
        let rows = connection
            .list_packages_by_name(repository_id, format, from, &filter, PageLimit::MAX)
            .await?;
        let is_last = rows.len() <= PageLimit::MAX.rows();
        for row in rows {
            if row.namespace == namespace && row.name != name && (names.fold)(&row.name) == folded {
                return Ok(Some(row.name));
            }
            after = Some((row.name, row.namespace));
        }
        if is_last {
            return Ok(None);
        }
    }
}

/// Whether a package is new to a repository which holds one that is taken for it: then nothing of it is kept there that
/// came from above, even if it was looked for before the other one was there.
pub(crate) async fn is_shut_out(
    connection: &mut Connection,
    rules: &dyn FormatRules,
    repository_id: i64,
    package: &PackageCoordinates,
) -> Result<bool, Failure> {
    if rules.name_fold(package).is_none() {
        return Ok(false);
    }
    let held = connection.find_package(repository_id, package).await?;
    if held.is_some() {
        return Ok(false);
    }
    let rival = find_rival(connection, rules, repository_id, package).await?;
    Ok(rival.is_some())
}

/// Refuses a package that is new to a repository which holds one that is taken for it.
pub(crate) async fn check_no_rival(
    connection: &mut Connection,
    rules: &dyn FormatRules,
    repository_id: i64,
    package: &PackageCoordinates,
) -> Result<(), Failure> {
    match find_rival(connection, rules, repository_id, package).await? {
        None => Ok(()),
        Some(rival) => {
            let message = format!(
                "The name '{}' is taken: package '{rival}' is there, and clients take the two names for each other.",
                package.name
            );
            let id = package.name.as_str();
            Err(Error::conflict(ResourceType::Package, id, message).into())
        }
    }
}
