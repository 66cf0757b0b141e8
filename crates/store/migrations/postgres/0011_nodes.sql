-- Work that one node does at a time: who does it, and until when that holds without another word.
CREATE TABLE lease (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    owner TEXT COLLATE "C" NOT NULL,
    expires_at_ms BIGINT NOT NULL
);
CREATE INDEX lease_expiry ON lease (expires_at_ms);

-- What all nodes of an installation must agree on, e.g. which folder holds the bytes.
CREATE TABLE installation_mark (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    mark TEXT COLLATE "C" NOT NULL
);
