//! What a check of the installation can find, and how it is told.

use std::fmt;

use model::Sha256Digest;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FindingKind {
    /// Rows refer to bytes that are not there.
    BytesMissing,
    /// Bytes are not those that were stored: their size or a digest is another.
    BytesDamaged,
    /// The bytes are sound, and a row says something else of them.
    RowWrong,
    /// A log lacks an entry, or has one too many.
    LogBroken,
    /// What the log tells of a version or a repository is not what the rows say.
    LogDiffers,
    /// Rows say something twice, and not the same.
    RowsDisagree,
}

impl FindingKind {
    /// Its name in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BytesMissing => "bytes-missing",
            Self::BytesDamaged => "bytes-damaged",
            Self::RowWrong => "row-wrong",
            Self::LogBroken => "log-broken",
            Self::LogDiffers => "log-differs",
            Self::RowsDisagree => "rows-disagree",
        }
    }
}

/// Where something that was found is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FoundPlace {
    /// The domain's owner and name.
    pub domain: String,
    /// The repository.
    pub repository: String,
    /// The format.
    pub format: String,
    /// The namespace; empty without one.
    pub namespace: String,
    /// The package; empty for a document about more than one.
    pub package: String,
    /// The version, where it is about one.
    pub version: Option<String>,
    /// The asset, where it is about one.
    pub asset: Option<String>,
    /// Whether the bytes were published here: nobody else has them.
    pub is_own: bool,
    /// What the bytes are, where they are not the asset itself.
    pub role: Option<&'static str>,
}

impl fmt::Display for FoundPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} {} ", self.domain, self.repository, self.format)?;
        if !self.namespace.is_empty() {
            write!(f, "{}/", self.namespace)?;
        }
        f.write_str(&self.package)?;
        for part in [&self.version, &self.asset].into_iter().flatten() {
            write!(f, " {part}")?;
        }
        if let Some(role) = self.role {
            write!(f, " ({role})")?;
        }
        Ok(())
    }
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub kind: FindingKind,
    /// Which bytes, where it is about bytes.
    pub sha256: Option<Sha256Digest>,
    /// In words.
    pub detail: String,
    /// Whom it concerns.
    pub places: Vec<FoundPlace>,
    /// What was done about it, or must be.
    pub outcome: Option<String>,
    /// Whether it is as it should be again.
    pub is_repaired: bool,
}

impl Finding {
    pub(super) fn of_rows(kind: FindingKind, detail: String) -> Self {
        Self {
            kind,
            sha256: None,
            detail,
            places: Vec::new(),
            outcome: None,
            is_repaired: false,
        }
    }

    pub(super) fn of_bytes(kind: FindingKind, sha256: Sha256Digest, detail: String) -> Self {
        Self {
            sha256: Some(sha256),
            ..Self::of_rows(kind, detail)
        }
    }
}

/// What a check looked at and found.
#[derive(Debug, Clone, Default)]
pub struct InspectionReport {
    /// Entries of logs.
    pub changes: u64,
    /// Package versions.
    pub versions: u64,
    /// Different bytes that rows refer to.
    pub referenced: u64,
    /// The bytes that were read and hashed.
    pub hashed_bytes: u64,
    /// Blobs that nothing refers to, which the sweep removes in its time.
    pub unreferenced: u64,
    /// Their bytes.
    pub unreferenced_bytes: u64,
    /// What is wrong.
    pub findings: Vec<Finding>,
}
