//! What the change log tells of the time since a backup: which packages may not be any more as that backup has them.
//!
//! Whoever writes rows of a package appends an entry that names it, in the same transaction. Two kinds of writers name
//! less than they change: who deletes a repository names only that (and is found by its number, which is never given
//! again), and who repairs damaged bytes (then everything is read anew).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use model::ChangeKind;
use store::image::{ImageRow, ImageValue};

use crate::family::{Bundle, Key};

/// Columns of the change log.
const KIND: usize = 5;
const REPOSITORY: usize = 6;
const FORMAT: usize = 7;
const NAMESPACE: usize = 8;
const PACKAGE: usize = 9;
const DETAIL: usize = 11;
/// The digest of the bytes of an asset.
const ASSET_SHA256: usize = 5;
/// Where the assets of a bundle of a package are.
const ASSETS: usize = 2;

/// Repositories, as rows of their table.
#[derive(Debug, Default)]
pub(crate) struct Repositories {
    /// The domain of each one.
    domains: BTreeMap<i64, i64>,
    names: HashMap<(i64, String), i64>,
}

impl Repositories {
    pub(crate) fn add(&mut self, rows: &[ImageRow]) {
        for row in rows {
            if let (Some(id), Some(domain), Some(name)) =
                (row.integer(0), row.integer(1), row.text(2))
            {
                self.domains.insert(id, domain);
                self.names.insert((domain, name.to_owned()), id);
            }
        }
    }

    /// Those that the other has not.
    pub(crate) fn without(&self, other: &Self) -> BTreeSet<i64> {
        let ids = self.domains.keys().copied();
        ids.filter(|id| !other.domains.contains_key(id)).collect()
    }
}

/// What entries of the log name.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Domain and repository, and the rest of a package's key.
    packages: BTreeSet<((i64, String), [String; 3])>,
    /// Why that is not enough.
    pub(crate) not_enough: Option<&'static str>,
}

impl Told {
    /// Reads an entry that the last backup does not have.
    pub(crate) fn hear(&mut self, entry: &ImageRow) {
        let kind = entry.text(KIND).and_then(ChangeKind::parse);
        if kind.is_none() {
            self.not_enough = Some("the change log has an entry of an unknown kind");
        }
        if kind == Some(ChangeKind::MetadataRefreshed) && forgets_bytes(entry) {
            self.not_enough = Some("damaged bytes were forgotten by a repair");
        }
        let Some(package) = entry.text(PACKAGE) else {
            return;
        };
        let text = |column| entry.text(column).unwrap_or_default().to_owned();
        let (Some(domain), Some(repository)) = (entry.integer(0), entry.text(REPOSITORY)) else {
            self.not_enough = Some("the change log names a package without its repository");
            return;
        };
        self.packages.insert((
            (domain, repository.to_owned()),
            [text(FORMAT), text(NAMESPACE), package.to_owned()],
        ));
    }

    /// The keys of the packages that were named, in the repositories that there are. What was in another one is gone
    /// with it.
    pub(crate) fn packages(&self, repositories: &Repositories) -> BTreeSet<Key> {
        let keys = self.packages.iter().filter_map(|(place, rest)| {
            let id = repositories.names.get(place)?;
            let rest = rest.iter().cloned().map(ImageValue::Text);
            Some(
                std::iter::once(ImageValue::Integer(*id))
                    .chain(rest)
                    .collect(),
            )
        });
        keys.collect()
    }
}

/// Whether an entry is one of a repair: the documents of some bytes are forgotten, of whichever packages they were.
fn forgets_bytes(entry: &ImageRow) -> bool {
    let detail = entry.text(DETAIL).unwrap_or_default();
    let detail: Option<serde_json::Value> = serde_json::from_str(detail).ok();
    detail.is_none_or(|detail| detail.get("forgotten").is_some())
}

/// What follows for the rows of domains from the packages that changed.
#[derive(Debug, Default)]
pub(crate) struct OfDomains {
    /// The domain of each repository, of those that are gone, too.
    domains: BTreeMap<i64, i64>,
    /// Keys of what a domain notes of bytes.
    pub(crate) blobs: BTreeSet<Key>,
    /// Keys of what a domain notes of its packages.
    pub(crate) packages: BTreeSet<Key>,
}

impl OfDomains {
    pub(crate) fn new(before: &Repositories, now: &Repositories) -> Self {
        let mut domains = before.domains.clone();
        domains.extend(&now.domains);
        Self {
            domains,
            ..Self::default()
        }
    }

