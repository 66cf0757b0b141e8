//! What one backup consists of. A manifest names its row files and blobs by digest, and the manifest before it.
//!
//! The file is an object of two members: the manifest, and the SHA-256 of its exact text.

use model::Sha256Digest;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use store::image::{ImageTable, TABLES};

use crate::error::{CarriageError, Result};

/// The version of this form.
pub(crate) const FORM: u32 = 2;

/// One backup.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    pub(crate) form: u32,
    /// The release that made it.
    pub(crate) program: String,
    /// The last migration that its rows have seen.
    pub(crate) schema: i64,
    /// Which installation it is of.
    pub(crate) installation: String,
    pub(crate) number: u64,
    /// The digest of the manifest before this one.
    pub(crate) previous: Option<Hex>,
    pub(crate) made_at_ms: i64,
    /// Each log, and the number of its last entry.
    pub(crate) logs: Vec<(i64, i64)>,
    pub(crate) tables: Vec<TableEntry>,
    /// How files of tables that belong together divide into ranges: for the next backup. Whoever restores needs none of it.
    pub(crate) families: Vec<FamilyEntry>,
}

/// The rows of a table.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TableEntry {
    pub(crate) name: String,
    pub(crate) columns: Vec<String>,
    pub(crate) rows: u64,
    pub(crate) last_number: i64,
    pub(crate) chunks: Vec<ChunkEntry>,
}

/// A file of rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChunkEntry {
    pub(crate) sha256: Hex,
    pub(crate) size_bytes: u64,
    pub(crate) rows: u64,
    /// The log that entries are of, and the number of the last of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) through: Option<(i64, i64)>,
}

/// The ranges of tables that belong together.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FamilyEntry {
    /// The name of the first table.
    pub(crate) name: String,
    pub(crate) ranges: Vec<RangeEntry>,
}

/// A range of keys.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RangeEntry {
    /// The last key.
    pub(crate) through: Vec<serde_json::Value>,
    /// How many of the files of each table are of this range; they follow those of the range before it.
    pub(crate) files: Vec<usize>,
}

/// A digest as a file spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hex(pub(crate) Sha256Digest);

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_hex())
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digest = Sha256Digest::from_hex(&text);
        digest
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom("a SHA-256 has 64 hexadecimal digits"))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope<'a> {
    #[serde(borrow)]
    manifest: &'a RawValue,
    sha256: Hex,
}

pub(crate) fn digest_of(bytes: &[u8]) -> Sha256Digest {
    Sha256Digest::from_bytes(Sha256::digest(bytes).into())
}

impl Manifest {
    /// The text of its file, and its digest.
    pub(crate) fn to_file(&self) -> (String, Sha256Digest) {
        let text = serde_json::to_string(self).expect("texts, numbers and lists have a form");
        let sha256 = digest_of(text.as_bytes());
        let manifest = RawValue::from_string(text).expect("it was just made by the same library");
        let envelope = Envelope {
            manifest: &manifest,
            sha256: Hex(sha256),
        };
        let file = serde_json::to_string(&envelope).expect("raw text and a digest have a form");
        (file + "\n", sha256)
    }

    /// Reads a file; gives the manifest and its digest.
    pub(crate) fn from_file(text: &str, shown: &str) -> Result<(Self, Sha256Digest)> {
        let damaged = |why: String| {
            CarriageError::Damaged(format!(
                "{shown} is not as it was written: {why}; take an earlier backup, or a copy of this one"
            ))
        };
        let envelope: Envelope<'_> =
            serde_json::from_str(text).map_err(|error| damaged(error.to_string()))?;
        let sha256 = digest_of(envelope.manifest.get().as_bytes());
        if sha256 != envelope.sha256.0 {
            return Err(damaged("its digest is another".to_owned()));
        }
        #[derive(Deserialize)]
        struct Form {
            form: u32,
        }
        let Form { form } = serde_json::from_str(envelope.manifest.get())
            .map_err(|error| damaged(error.to_string()))?;
        if form != FORM {
            return Err(CarriageError::Refused(format!(
                "{shown} has form {form}, and this program knows form {FORM}: restore it with the release that made \
                 it, and give the backups of this one a folder of their own"
            )));
        }
        let manifest = serde_json::from_str(envelope.manifest.get())
            .map_err(|error| damaged(error.to_string()))?;
        Ok((manifest, sha256))
    }

    /// Whether its tables are those that this program carries.
    pub(crate) fn is_of_this_schema(&self) -> bool {
        let is_known = |entry: &TableEntry, table: &ImageTable| {
            let columns = table.columns.iter().map(|column| column.name);
            entry.name == table.name && entry.columns.iter().map(String::as_str).eq(columns)
        };
        self.tables.len() == TABLES.len()
            && self
                .tables
                .iter()
                .zip(TABLES)
                .all(|(entry, table)| is_known(entry, table))
    }

    pub(crate) fn table(&self, table: &ImageTable) -> Option<&TableEntry> {
        self.tables.iter().find(|entry| entry.name == table.name)
    }
}
