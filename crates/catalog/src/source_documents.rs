//! What public sources say of packages: held as documents, refreshed behind the requests.
//!
//! A document that is held answers at once, however old; when it is older than the freshness that the operator
//! set, one task asks the source again. Only a package that was never seen waits for its source. A source that
//! fails changes nothing of what is held.

use std::sync::Arc;

use bytes::Bytes;
use model::{ChangeKind, Error, FormatId, GroupRestrictionType, PackageCoordinates, Sha256Digest};
use store::{DocumentSubject, SourceDocumentRow};
use upstream::{DocumentAnswer, SourceError, Validators};

use crate::change_log::{ChangeDetails, change};
use crate::failure::{Failure, from_blobs, from_source, from_store};
use crate::lease::{PATIENCE, Turn};
use crate::repository_view::{Node, RepositoryView, Walk};
use crate::settings::Settings;
use crate::source::{PublicSource, SourcePackage, Unreadable};
use crate::source_cache::Parsed;
use crate::{Caller, Catalog};

/// A repository with a connection, and a package.
pub(crate) type RefreshKey = (i64, PackageCoordinates);

/// What asking a source came to. Shared by all who waited.
pub(crate) type Refreshed = Result<Option<Arc<SourcePackage>>, SourceFault>;

/// Why a source could not tell about a package.
#[derive(Debug, Clone)]
pub(crate) enum SourceFault {
    /// It did not answer, or not as it should.
    Source(SourceError),
    /// Its document cannot be read.
    Unreadable(Unreadable),
    /// Our fault.
    Internal(Arc<Error>),
}

impl SourceFault {
    pub(crate) fn into_error(self, connection: &str) -> Error {
        match self {
            Self::Source(error) => from_source(connection, &error),
            Self::Unreadable(error) => Error::upstream_unavailable(format!(
                "The public source {connection} sent a document that cannot be read."
            ))
            .caused_by(error),
            Self::Internal(error) => crate::failure::copy_of(&error),
        }
    }
}

impl From<Error> for SourceFault {
    fn from(error: Error) -> Self {
        Self::Internal(Arc::new(error))
    }
}

/// What a document is read by.
struct Place {
    base: url::Url,
    layout: Option<Bytes>,
    edition: u64,
}

impl Catalog {
    /// What the public source of a repository says of a package. `None`: the source has no such package, the
    /// repository has no connection of that format, or the package's group lets nothing in through it; then the source
    /// is not asked, and does not learn the name.
    pub(crate) async fn source_package(
        self: &Arc<Self>,
        view: &RepositoryView,
        node: &Node,
        package: &PackageCoordinates,
    ) -> Refreshed {
        let Some((_, format)) = &node.connection else {
            return Ok(None);
        };
        if *format != package.format || self.rules(*format)?.source().is_none() {
            return Ok(None);
        }
        let gate = self.origin_gate(view.domain_id, package).await?;
        if !gate.allows(GroupRestrictionType::ExternalUpstream, node.id, None) {
            return Ok(None);
        }
        let held = self.held_source_package(view.domain_id, node, package);
        if let Some((row, found)) = held.await? {
            if self.is_stale_of(&row, package)? {
                self.refresh_behind(view, node, package);
            }
            return Ok(Some(found));
        }
        self.refresh(view, node, package).await
    }

    /// Asks the sources of a package again where what they said is old. Returns at once.
    pub(crate) fn refresh_stale_sources(
        self: &Arc<Self>,
        view: &Arc<RepositoryView>,
        package: &PackageCoordinates,
    ) {
        let (catalog, view, package) = (Arc::clone(self), Arc::clone(view), package.clone());
        self.background.spawn(async move {
            let Ok(gate) = catalog.origin_gate(view.domain_id, &package).await else {
                return;
            };
            let reaches_upstreams = gate.reaches_upstreams(view.home());
            let mut walk = Walk::of(&view);
            while let Some(index) = walk.next() {
                let node = &view.nodes[index];
                if reaches_upstreams {
                    walk.descend(node);
                }
                if node
                    .connection
                    .as_ref()
                    .is_none_or(|(_, format)| *format != package.format)
                    || !gate.allows(GroupRestrictionType::ExternalUpstream, node.id, None)
                {
                    continue;
                }
                let Ok(mut reader) = catalog.store.read().await else {
                    return;
                };
                let row = reader.find_source_document(node.id, &package).await;
                drop(reader);
                if let Ok(Some(row)) = row
                    && catalog.is_stale_of(&row, &package).unwrap_or(false)
                {
                    catalog.refresh(&view, node, &package).await.ok();
                }
            }
        });
    }

