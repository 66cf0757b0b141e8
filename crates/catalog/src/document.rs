//! Ready documents: what package managers ask for most, kept as the bytes that are sent.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use model::{Error, FormatId, PackageCoordinates, Result};
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

use crate::failure::copy_of;
use crate::resolve::PackageView;
use crate::stamps::Tick;
use crate::{CacheOutcome, Catalog, Grant};

/// How the bytes of a document are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// As they are.
    Identity,
    /// By gzip.
    Gzip,
}

/// Which document: of what, for whom, in which form.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DocumentKey {
    pub(crate) repository_id: i64,
    pub(crate) package: PackageCoordinates,
    pub(crate) variant: u8,
    pub(crate) base: Arc<str>,
    pub(crate) encoding: Encoding,
}

/// A ready document.
#[derive(Debug)]
pub struct Document {
    /// The bytes to send.
    pub bytes: Bytes,
    /// A strong entity tag, quotes included: it changes when and only when the bytes do.
    pub etag: String,
    /// What its format keeps beside it, see [`crate::FormatRules::beside_document`].
    pub beside: Bytes,
    pub(crate) made_at: Tick,
    /// When the public sources behind it are to be asked again.
    pub(crate) check_at_ms: AtomicI64,
}

#[derive(Debug, Clone)]
struct BySize;

impl Weighter<DocumentKey, Arc<Document>> for BySize {
    fn weight(&self, key: &DocumentKey, document: &Arc<Document>) -> u64 {
        (document.bytes.len() + document.beside.len() + key.base.len() + 512) as u64
    }
}

/// Ready documents, bounded by their bytes.
#[derive(Debug)]
pub(crate) struct DocumentCache(Cache<DocumentKey, Arc<Document>, BySize>);

