-- The log every mutation appends to. A log belongs to a domain, or (id 0) to the installation, and outlives it.
CREATE TABLE log (
    id BIGINT NOT NULL PRIMARY KEY,
    sequence BIGINT NOT NULL
);

CREATE TABLE change (
    log_id BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    source_published_at_ms BIGINT,
    actor TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    repository TEXT COLLATE "C",
    format TEXT COLLATE "C",
    namespace TEXT COLLATE "C",
    package TEXT COLLATE "C",
    version TEXT COLLATE "C",
    detail TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (log_id, sequence)
);

-- Who may ask.
CREATE TABLE principal (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    created_at_ms BIGINT NOT NULL,
    UNIQUE (account, kind, name)
);

CREATE TABLE access_key (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    principal_id BIGINT NOT NULL REFERENCES principal (id),
    secret TEXT COLLATE "C" NOT NULL,
    active BOOLEAN NOT NULL,
    created_at_ms BIGINT NOT NULL
);
CREATE INDEX access_key_principal ON access_key (principal_id);

-- Keys that authorization tokens are sealed with; the newest mints.
CREATE TABLE signing_key (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    secret BYTEA NOT NULL,
    created_at_ms BIGINT NOT NULL
);

CREATE TABLE domain (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    encryption_key TEXT COLLATE "C" NOT NULL,
    created_at_ms BIGINT NOT NULL,
    repository_count BIGINT NOT NULL,
    asset_size_bytes BIGINT NOT NULL,
    UNIQUE (owner, name)
);

CREATE TABLE repository (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    domain_id BIGINT NOT NULL REFERENCES domain (id),
    name TEXT COLLATE "C" NOT NULL,
    administrator TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C" NOT NULL,
    created_at_ms BIGINT NOT NULL,
    UNIQUE (domain_id, name)
);
CREATE INDEX repository_administrator ON repository (administrator, name, id);

-- An upstream is meant by identity: the row may outlive the repository it points to, and then dangles.
CREATE TABLE upstream (
    repository_id BIGINT NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    upstream_id BIGINT NOT NULL,
    upstream_name TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (repository_id, position)
);
CREATE INDEX upstream_upstream ON upstream (upstream_id);

CREATE TABLE external_connection (
    repository_id BIGINT NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
    name TEXT COLLATE "C" NOT NULL,
    format TEXT COLLATE "C" NOT NULL,
    created_at_ms BIGINT NOT NULL,
    PRIMARY KEY (repository_id, name)
);

-- Tags of domains, repositories and package groups, by ARN.
CREATE TABLE resource_tag (
    resource TEXT COLLATE "C" NOT NULL,
    tag_key TEXT COLLATE "C" NOT NULL,
    tag_value TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (resource, tag_key)
);

CREATE TABLE package (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    repository_id BIGINT NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
    format TEXT COLLATE "C" NOT NULL,
    namespace TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    publish_allowed BOOLEAN NOT NULL,
    upstream_allowed BOOLEAN NOT NULL,
    created_at_ms BIGINT NOT NULL,
    UNIQUE (repository_id, format, namespace, name)
);

CREATE TABLE package_version (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    package_id BIGINT NOT NULL REFERENCES package (id) ON DELETE CASCADE,
    version TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    revision TEXT COLLATE "C" NOT NULL,
    origin_type TEXT COLLATE "C" NOT NULL,
    origin_name TEXT COLLATE "C" NOT NULL,
    published_at_ms BIGINT NOT NULL,
    source_published_at_ms BIGINT,
    -- The format's own metadata of this version, as JSON that only the format reads.
    metadata TEXT COLLATE "C" NOT NULL,
    readme TEXT COLLATE "C",
    UNIQUE (package_id, version)
);
CREATE INDEX package_version_time ON package_version (package_id, published_at_ms, version);

CREATE TABLE asset (
    version_id BIGINT NOT NULL REFERENCES package_version (id) ON DELETE CASCADE,
    name TEXT COLLATE "C" NOT NULL,
    size_bytes BIGINT NOT NULL,
    md5 BYTEA NOT NULL,
    sha1 BYTEA NOT NULL,
    sha256 BYTEA NOT NULL,
    sha512 BYTEA NOT NULL,
    PRIMARY KEY (version_id, name)
);
CREATE INDEX asset_sha256 ON asset (sha256);

-- Which bytes a domain holds, once each, and by how many assets: what `assetSizeBytes` counts.
CREATE TABLE domain_blob (
    domain_id BIGINT NOT NULL,
    sha256 BYTEA NOT NULL,
    size_bytes BIGINT NOT NULL,
    reference_count BIGINT NOT NULL,
    PRIMARY KEY (domain_id, sha256)
);

-- npm dist-tags and their like.
CREATE TABLE package_tag (
    package_id BIGINT NOT NULL REFERENCES package (id) ON DELETE CASCADE,
    tag TEXT COLLATE "C" NOT NULL,
    version TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (package_id, tag)
);

-- What a public source last said of a package; the bytes are a blob.
CREATE TABLE source_document (
    repository_id BIGINT NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
    format TEXT COLLATE "C" NOT NULL,
    namespace TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    sha256 BYTEA NOT NULL,
    size_bytes BIGINT NOT NULL,
    etag TEXT COLLATE "C",
    last_modified TEXT COLLATE "C",
    fetched_at_ms BIGINT NOT NULL,
    checked_at_ms BIGINT NOT NULL,
    PRIMARY KEY (repository_id, format, namespace, name)
);
CREATE INDEX source_document_sha256 ON source_document (sha256);