    pub(crate) fn is_stale(
        &self,
        row: &SourceDocumentRow,
        format: FormatId,
    ) -> Result<bool, Error> {
        let age_ms = self.now().0.saturating_sub(row.checked_at_ms);
        Ok(age_ms >= self.freshness_ms(format)?)
    }

    /// The same of what a source says of a package.
    fn is_stale_of(
        &self,
        row: &SourceDocumentRow,
        package: &PackageCoordinates,
    ) -> Result<bool, Error> {
        let source = self.rules(package.format)?.source();
        let list = source.filter(|source| source.is_list(package));
        let age_ms = self.now().0.saturating_sub(row.checked_at_ms);
        Ok(self.is_stale(row, package.format)?
            && list.is_none_or(|source| age_ms >= source.list_freshness_ms()))
    }

    /// How old a source's documents of a format may be.
    pub(crate) fn freshness_ms(&self, format: FormatId) -> Result<i64, Error> {
        let Settings {
            freshness_ms,
            uses_source_freshness,
            ..
        } = self.settings;
        let source = self.rules(format)?.source();
        let own = source.and_then(PublicSource::freshness_ms);
        Ok(own
            .filter(|_| uses_source_freshness)
            .unwrap_or(freshness_ms))
    }

    fn refresh_behind(
        self: &Arc<Self>,
        view: &RepositoryView,
        node: &Node,
        package: &PackageCoordinates,
    ) {
        let refresh = self.refresh(view, node, package);
        // The outcome is logged where it is made; whoever asked was already answered.
        self.background.spawn(async move {
            refresh.await.ok();
        });
    }

