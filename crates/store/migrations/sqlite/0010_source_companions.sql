-- Documents that public sources have beside assets which nobody has fetched yet, so that they still answer when the
-- source is gone. Once an asset is held, its companion is kept with it and the row here goes. The bytes are a blob.
CREATE TABLE source_companion (
    repository_id INTEGER NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
    format TEXT NOT NULL,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    -- What the spellings of the version have in common.
    version_key TEXT NOT NULL,
    asset TEXT NOT NULL,
    sha256 BLOB NOT NULL,
    size_bytes INTEGER NOT NULL,
    fetched_at_ms INTEGER NOT NULL,
    PRIMARY KEY (repository_id, format, namespace, name, version_key, asset)
) STRICT;
CREATE INDEX source_companion_sha256 ON source_companion (sha256);