impl DocumentCache {
    pub(crate) fn new(bytes: u64) -> Self {
        // One shard: with more, a document larger than a shard's share would never be kept.
        let options = OptionsBuilder::new()
            .shards(1)
            .estimated_items_capacity(2048)
            .weight_capacity(bytes)
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

/// Makes a document's bytes out of the merged package. Runs off the async threads.
pub type Render = fn(&PackageView, base: &str, variant: u8) -> Result<Bytes>;

impl Catalog {
    /// A document of a package. `variant` is the format's own number for one of its forms; `base` is the address
    /// that the client uses for the repository, which documents spell out.
    ///
    /// A hit reads no row. A miss is made once, whoever else asks for it meanwhile.
    pub async fn document(
        self: &Arc<Self>,
        grant: &Grant,
        package: &PackageCoordinates,
        variant: u8,
        base: &Arc<str>,
        encoding: Encoding,
        render: Render,
    ) -> Result<(Arc<Document>, CacheOutcome)> {
        let view = grant.view();
        let key = DocumentKey {
            repository_id: view.home().id,
            package: package.clone(),
            variant,
            base: Arc::clone(base),
            encoding,
        };
        self.ready_document(grant, key, render, true).await
    }

    /// The same by its key. Unless it `asks`, a document that lies ready starts no look at its public sources.
    pub(crate) async fn ready_document(
        self: &Arc<Self>,
        grant: &Grant,
        key: DocumentKey,
        render: Render,
        asks: bool,
    ) -> Result<(Arc<Document>, CacheOutcome)> {
        if let Some(document) = self.valid_document(grant, &key, asks) {
            return Ok((document, CacheOutcome::Hit));
        }
        let asked_at = self.stamps.now();
        let mut document = self.made_document(grant, &key, render).await?;
        // It may have been in the making already when this request came, out of rows that were older: what was
        // acknowledged in between must be seen. The next one is begun after this request came.
        let is_current = document.made_at >= asked_at
            || self
                .stamps
                .package_is_valid(document.made_at, grant.view().domain_id, &key.package);
        if !is_current {
            document = self.made_document(grant, &key, render).await?;
        }
        Ok((document, CacheOutcome::Miss))
    }

    /// Makes a document, or waits for whoever is making it.
    async fn made_document(
        self: &Arc<Self>,
        grant: &Grant,
        key: &DocumentKey,
        render: Render,
    ) -> Result<Arc<Document>> {
        let (catalog, unit_grant, unit_key) = (Arc::clone(self), grant.clone(), key.clone());
        // Shared by those only who see the same repositories.
        let flight = (key.clone(), grant.view().made_at);
        let made = self.renders.run(flight, move || async move {
            catalog
                .make_document(&unit_grant, unit_key, render)
                .await
                .map_err(Arc::new)
        });
        made.await
            .map_err(Error::internal)?
            .map_err(|error| copy_of(&error))
    }

    fn valid_document(
        self: &Arc<Self>,
        grant: &Grant,
        key: &DocumentKey,
        asks: bool,
    ) -> Option<Arc<Document>> {
        let document = self.documents.0.get(key)?;
        let view = grant.view();
        if !self
            .stamps
            .package_is_valid(document.made_at, view.domain_id, &key.package)
        {
            return None;
        }
        let (now, check_at) = (self.now().0, document.check_at_ms.load(Ordering::Relaxed));
        if asks && now >= check_at {
            let next = now.saturating_add(self.settings.freshness_ms);
            // Only the request that moves the time starts the check.
            let moved = document.check_at_ms.compare_exchange(
                check_at,
                next,
                Ordering::Relaxed,
                Ordering::Relaxed,
            );
            if moved.is_ok() {
                self.refresh_stale_sources(view, &key.package);
            }
        }
        Some(document)
    }

    async fn make_document(
        self: &Arc<Self>,
        grant: &Grant,
        key: DocumentKey,
        render: Render,
    ) -> Result<Arc<Document>> {
        // Whoever led before may have just made it.
        if let Some(document) = self.valid_document(grant, &key, true) {
            return Ok(document);
        }
        let plain_key = DocumentKey {
            encoding: Encoding::Identity,
            ..key.clone()
        };
        let held = self.valid_document(grant, &plain_key, true);
        let (bytes, beside, etag, made_at) = match held {
            Some(plain) => (
                plain.bytes.clone(),
                plain.beside.clone(),
                plain.etag.clone(),
                plain.made_at,
            ),
            None => {
                let made_at = self.reading_tick(grant.view());
                let (bytes, beside) = self.render(grant, &key, render).await?;
                let etag = self.entity_tag(key.package.format, &bytes).await?;
                (bytes, beside, etag, made_at)
            }
        };
        let (bytes, etag) = match key.encoding {
            Encoding::Identity => (bytes, etag),
            // The plain form is not kept beside it: clients that can unpack never ask for it, and it is several times
            // as large.
            Encoding::Gzip => {
                let packed = self.heavy_work.run(move || gzip(&bytes)).await??;
                let etag = format!("{}-gzip\"", etag.trim_end_matches('"'));
                (packed, etag)
            }
        };
        let check_at_ms = AtomicI64::new(self.now().0.saturating_add(self.settings.freshness_ms));
        let document = Arc::new(Document {
            bytes,
            etag,
            beside,
            made_at,
            check_at_ms,
        });
        self.documents.0.insert(key, Arc::clone(&document));
        Ok(document)
    }

    /// The entity tag of a document, quotes included. Of a large one it takes a while.
    pub(crate) async fn entity_tag(&self, format: FormatId, bytes: &Bytes) -> Result<String> {
        let (rules, bytes) = (self.rules(format)?, bytes.clone());
        let tag = self.heavy_work.run(move || rules.entity_tag(&bytes));
        Ok(format!("\"{}\"", tag.await?))
    }

    async fn render(
        self: &Arc<Self>,
        grant: &Grant,
        key: &DocumentKey,
        render: Render,
    ) -> Result<(Bytes, Bytes)> {
        let package = self.resolve(grant, &key.package).await?;
        let rules = self.rules(key.package.format)?;
        let (base, variant) = (Arc::clone(&key.base), key.variant);
        let made = self.heavy_work.run(move || {
            let bytes = render(&package, &base, variant)?;
            Ok((bytes, rules.beside_document(&package, &base, variant)))
        });
        made.await?
    }
}

pub(crate) fn gzip(bytes: &[u8]) -> Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::new(6));
    encoder
        .write_all(bytes)
        .and_then(|()| encoder.finish())
        .map(|mut packed| {
            // It is kept for long: what it was grown beyond its length is given back.
            packed.shrink_to_fit();
            Bytes::from(packed)
        })
        .map_err(Error::internal)
}
