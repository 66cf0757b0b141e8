-- What the spellings of a version have in common, by the rules of its format; NULL where that is its name. So rows of
-- before, and those that a process of the previous release adds meanwhile, have the right key without being touched.
ALTER TABLE package_version ADD COLUMN version_key TEXT;
CREATE UNIQUE INDEX package_version_key ON package_version (package_id, (COALESCE(version_key, version)));

-- The small document that is kept beside an asset, where there is one. It is no asset, and counts for no domain.
ALTER TABLE asset ADD COLUMN companion_sha256 BLOB;
ALTER TABLE asset ADD COLUMN companion_size_bytes INTEGER;
CREATE INDEX asset_companion_sha256 ON asset (companion_sha256) WHERE companion_sha256 IS NOT NULL;