    /// Takes down a package that may have changed.
    pub(crate) fn hear(&mut self, old: Option<&Bundle>, new: Option<&Bundle>) {
        let Some(key) = new.or(old).map(|bundle| &bundle.key) else {
            return;
        };
        let [ImageValue::Integer(repository), rest @ ..] = key.as_slice() else {
            return;
        };
        let Some(domain) = self.domains.get(repository) else {
            return;
        };
        let domain = ImageValue::Integer(*domain);
        let mut name = vec![domain.clone()];
        name.extend_from_slice(rest);
        self.packages.insert(name);
        let mut uses: BTreeMap<&ImageValue, i64> = BTreeMap::new();
        for (bundle, one) in [(old, -1), (new, 1)] {
            for asset in bundle.into_iter().flat_map(|bundle| &bundle.rows[ASSETS]) {
                for digest in asset.values(ASSET_SHA256..ASSET_SHA256 + 1) {
                    *uses.entry(digest).or_default() += one;
                }
            }
        }
        let others = uses.into_iter().filter(|(_, more)| *more != 0);
        self.blobs
            .extend(others.map(|(digest, _)| vec![domain.clone(), digest.clone()]));
    }
}

#[cfg(test)]
mod tests {
    use store::image::{CHANGE, ImageTable};

    use super::*;
    use crate::family::PACKAGES;

    fn entry(kind: &str, place: &str, detail: &str) -> ImageRow {
        let line = format!(
            r#"[3,7,1,null,"root","{kind}",{place},"1.0",{},null]"#,
            serde_json::Value::from(detail)
        );
        ImageRow::from_line(ImageTable::find(CHANGE).unwrap(), &line).unwrap()
    }

    fn repositories() -> Repositories {
        let table = ImageTable::find("repository").unwrap();
        let row = ImageRow::from_line(table, r#"[5,3,"main","111122223333","",1]"#).unwrap();
        let mut repositories = Repositories::default();
        repositories.add(&[row]);
        repositories
    }

    #[test]
    fn columns_are_those_of_their_tables() {
        let name =
            |table: &str, column: usize| ImageTable::find(table).unwrap().columns[column].name;
        let columns = [KIND, REPOSITORY, FORMAT, NAMESPACE, PACKAGE, DETAIL];
        assert_eq!(
            columns.map(|column| name(CHANGE, column)),
            [
                "kind",
                "repository",
                "format",
                "namespace",
                "package",
                "detail"
            ]
        );
        assert_eq!(name("asset", ASSET_SHA256), "sha256");
        assert_eq!(PACKAGES.members[ASSETS].table().name, "asset");
        assert_eq!(
            [0, 1, 2].map(|c| name("repository", c)),
            ["id", "domain_id", "name"]
        );
    }

    #[test]
    fn packages_of_entries_are_found_in_the_repositories_that_there_are() {
        let mut told = Told::default();
        told.hear(&entry(
            "version-published",
            r#""main","npm","team","a""#,
            "{}",
        ));
        told.hear(&entry(
            "version-published",
            r#""main","npm","team","a""#,
            "{}",
        ));
        told.hear(&entry("package-deleted", r#""gone","npm","","b""#, "{}"));
        told.hear(&entry(
            "repository-deleted",
            r#""gone",null,null,null"#,
            "{}",
        ));
        assert_eq!(told.not_enough, None);
        let keys = told.packages(&repositories());
        let keys: Vec<_> = keys
            .iter()
            .map(|k| serde_json::to_string(k).unwrap())
            .collect();
        assert_eq!(keys, [r#"[5,"npm","team","a"]"#]);
    }

    #[test]
    fn entries_that_do_not_tell_enough_make_everything_be_read_anew() {
        let place = r#""main","npm","team","a""#;
        for (entry, is_enough) in [
            (
                entry("metadata-refreshed", place, r#"{"sha256":"00"}"#),
                true,
            ),
            (
                entry("metadata-refreshed", place, r#"{"forgotten":"00"}"#),
                false,
            ),
            (entry("metadata-refreshed", place, "no JSON"), false),
            (entry("of-a-later-release", place, "{}"), false),
            (
                entry("version-published", r#"null,"npm","","a""#, "{}"),
                false,
            ),
            (entry("domain-created", "null,null,null,null", "{}"), true),
        ] {
            let mut told = Told::default();
            told.hear(&entry);
            assert_eq!(told.not_enough.is_none(), is_enough, "{}", entry.to_line());
        }
    }
}
