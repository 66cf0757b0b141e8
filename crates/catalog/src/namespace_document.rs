//! What public sources say of whole namespaces: held and refreshed as their documents of packages are, see
//! `source_documents`. So is what a source says of itself as a whole, its layout, and what that refers to. The bytes are
//! the format's to read; here nothing looks into them.

use std::sync::Arc;

use bytes::Bytes;
use model::{
    ChangeKind, FormatId, GroupRestrictionType, Namespace, PackageCoordinates, PackageName, Result,
};
use serde_json::json;
use store::{DocumentSubject, SourceDocumentRow};
use upstream::{DocumentAnswer, Validators};

use crate::change_log::ChangeDetails;
use crate::failure::{Failure, from_blobs, from_store};
use crate::repository_view::{Node, Walk};
use crate::source::{SourceRequest, Unreadable};
use crate::source_documents::SourceFault;
use crate::{Catalog, Grant};

/// What a document is about that is about no single package.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Topic {
    /// The source as a whole: its layout.
    Source,
    /// A namespace.
    Namespace(Namespace),
    /// Whatever the layout has at this address.
    Address(SourceRequest),
}

/// A repository with a connection, and what it holds a document about.
pub(crate) type TopicKey = (i64, FormatId, Topic);

fn subject((_, format, topic): &TopicKey) -> DocumentSubject<'_> {
    match topic {
        Topic::Source => DocumentSubject::source(*format),
        Topic::Namespace(namespace) => DocumentSubject::namespace(*format, namespace),
        Topic::Address(request) => DocumentSubject::address(*format, request.url.as_str()),
    }
}

