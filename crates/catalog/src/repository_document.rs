//! Ready documents about all packages that a repository shows, for the package managers that read such lists: each is made
//! of the ready documents of its packages, and of what it was before.
//!
//! They are kept apart from the documents of packages: one of them can be larger than all of those together.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bytes::Bytes;
use model::{Error, ErrorKind, PackageCoordinates, PackageName, Result};
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

use crate::document::{Document, DocumentKey, Encoding, Render, gzip};
use crate::failure::copy_of;
use crate::stamps::Tick;
use crate::{CacheOutcome, Catalog, Grant};

/// The bytes of such documents kept in memory.
const KEPT_BYTES: u64 = 128 << 20;
/// Names read at once.
const NAMES: usize = 1000;

/// Packages and their documents, in order of name.
pub type PackageDocuments = Vec<(PackageName, Arc<Document>)>;

/// Which document of a repository, and what it is made of.
#[derive(Debug, Clone)]
pub struct RepositoryDocument {
    /// What stands for all packages, see [`crate::PublicSource::is_list`].
    pub list: PackageCoordinates,
    /// The variant of the list's own document that says what its public source says.
    pub list_variant: Option<u8>,
    /// The variant of the packages' documents that it is made of.
    pub package_variant: u8,
    /// The format's own number for it, apart from those of packages' documents.
    pub variant: u8,
    /// Makes the documents of packages.
    pub render: Render,
    /// Makes it.
    pub render_list: fn(&RepositoryParts<'_>, variant: u8) -> Result<RenderedList>,
}

/// What it is made of.
#[derive(Debug)]
pub struct RepositoryParts<'p> {
    /// What the public source says of all packages.
    pub list: Option<&'p Bytes>,
    /// What the repository and its upstreams hold, packages without a version to show among it.
    pub packages: &'p [(PackageName, Arc<Document>)],
    /// The same document as it was made before, while that is remembered.
    pub before: Option<&'p RenderedList>,
}

/// A document, and what its format wants to know when it is made again.
#[derive(Debug, Clone)]
pub struct RenderedList {
    /// The bytes.
    pub bytes: Bytes,
    /// What to remember.
    pub notes: Arc<dyn Any + Send + Sync>,
}

#[derive(Debug, Clone)]
struct Kept {
    document: Arc<Document>,
    notes: Arc<dyn Any + Send + Sync>,
}

#[derive(Debug, Clone)]
struct BySize;

impl Weighter<DocumentKey, Kept> for BySize {
    fn weight(&self, _: &DocumentKey, kept: &Kept) -> u64 {
        kept.document.bytes.len() as u64 + 512
    }
}

/// Such documents, bounded by their bytes. Those that are no longer true stay until they are made again.
#[derive(Debug)]
pub(crate) struct RepositoryDocumentCache(Cache<DocumentKey, Kept, BySize>);

impl Default for RepositoryDocumentCache {
    fn default() -> Self {
        let options = OptionsBuilder::new()
            .shards(1)
            .estimated_items_capacity(256)
            .weight_capacity(KEPT_BYTES)
            .build()
            .expect("both capacities are given");
        Self(Cache::with_options(
            options,
            BySize,
            DefaultHashBuilder::default(),
            DefaultLifecycle::default(),
        ))
    }
}

impl Catalog {
    /// A document about all packages that a repository shows. A hit reads no row; a miss is made once, whoever else asks
    /// for it meanwhile. What is fetched from a public source in between makes it anew.
    pub async fn repository_document(
        self: &Arc<Self>,
        grant: &Grant,
        wanted: &RepositoryDocument,
        base: &Arc<str>,
        encoding: Encoding,
    ) -> Result<(Arc<Document>, CacheOutcome)> {
        let key = DocumentKey {
            repository_id: grant.view().home().id,
            package: wanted.list.clone(),
            variant: wanted.variant,
            base: Arc::clone(base),
            encoding,
        };
        if let Some(document) = self.valid_list(grant, &key) {
            return Ok((document, CacheOutcome::Hit));
        }
        let asked_at = self.stamps.now();
        let mut document = self.made_list(grant, &key, wanted).await?;
        // As with a package's document: one that was begun before this request came may lack what was written since.
        let domain_id = grant.view().domain_id;
        let is_current = document.made_at >= asked_at
            || self.stamps.domain_is_valid(document.made_at, domain_id);
        if !is_current {
            document = self.made_list(grant, &key, wanted).await?;
        }
        Ok((document, CacheOutcome::Miss))
    }

    /// Makes a list, or waits for whoever is making it.
    async fn made_list(
        self: &Arc<Self>,
        grant: &Grant,
        key: &DocumentKey,
        wanted: &RepositoryDocument,
    ) -> Result<Arc<Document>> {
        let (catalog, unit_grant, unit_key) = (Arc::clone(self), grant.clone(), key.clone());
        let wanted = wanted.clone();
        let flight = (key.clone(), grant.view().made_at);
        let made = self.renders.run(flight, move || async move {
            catalog
                .make_list(&unit_grant, unit_key, &wanted)
                .await
                .map_err(Arc::new)
        });
        made.await
            .map_err(Error::internal)?
            .map_err(|error| copy_of(&error))
    }

