//! Keeping what was found in an upstream repository: a version is retained in the repository that the client called, and
//! completed there when more of it is found above.
//!
//! A version that is new here changes what no document says, since the same was shown before; so no ready document ends.

use std::sync::Arc;

use model::{
    ChangeKind, EpochMillis, GroupRestrictionType, OriginRestrictions, OriginType,
    PackageCoordinates, Result, VersionName,
};
use serde_json::json;
use store::{AssetRow, Tx, VersionContent};

use crate::change_log::ChangeDetails;
use crate::failure::Failure;
use crate::format_rules::Growth;
use crate::held_version::HeldVersion;
use crate::packages::parse_version;
use crate::repository_view::RepositoryView;
use crate::rival_names::is_shut_out;
use crate::storable_text::storable;
use crate::{Catalog, FormatRules};

/// What retaining a version changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Retained {
    Nothing,
    /// The version is new here.
    Added,
    /// The version was here, and has become more.
    Completed,
}

impl Catalog {
    /// Retains a version of an upstream repository in the repository that the client called.
    pub(crate) async fn retain(
        self: &Arc<Self>,
        view: &Arc<RepositoryView>,
        from: usize,
        package: &PackageCoordinates,
        version: &VersionName,
    ) -> Result<()> {
        if from == 0 {
            return Ok(());
        }
        let entry = self
            .service_change(ChangeKind::VersionRetained, view.home())
            .of_package(package);
        let from_name = view.nodes[from].name.clone();
        let now = self.now();
        let (domain_id, home_id, from_id) = (view.domain_id, view.home().id, view.nodes[from].id);
        let (rules, coordinates) = (self.rules(package.format)?, package);
        let gate = self.origin_gate(domain_id, package).await?;
        let key = self.version_key(package, version)?;
        let package = package.clone();
        let stored: Result<Retained, Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    tx.order_writes(domain_id).await?;
                    if tx.find_repository_by_id(home_id).await?.is_none() {
                        return Ok(Retained::Nothing);
                    }
                    let Some(source) = tx.find_package(from_id, &package).await? else {
                        return Ok(Retained::Nothing);
                    };
                    let Some(held) = HeldVersion::find(tx, source.id, &key).await? else {
                        return Ok(Retained::Nothing);
                    };
                    // Someone may have archived it since the request looked.
                    if !held.status()?.is_downloadable() {
                        return Ok(Retained::Nothing);
                    }
                    let gate = gate.current(tx, domain_id, &package).await?;
                    let restriction = GroupRestrictionType::InternalUpstream;
                    let may = gate.allows(restriction, home_id, None)
                        && !is_shut_out(tx, rules, home_id, &package).await?;
                    if !may {
                        return Ok(Retained::Nothing);
                    }
                    let row = tx
                        .ensure_package(home_id, &package, OriginRestrictions::INGESTED_FIRST, now)
                        .await?;
                    if !gate.allows(restriction, home_id, Some(row.restrictions())) {
                        return Ok(Retained::Nothing);
                    }
                    let own = HeldVersion::find(tx, row.id, &key).await?;
                    let (retained, event_of) = match &own {
                        None => {
                            held.insert(tx, domain_id, row.id).await?;
                            (Retained::Added, held.clone())
                        }
                        Some(own) => match complete(tx, domain_id, rules, own, &held).await? {
                            Some(completed) => (Retained::Completed, completed),
                            None => return Ok(Retained::Nothing),
                        },
                    };
                    let detail = json!({
                        "from": from_name.as_str(), "revision": event_of.row.revision,
                    });
                    let name = parse_version(&event_of.row.version)?;
                    let entry = entry
                        .of_version(&name)
                        .published_at_source(held.source_published_at())
                        .with_event(detail, &event_of.event(own.as_ref())?);
                    tx.append_change(domain_id, &entry).await?;
                    Ok(retained)
                })
            })
            .await;
        if stored? == Retained::Completed {
            self.stamps.package_changed(domain_id, coordinates);
        }
        Ok(())
    }
}

/// Adds to a version what the same version has above: assets, and what is said of it. Not to one that came from
/// elsewhere or may not be downloaded, and never in place of what is there.
async fn complete(
    tx: &mut Tx,
    domain_id: i64,
    rules: &dyn FormatRules,
    own: &HeldVersion,
    above: &HeldVersion,
) -> Result<Option<HeldVersion>, Failure> {
    let origin = |held: &HeldVersion| (held.row.origin_type.clone(), held.row.origin_name.clone());
    let may_grow = rules.growth() == Growth::Always && own.status()?.is_downloadable();
    if !may_grow || origin(own) != origin(above) {
        return Ok(None);
    }
    let is_there = |asset: &&AssetRow| own.assets.iter().any(|held| held.name == asset.name);
    let missing: Vec<AssetRow> = above
        .assets
        .iter()
        .filter(|a| !is_there(a))
        .cloned()
        .collect();
    let follows = rules.follows_source() && own.origin_type() == OriginType::External;
    if missing.is_empty() && !follows {
        return Ok(None);
    }
    let metadata = storable(rules.merge_metadata(&own.metadata, &above.metadata));
    if missing.is_empty() && metadata == own.metadata {
        return Ok(None);
    }
    let mut completed = own.clone();
    completed.metadata = metadata;
    completed.assets.extend(missing.iter().cloned());
    completed.assets.sort_by(|a, b| a.name.cmp(&b.name));
    completed.row.revision = completed.named_revision()?;
    let content = VersionContent {
        status: own.status()?,
        revision: &completed.row.revision,
        published_at: EpochMillis(own.row.published_at_ms),
        metadata: &completed.metadata,
        readme: above.readme.as_deref(),
    };
    tx.update_version_content(own.row.id, &content).await?;
    for asset in &missing {
        tx.insert_asset(domain_id, own.row.id, &asset.to_new()?)
            .await?;
    }
    Ok(Some(completed))
}
