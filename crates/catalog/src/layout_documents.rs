//! Documents that the layouts of public sources refer to, and that are about no single package.
//!
//! They are held and refreshed as the layouts themselves are, see `namespace_document`.

use std::sync::Arc;

use bytes::Bytes;
use model::{FormatId, Result};

use crate::namespace_document::{Topic, TopicAnswer};
use crate::repository_view::Walk;
use crate::source::SourceRequest;
use crate::{Catalog, Grant};

impl Catalog {
    /// What the layouts of the public sources over the graph refer to: `locate` finds the address of a document in a
    /// layout, and the documents are given, nearest first. Sources that fail are left out.
    pub async fn documents_of_layouts(
        self: &Arc<Self>,
        grant: &Grant,
        format: FormatId,
        locate: fn(&Bytes) -> Option<SourceRequest>,
    ) -> Result<Vec<Bytes>> {
        let (view, mut found) = (grant.view(), Vec::new());
        let mut walk = Walk::of(view);
        while let Some(index) = walk.next() {
            let node = &view.nodes[index];
            walk.descend(node);
            if !matches!(&node.connection, Some((_, of)) if *of == format) {
                continue;
            }
            let asked = async {
                let Some(layout) = self.source_layout(view.domain_id, node, format).await? else {
                    return Ok(None);
                };
                let Some(request) = locate(&layout) else {
                    return Ok(None);
                };
                let key = (node.id, format, Topic::Address(request));
                self.topic_document(view.domain_id, node, key).await
            };
            let asked: TopicAnswer = asked.await;
            match asked {
                Ok(document) => found.extend(document),
                Err(fault) => {
                    let connection = node
                        .connection
                        .as_ref()
                        .map_or("", |(name, _)| name.as_str());
                    tracing::warn!(connection, fault = ?fault, "asking a public source failed");
                }
            }
        }
        Ok(found)
    }
}
