//! An image of the whole database: every table with its columns, in an order in which rows can be added again.
//!
//! It is how an installation moves from one engine to another, and what a backup holds. [`TABLES`] is the one place that
//! names what is carried; a contract test compares it with the schema, so a migration that adds a table or a column is
//! not finished before it stands here or in [`LEFT_OUT`]. Every table is read and written in the order of its primary key,
//! which is the same on both engines.

mod loading;
mod rows;
mod statement;
mod value;

pub use value::{ImageRow, ImageValue};

/// The four kinds of columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// A 64-bit integer.
    Integer,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
    /// True or false.
    Bool,
}

/// A column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageColumn {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: ColumnKind,
    /// Whether it may be empty.
    pub may_be_empty: bool,
}

impl ImageColumn {
    const fn or_empty(self) -> Self {
        Self {
            may_be_empty: true,
            ..self
        }
    }
}

/// A table that is carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageTable {
    /// Its name.
    pub name: &'static str,
    /// Its columns; those of the primary key come first.
    pub columns: &'static [ImageColumn],
    /// How many columns the primary key has.
    pub key_columns: usize,
    /// Whether the engine gives its rows numbers, none of them twice.
    pub is_numbered: bool,
    /// Columns that name a blob, each with the column of its size.
    pub blobs: &'static [(usize, usize)],
}

impl ImageTable {
    /// The table of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        TABLES.iter().find(|table| table.name == name)
    }
}

const fn column(name: &'static str, kind: ColumnKind) -> ImageColumn {
    ImageColumn {
        name,
        kind,
        may_be_empty: false,
    }
}

const fn integer(name: &'static str) -> ImageColumn {
    column(name, ColumnKind::Integer)
}

const fn text(name: &'static str) -> ImageColumn {
    column(name, ColumnKind::Text)
}

const fn bytes(name: &'static str) -> ImageColumn {
    column(name, ColumnKind::Bytes)
}

const fn truth(name: &'static str) -> ImageColumn {
    column(name, ColumnKind::Bool)
}

/// A table whose key is what it was given by whoever wrote the row.
const fn named(
    name: &'static str,
    key_columns: usize,
    columns: &'static [ImageColumn],
) -> ImageTable {
    ImageTable {
        name,
        columns,
        key_columns,
        is_numbered: false,
        blobs: &[],
    }
}

/// A table whose rows are numbered by the engine.
const fn numbered(name: &'static str, columns: &'static [ImageColumn]) -> ImageTable {
    ImageTable {
        is_numbered: true,
        ..named(name, 1, columns)
    }
}

const fn with_blobs(table: ImageTable, blobs: &'static [(usize, usize)]) -> ImageTable {
    ImageTable { blobs, ..table }
}

/// The change log, whose rows are only ever added.
pub const CHANGE: &str = "change";

/// Tables that only concern one place: which of its bytes are about to be removed, leases of nodes that are alive, and what
/// the nodes of an installation agreed on, above all which folder or bucket holds its bytes.
pub const LEFT_OUT: &[&str] = &["condemned_blob", "installation_mark", "lease"];