/// What asking a source of such a topic came to. Shared by all who waited.
pub(crate) type TopicAnswer = Result<Option<Bytes>, SourceFault>;

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
        let view = grant.view();
        view.check_upstreams()?;
        // There are no controls on namespaces. A package that no group names by itself stands for all of its namespace:
        // where the groups let nothing of it in, the sources do not learn of it either.
        let rules = self.rules(format)?;
        let anyone = PackageName::parse("x")
            .ok()
            .and_then(|name| rules.coordinates(Some(namespace.clone()), name).ok());
        let Some(anyone) = anyone else {
            return Ok(Vec::new());
        };
        let mut gates = vec![self.origin_gate(view.domain_id, &anyone).await?];
        if let Some(package) = package_at_address {
            gates.push(self.origin_gate(view.domain_id, package).await?);
        }
        let reaches_upstreams = gates.iter().all(|gate| gate.reaches_upstreams(view.home()));
        let mut documents = Vec::new();
        let mut walk = Walk::of(view);
        while let Some(index) = walk.next() {
            let node = &view.nodes[index];
            if let Some(package) = package_at_address
                && !self.lets_in(node, package).await?
            {
                continue;
            }
            if reaches_upstreams {
                walk.descend(node);
            }
            let is_of_format = matches!(&node.connection, Some((_, of)) if *of == format);
            let is_let_in = gates
                .iter()
                .all(|gate| gate.allows(GroupRestrictionType::ExternalUpstream, node.id, None));
            if !is_of_format || !is_let_in {
                continue;
            }
            let key = (node.id, format, Topic::Namespace(namespace.clone()));
            match self.topic_document(view.domain_id, node, key).await {
                Ok(document) => documents.extend(document),
                Err(fault) => {
                    let connection = node
                        .connection
                        .as_ref()
                        .map_or("", |(name, _)| name.as_str());
                    tracing::warn!(connection, namespace = %namespace, fault = ?fault, "asking a public source failed");
                }
            }
        }
        Ok(documents)
    }

    /// Whether a repository's own controls of a package let anything in from above.
    async fn lets_in(&self, node: &Node, package: &PackageCoordinates) -> Result<bool> {
        let mut reader = self.store.read().await.map_err(from_store)?;
        let row = reader
            .find_package(node.id, package)
            .await
            .map_err(from_store)?;
        Ok(row.is_none_or(|row| row.upstream_allowed))
    }

    /// What one source says: what is held, however old, or else its answer.
    pub(crate) async fn topic_document(
        self: &Arc<Self>,
        domain_id: i64,
        node: &Node,
        key: TopicKey,
    ) -> TopicAnswer {
        let Some((row, bytes)) = self.held_topic(&key).await? else {
            return self.refresh_topic(domain_id, node, key).await;
        };
        if self.is_stale(&row, key.1)? {
            let refresh = self.refresh_topic(domain_id, node, key);
            self.background.spawn(async move {
                if let Err(fault) = refresh.await {
                    tracing::warn!(fault = ?fault, "asking a public source failed");
                }
            });
        }
        Ok(Some(bytes))
    }

    /// How a source is laid out; `None` for formats whose sources tell by their address alone. A source that should say it
    /// and does not cannot be read.
    pub(crate) async fn source_layout(
        self: &Arc<Self>,
        domain_id: i64,
        node: &Node,
        format: FormatId,
    ) -> TopicAnswer {
        let Some(of_format) = self.rules(format)?.source() else {
            return Ok(None);
        };
        let source = self.connection_source(node).await?;
        let request = of_format.layout(source.base());
        if request.map_err(SourceFault::Unreadable)?.is_none() {
            return Ok(None);
        }
        let said = self.topic_document(domain_id, node, (node.id, format, Topic::Source));
        match said.await? {
            Some(layout) => Ok(Some(layout)),
            None => Err(SourceFault::Unreadable(Unreadable(
                "the source does not say how it is laid out".into(),
            ))),
        }
    }

    async fn held_topic(
        &self,
        key: &TopicKey,
    ) -> Result<Option<(SourceDocumentRow, Bytes)>, SourceFault> {
        let subject = subject(key);
        let mut reader = self.store.read().await.map_err(from_store)?;
        let row = reader
            .find_source_document(key.0, subject)
            .await
            .map_err(from_store)?;
        drop(reader);
        let held = row.and_then(|row| Some((row.digest()?, row)));
        let Some((digest, row)) = held else {
            return Ok(None);
        };
        let limit_bytes = self.settings.source_document_limit_bytes;
        let bytes = self.blobs.read_all(&digest, limit_bytes).await;
        Ok(bytes.map_err(from_blobs)?.map(|bytes| (row, bytes)))
    }

    /// Asks the source now. Whoever asks for the same meanwhile waits for this answer.
    fn refresh_topic(
        self: &Arc<Self>,
        domain_id: i64,
        node: &Node,
        key: TopicKey,
    ) -> impl Future<Output = TopicAnswer> + Send + use<> {
        let (catalog, node) = (Arc::clone(self), node.alone());
        async move {
            let (worker, unit_key) = (Arc::clone(&catalog), key.clone());
            let led = catalog.topic_refreshes.run(key, move || async move {
                let subject = subject(&unit_key);
                let held = || async {
                    let held = worker.held_topic(&unit_key).await?;
                    Ok::<_, SourceFault>(held.map(|(_, bytes)| bytes))
                };
                let ask = Box::pin(worker.ask_of_topic(domain_id, &node, &unit_key));
                worker.ask_in_turn(unit_key.0, subject, held, ask).await
            });
            led.await
                .unwrap_or_else(|lost| Err(model::Error::internal(lost).into()))
        }
    }

    async fn ask_of_topic(
        self: &Arc<Self>,
        domain_id: i64,
        node: &Node,
        key: &TopicKey,
    ) -> TopicAnswer {
        let (_, format, topic) = key;
        let source = self.connection_source(node).await?;
        let request = match self.rules(*format)?.source() {
            Some(of_format) => match topic {
                Topic::Source => of_format.layout(source.base()),
                Topic::Namespace(namespace) => {
                    of_format.namespace_document(source.base(), namespace)
                }
                Topic::Address(request) => Ok(Some(request.clone())),
            }
            .map_err(SourceFault::Unreadable)?,
            None => None,
        };
        let Some(request) = request else {
            return Ok(None);
        };
        let held = self.held_topic(key).await?;
        let validators = held
            .as_ref()
            .map_or_else(Validators::default, |(row, _)| Validators {
                etag: row.etag.clone(),
                last_modified: row.last_modified.clone(),
            });
        let answer = source
            .document(&request.url, request.accept, &validators)
            .await
            .map_err(SourceFault::Source)?;
        match answer {
            DocumentAnswer::NotModified => {
                if let Some((row, _)) = &held {
                    let row = SourceDocumentRow {
                        checked_at_ms: self.now().0,
                        ..row.clone()
                    };
                    self.keep_topic_row(domain_id, node, key, Some(row), false)
                        .await?;
                }
                Ok(held.map(|(_, bytes)| bytes))
            }
            DocumentAnswer::Absent => {
                if held.is_some() {
                    self.keep_topic_row(domain_id, node, key, None, true)
                        .await?;
                }
                Ok(None)
            }
            DocumentAnswer::Modified {
                bytes, validators, ..
            } => {
                let size = i64::try_from(bytes.len()).map_err(model::Error::internal)?;
                let digests = self.put(bytes.clone()).await?;
                let before = held.and_then(|(row, _)| row.digest());
                let now = self.now().0;
                let row = SourceDocumentRow {
                    sha256: digests.sha256.as_bytes().to_vec(),
                    size_bytes: size,
                    etag: validators.etag,
                    last_modified: validators.last_modified,
                    fetched_at_ms: now,
                    checked_at_ms: now,
                };
                let is_other = before != Some(digests.sha256);
                self.keep_topic_row(domain_id, node, key, Some(row), is_other)
                    .await?;
                if is_other && *topic == Topic::Source {
                    self.sources.layout_changed();
                }
                Ok(Some(bytes))
            }
        }
    }

    /// Notes what the source said; `None` when it has no such document any more.
    async fn keep_topic_row(
        &self,
        domain_id: i64,
        node: &Node,
        key: &TopicKey,
        row: Option<SourceDocumentRow>,
        is_change: bool,
    ) -> Result<(), SourceFault> {
        let (id, key) = (key.0, key.clone());
        let (namespace, address) = match &key.2 {
            Topic::Source => (None, None),
            Topic::Namespace(namespace) => (Some(namespace.as_str()), None),
            Topic::Address(request) => (None, Some(request.url.as_str())),
        };
        let entry = self
            .service_change(ChangeKind::MetadataRefreshed, node)
            .with(&json!({
                "format": key.1.as_str(), "namespace": namespace, "address": address,
                "sha256": row.as_ref().and_then(SourceDocumentRow::digest).map(|digest| digest.to_hex()),
            }));
        let kept: Result<(), Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    // The repository may have been deleted while the source answered.
                    if tx.find_repository_by_id(id).await?.is_none() {
                        return Ok(());
                    }
                    let subject = subject(&key);
                    match &row {
                        Some(row) => tx.upsert_source_document(id, subject, row).await?,
                        None => tx.delete_source_document(id, subject).await?,
                    }
                    if is_change {
                        tx.append_change(domain_id, &entry).await?;
                    }
                    Ok(())
                })
            })
            .await;
        Ok(kept.map_err(model::Error::from)?)
    }
}
