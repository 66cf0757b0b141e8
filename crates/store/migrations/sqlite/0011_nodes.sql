-- Work that one node does at a time: who does it, and until when that holds without another word.
CREATE TABLE lease (
    name TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    expires_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX lease_expiry ON lease (expires_at_ms);

-- What all nodes of an installation must agree on, e.g. which folder holds the bytes.
CREATE TABLE installation_mark (
    name TEXT NOT NULL PRIMARY KEY,
    mark TEXT NOT NULL
) STRICT;
