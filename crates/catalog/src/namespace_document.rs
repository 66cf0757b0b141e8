//! Documents of public sources that are about a whole namespace.

use std::sync::Arc;

use bytes::Bytes;
use model::{Error, FormatId, Namespace, PackageName, Result};

use crate::{Catalog, Grant};

impl Catalog {
    /// What the public sources over the graph say of a namespace, nearest first. Sources that fail are left out.
    pub async fn namespace_documents(
        self: &Arc<Self>,
        grant: &Grant,
        format: FormatId,
        namespace: &Namespace,
    ) -> Result<Vec<Bytes>> {
        self.namespace_documents_over(grant.view(), format, namespace)
            .await
    }

    /// The names of the packages of a namespace (`None`: of those without one) that the repositories of the graph hold
    /// with a version to show, in order, after the given one; at most `limit` of them.
    pub async fn package_names(
        self: &Arc<Self>,
        _grant: &Grant,
        format: FormatId,
        namespace: Option<&Namespace>,
        _after: Option<&PackageName>,
        _limit: usize,
    ) -> Result<Vec<PackageName>> {
        Err(Error::internal(format!(
            "packages of {format} in {namespace:?} cannot be listed yet"
        )))
    }
}