/// What is carried. A table comes after those that it refers to.
pub const TABLES: &[ImageTable] = &[
    named("log", 1, &[integer("id"), integer("sequence")]),
    named(
        CHANGE,
        2,
        &[
            integer("log_id"),
            integer("sequence"),
            integer("at_ms"),
            integer("source_published_at_ms").or_empty(),
            text("actor"),
            text("kind"),
            text("repository").or_empty(),
            text("format").or_empty(),
            text("namespace").or_empty(),
            text("package").or_empty(),
            text("version").or_empty(),
            text("detail"),
            text("administrator").or_empty(),
        ],
    ),
    numbered(
        "principal",
        &[
            integer("id"),
            text("account"),
            text("kind"),
            text("name"),
            integer("created_at_ms"),
            text("path"),
        ],
    ),
    named(
        "access_key",
        1,
        &[
            text("id"),
            integer("principal_id"),
            text("secret"),
            truth("active"),
            integer("created_at_ms"),
        ],
    ),
    named(
        "signing_key",
        1,
        &[text("id"), bytes("secret"), integer("created_at_ms")],
    ),
    named(
        "role",
        1,
        &[
            integer("principal_id"),
            text("trust_policy"),
            integer("max_session_seconds"),
            text("description"),
        ],
    ),
    named(
        "principal_policy",
        2,
        &[integer("principal_id"), text("name"), text("document")],
    ),
    named(
        "managed_policy",
        1,
        &[
            text("arn"),
            text("account"),
            text("name"),
            text("document"),
            text("description"),
            integer("created_at_ms"),
            integer("updated_at_ms"),
        ],
    ),
    named(
        "attached_policy",
        2,
        &[integer("principal_id"), text("policy_arn")],
    ),
    named(
        "oidc_provider",
        2,
        &[
            text("account"),
            text("issuer"),
            text("audiences"),
            truth("allow_private_network"),
            text("certificate_authorities").or_empty(),
            integer("created_at_ms"),
        ],
    ),
    numbered(
        "domain",
        &[
            integer("id"),
            text("owner"),
            text("name"),
            text("encryption_key"),
            integer("created_at_ms"),
            integer("repository_count"),
            integer("asset_size_bytes"),
            integer("package_group_revision"),
        ],
    ),
    numbered(
        "repository",
        &[
            integer("id"),
            integer("domain_id"),
            text("name"),
            text("administrator"),
            text("description"),
            integer("created_at_ms"),
        ],
    ),
    named(
        "upstream",
        2,
        &[
            integer("repository_id"),
            integer("position"),
            integer("upstream_id"),
            text("upstream_name"),
        ],
    ),
    named(
        "external_connection",
        2,
        &[
            integer("repository_id"),
            text("name"),
            text("format"),
            integer("created_at_ms"),
        ],
    ),
    named(
        "resource_tag",
        2,
        &[text("resource"), text("tag_key"), text("tag_value")],
    ),
    named(
        "resource_policy",
        1,
        &[
            text("resource"),
            text("document"),
            text("revision"),
            integer("updated_at_ms"),
        ],
    ),
    numbered(
        "package",
        &[
            integer("id"),
            integer("repository_id"),
            text("format"),
            text("namespace"),
            text("name"),
            truth("publish_allowed"),
            truth("upstream_allowed"),
            integer("created_at_ms"),
        ],
    ),
    numbered(
        "package_version",
        &[
            integer("id"),
            integer("package_id"),
            text("version"),
            text("status"),
            text("revision"),
            text("origin_type"),
            text("origin_name"),
            integer("published_at_ms"),
            integer("source_published_at_ms").or_empty(),
            text("metadata"),
            text("readme").or_empty(),
            text("version_key").or_empty(),
        ],
    ),
    with_blobs(
        named(
            "asset",
            2,
            &[
                integer("version_id"),
                text("name"),
                integer("size_bytes"),
                bytes("md5"),
                bytes("sha1"),
                bytes("sha256"),
                bytes("sha512"),
                bytes("companion_sha256").or_empty(),
                integer("companion_size_bytes").or_empty(),
            ],
        ),
        &[(5, 2), (7, 8)],
    ),
    named(
        "domain_blob",
        2,
        &[
            integer("domain_id"),
            bytes("sha256"),
            integer("size_bytes"),
            integer("reference_count"),
        ],
    ),
    named(
        "package_tag",
        2,
        &[integer("package_id"), text("tag"), text("version")],
    ),
    with_blobs(
        named(
            "source_document",
            4,
            &[
                integer("repository_id"),
                text("format"),
                text("namespace"),
                text("name"),
                bytes("sha256"),
                integer("size_bytes"),
                text("etag").or_empty(),
                text("last_modified").or_empty(),
                integer("fetched_at_ms"),
                integer("checked_at_ms"),
            ],
        ),
        &[(4, 5)],
    ),
    with_blobs(
        named(
            "source_companion",
            6,
            &[
                integer("repository_id"),
                text("format"),
                text("namespace"),
                text("name"),
                text("version_key"),
                text("asset"),
                bytes("sha256"),
                integer("size_bytes"),
                integer("fetched_at_ms"),
            ],
        ),
        &[(6, 7)],
    ),
    numbered(
        "package_group",
        &[
            integer("id"),
            integer("domain_id"),
            text("pattern"),
            text("contact_info"),
            text("description"),
            integer("created_at_ms"),
            text("publish_mode"),
            text("external_upstream_mode"),
            text("internal_upstream_mode"),
        ],
    ),
    named(
        "package_group_repository",
        3,
        &[
            integer("group_id"),
            text("restriction"),
            text("repository_name"),
            integer("repository_id"),
        ],
    ),
    named(
        "domain_package",
        4,
        &[
            integer("domain_id"),
            text("format"),
            text("namespace"),
            text("name"),
            text("namespace_variation"),
            text("name_variation"),
            integer("repository_count"),
        ],
    ),
    named(
        "event_cursor",
        2,
        &[text("destination"), integer("log_id"), integer("sequence")],
    ),
];
