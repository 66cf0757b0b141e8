//! Documents of public sources that are about a whole namespace.

use std::sync::Arc;

use bytes::Bytes;
use model::{FormatId, Namespace, PackageCoordinates, Result};

use crate::{Catalog, Grant};

impl Catalog {
    /// What the public sources over the graph say of a namespace, nearest first. Sources that fail are left out.
    ///
    /// Where the document has the address of a package, asking for it names that package as well: then a source that is
    /// not asked about the package is not asked about the namespace.
    pub async fn namespace_documents(
        self: &Arc<Self>,
        grant: &Grant,
        format: FormatId,
        namespace: &Namespace,
        package_at_address: Option<&PackageCoordinates>,
    ) -> Result<Vec<Bytes>> {
        self.namespace_documents_over(grant.view(), format, namespace, package_at_address)
            .await
    }
}
