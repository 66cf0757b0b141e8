-- Documents that public sources have beside assets which nobody has fetched yet, so that they still answer when the
-- source is gone. Once an asset is held, its companion is kept with it and the row here goes. The bytes are a blob.
CREATE TABLE source_companion (
    repository_id BIGINT NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
    format TEXT COLLATE "C" NOT NULL,
    namespace TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    -- What the spellings of the version have in common.
    version_key TEXT COLLATE "C" NOT NULL,
    asset TEXT COLLATE "C" NOT NULL,
    sha256 BYTEA NOT NULL,
    size_bytes BIGINT NOT NULL,
    fetched_at_ms BIGINT NOT NULL,
    PRIMARY KEY (repository_id, format, namespace, name, version_key, asset)
);
CREATE INDEX source_companion_sha256 ON source_companion (sha256);
