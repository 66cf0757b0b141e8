//! Values for tests, and the walk through the pages of a list.

use model::{
    AccountId, AssetName, Change, ChangeKind, Digests, DomainName, EpochMillis, FormatId,
    Md5Digest, Namespace, OriginType, PackageCoordinates, PackageName, PackageVersionStatus,
    PageLimit, RepositoryName, Sha1Digest, Sha256Digest, Sha512Digest, VersionKey, VersionName,
};
use store::{NewAsset, NewVersion, StoreResult};

/// A fixed instant.
pub(crate) const NOW: EpochMillis = EpochMillis(1_700_000_000_123);
/// Two formats; which ones there are is no concern of the store.
pub(crate) const ALPHA: FormatId = FormatId::new("alpha");
pub(crate) const BETA: FormatId = FormatId::new("beta");

/// The usual owner.
pub(crate) fn owner() -> AccountId {
    account("111122223333")
}

pub(crate) fn account(digits: &str) -> AccountId {
    AccountId::parse(digits).unwrap()
}

pub(crate) fn domain_name(text: &str) -> DomainName {
    DomainName::parse(text).unwrap()
}

pub(crate) fn repository_name(text: &str) -> RepositoryName {
    RepositoryName::parse(text).unwrap()
}

pub(crate) fn version_name(text: &str) -> VersionName {
    VersionName::parse(text).unwrap()
}

pub(crate) fn version_key(text: &str) -> VersionKey {
    VersionKey::new(text)
}

pub(crate) fn asset_name(text: &str) -> AssetName {
    AssetName::parse(text).unwrap()
}

/// Coordinates; an empty namespace means none.
pub(crate) fn package(format: FormatId, namespace: &str, name: &str) -> PackageCoordinates {
    let namespace = (!namespace.is_empty()).then(|| Namespace::parse(namespace).unwrap());
    PackageCoordinates {
        format,
        namespace,
        name: PackageName::parse(name).unwrap(),
    }
}

/// Digests that differ in all four when the seed differs.
pub(crate) fn digests(seed: u8) -> Digests {
    Digests {
        md5: Md5Digest::from_bytes([seed; 16]),
        sha1: Sha1Digest::from_bytes([seed; 20]),
        sha256: Sha256Digest::from_bytes([seed; 32]),
        sha512: Sha512Digest::from_bytes([seed; 64]),
    }
}

/// An asset without a companion.
pub(crate) fn new_asset(name: &str, size_bytes: u64, seed: u8) -> NewAsset {
    NewAsset {
        name: asset_name(name),
        size_bytes,
        digests: digests(seed),
        companion: None,
    }
}

/// A published version.
pub(crate) fn new_version(package_id: i64, version: &str) -> NewVersion {
    NewVersion {
        package_id,
        version: version_name(version),
        key: version_key(version),
        status: PackageVersionStatus::Published,
        revision: format!("revision of {version}"),
        origin_type: OriginType::Internal,
        origin_name: "store".into(),
        published_at: NOW,
        source_published_at: None,
        metadata: format!(r#"{{"version":"{version}"}}"#),
        readme: None,
    }
}

/// A change that is about nothing but its detail.
pub(crate) fn change(detail: &str) -> Change {
    Change {
        kind: ChangeKind::RepositoryUpdated,
        at: NOW,
        source_published_at: None,
        actor: "service".into(),
        repository: None,
        package: None,
        version: None,
        detail: detail.into(),
    }
}

/// Texts whose order differs between bytes, languages and UTF-16, in the order of their bytes.
/// `%`, `_` and `*` among them mean themselves.
pub(crate) fn texts_in_byte_order() -> Vec<&'static str> {
    let mut texts = vec![
        "a", "A", "b", "B", "a-b", "a.b", "a_b", "a%b", "a*b", "aXb", "axb", "AXB", "10", "9",
        "ab", "aB", "é", "e", "f", "É", "ß", "ss", "日本", "ｱ", "😀", "z", "Z", "~", "!",
    ];
    texts.sort_unstable_by_key(|text| text.as_bytes());
    texts
}

/// Follows the pages of a list to its end, as a client does, and returns the keys it saw.
pub(crate) async fn walk<R, K: Clone>(
    limit: u16,
    first: K,
    mut page: impl AsyncFnMut(K, PageLimit) -> StoreResult<Vec<R>>,
    key: impl Fn(&R) -> K,
) -> Vec<K> {
    let limit = PageLimit::new(limit);
    let mut keys: Vec<K> = Vec::new();
    let mut after = first;
    loop {
        let mut rows = page(after, limit).await.unwrap();
        let more = rows.len() > limit.rows();
        assert!(
            rows.len() <= limit.rows() + 1,
            "one row too many tells that more follow; {} came",
            rows.len()
        );
        rows.truncate(limit.rows());
        keys.extend(rows.iter().map(&key));
        assert!(keys.len() < 10_000, "the walk does not end");
        match keys.last() {
            Some(last) if more => after = last.clone(),
            _ => return keys,
        }
    }
}
