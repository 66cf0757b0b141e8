//! Documents of public sources that are about a whole namespace.

use std::sync::Arc;

use bytes::Bytes;
use model::{FormatId, Namespace, Result};

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
}
