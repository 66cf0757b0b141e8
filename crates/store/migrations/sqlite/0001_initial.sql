-- The log every mutation appends to. A log belongs to a domain, or (id 0) to the installation, and outlives it.
CREATE TABLE log (
    id INTEGER NOT NULL PRIMARY KEY,
    sequence INTEGER NOT NULL
) STRICT;

CREATE TABLE change (
    log_id INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    source_published_at_ms INTEGER,
    actor TEXT NOT NULL,
    kind TEXT NOT NULL,
    repository TEXT,
    format TEXT,
    namespace TEXT,
    package TEXT,
    version TEXT,
    detail TEXT NOT NULL,
    PRIMARY KEY (log_id, sequence)
) STRICT;

-- Who may ask.
CREATE TABLE principal (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    UNIQUE (account, kind, name)
) STRICT;

CREATE TABLE access_key (
    id TEXT NOT NULL PRIMARY KEY,
    principal_id INTEGER NOT NULL REFERENCES principal (id),
    secret TEXT NOT NULL,
    active INTEGER NOT NULL CHECK (active IN (0, 1)),
    created_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX access_key_principal ON access_key (principal_id);

-- Keys that authorization tokens are sealed with; the newest mints.
CREATE TABLE signing_key (
    id TEXT NOT NULL PRIMARY KEY,
    secret BLOB NOT NULL,
    created_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE domain (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    encryption_key TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    repository_count INTEGER NOT NULL,
    asset_size_bytes INTEGER NOT NULL,
    UNIQUE (owner, name)
) STRICT;

CREATE TABLE repository (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    domain_id INTEGER NOT NULL REFERENCES domain (id),
    name TEXT NOT NULL,
    administrator TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    UNIQUE (domain_id, name)
) STRICT;
CREATE INDEX repository_administrator ON repository (administrator, name, id);

-- An upstream is meant by identity: the row may outlive the repository it points to, and then dangles.
CREATE TABLE upstream (
    repository_id INTEGER NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    upstream_id INTEGER NOT NULL,
    upstream_name TEXT NOT NULL,
    PRIMARY KEY (repository_id, position)
) STRICT;
CREATE INDEX upstream_upstream ON upstream (upstream_id);

CREATE TABLE external_connection (
    repository_id INTEGER NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    format TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    PRIMARY KEY (repository_id, name)
) STRICT;

-- Tags of domains, repositories and package groups, by ARN.
CREATE TABLE resource_tag (
    resource TEXT NOT NULL,
    tag_key TEXT NOT NULL,
    tag_value TEXT NOT NULL,
    PRIMARY KEY (resource, tag_key)
) STRICT;

CREATE TABLE package (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    repository_id INTEGER NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
    format TEXT NOT NULL,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    publish_allowed INTEGER NOT NULL CHECK (publish_allowed IN (0, 1)),
    upstream_allowed INTEGER NOT NULL CHECK (upstream_allowed IN (0, 1)),
    created_at_ms INTEGER NOT NULL,
    UNIQUE (repository_id, format, namespace, name)
) STRICT;

CREATE TABLE package_version (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    package_id INTEGER NOT NULL REFERENCES package (id) ON DELETE CASCADE,
    version TEXT NOT NULL,
    status TEXT NOT NULL,
    revision TEXT NOT NULL,
    origin_type TEXT NOT NULL,
    origin_name TEXT NOT NULL,
    published_at_ms INTEGER NOT NULL,
    source_published_at_ms INTEGER,
    -- The format's own metadata of this version, as JSON that only the format reads.
    metadata TEXT NOT NULL,
    readme TEXT,
    UNIQUE (package_id, version)
) STRICT;
CREATE INDEX package_version_time ON package_version (package_id, published_at_ms, version);

CREATE TABLE asset (
    version_id INTEGER NOT NULL REFERENCES package_version (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    md5 BLOB NOT NULL,
    sha1 BLOB NOT NULL,
    sha256 BLOB NOT NULL,
    sha512 BLOB NOT NULL,
    PRIMARY KEY (version_id, name)
) STRICT;
CREATE INDEX asset_sha256 ON asset (sha256);

-- Which bytes a domain holds, once each, and by how many assets: what `assetSizeBytes` counts.
CREATE TABLE domain_blob (
    domain_id INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    size_bytes INTEGER NOT NULL,
    reference_count INTEGER NOT NULL,
    PRIMARY KEY (domain_id, sha256)
) STRICT;

-- npm dist-tags and their like.
CREATE TABLE package_tag (
    package_id INTEGER NOT NULL REFERENCES package (id) ON DELETE CASCADE,
    tag TEXT NOT NULL,
    version TEXT NOT NULL,
    PRIMARY KEY (package_id, tag)
) STRICT;

-- What a public source last said of a package; the bytes are a blob.
CREATE TABLE source_document (
    repository_id INTEGER NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
    format TEXT NOT NULL,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    sha256 BLOB NOT NULL,
    size_bytes INTEGER NOT NULL,
    etag TEXT,
    last_modified TEXT,
    fetched_at_ms INTEGER NOT NULL,
    checked_at_ms INTEGER NOT NULL,
    PRIMARY KEY (repository_id, format, namespace, name)
) STRICT;
CREATE INDEX source_document_sha256 ON source_document (sha256);