    /// The held document, parsed. Nothing when none is held, or when its bytes are lost or unreadable: then the
    /// source is asked as for a new package.
    async fn held_source_package(
        self: &Arc<Self>,
        domain_id: i64,
        node: &Node,
        package: &PackageCoordinates,
    ) -> Result<Option<(SourceDocumentRow, Arc<SourcePackage>)>, SourceFault> {
        let mut reader = self.store.read().await.map_err(from_store)?;
        let row = reader
            .find_source_document(node.id, package)
            .await
            .map_err(from_store)?;
        drop(reader);
        let Some(row) = row else { return Ok(None) };
        let Some(digest) = row.digest() else {
            return Ok(None);
        };
        let key = (node.id, package.clone());
        if let Some(parsed) = self.sources.get(&key, &digest) {
            return Ok(Some((row, parsed)));
        }
        let limit = self.settings.source_document_limit_bytes;
        let Some(bytes) = self
            .blobs
            .read_all(&digest, limit)
            .await
            .map_err(from_blobs)?
        else {
            return Ok(None);
        };
        let Ok(source) = self.connection_source(node).await else {
            return Ok(None);
        };
        let edition = self.sources.edition();
        let layout = match self.source_layout(domain_id, node, package.format).await {
            Err(SourceFault::Unreadable(_)) => return Ok(None),
            layout => layout?,
        };
        let place = Place {
            base: source.base().clone(),
            layout,
            edition,
        };
        match self.parse(place, package, bytes, digest, key).await {
            Ok(found) => Ok(Some((row, found))),
            Err(SourceFault::Unreadable(_)) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    pub(crate) async fn connection_source(
        &self,
        node: &Node,
    ) -> Result<upstream::Source, SourceFault> {
        let Some((name, _)) = &node.connection else {
            return Err(Error::internal(
                "a repository without a connection was asked for its source",
            )
            .into());
        };
        self.connections
            .source(name)
            .await
            .map_err(SourceFault::Source)
    }

    /// Reads a document off the async threads: large ones take a while.
    async fn parse(
        &self,
        place: Place,
        package: &PackageCoordinates,
        bytes: Bytes,
        digest: Sha256Digest,
        key: RefreshKey,
    ) -> Result<Arc<SourcePackage>, SourceFault> {
        let rules = self.rules(package.format)?;
        let size_bytes = bytes.len() as u64;
        let coordinates = package.clone();
        let Place {
            base,
            layout,
            edition,
        } = place;
        let read = self.heavy_work.run(move || {
            let source = rules
                .source()
                .ok_or_else(|| Unreadable("the format has no public source".into()))?;
            match &layout {
                Some(layout) => source.read_by_layout(&base, &coordinates, &bytes, layout),
                None => source.read(&base, &coordinates, &bytes),
            }
        });
        let read = read.await.map_err(SourceFault::from)?;
        let found = Arc::new(read.map_err(SourceFault::Unreadable)?);
        let parsed = Parsed {
            digest,
            edition,
            size_bytes,
            package: Arc::clone(&found),
        };
        self.sources.insert(key, parsed);
        Ok(found)
    }

    /// Asks the source now. Whoever asks for the same package meanwhile waits for this answer.
    fn refresh(
        self: &Arc<Self>,
        view: &RepositoryView,
        node: &Node,
        package: &PackageCoordinates,
    ) -> impl Future<Output = Refreshed> + Send + use<> {
        let catalog = Arc::clone(self);
        let key = (node.id, package.clone());
        let domain_id = view.domain_id;
        let node = node.alone();
        async move {
            let worker = Arc::clone(&catalog);
            let unit_key = key.clone();
            let leader =
                move || async move { worker.refresh_now(domain_id, &node, &unit_key.1).await };
            catalog
                .refreshes
                .run(key, leader)
                .await
                .unwrap_or_else(|lost| Err(Error::internal(lost).into()))
        }
    }

    async fn refresh_now(
        self: &Arc<Self>,
        domain_id: i64,
        node: &Node,
        package: &PackageCoordinates,
    ) -> Refreshed {
        let held = || async {
            let held = self.held_source_package(domain_id, node, package).await?;
            Ok::<_, SourceFault>(held.map(|(_, found)| found))
        };
        let ask = Box::pin(self.ask_source(domain_id, node, package));
        let outcome = self.ask_in_turn(node.id, package.into(), held, ask).await;
        if let Err(fault) = &outcome {
            let connection = node
                .connection
                .as_ref()
                .map_or("", |(name, _)| name.as_str());
            tracing::warn!(connection, package = %package, fault = ?fault, "asking a public source failed");
        }
        outcome
    }

    /// Asks a source for a document, one node at a time: what another node heard meanwhile is as good, and `held` reads it.
    pub(crate) async fn ask_in_turn<T, Held>(
        &self,
        repository_id: i64,
        subject: DocumentSubject<'_>,
        held: impl Fn() -> Held + Send + Sync,
        ask: impl Future<Output = Result<Option<T>, SourceFault>> + Send,
    ) -> Result<Option<T>, SourceFault>
    where
        T: Send,
        Held: Future<Output = Result<Option<T>, SourceFault>> + Send,
    {
        if !self.store.is_shared() {
            return ask.await;
        }
        let before = self.document_checked_at(repository_id, subject).await?;
        let look = || async {
            if self.document_checked_at(repository_id, subject).await? == before {
                return Ok(None);
            }
            Box::pin(held()).await
        };
        let work = (repository_id, subject);
        match self.take_turn("refresh", &work, PATIENCE, look).await? {
            Turn::Done(found) => Ok(Some(found)),
            Turn::Own(_lease) => ask.await,
        }
    }

    async fn document_checked_at(
        &self,
        repository_id: i64,
        subject: DocumentSubject<'_>,
    ) -> Result<Option<i64>, SourceFault> {
        let mut reader = self.store.read().await.map_err(from_store)?;
        let row = reader.find_source_document(repository_id, subject).await;
        Ok(row.map_err(from_store)?.map(|row| row.checked_at_ms))
    }

    async fn ask_source(
        self: &Arc<Self>,
        domain_id: i64,
        node: &Node,
        package: &PackageCoordinates,
    ) -> Refreshed {
        let source = self.connection_source(node).await?;
        let mut reader = self.store.read().await.map_err(from_store)?;
        let held = reader
            .find_source_document(node.id, package)
            .await
            .map_err(from_store)?;
        drop(reader);
        let of_format = self.rules(package.format)?.source().ok_or_else(|| {
            SourceFault::Unreadable(Unreadable("the format has no public source".into()))
        })?;
        let layout = self.source_layout(domain_id, node, package.format).await?;
        let base = match &layout {
            Some(layout) => of_format.metadata_base(source.base(), layout),
            None => Ok(source.base().clone()),
        };
        let request = base
            .and_then(|base| of_format.metadata(&base, package))
            .map_err(SourceFault::Unreadable)?;
        // Validators are of use only while the bytes they stand for can still be read.
        let parsed = if held.is_some() {
            self.held_source_package(domain_id, node, package).await?
        } else {
            None
        };
        let validators = match (&parsed, &held) {
            (Some(_), Some(row)) => Validators {
                etag: row.etag.clone(),
                last_modified: row.last_modified.clone(),
            },
            _ => Validators::default(),
        };
        match source
            .document(&request.url, request.accept, &validators)
            .await
            .map_err(SourceFault::Source)?
        {
            DocumentAnswer::NotModified => {
                self.touch(node, package).await?;
                Ok(parsed.map(|(_, found)| found))
            }
            DocumentAnswer::Absent => {
                if held.is_some() {
                    self.forget_document(domain_id, node, package).await?;
                }
                Ok(None)
            }
            DocumentAnswer::Modified {
                bytes, validators, ..
            } => {
                let bytes = self.with_further(&source, package, bytes).await?;
                let edition = self.sources.edition();
                let layout = self.source_layout(domain_id, node, package.format);
                let place = Place {
                    base: source.base().clone(),
                    layout: layout.await?,
                    edition,
                };
                let stored =
                    self.store_document(domain_id, node, package, place, bytes, validators, held);
                let said = stored.await?;
                if let Some(said) = &said {
                    self.follow_source(domain_id, node, package, said).await?;
                }
                Ok(said)
            }
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one caller; the parts of one answer"
    )]
    async fn store_document(
        &self,
        domain_id: i64,
        node: &Node,
        package: &PackageCoordinates,
        place: Place,
        bytes: Bytes,
        validators: Validators,
        held: Option<SourceDocumentRow>,
    ) -> Refreshed {
        let size_bytes =
            i64::try_from(bytes.len()).map_err(|e| SourceFault::from(Error::internal(e)))?;
        let digests = self.put(bytes.clone()).await?;
        // Read before it is kept: an unreadable document must not replace a good one.
        let key = (node.id, package.clone());
        let found = self
            .parse(place, package, bytes, digests.sha256, key)
            .await?;
        if held.as_ref().and_then(SourceDocumentRow::digest) == Some(digests.sha256) {
            self.touch(node, package).await?;
            return Ok(Some(found));
        }
        let now = self.now();
        let row = SourceDocumentRow {
            sha256: digests.sha256.as_bytes().to_vec(),
            size_bytes,
            etag: validators.etag,
            last_modified: validators.last_modified,
            fetched_at_ms: now.0,
            checked_at_ms: now.0,
        };
        let entry = self
            .service_change(ChangeKind::MetadataRefreshed, node)
            .of_package(package)
            .with(&serde_json::json!({ "sha256": digests.sha256.to_hex() }));
        let (id, unit_package) = (node.id, package.clone());
        let stored: Result<(), Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    // The repository may have been deleted while the source answered.
                    if tx.find_repository_by_id(id).await?.is_some() {
                        tx.upsert_source_document(id, &unit_package, &row).await?;
                        tx.append_change(domain_id, &entry).await?;
                    }
                    Ok(())
                })
            })
            .await;
        stored.map_err(Error::from)?;
        self.stamps.package_changed(domain_id, package);
        Ok(Some(found))
    }

    async fn touch(&self, node: &Node, package: &PackageCoordinates) -> Result<(), SourceFault> {
        let (id, package, now) = (node.id, package.clone(), self.now());
        let touched: Result<(), Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move { Ok(tx.touch_source_document(id, &package, now).await?) })
            })
            .await;
        Ok(touched.map_err(Error::from)?)
    }

    async fn forget_document(
        &self,
        domain_id: i64,
        node: &Node,
        package: &PackageCoordinates,
    ) -> Result<(), SourceFault> {
        let entry = self
            .service_change(ChangeKind::MetadataRefreshed, node)
            .of_package(package)
            .with(&serde_json::json!({ "absent": true }));
        let (id, unit_package) = (node.id, package.clone());
        let forgotten: Result<(), Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    tx.delete_source_document(id, &unit_package).await?;
                    tx.append_change(domain_id, &entry).await?;
                    Ok(())
                })
            })
            .await;
        forgotten.map_err(Error::from)?;
        self.stamps.package_changed(domain_id, package);
        Ok(())
    }

    /// A change that no principal asked for.
    pub(crate) fn service_change(&self, kind: ChangeKind, node: &Node) -> model::Change {
        let root = Caller::root(self.settings.account.clone());
        let mut entry = change(kind, self.now(), &root).in_repository(&node.name);
        entry.actor = "service".into();
        entry
    }
}