    fn valid_list(&self, grant: &Grant, key: &DocumentKey) -> Option<Arc<Document>> {
        let document = self.repository_documents.0.get(key)?.document;
        let is_true = self
            .stamps
            .domain_is_valid(document.made_at, grant.view().domain_id);
        let is_fresh = self.now().0 < document.check_at_ms.load(Ordering::Relaxed);
        (is_true && is_fresh).then_some(document)
    }

    async fn make_list(
        self: &Arc<Self>,
        grant: &Grant,
        key: DocumentKey,
        wanted: &RepositoryDocument,
    ) -> Result<Arc<Document>> {
        // Whoever led before may have just made it.
        if let Some(document) = self.valid_list(grant, &key) {
            return Ok(document);
        }
        let plain_key = DocumentKey {
            encoding: Encoding::Identity,
            ..key.clone()
        };
        let plain = match self.valid_list(grant, &plain_key) {
            Some(plain) => plain,
            None => self.make_plain_list(grant, plain_key, wanted).await?,
        };
        if key.encoding == Encoding::Identity {
            return Ok(plain);
        }
        let bytes = plain.bytes.clone();
        let packed = self.heavy_work.run(move || gzip(&bytes)).await??;
        let etag = format!("{}-gzip\"", plain.etag.trim_end_matches('"'));
        Ok(self.keep_list(key, packed, etag, plain.made_at, Arc::new(())))
    }

    async fn make_plain_list(
        self: &Arc<Self>,
        grant: &Grant,
        key: DocumentKey,
        wanted: &RepositoryDocument,
    ) -> Result<Arc<Document>> {
        let made_at = self.reading_tick(grant.view());
        let list = match wanted.list_variant {
            Some(variant) => self.list_of_source(grant, &key, wanted, variant).await?,
            None => None,
        };
        // Where the source tells what has changed, each of its packages need not be asked for.
        let asks = list.is_none();
        let packages = self.package_documents(grant, &key, wanted, asks).await?;
        let before = self.repository_documents.0.get(&key).map(|kept| {
            let bytes = kept.document.bytes.clone();
            let notes = kept.notes;
            RenderedList { bytes, notes }
        });
        let (render_list, variant) = (wanted.render_list, wanted.variant);
        let rendered = self
            .heavy_work
            .run(move || {
                let parts = RepositoryParts {
                    list: list.as_ref(),
                    packages: &packages,
                    before: before.as_ref(),
                };
                render_list(&parts, variant)
            })
            .await??;
        let etag = self.entity_tag(key.package.format, &rendered.bytes).await?;
        Ok(self.keep_list(key, rendered.bytes, etag, made_at, rendered.notes))
    }

    /// What the nearest public source says of all its packages; nothing where there is no source, or it has no list.
    async fn list_of_source(
        self: &Arc<Self>,
        grant: &Grant,
        key: &DocumentKey,
        wanted: &RepositoryDocument,
        variant: u8,
    ) -> Result<Option<Bytes>> {
        let of_list = DocumentKey {
            variant,
            ..key.clone()
        };
        let made = self
            .ready_document(grant, of_list, wanted.render, true)
            .await;
        match made {
            Ok((document, _)) => Ok(Some(document.bytes.clone()).filter(|list| !list.is_empty())),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn package_documents(
        self: &Arc<Self>,
        grant: &Grant,
        key: &DocumentKey,
        wanted: &RepositoryDocument,
        asks: bool,
    ) -> Result<PackageDocuments> {
        let format = key.package.format;
        let mut documents = PackageDocuments::new();
        let mut last: Option<PackageName> = None;
        loop {
            let names = self
                .known_package_names(grant, (format, None), last.as_ref(), NAMES, true)
                .await?;
            let is_last = names.len() < NAMES;
            last = names.last().cloned();
            for name in names {
                let of_package = DocumentKey {
                    package: PackageCoordinates {
                        name: name.clone(),
                        ..key.package.clone()
                    },
                    variant: wanted.package_variant,
                    ..key.clone()
                };
                match self
                    .ready_document(grant, of_package, wanted.render, asks)
                    .await
                {
                    Ok((document, _)) => documents.push((name, document)),
                    // It was deleted meanwhile.
                    Err(error) if error.kind == ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
            if is_last {
                return Ok(documents);
            }
        }
    }

    fn keep_list(
        &self,
        key: DocumentKey,
        bytes: Bytes,
        etag: String,
        made_at: Tick,
        notes: Arc<dyn Any + Send + Sync>,
    ) -> Arc<Document> {
        let check_at_ms = AtomicI64::new(self.now().0.saturating_add(self.settings.freshness_ms));
        let document = Arc::new(Document {
            bytes,
            etag,
            beside: Bytes::new(),
            made_at,
            check_at_ms,
        });
        let kept = Kept {
            document: Arc::clone(&document),
            notes,
        };
        self.repository_documents.0.insert(key, kept);
        document
    }
}
